use super::error::KubickaError;
use super::files::TRACK;
use crate::geo::Coord;
use crate::matching::Fix;
use crate::unit::Timestamp;

/// The last moment that a date has a name for in common libraries: the year 9999, in seconds.
const UNIX_S_MAX: f64 = 253_402_300_800.0;

/// A line of numbers.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) file: &'static str,
    pub(super) line: u64,
    pub(super) text: &'a str,
}

impl Row<'_> {
    pub(super) fn error(&self, expected: &'static str) -> KubickaError {
        let row = self.text.chars().take(80).collect();
        KubickaError::Row { file: self.file, line: self.line, row, expected }
    }

    /// As many numbers as there must be.
    fn numbers<const N: usize>(&self) -> Option<[f64; N]> {
        let mut numbers = [0.0; N];
        let mut words = self.text.split_whitespace();
        for number in &mut numbers {
            *number = words.next()?.parse().ok()?;
        }
        words.next().is_none().then_some(numbers)
    }

    /// Rows of another file, which has `count` of them.
    pub(super) fn rows<const N: usize>(&self, count: usize) -> Option<[usize; N]> {
        let mut rows = [0; N];
        let mut words = self.text.split_whitespace();
        for row in &mut rows {
            *row = words.next()?.parse().ok().filter(|&row| row < count)?;
        }
        words.next().is_none().then_some(rows)
    }

    pub(super) fn coord(&self) -> Result<Coord, KubickaError> {
        let coord = self.numbers().and_then(|[lon, lat]| Coord::from_degrees(lat, lon).ok());
        coord.ok_or_else(|| self.error("longitude within -180..=180 and latitude within -90..=90"))
    }

    fn fix(&self) -> Result<Fix, KubickaError> {
        let fix = self.numbers().and_then(|[lon, lat, unix_s]: [f64; 3]| {
            let coord = Coord::from_degrees(lat, lon).ok()?;
            let time =
                (0.0..UNIX_S_MAX).contains(&unix_s).then(|| Timestamp::from_micros((unix_s * 1e6).round() as i64));
            Some(Fix::new(time?, coord))
        });
        fix.ok_or_else(|| self.error("longitude, latitude and seconds since 1970"))
    }
}

/// The fixes of a `.track` file: longitude, latitude and Unix time in seconds a line, without a header.
///
/// # Errors
/// Names the first line that is none; whether times rise is not checked.
pub fn read_track_rows(text: &str) -> Result<Vec<Fix>, KubickaError> {
    let lines = text.lines().zip(1_u64..).map(|(text, line)| Row { file: TRACK, line, text: text.trim() });
    lines.filter(|row| !row.text.is_empty()).map(|row| row.fix()).collect()
}
