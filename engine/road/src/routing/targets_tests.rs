use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fixture::street;
use super::{Position, Targets};
use crate::id::EdgeId;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn targets_are_where_a_map_says(steps in prop::collection::vec((0..8_u32, any::<bool>(), 0..2_u32, 0..9_u32), 0..60)) {
        let network = street();
        let mut targets = Targets::new(&network);
        let mut model = BTreeMap::new();
        for (id, stays, edge, offset_mm) in steps {
            let position = Position { edge: EdgeId(edge), offset_mm };
            if stays {
                prop_assert_eq!(targets.insert(id, position), model.insert(id, position));
            } else {
                prop_assert_eq!(targets.remove(id), model.remove(&id));
            }
            prop_assert_eq!(targets.len(), model.len());
            for id in 0..9 {
                prop_assert_eq!(targets.position(id), model.get(&id).copied());
            }
            for edge in network.edges() {
                let mut on_edge = targets.on_edge(edge).to_vec();
                on_edge.sort_unstable();
                let there = model.iter().filter(|(_, at)| at.edge == edge);
                prop_assert_eq!(on_edge, there.map(|(&id, at)| (id, at.offset_mm)).collect::<Vec<_>>());
            }
        }
    }
}
