use std::path::{Path, PathBuf};
use std::sync::Arc;

use etaflow_road::{EdgeIndex, Fix, KubickaTrack, Network, Sampling, is_kubicka};

use super::arcs::Arcs;
use super::error::MatchingError;
use super::truth::Truth;

/// A track, made ready for any number of runs.
pub(super) struct Track {
    pub(super) name: String,
    pub(super) network: Arc<Network>,
    pub(super) index: Arc<EdgeIndex>,
    pub(super) arcs: Arcs,
    pub(super) fixes: Vec<Fix>,
    pub(super) truth: Truth,
}

/// The tracks of a directory, folders and archives, in order of their names.
pub(super) fn find_tracks(directory: &Path) -> Result<Vec<PathBuf>, MatchingError> {
    let failed = |source| MatchingError::Directory { path: directory.to_owned(), source };
    let entries: Vec<_> = directory.read_dir().map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    let mut tracks: Vec<PathBuf> =
        entries.into_iter().map(|entry| entry.path()).filter(|path| is_kubicka(path)).collect();
    tracks.sort();
    if tracks.is_empty() { Err(MatchingError::NoTracks(directory.to_owned())) } else { Ok(tracks) }
}

impl Track {
    pub(super) fn read(path: &Path) -> Result<Self, MatchingError> {
        let read = KubickaTrack::read(path);
        let track = read.map_err(|source| MatchingError::Track { path: path.to_owned(), source })?;
        let arcs = Arcs::new(&track.network);
        // From a node to itself there is no road, and no length that could be missing.
        let steps = track.route.iter().filter(|[from, to]| from != to);
        let unknown = |&[from, to]: &[i64; 2]| MatchingError::Route { path: path.to_owned(), from, to };
        let route: Vec<_> = steps.map(|keys| arcs.get(*keys).ok_or_else(|| unknown(keys))).collect::<Result<_, _>>()?;
        let without = |what| MatchingError::Without { path: path.to_owned(), what };
        if route.iter().map(|&arc| arcs.length_m(arc)).sum::<f64>() <= 0.0 {
            return Err(without("true route with a length"));
        }
        if track.fixes.is_empty() {
            return Err(without("fixes"));
        }
        let index = Arc::new(EdgeIndex::new(&track.network));
        let truth = Truth::new(route, &arcs, &track.fixes);
        let name = name(path);
        Ok(Self { name, network: Arc::new(track.network), index, arcs, fixes: track.fixes, truth })
    }

    /// Which fixes are left at a sampling, in order: the first, and each that is so much later than the one before.
    pub(super) fn thinned(&self, mut sampling: Sampling) -> Vec<usize> {
        (0..self.fixes.len()).filter(|&nth| sampling.keeps(self.fixes[nth].time)).collect()
    }
}

/// The file's name without what all archives end with.
fn name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let stem = [".tar.gz", ".tgz"].iter().find_map(|end| name.strip_suffix(end));
    stem.unwrap_or(&name).to_owned()
}
