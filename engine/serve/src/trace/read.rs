use std::io::Read;
use std::path::Path;

use etaflow_road::{Fix, read_track_rows};

use super::error::TraceFileError;
use super::{csv, gpx};
use crate::place::shown;

/// No trace that is larger is read: 256 MiB, some five million fixes as CSV.
pub const TRACE_BYTES_MAX: u64 = 256 << 20;

/// What a trace can be kept in.
enum Kind {
    Csv,
    Gpx,
    Rows,
}

/// Reads the fixes of a file: CSV with the header `unix_s,lon,lat` and, if wanted, `accuracy_m`, `speed_mps` and
/// `heading_deg`, in any order; GPX; or rows of longitude, latitude and Unix time without a header. See [`parse_trace`].
///
/// # Errors
/// If it cannot be read, is none of these, is larger than [`TRACE_BYTES_MAX`] or, as GPX, than
/// [`GPX_BYTES_MAX`](super::GPX_BYTES_MAX), has a line that is wrong, which is then named, or no fixes.
pub fn read_trace(path: &Path) -> Result<Vec<Fix>, TraceFileError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(TRACE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > TRACE_BYTES_MAX {
        return Err(TraceFileError::TooLarge);
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let read = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        TraceFileError::Encoding { line: 1 + read.iter().filter(|&&byte| byte == b'\n').count() as u64 }
    })?;
    let name = path.extension().map(|name| name.to_string_lossy()).unwrap_or_default();
    parse_trace(&text, &name)
}

/// The fixes of a text, in its order. Where the text itself does not say what it is, `extension` does: `csv`, `gpx` or
/// `track`.
///
/// # Errors
/// As [`read_trace`].
///
/// ```
/// use etaflow_serve::parse_trace;
///
/// let fixes = parse_trace("lat,lon,unix_s,speed_mps\n41.15,-8.61,1700000000.5,\n41.16,-8.61,1700000001,9.5\n", "")?;
/// assert_eq!((fixes[0].coord.lat(), fixes[0].speed_mps, fixes[1].speed_mps), (41.15, None, Some(9.5)));
///
/// let error = parse_trace("unix_s,lon,lat\n1,2,3\n1,2,93\n", "").expect_err("the latitude ends at 90");
/// assert_eq!(error.to_string(), "line 3: lat is \"93\"; it must be degrees within -90..=90");
/// # Ok::<(), etaflow_serve::TraceFileError>(())
/// ```
pub fn parse_trace(text: &str, extension: &str) -> Result<Vec<Fix>, TraceFileError> {
    // Some programs put a byte order mark before all else.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(TraceFileError::Empty);
    }
    let fixes = match kind(text, extension)? {
        Kind::Csv => csv::parse(text)?,
        Kind::Gpx => gpx::parse(text)?,
        Kind::Rows => read_track_rows(text)?,
    };
    if fixes.is_empty() { Err(TraceFileError::Empty) } else { Ok(fixes) }
}

fn kind(text: &str, extension: &str) -> Result<Kind, TraceFileError> {
    let start = text.trim_start().lines().next().unwrap_or_default();
    if start.starts_with('<') {
        return Ok(Kind::Gpx);
    }
    if start.contains(',') {
        return Ok(Kind::Csv);
    }
    if start.split_whitespace().all(|word| word.parse::<f64>().is_ok()) {
        return Ok(Kind::Rows);
    }
    match extension {
        "csv" => Ok(Kind::Csv),
        "gpx" => Ok(Kind::Gpx),
        "track" => Ok(Kind::Rows),
        _ => Err(TraceFileError::Unrecognised { start: shown(start), header: csv::HEADER }),
    }
}
