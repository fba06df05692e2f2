use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use etaflow_serve::{Ended, Said, Status};

use crate::child::{Running, pause};
use crate::city::Chance;

/// What those who kill know of one another.
#[derive(Default)]
pub(crate) struct Deaths {
    begun: AtomicBool,
    killed: AtomicU32,
    /// Where the log ends for good; 0 as long as it goes on.
    end: AtomicU64,
}

impl Deaths {
    /// Waits until the first follower has recovered.
    pub(crate) fn wait_begun(&self) {
        for _ in 0..6_000 {
            if self.begun.load(Ordering::Acquire) {
                return;
            }
            pause(10);
        }
        panic!("the first follower does not recover");
    }

    pub(crate) fn killed(&self) -> u32 {
        self.killed.load(Ordering::Acquire)
    }

    pub(crate) fn set_end(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }
}

/// The lives of `etaflow follow`.
pub(crate) struct FollowerLives {
    folder: PathBuf,
    dir: PathBuf,
    network: PathBuf,
    chance: Chance,
    deaths: Arc<Deaths>,
}

/// What they came to.
#[derive(Default)]
pub(crate) struct Lives {
    /// How many came back from a snapshot.
    pub(crate) from_snapshot: u32,
    /// How long the longest took to come back, in seconds.
    pub(crate) longest_s: f64,
    /// What the last one said.
    pub(crate) ended: Ended,
}

impl FollowerLives {
    pub(crate) fn new(folder: &Path, dir: &Path, network: &Path, chance: Chance, deaths: Arc<Deaths>) -> Self {
        let (folder, dir, network) = (folder.to_owned(), dir.to_owned(), network.to_owned());
        Self { folder, dir, network, chance, deaths }
    }

    /// Follows the log and is killed, so often, and at last follows it to its end.
    pub(crate) fn live(mut self, killed: u32) -> Lives {
        let mut lives = Lives::default();
        for life in 0..killed {
            // Every few lives it is killed while it recovers, but not before its sink is there.
            let lines = if life == 0 { 1 + self.chance.below(20) } else { self.chance.below(25) };
            let mut process = self.start();
            for _ in 0..lines {
                let said = parse(&process.line());
                self.hear(&mut lives, &said);
            }
            pause(self.chance.below(60));
            // However slow the disk, the last ones have something to come back from.
            if life >= killed / 2 {
                self.wait_snapshot();
            }
            process.kill().iter().for_each(|line| self.hear(&mut lives, &parse(line)));
            self.deaths.killed.fetch_add(1, Ordering::AcqRel);
        }
        let mut process = self.start();
        loop {
            let said = parse(&process.line());
            self.hear(&mut lives, &said);
            let end = self.deaths.end.load(Ordering::Acquire);
            if matches!(&said, Said::Status(Status { offset, .. }) if end > 0 && *offset >= end) {
                break;
            }
        }
        let last = process.finish();
        let Some(Said::Ended(ended)) = last.last().map(|line| parse(line)) else { panic!("the last said: {last:?}") };
        Lives { ended, ..lives }
    }

    /// Waits until a follower has written a snapshot, in whichever life.
    fn wait_snapshot(&self) {
        let written = |path: PathBuf| path.extension().is_some_and(|extension| extension == "snap");
        for _ in 0..6_000 {
            let mut files = std::fs::read_dir(self.dir.join("snapshots")).into_iter().flatten().flatten();
            if files.any(|file| written(file.path())) {
                return;
            }
            pause(10);
        }
        panic!("no follower writes a snapshot");
    }

    fn start(&mut self) -> Running {
        let shards = (1 + self.chance.below(3)).to_string();
        let (dir, network) = (self.dir.to_str().expect("it is UTF-8"), self.network.to_str().expect("it is UTF-8"));
        let args = ["follow", "--dir", dir, "--network", network, "--shards", &shards, "--effects", "told"];
        let often = ["--snapshot-every", "200ms", "--status-every", "50ms", "--until-eof", "--json"];
        Running::start(&self.folder, "follow", &[&args[..], &often].concat())
    }

    fn hear(&self, lives: &mut Lives, said: &Said) {
        match said {
            Said::Recovered { from_offset, took_s, .. } => {
                self.deaths.begun.store(true, Ordering::Release);
                lives.from_snapshot += u32::from(*from_offset > 0);
                lives.longest_s = lives.longest_s.max(*took_s);
            }
            Said::Status(_) => {}
            Said::Ended(ended) => panic!("nobody told it to end: {ended:?}"),
        }
    }
}

fn parse(line: &str) -> Said {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}
