use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use etaflow::{EngineConfig, FileGroup, Offset, ProfileConfig, ProfileLearner, Profiles, StartFrom, Storage};
use etaflow_road::Network;
use serde::Serialize;

use super::error::DirectoryError;
use crate::cli::{LogStart, ReplayArgs};

/// What was learned from a log: the answer of `etaflow log replay`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Learned {
    /// The group that remembers how far the log was read.
    pub group: String,
    /// The first record that was read,
    pub from: u64,
    /// and the first that was not: the group goes on here.
    pub to: u64,
    /// How many drives along an edge were seen.
    pub traversals: u64,
    /// How many edges have a pace of their own.
    pub edges: usize,
    /// The speed profile that it makes; null if nothing was read.
    pub profile: Option<String>,
    /// The profile's file; null if there is none.
    pub path: Option<PathBuf>,
}

/// Learns a speed profile from what a group has not read yet, keeps it, and has the group remember how far it has come.
///
/// # Errors
/// If there is no log, or it cannot be read; if the group cannot be used, or the profile cannot be kept.
pub(super) fn replay(
    args: &ReplayArgs,
    network: Arc<Network>,
    storage: Arc<dyn Storage>,
) -> Result<Learned, DirectoryError> {
    let mut group = match args.from.map(start) {
        // Who says where to begin means it, whatever was done before.
        Some(from) => FileGroup::reset(Arc::clone(&storage), &args.group, from)?,
        None => FileGroup::open(Arc::clone(&storage), &args.group, StartFrom::Earliest)?,
    };
    let Offset(from) = group.next_offset();
    let matching = EngineConfig::default().pipeline.matching;
    let mut learner = ProfileLearner::new(Arc::clone(&network), matching, &ProfileConfig::default())?;
    while let Some(entries) = group.poll()? {
        learner.take(&entries.records)?;
    }
    let Offset(to) = group.next_offset();
    let mut learned = Learned { group: args.group.clone(), from, to, ..Learned::nothing() };
    if to > from {
        let profile = learner.learn();
        let id = Profiles::in_storage(&network, Arc::clone(&storage)).keep(&profile)?;
        // Only now: after a crash before, it is learned again.
        group.commit(Offset(to))?;
        let summary = profile.summary();
        (learned.traversals, learned.edges) = (summary.traversals, summary.edges);
        learned.path = Some(storage.show(&Profiles::path(id)));
        learned.profile = Some(id.to_string());
    }
    Ok(learned)
}

const fn start(from: LogStart) -> StartFrom {
    match from {
        LogStart::Earliest => StartFrom::Earliest,
        LogStart::Latest => StartFrom::Latest,
        LogStart::Offset(offset) => StartFrom::Offset(Offset(offset)),
        LogStart::Time(time) => StartFrom::Time(time),
    }
}

impl Learned {
    const fn nothing() -> Self {
        Self { group: String::new(), from: 0, to: 0, traversals: 0, edges: 0, profile: None, path: None }
    }
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, from, to, traversals, edges, profile, path } = self;
        let (Some(profile), Some(path)) = (profile, path) else {
            return write!(f, "nothing new for {group} since offset {to}");
        };
        write!(
            f,
            "profile {profile}: {edges} edges have a pace of their own, {traversals} drives along an edge in offsets {from} \
             to {to}\nkept in {}",
            path.display()
        )
    }
}
