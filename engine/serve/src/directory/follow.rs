use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use etaflow::{
    Company, EngineConfig, Follower, FollowerConfig, JournalSink, LogFiles, Offset, Recovery, Sink, Span, Storage,
};
use etaflow_road::Network;

use super::error::DirectoryError;
use super::status::{Ended, Said, Status};
use crate::cli::FollowArgs;

/// How often is looked whether it is to end.
const LOOK: Duration = Duration::from_millis(20);

/// When it is to end.
#[derive(Debug, Clone, Default)]
pub(super) struct End {
    /// At once.
    pub(super) now: Arc<AtomicBool>,
    /// When it has taken all that is durable by then.
    pub(super) caught_up: Arc<AtomicBool>,
}

/// Follows the log until it is to end or fails, and says how it stands.
pub(super) fn follow(
    args: &FollowArgs,
    network: Arc<Network>,
    storage: Arc<dyn Storage>,
    end: &End,
    out: &mut impl Write,
) -> Result<(), DirectoryError> {
    let mut config: FollowerConfig = EngineConfig::default().follower();
    config.pipeline.shards = args.shards;
    config.snapshots.every = Some(args.snapshot_every);
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    // Before the effects: a file of our own in an empty directory would keep a log from being begun there.
    let files = LogFiles::open(Arc::clone(&storage))?;
    if let Some(name) = &args.effects {
        sinks.push(Box::new(JournalSink::open(name.clone(), Arc::clone(&storage), name.clone())?));
    }
    let follower = Follower::open_with(network, storage, &config, Company { sinks, ..Company::default() })?;
    let reported = report(&follower, args.status_every, end, || files.durable().ok(), |said| say(said, args.json, out));
    // Why it has failed says more than that nobody reads what it says.
    let summary = follower.shutdown_blocking()?;
    reported?;
    say(&Said::Ended(Ended::of(&summary)), args.json, out)?;
    Ok(())
}

/// Says how a follower stands, every so often, until it is to end or fails; and how it has come back, once it has.
fn report(
    follower: &Follower,
    every: Span,
    end: &End,
    durable: impl Fn() -> Option<Offset>,
    mut say: impl FnMut(&Said) -> io::Result<()>,
) -> Result<(), DirectoryError> {
    let every = Duration::from_micros(every.micros() as u64);
    let mut waited = every;
    let mut recovered = false;
    let mut last = None;
    while !end.now.load(Ordering::Acquire) && !follower.is_finished() {
        if last.is_none() && end.caught_up.load(Ordering::Acquire) {
            // If nobody knows how far that is, it has come far enough.
            last = Some(durable().unwrap_or_default());
        }
        if last.is_some_and(|last| recovered && follower.applied() >= last) {
            break;
        }
        if let (false, Some(recovery)) = (recovered, follower.recovery()) {
            recovered = true;
            say(&came_back(recovery))?;
        }
        if waited >= every {
            waited = Duration::ZERO;
            let view = follower.view();
            say(&Said::Status(Status::of(&view.lag(), follower.applied().0, view.trips())))?;
        }
        let step = LOOK.min(every - waited);
        std::thread::park_timeout(step);
        waited += step;
    }
    Ok(())
}

fn came_back(recovery: &Recovery) -> Said {
    Said::Recovered { how: recovery.to_string(), from_offset: recovery.from.0, took_s: recovery.took.secs_f64() }
}

/// Sets a flag when the input ends.
pub(super) fn end_with(mut input: impl Read + Send + 'static, ended: &Arc<AtomicBool>) -> io::Result<()> {
    let ended = Arc::clone(ended);
    let watch = move || {
        let mut bytes = [0; 256];
        loop {
            match input.read(&mut bytes) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        ended.store(true, Ordering::Release);
    };
    std::thread::Builder::new().name("etaflow-stdin".to_owned()).spawn(watch).map(drop)
}

/// Sets a flag at the first SIGINT or SIGTERM.
pub(super) fn end_with_signals(ended: &Arc<AtomicBool>) -> io::Result<()> {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second one ends the process at once: who asks twice does not want to wait.
        signal_hook::flag::register_conditional_shutdown(signal, 105, Arc::clone(ended))?;
        signal_hook::flag::register(signal, Arc::clone(ended))?;
    }
    Ok(())
}

fn say(said: &Said, json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        writeln!(out, "{}", serde_json::to_string(said)?)?
    } else {
        writeln!(out, "{said}")?
    }
    out.flush()
}
