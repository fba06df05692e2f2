use std::io::{Read, Write};

use etaflow::{Span, Timestamp};

use super::prediction::Prediction;

/// The columns of a file of predictions, in their order.
pub const PREDICTION_COLUMNS: [&str; 7] = [
    "trip_id",
    "predicted_at_unix_s",
    "elapsed_s",
    "arrival_p10_unix_s",
    "arrival_p50_unix_s",
    "arrival_p90_unix_s",
    "cause",
];

/// Why predictions could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PredictionError {
    /// The file cannot be read or written, or is no CSV.
    #[error("predictions: {0}")]
    Csv(#[from] csv::Error),
    /// The file cannot be written.
    #[error("predictions: {0}")]
    Io(#[from] std::io::Error),
    /// It is a CSV of something else.
    #[error("predictions: the columns are \"{found}\", expected \"{}\"", PREDICTION_COLUMNS.join(","))]
    Columns {
        /// What is there.
        found: String,
    },
    /// A value cannot be read.
    #[error("predictions: line {line}, column {column}: \"{value}\" is not {expected}")]
    Value {
        /// From 1, the header included.
        line: u64,
        /// By name.
        column: &'static str,
        /// What is there.
        value: String,
        /// What should be there.
        expected: &'static str,
    },
}

/// Writes predictions as CSV, a row each, under a header of [`PREDICTION_COLUMNS`].
///
/// Times are seconds with as many decimals as they need, at most six: what is read back is what was written.
pub struct PredictionWriter<W: Write> {
    csv: csv::Writer<W>,
}

impl<W: Write> PredictionWriter<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(file: W) -> Result<Self, PredictionError> {
        let mut csv = csv::Writer::from_writer(file);
        csv.write_record(PREDICTION_COLUMNS)?;
        Ok(Self { csv })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, prediction: &Prediction) -> Result<(), PredictionError> {
        self.csv.write_record([
            &prediction.trip_id.to_string(),
            &seconds(prediction.predicted_at.micros()),
            &seconds(prediction.elapsed.micros()),
            &seconds(prediction.arrival_p10.micros()),
            &seconds(prediction.arrival_p50.micros()),
            &seconds(prediction.arrival_p90.micros()),
            prediction.cause.as_ref(),
        ])?;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<(), PredictionError> {
        self.csv.flush()?;
        Ok(())
    }
}

/// Reads a file that [`PredictionWriter`], or another engine, wrote.
///
/// # Errors
/// If it cannot be read, its columns are others than [`PREDICTION_COLUMNS`], or a value is none.
pub fn read_predictions(file: impl Read) -> Result<Vec<Prediction>, PredictionError> {
    let mut csv = csv::Reader::from_reader(file);
    let columns = csv.headers()?;
    if !columns.iter().eq(PREDICTION_COLUMNS) {
        return Err(PredictionError::Columns { found: columns.iter().collect::<Vec<_>>().join(",") });
    }
    let mut predictions = Vec::new();
    let mut row = csv::StringRecord::new();
    while csv.read_record(&mut row)? {
        predictions.push(read_row(&row)?);
    }
    Ok(predictions)
}

fn read_row(row: &csv::StringRecord) -> Result<Prediction, PredictionError> {
    let refuse = |index: usize, expected| PredictionError::Value {
        line: row.position().map_or(0, csv::Position::line),
        column: PREDICTION_COLUMNS[index],
        value: row[index].chars().take(64).collect(),
        expected,
    };
    let micros = |index: usize| parse_micros(&row[index]).ok_or_else(|| refuse(index, "a number of seconds"));
    Ok(Prediction {
        trip_id: row[0].parse().map_err(|_| refuse(0, "a whole number from 0"))?,
        predicted_at: Timestamp::from_micros(micros(1)?),
        elapsed: Span::from_micros(micros(2)?),
        arrival_p10: Timestamp::from_micros(micros(3)?),
        arrival_p50: Timestamp::from_micros(micros(4)?),
        arrival_p90: Timestamp::from_micros(micros(5)?),
        cause: row[6].to_owned().into(),
    })
}

fn seconds(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, part) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let decimals = format!("{part:06}");
    format!("{sign}{whole}.{}", decimals.trim_end_matches('0'))
}

/// Decimals past the sixth are cut off.
fn parse_micros(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(decimals) {
        return None;
    }
    let part: i128 = format!("{decimals:0<6}")[..6].parse().ok()?;
    let size = whole.parse::<i64>().ok().map(i128::from)? * 1_000_000 + part;
    i64::try_from(if negative { -size } else { size }).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str =
        "trip_id,predicted_at_unix_s,elapsed_s,arrival_p10_unix_s,arrival_p50_unix_s,arrival_p90_unix_s,cause\n";

    fn check_error(text: &str, expected: &str) {
        let error = read_predictions(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "\"{error}\" should say \"{expected}\"");
    }

    #[test]
    fn whole_seconds_have_no_decimals() {
        assert_eq!(seconds(1_372_636_858_000_000), "1372636858");
        assert_eq!(seconds(-1_500_000), "-1.5");
        assert_eq!(seconds(1), "0.000001");
        assert_eq!(parse_micros("1.25"), Some(1_250_000));
        assert_eq!(parse_micros("1.12345678"), Some(1_123_456));
    }

    #[test]
    fn errors_name_the_place() {
        check_error("a,b\n1,2\n", "the columns are \"a,b\"");
        check_error(
            &format!("{HEADER}1,2,3,4,5,6,x\n1,2,3,4,soon,6,x\n"),
            "line 3, column arrival_p50_unix_s: \"soon\"",
        );
        check_error(&format!("{HEADER}-1,2,3,4,5,6,x\n"), "column trip_id: \"-1\"");
        check_error(&format!("{HEADER}1,NaN,3,4,5,6,x\n"), "\"NaN\" is not a number of seconds");
        check_error(&format!("{HEADER}1,2\n"), "predictions:");
    }

    fn micros() -> impl Strategy<Value = i64> {
        prop_oneof![any::<i64>(), -5_000_000_i64..5_000_000, (0_i64..4_000_000_000).prop_map(|s| s * 1_000_000)]
    }

    prop_compose! {
        fn predictions()(
            trip_id in any::<u64>(), times in prop::array::uniform5(micros()), cause in any::<String>(),
        ) -> Prediction {
            Prediction {
                trip_id,
                predicted_at: Timestamp::from_micros(times[0]),
                elapsed: Span::from_micros(times[1]),
                arrival_p10: Timestamp::from_micros(times[2]),
                arrival_p50: Timestamp::from_micros(times[3]),
                arrival_p90: Timestamp::from_micros(times[4]),
                cause: cause.into(),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(predictions(), 0..20)) {
            let mut file = Vec::new();
            let mut writer = PredictionWriter::new(&mut file).unwrap();
            for row in &rows {
                writer.write(row).unwrap();
            }
            writer.finish().unwrap();
            prop_assert_eq!(read_predictions(file.as_slice()).unwrap(), rows);
        }

        #[test]
        fn garbage_is_an_error_or_a_prediction(tail in any::<Vec<u8>>()) {
            let mut file = HEADER.as_bytes().to_vec();
            file.extend(tail);
            let _ = read_predictions(file.as_slice());
        }
    }
}
