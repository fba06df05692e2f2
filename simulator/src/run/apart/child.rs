use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use etaflow::{Clock, Timestamp, WallClock};
use etaflow_serve::{Ended, Said, Status};

/// How an engine in a process of its own is started: by this same program.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) directory: PathBuf,
    pub(super) network: PathBuf,
    pub(super) shards: u32,
    /// The name of the file that it tells the outside's news to.
    pub(super) effects: String,
}

/// An engine in a process of its own.
pub(super) struct Engine {
    process: Child,
    /// It ends when this is closed.
    stdin: Option<ChildStdin>,
    heard: Arc<Mutex<Heard>>,
    listener: JoinHandle<()>,
    pub(super) started_at: Timestamp,
}

/// What it has said.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    /// How it came back, and when it said so.
    pub(super) recovered: Option<(Timestamp, String)>,
    /// Everything since it was started, each with when it was heard.
    pub(super) statuses: Vec<(Timestamp, Status)>,
    pub(super) ended: Option<Ended>,
}

/// How often it says how it stands.
const STATUS_EVERY: &str = "50ms";

impl Engine {
    pub(super) fn start(setup: &Setup) -> std::io::Result<Self> {
        let clock = WallClock::new();
        let started_at = clock.now();
        let mut process = Command::new(std::env::current_exe()?)
            .arg("follow")
            .args(["--dir".as_ref(), setup.directory.as_os_str()])
            .args(["--network".as_ref(), setup.network.as_os_str()])
            .args(["--shards", &setup.shards.to_string(), "--effects", &setup.effects])
            .args(["--snapshot-every", "10s", "--status-every", STATUS_EVERY, "--until-eof", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = process.stdin.take();
        let out = process.stdout.take().expect("it is piped");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (told, listening) = (Arc::clone(&heard), std::thread::Builder::new().name("listener".to_owned()));
        let listener = listening.spawn(move || {
            // A line that was cut off by its death is none.
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let Ok(said) = serde_json::from_str(&line) else { continue };
                let at = clock.now();
                let mut heard = lock(&told);
                match said {
                    Said::Recovered { how, .. } => heard.recovered = Some((at, how)),
                    Said::Status(status) => heard.statuses.push((at, status)),
                    Said::Ended(ended) => heard.ended = Some(ended),
                }
            }
        })?;
        Ok(Self { process, stdin, heard, listener, started_at })
    }

    /// How it stands, as far as it has said.
    pub(super) fn status(&self) -> Option<Status> {
        lock(&self.heard).statuses.last().map(|(_, status)| status.clone())
    }

    /// Whether it has ended, by itself.
    pub(super) fn has_ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }

    /// What it has said so far.
    pub(super) fn said(&self) -> Heard {
        lock(&self.heard).clone()
    }

    /// Ends it in the middle of whatever it does, as the lack of memory does: SIGKILL.
    pub(super) fn kill(mut self) -> std::io::Result<Heard> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(self.heard())
    }

    /// Lets it end, and waits for it.
    pub(super) fn end(mut self) -> std::io::Result<(ExitStatus, Heard)> {
        drop(self.stdin.take());
        let status = self.process.wait()?;
        Ok((status, self.heard()))
    }

    fn heard(self) -> Heard {
        // It ends with the process's stdout.
        let _ = self.listener.join();
        std::mem::take(&mut *lock(&self.heard))
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
