use etaflow_road::Fix;

use super::error::TraceFileError;
use super::number::{ACCURACY, HEADING, LAT, LON, Number, SPEED, UNIX_S, fix};
use crate::place::{shown, unquoted};

/// The columns as a message has them.
pub(super) const HEADER: &str = "unix_s,lon,lat[,accuracy_m,speed_mps,heading_deg]";

/// The columns; the first three are needed in each line.
const COLUMNS: [Number; 6] = [UNIX_S, LON, LAT, ACCURACY, SPEED, HEADING];
const NEEDED: usize = 3;

/// Reads the lines after the header, which may be empty. Columns are in any order, and values may stand in double quotes.
pub(super) fn parse(text: &str) -> Result<Vec<Fix>, TraceFileError> {
    let mut lines = text.lines().zip(1_u64..).filter(|(text, _)| !text.trim().is_empty());
    let Some((header, line)) = lines.next() else { return Ok(Vec::new()) };
    let fields = columns(header, line)?;
    let width = header.split(',').count();
    lines.map(|(text, line)| row(text, line, &fields, width)).collect()
}

/// In which field of a line each of [`COLUMNS`] is.
fn columns(header: &str, line: u64) -> Result<[Option<usize>; COLUMNS.len()], TraceFileError> {
    let failed =
        |column: &str, problem| Err(TraceFileError::Column { line, column: shown(column), problem, header: HEADER });
    let mut fields = [None; COLUMNS.len()];
    for (at, name) in header.split(',').map(unquoted).enumerate() {
        let Some(column) = COLUMNS.iter().position(|column| column.name == name) else {
            return failed(name, "is not known");
        };
        if fields[column].replace(at).is_some() {
            return failed(name, "is there twice");
        }
    }
    match (0..NEEDED).find(|&column| fields[column].is_none()) {
        Some(column) => failed(COLUMNS[column].name, "is missing"),
        None => Ok(fields),
    }
}

fn row(text: &str, line: u64, fields: &[Option<usize>; COLUMNS.len()], width: usize) -> Result<Fix, TraceFileError> {
    let found = text.split(',').count();
    if found != width {
        return Err(TraceFileError::Fields { line, found, expected: width });
    }
    let mut values = [None; COLUMNS.len()];
    for (nth, field) in text.split(',').map(unquoted).enumerate() {
        let Some(column) = fields.iter().position(|&at| at == Some(nth)) else { continue };
        // What need not be known may be left empty.
        if column < NEEDED || !field.is_empty() {
            values[column] = Some(COLUMNS[column].parse(line, field)?);
        }
    }
    let [Some(unix_s), Some(lon), Some(lat), accuracy, speed, heading] = values else {
        return Err(TraceFileError::Fields { line, found, expected: width });
    };
    let [accuracy_m, speed_mps, heading_deg] = [accuracy, speed, heading].map(|value| value.map(|value| value as f32));
    Ok(Fix { accuracy_m, speed_mps, heading_deg, ..fix(unix_s, lon, lat) })
}
