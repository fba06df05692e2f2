//! Imports an OpenStreetMap extract and says what became of it: `cargo run --release --example import -- city.osm.pbf`.

use std::path::Path;

use etaflow_road::{EdgeFlags, RoadClass, import_pbf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: import FILE.osm.pbf")?;
    let import = import_pbf(Path::new(&path))?;
    let network = &import.network;
    println!("{:#?}", import.report);
    println!("{} nodes, {} edges, {} turns", network.node_count(), network.edge_count(), network.turn_count());
    let main = network.edges().filter(|&edge| network.component(edge) == 0).count();
    println!("main component: {:.2} % of the edges", 100.0 * main as f64 / network.edge_count() as f64);
    for class in RoadClass::ALL {
        let edges: Vec<_> = network.edges().filter(|&edge| network.class(edge) == class).collect();
        let metres: f64 = edges.iter().map(|&edge| network.length(edge).0).sum();
        let seconds: f64 = edges.iter().map(|&edge| network.free_flow_time(edge).0).sum();
        if seconds > 0.0 {
            let kmh = metres / seconds * 3.6;
            println!("{class:?}: {} edges, {:.1} km, {kmh:.1} km/h", edges.len(), metres / 1e3);
        }
    }
    let private = network.edges().filter(|&edge| network.flags(edge).contains(EdgeFlags::DESTINATION_ONLY)).count();
    println!("{private} edges for destinations only");
    Ok(())
}
