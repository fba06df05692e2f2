use std::path::Path;
use std::sync::Arc;

use etaflow_road::{Network, SyntheticCity, import_pbf};

/// The networks that criterion's benchmarks run on: a made-up city, and Porto where its extract is.
pub fn networks() -> Vec<(&'static str, Arc<Network>)> {
    let mut networks = vec![("city", Arc::new(SyntheticCity::default().build()))];
    let root = std::env::var("ETAFLOW_DATA");
    let root = root.unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data").into());
    match import_pbf(&Path::new(&root).join("osm/porto.osm.pbf")) {
        Ok(import) => networks.push(("porto", Arc::new(import.network))),
        Err(error) => println!("skipped: no data for Porto ({error})"),
    }
    networks
}
