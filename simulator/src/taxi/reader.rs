use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::ByteRecord;
use etaflow::{Coord, Timestamp};
use flate2::bufread::MultiGzDecoder;

use super::rejected::{REJECTED_KEPT, RejectReason, RejectedRow};
use super::trip::TaxiTrip;

/// 2100-01-01T00:00:00Z.
const START_MAX_S: i64 = 4_102_444_800;

/// Over three days on the way.
const POINTS_MAX: usize = 20_000;

/// A file that unpacks to more is taken for a mistake.
const FILE_MAX_BYTES: u64 = 8 << 30;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

const TRIP_ID: &str = "trip_id";
const TAXI_ID: &str = "taxi_id";
const START: &str = "start_unix_s";
const POLYLINE: &str = "polyline_lonlat_15s";

/// The trips of a file, and what of it could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TripFile {
    /// In the order of start; of those that start together, in the order of id.
    pub trips: Vec<TaxiTrip>,
    /// How many rows were not used, by reason.
    pub rejected: BTreeMap<RejectReason, u64>,
    /// The first of them, at most [`REJECTED_KEPT`].
    pub rejected_rows: Vec<RejectedRow>,
}

impl TripFile {
    /// How many rows were not used.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    fn not_empty(self) -> Result<Self, TaxiError> {
        if self.trips.is_empty() {
            let rows = self.rejected_total();
            return Err(TaxiError::NoTrips { rows, first: self.rejected_rows.into_iter().next() });
        }
        Ok(self)
    }

    fn reject(&mut self, row: RejectedRow) {
        *self.rejected.entry(row.reason).or_default() += 1;
        if self.rejected_rows.len() < REJECTED_KEPT {
            self.rejected_rows.push(row);
        }
    }
}

/// Why trips could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TaxiError {
    /// The file cannot be opened. Its name is for the caller to say.
    #[error("cannot be opened: {0}")]
    Open(io::Error),
    /// Reading it ends half way: it is cut off, or the packing is damaged.
    #[error("reading stops after line {line}: {source}")]
    Read {
        /// The last line that was read, from 1.
        line: u64,
        /// Why.
        source: io::Error,
    },
    /// It has no such column.
    #[error("there is no column {column}; the columns are \"{found}\"")]
    NoColumn {
        /// Which.
        column: &'static str,
        /// Those that are there.
        found: String,
    },
    /// It has no trip that could be used.
    #[error("no trip that could be used, of {rows} rows{}", first.as_ref().map(|row| format!("; {row}")).unwrap_or_default())]
    NoTrips {
        /// How many rows there are.
        rows: u64,
        /// The first of them.
        first: Option<RejectedRow>,
    },
}

/// Reads the trips of the file at `path`, which may be gzipped.
///
/// # Errors
/// If it cannot be read to its end, lacks a column or has no trip that could be used. A single row that cannot be used is no error: see [`TripFile`].
pub fn read_trips_file(path: &Path) -> Result<TripFile, TaxiError> {
    let file = File::open(path).map_err(TaxiError::Open)?;
    read_trips(file)?.not_empty()
}

/// Reads trips, gzipped or plain, with the columns `trip_id`, `taxi_id`, `start_unix_s` and `polyline_lonlat_15s`
/// (a JSON list of `[lon, lat]`) in any order.
///
/// # Errors
/// See [`read_trips_file`].
pub fn read_trips(file: impl Read) -> Result<TripFile, TaxiError> {
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(|source| TaxiError::Read { line: 0, source })?;
    if start.starts_with(&GZIP_MAGIC) {
        read_csv(Bounded { file: MultiGzDecoder::new(file), left: FILE_MAX_BYTES })
    } else {
        read_csv(Bounded { file, left: FILE_MAX_BYTES })
    }
}

/// Fails, rather than ends, after so many bytes: an end would be taken for the file's.
struct Bounded<R> {
    file: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {FILE_MAX_BYTES} bytes"))
        })?;
        Ok(read)
    }
}

fn read_csv(file: impl Read) -> Result<TripFile, TaxiError> {
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let header = csv.byte_headers().map_err(|error| read_error(error, 0))?.clone();
    let columns = Columns::find(&header)?;
    let mut found = TripFile::default();
    let mut trip_ids = HashSet::new();
    let mut row = ByteRecord::new();
    let mut line = 1;
    while csv.read_byte_record(&mut row).map_err(|error| read_error(error, line))? {
        line = row.position().map_or(line, csv::Position::line);
        match columns.read(&row, line) {
            Ok(trip) if !trip_ids.insert(trip.trip_id) => found.reject(RejectedRow {
                line,
                column: TRIP_ID,
                reason: RejectReason::Duplicate,
                detail: format!("a trip {} came before", trip.trip_id),
            }),
            Ok(trip) => found.trips.push(trip),
            Err(rejected) => found.reject(rejected),
        }
    }
    found.trips.sort_unstable_by_key(|trip| (trip.start, trip.trip_id));
    Ok(found)
}

fn read_error(error: csv::Error, line: u64) -> TaxiError {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => io::Error::new(io::ErrorKind::InvalidData, format!("{other:?}")),
    };
    TaxiError::Read { line, source }
}

/// Where the columns are.
struct Columns {
    trip_id: usize,
    taxi_id: usize,
    start: usize,
    polyline: usize,
    count: usize,
}

impl Columns {
    fn find(header: &ByteRecord) -> Result<Self, TaxiError> {
        let find = |column: &'static str| {
            header.iter().position(|name| name == column.as_bytes()).ok_or_else(|| {
                let names: Vec<_> = header.iter().map(excerpt).collect();
                TaxiError::NoColumn { column, found: names.join(",") }
            })
        };
        Ok(Self {
            trip_id: find(TRIP_ID)?,
            taxi_id: find(TAXI_ID)?,
            start: find(START)?,
            polyline: find(POLYLINE)?,
            count: header.len(),
        })
    }

    fn read(&self, row: &ByteRecord, line: u64) -> Result<TaxiTrip, RejectedRow> {
        if row.len() != self.count {
            let detail = format!("the row has {} columns, the header {}", row.len(), self.count);
            return Err(RejectedRow { line, column: TRIP_ID, reason: RejectReason::Columns, detail });
        }
        Ok(TaxiTrip {
            trip_id: Field::of(row, self.trip_id, TRIP_ID, line).id()?,
            taxi_id: Field::of(row, self.taxi_id, TAXI_ID, line).id()?,
            start: Field::of(row, self.start, START, line).start()?,
            points: Field::of(row, self.polyline, POLYLINE, line).points()?,
        })
    }
}

/// A value, and where it is.
struct Field<'a> {
    bytes: &'a [u8],
    column: &'static str,
    line: u64,
}

impl<'a> Field<'a> {
    fn of(row: &'a ByteRecord, index: usize, column: &'static str, line: u64) -> Self {
        Self { bytes: &row[index], column, line }
    }

    fn reject(&self, reason: RejectReason, detail: String) -> RejectedRow {
        RejectedRow { line: self.line, column: self.column, reason, detail }
    }

    fn text(&self) -> Result<&'a str, RejectedRow> {
        std::str::from_utf8(self.bytes).map_err(|error| {
            self.reject(RejectReason::Encoding, format!("not UTF-8 from byte {} on", error.valid_up_to()))
        })
    }

    fn id(&self) -> Result<u64, RejectedRow> {
        self.text()?.parse().map_err(|_| {
            self.reject(RejectReason::Id, format!("\"{}\" is no whole number from 0 to 2^64 - 1", excerpt(self.bytes)))
        })
    }

    fn start(&self) -> Result<Timestamp, RejectedRow> {
        match self.text()?.parse() {
            Ok(seconds @ 0..=START_MAX_S) => Ok(Timestamp::from_secs(seconds)),
            _ => Err(self.reject(
                RejectReason::Start,
                format!("\"{}\" is no whole number of seconds from 0 to {START_MAX_S}", excerpt(self.bytes)),
            )),
        }
    }

    fn points(&self) -> Result<Vec<Coord>, RejectedRow> {
        let pairs: Vec<[f64; 2]> = serde_json::from_str(self.text()?).map_err(|error| {
            self.reject(RejectReason::Polyline, format!("no list of [longitude, latitude]: {error}"))
        })?;
        if pairs.is_empty() {
            return Err(self.reject(RejectReason::NoPoints, "it has no points, at least 1 is needed".to_owned()));
        }
        if pairs.len() > POINTS_MAX {
            let detail = format!("it has {} points, at most {POINTS_MAX}", pairs.len());
            return Err(self.reject(RejectReason::TooManyPoints, detail));
        }
        let point = |(index, &[lon, lat]): (usize, &[f64; 2])| {
            Coord::from_degrees(lat, lon)
                .map_err(|error| self.reject(RejectReason::Coordinate, format!("point {index}: {error}")))
        };
        pairs.iter().enumerate().map(point).collect()
    }
}

fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(40).collect()
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
