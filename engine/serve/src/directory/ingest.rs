use std::io::{self, BufRead, BufReader, Read, Write};

use etaflow::{Event, Offset, Publisher};
use serde::Serialize;

use super::error::DirectoryError;
use crate::cli::EventForm;

/// So much of the input is acknowledged at once, in bytes.
const PIECE_BYTES: usize = 256 * 1024;

/// The longest line that is taken for an event, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// That everything up to here is in the log for good: a line of the answer of `etaflow ingest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Acknowledged {
    /// How many events of the input, from its beginning, lines that are none included.
    pub events: u64,
    /// Everything before this offset of the log is durable.
    pub offset: u64,
}

/// Publishes the events of `input` and says on `out` after each piece of it that it is durable.
///
/// # Errors
/// If the input cannot be read, or the log cannot be written.
pub(super) fn ingest(
    publisher: &mut Publisher,
    form: EventForm,
    input: impl Read,
    out: &mut impl Write,
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
        let line = serde_json::to_string(&Acknowledged { events, offset }).map_err(io::Error::from)?;
        writeln!(out, "{line}").and_then(|()| out.flush()).map_err(DirectoryError::Out)?;
    }
}

/// Publishes the lines that have come, at least one; none at the end.
fn lines(publisher: &mut Publisher, input: &mut BufReader<impl Read>) -> Result<u64, DirectoryError> {
    let mut taken = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than may be, so that a line that is too long is known by it.
        let read = (&mut *input).take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(DirectoryError::In)? == 0 {
            return Ok(taken);
        }
        if line.len() > LINE_BYTES_MAX && !line.ends_with(b"\n") {
            skip_line(input).map_err(DirectoryError::In)?;
        }
        let text = line.trim_ascii();
        if !text.is_empty() {
            futures::executor::block_on(publisher.publish_json(text))?;
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
fn frames(publisher: &mut Publisher, input: &mut BufReader<impl Read>) -> Result<u64, DirectoryError> {
    let mut taken = 0;
    let mut frame = [0; Event::FRAME_BYTES];
    loop {
        let read = read_frame(input, &mut frame).map_err(DirectoryError::In)?;
        if read == 0 {
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
