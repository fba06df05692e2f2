use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// So long something may take that takes a moment: longer, and it stands still.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process of the program, its lines as they come, and what it complains of.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    complaints: PathBuf,
}

impl Running {
    /// Starts it; what it complains of goes to a file in `folder`.
    pub(crate) fn start(folder: &Path, name: &str, args: &[&str]) -> Self {
        let complaints = folder.join(format!("{name}.stderr"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_etaflow"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&complaints).expect("there is room"))
            .spawn()
            .expect("the program is there");
        let stdout = child.stdout.take().expect("it is piped");
        let (send, lines) = sync_channel(1 << 16);
        std::thread::spawn(move || {
            // A line that the process was killed in has no end, and says nothing.
            let mut reader = BufReader::new(stdout);
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
                if send.send(std::mem::take(&mut line)).is_err() {
                    break;
                }
            }
        });
        Self { stdin: child.stdin.take(), child, lines, complaints }
    }

    /// Gives it something to read.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("it is not closed");
        if let Err(error) = stdin.write_all(bytes).and_then(|()| stdin.flush()) {
            panic!("it does not read: {error}: {}", self.complaint());
        }
    }

    /// Its next line, if one comes so soon; it must not end by itself.
    pub(crate) fn line_within(&mut self, time: Duration) -> Option<String> {
        match self.lines.recv_timeout(time) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("it has ended by itself: {}", self.complaint()),
        }
    }

    /// Its next line.
    pub(crate) fn line(&mut self) -> String {
        self.line_within(PATIENCE).unwrap_or_else(|| panic!("it says nothing: {}", self.complaint()))
    }

    /// Kills it, and has the lines that it had said.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it runs");
        let status = self.child.wait().expect("it can be waited for");
        assert!(status.code().is_none(), "it had ended by itself with {status}: {}", self.complaint());
        self.lines.iter().collect()
    }

    /// Has it end by closing its input, and has the lines that it says until then.
    pub(crate) fn finish(mut self) -> Vec<String> {
        self.stdin = None;
        let lines = self.lines.iter().collect();
        let status = self.child.wait().expect("it can be waited for");
        assert!(status.success(), "it has ended with {status}: {}", self.complaint());
        lines
    }

    fn complaint(&self) -> String {
        std::fs::read_to_string(&self.complaints).unwrap_or_default()
    }
}

impl Drop for Running {
    /// Where the test fails, none is left.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits.
pub(crate) fn pause(millis: usize) {
    let (_send, nothing) = sync_channel::<()>(0);
    let _ = nothing.recv_timeout(Duration::from_millis(millis as u64));
}
