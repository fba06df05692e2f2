use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{fs, thread};

use serde::Serialize;

use super::configuration::{Lag, Plan};
use super::error::MatchingError;
use super::figures::Figures;
use super::picture::picture;
use super::run::run;
use super::tally::Tally;
use super::track::{Track, find_tracks};

/// More are of no use to anybody who does something else meanwhile.
const THREADS_MAX: usize = 2;

/// How many tracks are drawn.
const PICTURES_MAX: usize = 3;

/// What the matcher came to on all tracks of a directory.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatchingEvaluation {
    /// How many tracks there are.
    pub tracks: usize,
    /// One for each of [`Plan::all`], in that order.
    pub configurations: Vec<ConfigurationScore>,
    #[serde(skip)]
    paths: Vec<PathBuf>,
}

/// What a sampling and a lag came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfigurationScore {
    /// How many seconds there are between two fixes, at least.
    pub sampling_s: u16,
    /// After how many more fixes the matcher commits; `None` for the default configuration.
    pub lag_fixes: Option<u8>,
    /// The shares of all tracks' sums.
    pub pooled: Figures,
    /// The means of the tracks' shares.
    pub mean: Figures,
    /// The sums.
    pub sums: Tally,
    /// A row a track, in order of their names.
    pub tracks: Vec<TrackScore>,
}

/// What a track came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackScore {
    /// The name of its folder or archive.
    pub name: String,
    /// Its shares.
    pub figures: Figures,
    /// What these are of.
    pub sums: Tally,
}

/// Scores the matcher on all tracks of a directory: folders or `.tar.gz` archives, see
/// [`KubickaTrack`](etaflow_road::KubickaTrack). The result does not depend on the number of cores.
///
/// # Errors
/// If there are no tracks, or the first that is damaged, in order of their names.
///
/// ```no_run
/// # use etaflow_simulator::evaluate_matching;
/// let evaluation = evaluate_matching("kubicka".as_ref())?;
/// println!("{}", evaluation.to_table());
/// # Ok::<(), etaflow_simulator::MatchingError>(())
/// ```
pub fn evaluate_matching(directory: &Path) -> Result<MatchingEvaluation, MatchingError> {
    let (paths, plans) = (find_tracks(directory)?, Plan::all());
    let tracks = score_tracks(&paths, &plans)?;
    let configurations = plans.iter().enumerate().map(|(nth, &plan)| {
        let scores = tracks.iter().map(|(name, tallies)| TrackScore::new(name, tallies[nth])).collect();
        ConfigurationScore::new(plan, scores)
    });
    let configurations = configurations.collect();
    Ok(MatchingEvaluation { tracks: paths.len(), configurations, paths })
}

/// The name of a track, and a tally for each plan.
type Scored = (String, Vec<Tally>);

/// Scores tracks on a few threads, each taking the next one.
fn score_tracks(paths: &[PathBuf], plans: &[Plan]) -> Result<Vec<Scored>, MatchingError> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut done = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(nth) else { break };
            let scored = score_track(path, plans);
            stop.fetch_or(scored.is_err(), Ordering::Relaxed);
            done.push((nth, scored));
        }
        done
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let mut all: Vec<_> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("scoring does not panic")).collect()
    });
    // Tracks are begun in order: of the damaged ones the first was begun whatever the threads did.
    all.sort_by_key(|(nth, _)| *nth);
    all.into_iter().map(|(_, scored)| scored).collect()
}

fn score_track(path: &Path, plans: &[Plan]) -> Result<Scored, MatchingError> {
    let track = Track::read(path)?;
    let tallies = plans.iter().map(|plan| Ok(run(&track, plan.config(), plan.sampling())?.tally));
    Ok((track.name.clone(), tallies.collect::<Result<_, MatchingError>>()?))
}

impl TrackScore {
    fn new(name: &str, sums: Tally) -> Self {
        Self { name: name.to_owned(), figures: Figures::of(&sums), sums }
    }
}

impl ConfigurationScore {
    fn new(plan: Plan, tracks: Vec<TrackScore>) -> Self {
        let mut sums = Tally::default();
        tracks.iter().for_each(|track| sums += &track.sums);
        let each: Vec<Figures> = tracks.iter().map(|track| track.figures).collect();
        let lag_fixes = match plan.lag {
            Lag::Fixes(fixes) => Some(fixes),
            Lag::Default => None,
        };
        let (pooled, mean) = (Figures::of(&sums), Figures::mean(&each));
        Self { sampling_s: plan.sampling_s, lag_fixes, pooled, mean, sums, tracks }
    }
}

impl MatchingEvaluation {
    /// All figures as one JSON object on several lines.
    ///
    /// # Errors
    /// If a figure has no place in JSON.
    pub fn to_json(&self) -> Result<String, MatchingError> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// Writes `summary.json` and pictures of the three tracks whose route mismatch by [`Plan::DEFAULT`] is worst,
    /// `worst-1.svg` and so on, into a folder that is there. Returns where the files are, in this order.
    ///
    /// # Errors
    /// If one cannot be written, or a track is no longer what it was.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, MatchingError> {
        let write = |name: String, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|source| MatchingError::Write { path: path.clone(), source })?;
            Ok::<_, MatchingError>(path)
        };
        let mut files = vec![write("summary.json".to_owned(), self.to_json()? + "\n")?];
        for (rank, nth) in self.worst().into_iter().enumerate() {
            let track = Track::read(&self.paths[nth])?;
            let run = run(&track, Plan::DEFAULT.config(), Plan::DEFAULT.sampling())?;
            files.push(write(format!("worst-{}.svg", rank + 1), picture(&track, &run))?);
        }
        Ok(files)
    }

    /// The worst tracks, the worst first, of those that are not perfect.
    fn worst(&self) -> Vec<usize> {
        let plans = Plan::all();
        let default = plans.iter().position(|&plan| plan == Plan::DEFAULT).expect("it is one of all");
        let mismatch = |nth: usize| self.configurations[default].tracks[nth].figures.route_mismatch;
        let mut worst: Vec<usize> = (0..self.tracks).filter(|&nth| mismatch(nth) > 0.0).collect();
        worst.sort_by(|&one, &other| mismatch(other).total_cmp(&mismatch(one)));
        worst.truncate(PICTURES_MAX);
        worst
    }
}

#[cfg(test)]
#[path = "evaluation_tests.rs"]
mod tests;
