use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How much is read at once, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// How many pieces wait at most.
const PIECES: usize = 4;

/// How often is looked whether it is to end.
const LOOK: Duration = Duration::from_millis(20);

/// Something to be read that also ends when a flag is set. It is read by a thread of its own, since nothing else can be
/// told to wait no longer.
pub(super) struct Input {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
    failed: Option<io::Error>,
    end: Arc<AtomicBool>,
    cut: bool,
}

impl Input {
    /// # Errors
    /// If there is no thread for it.
    pub(super) fn new(mut input: impl Read + Send + 'static, end: Arc<AtomicBool>) -> io::Result<Self> {
        let (send, pieces) = sync_channel(PIECES);
        let read = move || {
            loop {
                let mut piece = vec![0; PIECE_BYTES];
                let read = match input.read(&mut piece) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Ok(0) => break,
                    read => read,
                };
                let is_over = read.is_err();
                let piece = read.map(|read| {
                    piece.truncate(read);
                    piece
                });
                if send.send(piece).is_err() || is_over {
                    break;
                }
            }
        };
        std::thread::Builder::new().name("etaflow-stdin".to_owned()).spawn(read)?;
        Ok(Self { pieces, piece: Vec::new(), at: 0, failed: None, end, cut: false })
    }

    /// Whether it has ended because of the flag, and what was read last may be half of something.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// The next piece; false at the end.
    fn next_piece(&mut self) -> io::Result<bool> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        loop {
            if self.end.load(Ordering::Acquire) {
                self.cut = true;
                return Ok(false);
            }
            match self.pieces.recv_timeout(LOOK) {
                Ok(piece) => {
                    (self.piece, self.at) = (piece?, 0);
                    return Ok(true);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(false),
            }
        }
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.next_piece()? {
            return Ok(0);
        }
        let mut read = 0;
        loop {
            let more = (into.len() - read).min(self.piece.len() - self.at);
            into[read..read + more].copy_from_slice(&self.piece[self.at..self.at + more]);
            (read, self.at) = (read + more, self.at + more);
            if read == into.len() {
                return Ok(read);
            }
            // What has come already is given at once.
            match self.pieces.try_recv() {
                Ok(Ok(piece)) => (self.piece, self.at) = (piece, 0),
                Ok(Err(error)) => {
                    self.failed = Some(error);
                    return Ok(read);
                }
                Err(_) => return Ok(read),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    /// Says something, and then waits for ever.
    struct Unfinished(&'static [u8]);

    impl Read for Unfinished {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            while self.0.is_empty() {
                std::thread::park();
            }
            self.0.read(into)
        }
    }

    #[test]
    fn all_is_read_and_the_flag_ends_what_does_not_end() {
        let flag = Arc::new(AtomicBool::new(false));
        let long: Vec<u8> = (0..1_000_000_u32).map(|nth| nth as u8).collect();
        let mut input = Input::new(io::Cursor::new(long.clone()), Arc::clone(&flag)).expect("there are threads");
        let mut read = Vec::new();
        input.read_to_end(&mut read).expect("nothing fails");
        assert!(read == long && !input.is_cut());

        let input = Input::new(Unfinished(b"one\nhal"), Arc::clone(&flag)).expect("there are threads");
        let mut lines = BufReader::new(input);
        let mut line = String::new();
        lines.read_line(&mut line).expect("nothing fails");
        assert_eq!(line, "one\n");
        flag.store(true, Ordering::Release);
        line.clear();
        lines.read_line(&mut line).expect("nothing fails");
        assert!(line == "hal" && lines.get_ref().is_cut());
    }
}
