use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use super::OsmError;
use super::assembly::assemble;
use super::blob::BlobFile;
use super::block::Block;
use super::draft::{Draft, Places};
use super::profile::Profile;
use super::report::ImportReport;
use crate::network::Network;

/// Reading is mostly unpacking; more threads than this would wait for the file.
const THREADS_MAX: usize = 8;

/// A network made of a map, and what was left out.
#[derive(Debug)]
pub struct Import {
    /// The road network.
    pub network: Network,
    /// What the import found, used and left out.
    pub report: ImportReport,
}

/// Imports a `.osm.pbf` file for cars.
///
/// # Errors
/// If the file cannot be read, is no OpenStreetMap pbf, is cut off or damaged, or holds no road for cars.
pub fn import_pbf(path: &Path) -> Result<Import, OsmError> {
    import_pbf_with(path, &Profile::car())
}

/// Imports a `.osm.pbf` file with a profile.
///
/// # Errors
/// As [`import_pbf`].
pub fn import_pbf_with(path: &Path, profile: &Profile) -> Result<Import, OsmError> {
    import_pbf_from(BufReader::with_capacity(1 << 16, File::open(path)?), profile)
}

/// Imports OpenStreetMap data in pbf format from something that can be read twice.
///
/// # Errors
/// As [`import_pbf`].
///
/// ```
/// use etaflow_road::{OsmError, Profile, import_pbf_from};
///
/// let file = std::io::Cursor::new(b"no map at all");
/// assert!(matches!(import_pbf_from(file, &Profile::car()), Err(OsmError::NotPbf)));
/// ```
pub fn import_pbf_from<R: Read + Seek + Send>(reader: R, profile: &Profile) -> Result<Import, OsmError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    import_on(reader, profile, threads)
}

pub(super) fn import_on<R: Read + Seek + Send>(
    reader: R,
    profile: &Profile,
    threads: usize,
) -> Result<Import, OsmError> {
    let file = BlobFile::open(reader)?;
    let drafts = file.map(threads, |bytes| {
        let mut draft = Draft::new(profile);
        let block = Block::parse(bytes)?;
        block.visit(&mut draft)?;
        draft.report.bad_strings = block.bad_strings;
        Ok(draft)
    })?;
    let mut draft = Draft::new(profile);
    for part in drafts {
        draft.append(part);
    }
    draft.report.unknown_blobs = file.unknown;
    let mut places = Places::needed_by(&draft);
    let found = file.map(threads, |bytes| find_nodes(bytes, &places, profile))?;
    for (nodes, report) in found {
        places.fill(nodes);
        draft.report.add(&report);
    }
    assemble(draft, &places, profile)
}

type Found = (Vec<super::draft::FoundNode>, ImportReport);

fn find_nodes(bytes: &[u8], places: &Places, profile: &Profile) -> Result<Found, OsmError> {
    let block = Block::parse(bytes)?;
    let mut report = ImportReport::default();
    let mut found = Vec::new();
    let (mut hint, place) = (0, std::cell::Cell::new(None));
    let wanted = |id| {
        place.set(places.find(id, &mut hint));
        place.get().is_some()
    };
    let count = block.visit_nodes(wanted, |node, tags| {
        if let Some(place) = place.get() {
            found.push(Places::judge(place, node, tags, profile, &mut report));
        }
    })?;
    report.nodes = count;
    Ok((found, report))
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
