use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use etaflow::{Dictionary, Entries, LogFiles, Offset, Payload, Record, SegmentReader, Storage, names_at};
use serde::Serialize;

use super::error::DirectoryError;
use super::moment::moment;
use crate::cli::{LogStart, TailArgs};
use crate::place::LonLat;

/// How many records are printed if nothing is said.
const LAST: u64 = 10;

/// How often is looked whether there are more, while it follows.
const LOOK: Duration = Duration::from_millis(100);

/// A record of the log: a line of `etaflow log tail --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordLine {
    /// Its place.
    pub offset: u64,
    /// What it is: the type of its event, or `tick`.
    pub is: &'static str,
    /// When it happened, in seconds since 1970.
    pub unix_s: f64,
    /// When it was taken in.
    pub ingest_unix_s: f64,
    /// Who says it; of a tick nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Of which driver it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Of which trip it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trip: Option<String>,
    /// Where: the fix, or the pickup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<LonLat>,
}

/// Prints the records that are asked for.
///
/// # Errors
/// If there is no log, or the records are not there, or are damaged.
pub(super) fn tail(storage: &Arc<dyn Storage>, args: &TailArgs, out: &mut impl Write) -> Result<(), DirectoryError> {
    let files = LogFiles::open(Arc::clone(storage))?;
    let (start, durable) = (files.start()?, files.durable()?);
    let from = match args.from {
        Some(LogStart::Earliest) => start,
        Some(LogStart::Latest) => durable,
        Some(LogStart::Offset(offset)) => Offset(offset),
        Some(LogStart::Time(time)) => files.offset_at(time)?,
        None => Offset(durable.0.saturating_sub(args.count.unwrap_or(LAST))).max(start),
    };
    let mut reader = files.reader(from)?;
    let dictionary = names_at(storage, from)?;
    let mut left = args.count.unwrap_or(if args.from.is_none() && !args.follow { LAST } else { u64::MAX });
    while left > 0 {
        let Some(entries) = next(&mut reader, args.follow)? else { break };
        dictionary.absorb(&entries.notes)?;
        for record in entries.records.iter().take(left.try_into().unwrap_or(usize::MAX)) {
            left -= 1;
            let line = RecordLine::of(record, &dictionary);
            if args.log.json {
                let line = serde_json::to_string(&line).map_err(std::io::Error::from)?;
                writeln!(out, "{line}")?;
            } else {
                writeln!(out, "{line}")?;
            }
        }
        out.flush()?;
        if let Some(last) = entries.records.last() {
            dictionary.release(Offset(last.offset.0 + 1));
        }
    }
    Ok(())
}

/// The next records; waits for some, if it is to follow.
fn next(reader: &mut SegmentReader, follow: bool) -> Result<Option<Entries>, DirectoryError> {
    loop {
        match reader.next()? {
            None if follow => std::thread::park_timeout(LOOK),
            entries => return Ok(entries),
        }
    }
}

impl RecordLine {
    fn of(record: &Record, names: &Dictionary) -> Self {
        let driver = |driver| names.driver_key(driver).map(|key| key.to_string());
        let trip = |trip| names.trip_key(trip).map(|key| key.to_string());
        let mut line = Self {
            offset: record.offset.0,
            is: record.payload.name(),
            unix_s: record.time.secs_f64(),
            ingest_unix_s: record.ingest_time.secs_f64(),
            source: names.source_key(record.source).map(|key| key.to_string()),
            driver: None,
            trip: None,
            place: None,
        };
        match record.payload {
            Payload::Location { driver: who, fix } => {
                (line.driver, line.place) = (driver(who), Some(LonLat(fix.coord())));
            }
            Payload::Status { driver: who, .. } => line.driver = driver(who),
            Payload::Requested { trip: which, pickup, .. } => {
                (line.trip, line.place) = (trip(which), Some(LonLat(pickup)));
            }
            Payload::Assigned { trip: which, driver: who } => (line.trip, line.driver) = (trip(which), driver(who)),
            Payload::PickedUp { trip: which }
            | Payload::Completed { trip: which }
            | Payload::Cancelled { trip: which } => line.trip = trip(which),
            Payload::Tick { .. } | Payload::Closed(_) | Payload::Reopened(_) | Payload::ProfileAdopted { .. } => {}
        }
        line
    }
}

impl fmt::Display for RecordLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.offset, moment(self.ingest_unix_s), self.is)?;
        for (what, name) in [("driver", &self.driver), ("trip", &self.trip), ("from", &self.source)] {
            if let Some(name) = name {
                write!(f, " {what} ")?;
                // It cannot look like another line, or like what a terminal obeys.
                for letter in name.chars() {
                    if letter.is_control() { write!(f, "{}", letter.escape_debug())? } else { f.write_char(letter)? }
                }
            }
        }
        if let Some(place) = self.place {
            write!(f, " at {place}")?;
        }
        Ok(())
    }
}
