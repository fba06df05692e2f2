//! OpenStreetMap: from a `.osm.pbf` extract to a [`Network`](crate::Network) for cars.
//!
//! The file is read twice: first its ways and relations (`wire`, `blob`, `block` decode; `road`, `access`, `speed`,
//! `restriction` judge them by the [`Profile`]), then the nodes that the car ways use (`obstacle`). `chain` folds ways
//! into edges and `import` puts the network together. The result does not depend on how many threads took part.

mod access;
mod assembly;
mod blob;
mod block;
mod chain;
mod draft;
mod error;
#[cfg(test)]
mod fixture;
mod import;
mod obstacle;
mod profile;
mod report;
mod restriction;
mod road;
mod speed;
mod tags;
mod wire;

pub use error::OsmError;
pub use import::{Import, import_pbf, import_pbf_from, import_pbf_with};
pub use profile::{ClassSpeed, Delays, Profile};
pub use report::{ImportReport, InvalidTags, RestrictionReport};
