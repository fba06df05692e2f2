use etaflow_road::{Coord, Network};

/// Which shape points of a network have an id in the input.
///
/// The ends of edges all have one. Shapes may come without ids for the points in between, and then these are 0; but where
/// nodes are rows that count from 0, 0 is an id like any. It is taken for one if one place alone is called so, and others
/// have ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InputIds {
    zero_is_one: bool,
}

impl InputIds {
    pub(crate) fn of(network: &Network) -> Self {
        let between = |edge| {
            let points = network.shape_keys(edge).iter().copied().zip(network.shape(edge).iter().copied());
            points.take(network.shape(edge).len() - 1).skip(1)
        };
        let (mut others, mut zero): (bool, Option<Coord>) = (false, None);
        for (key, coord) in network.edges().flat_map(between) {
            others |= key != 0;
            if key == 0 && *zero.get_or_insert(coord) != coord {
                return Self { zero_is_one: false };
            }
        }
        Self { zero_is_one: others && zero.is_some() }
    }

    /// Whether the `at`th of the points of a shape has an id.
    pub(super) fn is_one(self, keys: &[i64], at: usize) -> bool {
        at == 0 || at + 1 == keys.len() || keys[at] != 0 || self.zero_is_one
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::TurnModel;

    use super::*;

    fn zero_is_one(vias: [&str; 2]) -> bool {
        let nodes = "id,lat,lon\n1,41.15,-8.61\n2,41.16,-8.61\n3,41.17,-8.61\n";
        let edges = format!("from,to,speed_kmh,via\n1,2,30,\"{}\"\n2,3,30,\"{}\"\n", vias[0], vias[1]);
        let network = Network::from_csv(nodes.as_bytes(), edges.as_bytes(), &TurnModel::default());
        InputIds::of(&network.expect("is a network")).zero_is_one
    }

    #[test]
    fn zero_is_an_id_where_it_is_the_id_of_one_place_among_others() {
        assert!(zero_is_one(["0:41.155:-8.61", "7:41.165:-8.61"]));
        assert!(!zero_is_one(["LINESTRING (-8.61 41.155)", ""]), "nothing between the ends has an id");
        assert!(!zero_is_one(["LINESTRING (-8.61 41.155, -8.61 41.157)", "7:41.165:-8.61"]));
        assert!(!zero_is_one(["5:41.155:-8.61", "7:41.165:-8.61"]), "nothing is called 0");
    }
}
