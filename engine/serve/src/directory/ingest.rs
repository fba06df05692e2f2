use std::io::{self, BufRead, BufReader, Read, Write};

use etaflow::{Clock, DeadLetters, Event, Offset, Publisher, Reason, Span, Timestamp, WallClock};
use serde::Serialize;

use super::error::DirectoryError;
use super::input::Input;
use crate::cli::EventForm;

/// So much of the input is acknowledged at once, in bytes.
const PIECE_BYTES: usize = 256 * 1024;

/// The longest line that is taken for an event, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// So many events that are not used are named in a second; of the others it is said how many they were.
const NAMED_PER_S: usize = 20;

/// No more of what is wrong with one is shown.
const DETAIL_CHARS_MAX: usize = 300;

/// That everything up to here is in the log for good: a line of the answer of `etaflow ingest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Acknowledged {
    /// How many events of the input, from its beginning, lines that are none included.
    pub events: u64,
    /// Everything before this offset of the log is durable.
    pub offset: u64,
}

/// Publishes the events of `input` and says on `out` after each piece of it that it is durable, and what of it is not used.
///
/// # Errors
/// If the input cannot be read, or the log cannot be written.
pub(super) fn ingest(
    publisher: &mut Publisher,
    form: EventForm,
    input: Input,
    out: &mut impl Write,
    unused: &mut Unused<'_, impl Write>,
) -> Result<u64, DirectoryError> {
    let mut input = BufReader::with_capacity(PIECE_BYTES, input);
    let mut events = 0;
    loop {
        let taken = match form {
            EventForm::Json => lines(publisher, &mut input)?,
            EventForm::Frames => frames(publisher, &mut input)?,
        };
        if taken == 0 {
            return Ok(events);
        }
        events += taken;
        let Offset(offset) = publisher.acknowledge_blocking()?;
        unused.tell();
        let line = serde_json::to_string(&Acknowledged { events, offset }).map_err(io::Error::from)?;
        writeln!(out, "{line}").and_then(|()| out.flush()).map_err(DirectoryError::Out)?;
    }
}

/// Publishes the lines that have come, at least one; none at the end.
fn lines(publisher: &mut Publisher, input: &mut BufReader<Input>) -> Result<u64, DirectoryError> {
    let mut taken = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than may be, so that a line that is too long is known by it.
        let read = (&mut *input).take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(DirectoryError::In)? == 0 {
            return Ok(taken);
        }
        let is_whole = line.ends_with(b"\n");
        if !is_whole && line.len() > LINE_BYTES_MAX {
            skip_line(input).map_err(DirectoryError::In)?;
        }
        if !is_whole && input.get_ref().is_cut() {
            // Whoever sends it has not sent all of it.
            return Ok(taken);
        }
        if !is_whole && line.len() > LINE_BYTES_MAX {
            // What is at its beginning may be an event, and it is none.
            let detail = format!("a line is longer than {LINE_BYTES_MAX} bytes");
            futures::executor::block_on(publisher.publish_undecodable(Reason::Malformed, detail))?;
            taken += 1;
        } else if !line.trim_ascii().is_empty() {
            futures::executor::block_on(publisher.publish_json(line.trim_ascii()))?;
            taken += 1;
        }
        if !input.buffer().contains(&b'\n') && taken > 0 {
            return Ok(taken);
        }
    }
}

/// Passes over the rest of a line.
fn skip_line(input: &mut BufReader<impl Read>) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (used, is_over) = match buffer.iter().position(|&byte| byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if is_over {
            return Ok(());
        }
    }
}

/// Publishes the frames that have come, at least one; none at the end.
fn frames(publisher: &mut Publisher, input: &mut BufReader<Input>) -> Result<u64, DirectoryError> {
    let mut taken = 0;
    let mut frame = [0; Event::FRAME_BYTES];
    loop {
        let read = read_frame(input, &mut frame).map_err(DirectoryError::In)?;
        if read == 0 || read < frame.len() && input.get_ref().is_cut() {
            return Ok(taken);
        }
        match Event::decode(&frame[..read]) {
            Ok(event) => publisher.publish_blocking(event)?,
            Err(error) => {
                let undecodable = publisher.publish_undecodable(error.reason(), error.to_string());
                futures::executor::block_on(undecodable)?;
            }
        }
        taken += 1;
        if input.buffer().len() < Event::FRAME_BYTES {
            return Ok(taken);
        }
    }
}

/// Reads a frame, or what is left of the input if that is less.
fn read_frame(input: &mut impl Read, frame: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < frame.len() {
        match input.read(&mut frame[read..]) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Says of events why they are not used.
pub(super) struct Unused<'a, W> {
    letters: &'a DeadLetters,
    notes: &'a mut W,
    clock: WallClock,
    /// How many there had been when it was looked last.
    seen: u64,
    /// Since when so many were named.
    since: Timestamp,
    named: usize,
}

impl<'a, W: Write> Unused<'a, W> {
    pub(super) fn new(letters: &'a DeadLetters, notes: &'a mut W) -> Self {
        let clock = WallClock::new();
        let since = clock.now();
        Self { letters, notes, clock, seen: 0, since, named: 0 }
    }

    /// Names those that have come since it was asked last. That nobody listens does not stop anything.
    fn tell(&mut self) {
        let count = self.letters.counts().values().sum::<u64>();
        if count == self.seen {
            return;
        }
        let now = self.clock.now();
        if now.since(self.since) >= Span::from_secs(1) {
            (self.since, self.named) = (now, 0);
        }
        let (letters, _) = self.letters.read(self.seen, NAMED_PER_S - self.named);
        for letter in &letters {
            let detail: String = letter.detail.chars().take(DETAIL_CHARS_MAX).flat_map(char::escape_debug).collect();
            let _ = writeln!(self.notes, "not used: {}: {detail}", letter.reason);
        }
        let others = (count - self.seen).saturating_sub(letters.len() as u64);
        if others > 0 {
            let _ = writeln!(self.notes, "not used: {others} more");
        }
        (self.seen, self.named) = (count, self.named + letters.len());
    }
}
