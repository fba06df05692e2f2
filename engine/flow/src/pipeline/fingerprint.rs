use etaflow_road::{Coord, Network};
use xxhash_rust::xxh3::Xxh3;

use crate::config::Config;
use crate::snapshot::Fingerprint;
use crate::stream::Digest;

impl Fingerprint {
    /// Of a network, and of all settings but the number of shards, on which no state depends. Linear in the network's
    /// size.
    ///
    /// The names of streets are left out, and the order in which a hierarchy contracts the edges.
    pub fn of(network: &Network, config: &Config) -> Self {
        let (nodes, edges) = (network.node_count() as u64, network.edge_count() as u64);
        let settings = format!("{:?}", Config { shards: 1, ..config.clone() }).replace(", ", "\n");
        Self { nodes, edges, network: Digest(hash(network)), settings }
    }
}

fn hash(network: &Network) -> u128 {
    let (mut hasher, mut bytes) = (Xxh3::new(), Vec::new());
    for node in network.nodes() {
        bytes.clear();
        bytes.extend(network.node_key(node).to_le_bytes());
        put_coord(&mut bytes, network.coord(node));
        hasher.update(&bytes);
    }
    for edge in network.edges() {
        bytes.clear();
        let twin = network.twin(edge).map_or(u32::MAX, |twin| twin.0);
        let (tail, head) = (network.tail(edge).0, network.head(edge).0);
        for number in [tail, head, network.length_mm(edge), network.free_flow(edge), twin] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend([network.class(edge) as u8, network.flags(edge).bits()]);
        for (&point, key) in network.shape(edge).iter().zip(network.shape_keys(edge)) {
            put_coord(&mut bytes, point);
            bytes.extend(key.to_le_bytes());
        }
        for (next, cost) in network.successors(edge) {
            bytes.extend(next.0.to_le_bytes());
            bytes.extend(cost.to_le_bytes());
        }
        hasher.update(&bytes);
    }
    hasher.digest128()
}

fn put_coord(bytes: &mut Vec<u8>, coord: Coord) {
    bytes.extend(coord.lat_e7().to_le_bytes());
    bytes.extend(coord.lon_e7().to_le_bytes());
}

#[cfg(test)]
mod tests {
    use etaflow_road::{Span, SyntheticCity};

    use super::*;

    #[test]
    fn another_network_and_other_settings_are_told_apart_and_shards_are_not() {
        let city = |seed| SyntheticCity { nodes: 400, seed, ..SyntheticCity::default() }.build();
        let (network, config) = (city(1), Config::default());
        let one = Fingerprint::of(&network, &config);
        assert_eq!(one.difference(&Fingerprint::of(&city(1), &Config { shards: 7, ..config.clone() })), None);
        let ordered = city(1).prepared().expect("a city is one of streets");
        assert_eq!(one.difference(&Fingerprint::of(&ordered, &config)), None, "an order is no street");
        assert!(one.difference(&Fingerprint::of(&city(2), &config)).is_some());
        let mut other = config;
        other.fleet.stale_after = Span::from_secs(77);
        let difference = one.difference(&Fingerprint::of(&network, &other)).expect("there is one");
        assert!(difference.contains("stale_after: Span(120000000), not "), "{difference}");
    }
}
