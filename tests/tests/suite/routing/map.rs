//! The networks that are tested, each made once.

use std::sync::{Arc, LazyLock};

use etaflow_road::{Network, SyntheticCity, import_pbf};

use crate::bad_input::data;

pub(super) struct Map {
    pub(super) name: &'static str,
    pub(super) network: Arc<Network>,
}

/// A city that never was; always there.
pub(super) static CITY: LazyLock<Option<Map>> = LazyLock::new(|| {
    let network = SyntheticCity { nodes: 2_000, ..SyntheticCity::default() }.build();
    Some(Map { name: "the synthetic city", network: Arc::new(network) })
});

pub(super) static MONACO: LazyLock<Option<Map>> = LazyLock::new(|| extract("monaco"));

pub(super) static LIECHTENSTEIN: LazyLock<Option<Map>> = LazyLock::new(|| extract("liechtenstein"));

pub(super) static PORTO: LazyLock<Option<Map>> = LazyLock::new(|| extract("porto"));

/// An OpenStreetMap extract, if real data is there.
fn extract(name: &'static str) -> Option<Map> {
    let path = data()?.join(format!("osm/{name}.osm.pbf"));
    let import = import_pbf(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(Map { name, network: Arc::new(import.network) })
}
