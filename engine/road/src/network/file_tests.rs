use proptest::prelude::*;

use super::*;
use crate::network::{BuilderNode, NetworkBuilder, NewEdge, ShapePoint, TurnModel};

const NAMES: [&str; 4] = ["", "Rua de Cedofeita", "A 28", "Straße"];

/// A random network: places, and streets between them.
fn networks() -> impl Strategy<Value = Network> {
    let place = (-900_000_000..=900_000_000_i32, -1_800_000_000..=1_800_000_000_i32, any::<i64>(), any::<bool>());
    let street = (any::<u16>(), any::<u16>(), 0..11_u8, 0..64_u8, 0..4_usize, any::<bool>(), 0..3_usize, 1.0..40.0_f64);
    let streets = prop::collection::vec(street, 1..25);
    (prop::collection::vec(place, 2..12), streets, any::<bool>()).prop_map(|(places, streets, ordered)| {
        let mut builder = NetworkBuilder::new();
        let coord = |at: usize| Coord::from_e7(places[at].0, places[at].1).expect("in range");
        let nodes: Vec<BuilderNode> = (0..places.len()).map(|at| builder.node(places[at].2, coord(at))).collect();
        for (at, _) in places.iter().enumerate().filter(|(_, place)| place.3) {
            builder.signal(nodes[at]);
        }
        for (from, to, class, flags, name, two_way, via, speed_mps) in streets {
            let (from, to) = (usize::from(from) % nodes.len(), usize::from(to) % nodes.len());
            let class = RoadClass::from_u8(class).expect("known");
            let mut edge = NewEdge::straight(nodes[from], nodes[to], class, speed_mps);
            edge.flags = EdgeFlags::from_bits(flags).expect("known");
            edge.via = (0..via).map(|at| ShapePoint { key: at as i64, coord: coord(at % places.len()) }).collect();
            if two_way && from != to {
                let (there, back) = builder.street(edge, NAMES[name]);
                builder.forbid(there, back);
            } else {
                builder.edge(edge, NAMES[name]);
            }
        }
        let network = builder.build(&TurnModel::default()).expect("builds");
        if !ordered {
            return network;
        }
        let order = network.compute_edge_order();
        network.with_edge_order(order).expect("is as long")
    })
}

fn bytes_of(network: &Network) -> Vec<u8> {
    let mut bytes = Vec::new();
    network.write_to(&mut bytes).expect("a vector takes all");
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_is_read_and_written_again_the_same(network in networks()) {
        let bytes = bytes_of(&network);
        let again = Network::read_from(&bytes[..]).expect("reads");
        prop_assert_eq!(again.parts(), network.parts());
        prop_assert_eq!(again.edge_order(), network.edge_order());
        prop_assert_eq!(bytes_of(&again), bytes);
    }

    #[test]
    fn any_end_too_soon_is_noticed(network in networks(), share in 0.0..1.0_f64) {
        let bytes = bytes_of(&network);
        let end = (bytes.len() as f64 * share) as usize;
        let error = Network::read_from(&bytes[..end]).expect_err("cut off");
        let named = matches!(error, NetworkFileError::Truncated { .. } | NetworkFileError::Foreign { .. });
        prop_assert!(named, "{}", error);
    }

    #[test]
    fn any_flipped_bit_is_noticed(network in networks(), share in 0.0..1.0_f64, bit in 0..8_u32) {
        let mut bytes = bytes_of(&network);
        let at = (bytes.len() as f64 * share) as usize;
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(Network::read_from(&bytes[..]).is_err());
    }

    #[test]
    fn noise_is_an_error(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(&noise);
        prop_assert!(Network::read_from(&bytes[..]).is_err());
        prop_assert!(Network::read_from(&noise[..]).is_err());
    }
}

/// A street of two edges and a one-way one, as version 1 wrote them.
const FIXTURE: &[u8] = include_bytes!("fixtures/version_1.network");

fn fixture_network() -> Network {
    let mut builder = NetworkBuilder::new();
    let coord = |lat, lon| Coord::from_degrees(lat, lon).expect("in range");
    let a = builder.node(101, coord(41.15, -8.61));
    let b = builder.node(102, coord(41.16, -8.61));
    let c = builder.node(-7, coord(41.16, -8.60));
    builder.signal(b);
    let mut bent = NewEdge::straight(a, b, RoadClass::Residential, 8.0);
    bent.via.push(ShapePoint { key: 555, coord: coord(41.155, -8.611) });
    builder.street(bent, "Rua do Almada");
    let mut tunnel = NewEdge::straight(b, c, RoadClass::Primary, 14.0);
    tunnel.flags = EdgeFlags::TUNNEL.union(EdgeFlags::TOLL);
    builder.edge(tunnel, "");
    builder.build(&TurnModel::default()).expect("builds")
}

#[test]
fn a_file_of_version_1_is_still_read() {
    let network = Network::read_from(FIXTURE).expect("reads");
    assert_eq!((network.node_count(), network.edge_count(), network.turn_count()), (3, 3, 3));
    assert_eq!(network.edge_order(), None);
    let there = network.edges_between(101, 555)[0];
    assert_eq!(network.edges_between(555, 102), [there]);
    assert_eq!(network.name(there), "Rua do Almada");
    assert_eq!(network.class(there), RoadClass::Residential);
    assert_eq!(network.twin(there), Some(network.edges_between(555, 101)[0]));
    let tunnel = network.edges_between(102, -7)[0];
    assert_eq!(network.flags(tunnel), EdgeFlags::TUNNEL.union(EdgeFlags::TOLL));
    assert_eq!(network.twin(tunnel), None);
    assert_eq!(network.length_mm(tunnel), 837_159);
    assert_eq!(network.free_flow(tunnel), 59_797);
    // Lights, and a turn to the right.
    assert!((9_000..11_000).contains(&network.turn_cost(there, tunnel)));
}

/// Renews the fixture: only together with a new version of the format, under a new name.
#[test]
#[ignore = "writes into the source tree"]
fn write_fixture() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/network/fixtures/version_1.network");
    fixture_network().save(&path).expect("writes");
}

/// The fixture with one of its sections changed and all checksums right.
fn with_section(tag: &[u8; 4], change: impl Fn(&mut Vec<u8>, &mut [u8; 4])) -> Vec<u8> {
    let mut contents = encode(fixture_network().parts());
    let mut tags = TAGS;
    let at = TAGS.iter().position(|known| known == tag).expect("known");
    change(&mut contents[at], &mut tags[at]);
    let mut bytes = FIXTURE[..16].to_vec();
    for (tag, content) in tags.iter().zip(&contents) {
        bytes.extend(tag);
        bytes.extend(crc32fast::hash(content).to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
    }
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes.extend(contents.concat());
    bytes
}

/// A file with one section more than the fixture, whose checksums are right.
fn with_order(content: &[u8]) -> Vec<u8> {
    let (known, table_end) = (TAGS.len(), 16 + 16 * TAGS.len());
    let mut bytes = FIXTURE[..table_end].to_vec();
    bytes[12] = known as u8 + 1;
    bytes.extend(ORDER_TAG);
    bytes.extend(crc32fast::hash(content).to_le_bytes());
    bytes.extend((content.len() as u64).to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes.extend(&FIXTURE[table_end + 4..]);
    bytes.extend(content);
    bytes
}

#[test]
fn an_order_of_the_edges_is_read_or_what_is_wrong_with_it_is_named() {
    let numbers = |numbers: &[u32]| with_order(&encode_numbers(numbers));
    let network = Network::read_from(&numbers(&[2, 0, 1])[..]).expect("reads");
    assert_eq!(network.edge_order().map(Order::nodes), Some(&[2, 0, 1][..]));
    let check = |bytes: &[u8], message: &str| {
        let error = Network::read_from(bytes).expect_err("wrong").to_string();
        assert!(error.contains(message), "{error:?} does not say {message:?}");
    };
    check(&numbers(&[1, 0]), "edge_order has 2 entries instead of 3");
    check(&numbers(&[2, 0, 1, 3]), "edge_order has 4 entries instead of 3");
    check(
        &numbers(&[2, 0, 2]),
        "\"ordr\" of the network file holds no order of the edges: the order names node 2 twice",
    );
    check(
        &numbers(&[2, 0, 3]),
        "\"ordr\" of the network file holds no order of the edges: the order names node 3 of 3",
    );
    check(&with_order(&[2, 0, 0]), "\"ordr\" of the network file has a length that is no multiple");
    let mut damaged = numbers(&[2, 0, 1]);
    *damaged.last_mut().expect("is not empty") ^= 1;
    check(&damaged, "checksum of \"ordr\"");
    damaged.truncate(damaged.len() - 1);
    check(&damaged, "cut off in \"ordr\"");
}

#[test]
fn a_wrong_content_with_right_checksums_is_named() {
    let check = |bytes: &[u8], message: &str| {
        let error = Network::read_from(bytes).expect_err("wrong").to_string();
        assert!(error.contains(message), "{error:?} does not say {message:?}");
    };
    check(&with_section(b"EDGE", |content, _| content[0] = 3), "head[0] is 3, which is out of range (below 3)");
    check(&with_section(b"EDGE", |content, _| content[20] = 11), "class[0]: a class is known");
    check(&with_section(b"EDGE", |content, _| content[21] = 64), "flags[0]: every flag is known");
    check(&with_section(b"EDGE", |content, _| content.truncate(23)), "\"EDGE\" of the network file has a length");
    check(&with_section(b"OUTS", |content, _| content[4] = 200), "first_out[0]: offsets rise");
    check(&with_section(b"OUTS", |content, _| content.clear()), "first_out has 0 entries instead of 4");
    check(&with_section(b"NODE", |content, _| content[3] = 0x7f), "coord[0]: a coordinate is on the globe");
    check(&with_section(b"NAME", |content, _| content[4] = 0xff), "ends within a name");
    check(&with_section(b"NAME", |content, _| content[8] = 0xff), "not UTF-8");
    check(&with_section(b"TURN", |content, _| content.truncate(4)), "turn has 1 entries instead of 3");
    check(&with_section(b"TURN", |_, tag| *tag = *b"TORN"), "\"TORN\" of the network file is not known");
    check(&with_section(b"TURN", |_, tag| *tag = *b"tURN"), "\"TURN\" of the network file is missing");
    check(&with_section(b"TURN", |_, tag| *tag = *b"NODE"), "\"NODE\" of the network file is there twice");
}

#[test]
fn a_file_of_another_kind_or_version_is_named() {
    let mut newer = FIXTURE.to_vec();
    newer[8] = 2;
    let error = Network::read_from(&newer[..]).expect_err("newer");
    assert!(matches!(error, NetworkFileError::Version { found: 2, supported: 1 }), "{error}");
    let error = Network::read_from(&b"PK\x03\x04 and so on"[..]).expect_err("foreign");
    assert!(matches!(error, NetworkFileError::Foreign { .. }), "{error}");
    let longer = [FIXTURE, b"\n"].concat();
    assert!(matches!(Network::read_from(&longer[..]), Err(NetworkFileError::Trailing)));
}

#[test]
fn a_length_that_cannot_be_takes_no_memory() {
    let mut bytes = FIXTURE[..32].to_vec();
    bytes[12] = 1;
    bytes[24..32].copy_from_slice(&(SECTION_BYTES_MAX).to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    let error = Network::read_from(&bytes[..]).expect_err("cut off");
    assert!(matches!(error, NetworkFileError::Truncated { .. }), "{error}");
    bytes[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
    bytes.truncate(32);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    let error = Network::read_from(&bytes[..]).expect_err("too long");
    assert!(matches!(error, NetworkFileError::Section { .. }), "{error}");
}

#[test]
fn a_file_is_saved_and_loaded() {
    let path = std::env::temp_dir().join(format!("etaflow-network-{}.network", std::process::id()));
    let network = fixture_network();
    network.save(&path).expect("writes");
    let loaded = Network::load(&path).expect("reads");
    std::fs::remove_file(&path).expect("was there");
    assert_eq!(loaded.parts(), network.parts());
    assert!(matches!(Network::load(&path), Err(NetworkFileError::Io(_))));
}

#[cfg(unix)]
#[test]
fn a_file_takes_the_place_of_nothing_but_a_file() {
    let directory = std::env::temp_dir().join(format!("etaflow-places-{}", std::process::id()));
    fs::create_dir(&directory).expect("is new");
    let at = |name: &str| directory.join(name);
    let network = fixture_network();
    let socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("binds");
    std::os::unix::fs::symlink(at("socket"), at("to_socket")).expect("links");
    for name in ["socket", "to_socket", "."] {
        assert!(matches!(network.save(&at(name)), Err(NetworkFileError::Occupied)), "{name}");
    }
    drop(socket);
    assert!(!fs::symlink_metadata(at("socket")).expect("is still there").is_file());
    fs::write(at("older"), "").expect("writes");
    std::os::unix::fs::symlink(at("older"), at("link")).expect("links");
    network.save(&at("link")).expect("writes");
    assert!(fs::symlink_metadata(at("link")).expect("is there").is_symlink());
    assert_eq!(fs::read(at("older")).expect("reads"), bytes_of(&network));
    let mut left: Vec<_> =
        fs::read_dir(&directory).expect("reads").map(|entry| entry.expect("reads").file_name()).collect();
    left.sort();
    assert_eq!(left, ["link", "older", "socket", "to_socket"]);
    fs::remove_dir_all(&directory).expect("was there");
}
