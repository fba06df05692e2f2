//! Processes that are killed under load, again and again, and what must hold in the end.
//!
//! `etaflow ingest` writes a log, `etaflow follow` follows it, and both are killed at moments that a seed says, and started
//! again. Whoever sends events sends again what was not acknowledged. In the end each event is in the log once, the
//! follower knows and has said what an engine knows and says that never ended, and nobody was told anything twice.

mod child;
mod city;
mod follower;
mod verdict;
mod writer;

use std::path::Path;
use std::sync::Arc;

use etaflow_road::SyntheticCity;

use crate::city::{Chance, Traffic};
use crate::follower::{Deaths, FollowerLives};
use crate::writer::WriterLives;

const FOLLOWERS_KILLED: u32 = 16;
const WRITERS_KILLED: u32 = 11;

/// Says how to do it again, if it does not end well.
struct Repeat(u64);

impl Drop for Repeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("again: ETAFLOW_CRASH_SEED={} cargo test -p etaflow-serve --test crash", self.0);
        }
    }
}

#[test]
fn nothing_is_lost_and_nothing_said_twice_whoever_is_killed() {
    let seed = std::env::var("ETAFLOW_CRASH_SEED").map_or(1, |seed| seed.parse().expect("a seed is a number"));
    let _repeat = Repeat(seed);
    let folder = tempfile::tempdir().expect("there is room");
    let (dir, network) = (folder.path().join("engine"), folder.path().join("city.network"));
    let city = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    city.save(&network).expect("it is written");

    let mut writers = WriterLives::new(folder.path(), &dir, Chance(seed), Traffic::new(Arc::clone(&city), seed, 120));
    writers.begin_log();
    let deaths = Arc::new(Deaths::default());
    let followers = FollowerLives::new(folder.path(), &dir, &network, Chance(!seed), Arc::clone(&deaths));
    let followers = std::thread::spawn(move || followers.live(FOLLOWERS_KILLED));
    // A sink begins where the log ends when it is first there: not before that it hears of all.
    deaths.wait_begun();
    while writers.killed() < WRITERS_KILLED || deaths.killed() < FOLLOWERS_KILLED {
        assert!(!followers.is_finished(), "a follower has ended by itself: {:?}", followers.join().err());
        writers.live_and_die();
    }
    let end = writers.live_to_the_end();
    deaths.set_end(end);
    let lives = followers.join().expect("the last follower ends well");

    check(&dir, city, &writers, &lives);
    println!(
        "seed {seed}: {} events acknowledged, {} sent again, {} records, {} followers and {} writers killed, {} came back \
         from a snapshot, longest way back {:.3} s",
        writers.acknowledged().len(),
        writers.sent_again(),
        lives.ended.records,
        deaths.killed(),
        writers.killed(),
        lives.from_snapshot,
        lives.longest_s,
    );
}

fn check(dir: &Path, city: Arc<etaflow_road::Network>, writers: &WriterLives, lives: &follower::Lives) {
    let log = verdict::ReadLog::read(dir);
    log.check_events(writers.acknowledged());
    let truth = verdict::Truth::of(city, &log);
    truth.check_ended(&lives.ended);
    truth.check_journal(dir, "told", &log);
    let verified =
        std::process::Command::new(env!("CARGO_BIN_EXE_etaflow")).args(["log", "verify", "--dir"]).arg(dir).output();
    let verified = verified.expect("the program is there");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    // Otherwise it was too easy.
    assert!(writers.sent_again() > 20, "writers were killed with too little that they had not acknowledged");
    assert!(lives.from_snapshot > 0, "no follower came back from a snapshot");
    assert!(log.segments > 2, "the log has {} segments", log.segments);
}
