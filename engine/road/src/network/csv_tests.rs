use super::*;
use crate::id::EdgeId;

const NODES_OK: &str = "id,lat,lon,signal\n1,41.15,-8.61,\n2,41.16,-8.61,yes\n3,41.16,-8.60,no\n";

fn read(nodes: &str, edges: &str) -> Result<Network, CsvError> {
    Network::from_csv(nodes.as_bytes(), edges.as_bytes(), &TurnModel::default())
}

#[test]
fn columns_in_any_order_and_all_that_may_be_said() {
    let edges = "name,to,from,speed_kmh,via,class,oneway,length_m\n\
        Rua A,2,1,36,77:41.155:-8.611|78:41.157:-8.611,residential,no,1500\n\
        \"Rua B, Norte\",3,2,72,\"LINESTRING (-8.61 41.16, -8.605 41.161, -8.6 41.16)\",primary,yes,\n\
        ,1,3,20,,,-1,\n";
    let network = read(NODES_OK, edges).expect("reads");
    assert_eq!((network.node_count(), network.edge_count()), (3, 4));
    let there = network.edges_between(77, 78)[0];
    assert_eq!((network.name(there), network.class(there)), ("Rua A", RoadClass::Residential));
    assert_eq!((network.length_mm(there), network.free_flow(there)), (1_500_000, 150_000));
    assert_eq!(network.twin(there), Some(network.edges_between(78, 77)[0]));
    let oneway = network.edges().find(|&edge| network.class(edge) == RoadClass::Primary).expect("there");
    assert_eq!((network.name(oneway), network.twin(oneway)), ("Rua B, Norte", None));
    assert_eq!(network.shape(oneway).len(), 3);
    assert_eq!(network.shape_keys(oneway), [2, 0, 3]);
    let back = network.edges_between(1, 3)[0];
    assert_eq!((network.class(back), network.twin(back)), (RoadClass::Unclassified, None));
    assert!(network.turn_cost(there, oneway) >= TurnModel::default().signal_ms);
}

#[test]
fn a_byte_order_mark_and_spaces_do_no_harm() {
    let nodes = "\u{feff}id , lat,lon\r\n1, 41.15,-8.61\r\n 2,41.16,-8.61\r\n";
    let network = read(nodes, "from,to,speed_kmh\r\n1,2,30\r\n").expect("reads");
    assert_eq!(network.length(EdgeId(0)), network.length(EdgeId(1)));
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_bound() {
    let check = |nodes: &str, edges: &str, message: &str| {
        let error = read(nodes, edges).expect_err(message).to_string();
        assert!(error.contains(message), "{error:?} does not say {message:?}");
    };
    let edges = "from,to,speed_kmh\n1,2,30\n";
    check("id,lat,lon,height\n", edges, "nodes.csv: column \"height\" is not known; the columns are id, lat, lon");
    check("id,lat\n", edges, "nodes.csv: column \"lon\" is missing");
    check("id,lat,lon,lat\n", edges, "nodes.csv: column \"lat\" is there twice");
    check("", edges, "nodes.csv: column \"id\" is missing");
    check("id,lat,lon\n1,2,3\n1,2,3\n", edges, "nodes.csv line 3: id 1 is already that of the node in line 2");
    check("id,lat,lon\nx,2,3\n", edges, "nodes.csv line 2: id is \"x\", expected a whole number");
    check("id,lat,lon\n1,91,3\n", edges, "nodes.csv line 2: lat is \"91\", expected degrees from -90 to 90");
    check("id,lat,lon\n1,NaN,3\n", edges, "lat is \"NaN\"");
    check("id,lat,lon\n1,2,181\n", edges, "lon is \"181\", expected degrees from -180 to 180");
    check("id,lat,lon,signal\n1,2,3,maybe\n", edges, "signal is \"maybe\", expected yes or no");
    check("id,lat,lon\n1,2\n", edges, "nodes.csv: CSV error");
    let header = "from,to,speed_kmh,class,name,oneway,length_m,via\n";
    let check_edge = |edge: &str, message: &str| check(NODES_OK, &format!("{header}{edge}\n"), message);
    check_edge("1,9,30,,,,,", "edges.csv line 2: to is 9, and no node has that id");
    check_edge("1,,30,,,,,", "edges.csv line 2: to is \"\", expected a whole number");
    check_edge("1,2,0,,,,,", "speed_kmh is \"0\", expected km/h from 1 to 250");
    check_edge("1,2,inf,,,,,", "speed_kmh is \"inf\"");
    check_edge("1,2,30,road,,,,", "class is \"road\", expected motorway");
    check_edge("1,2,30,,,both,,", "oneway is \"both\", expected yes or no");
    check_edge("1,2,30,,,,-5,", "length_m is \"-5\", expected metres from 0.001");
    check_edge("1,2,30,,,,,1:2", "via is \"1:2\", expected");
    check_edge("1,2,30,,,,,1:2:3:4", "via is");
    check_edge("1,2,30,,,,,LINESTRING (1 2 3)", "via is");
    check_edge("1,2,30,,,,,LINESTRING 1 2", "via is");
    check_edge("1,2,30,,,,,é:é:éééé", "via is");
    check_edge("1,1,30,,,,,", "edges.csv line 2: to is \"1\", expected another node than from");
    check(NODES_OK, header, "the network has no edges");
}

#[test]
fn text_that_is_not_utf8_is_named() {
    let edges = b"from,to,speed_kmh,name\n1,2,30,\xff\n";
    let error = Network::from_csv(NODES_OK.as_bytes(), &edges[..], &TurnModel::default()).expect_err("not UTF-8");
    assert!(error.to_string().starts_with("edges.csv line 2: name is"), "{error}");
}
