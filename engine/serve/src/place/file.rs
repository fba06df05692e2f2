use std::io::{BufRead, Read};

use etaflow_road::Coord;

use super::error::{PlaceError, PlaceFileError};
use super::lon_lat::{coord, shown};

/// The columns of longitude and latitude of each place of a line.
type Columns<const N: usize> = [(&'static str, &'static str); N];

/// A place a line.
const POINT: Columns<1> = [("lon", "lat")];

/// A place to start from and one to go to in each line.
const PAIR: Columns<2> = [("from_lon", "from_lat"), ("to_lon", "to_lat")];

/// No line of places is longer, in bytes.
const LINE_MAX: usize = 4_096;

/// A CSV file with `N` places in each line, read line by line.
///
/// The first line names the columns, in any order; others than those of the places are passed over, and so are empty
/// lines. Numbers may stand in double quotes, but a line always ends where it ends. What is wrong with a line is part of
/// what is read, and the lines after it are read like any other.
///
/// ```
/// use etaflow_serve::PlaceFile;
///
/// let text = "from_lon,from_lat,to_lon,to_lat\n-8.61,41.15,-8.6,41.16\n-8.61,91,-8.6,41.16\n";
/// let lines: Vec<_> = PlaceFile::pairs(text.as_bytes())?.collect::<Result<_, _>>()?;
/// let [from, _to] = lines[0].places.clone()?;
/// assert_eq!(from.lat(), 41.15);
/// assert_eq!(lines[1].line, 3);
/// let error = lines[1].places.clone().expect_err("the latitude ends at 90");
/// assert_eq!(error.to_string(), "from_lat 91 is not within -90..=90 degrees");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PlaceFile<R, const N: usize> {
    lines: Lines<R>,
    columns: Columns<N>,
    /// Which fields of a line hold longitude and latitude of each place.
    fields: [(usize, usize); N],
    /// How many fields the header has.
    width: usize,
}

/// A line of a [`PlaceFile`].
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceLine<const N: usize> {
    /// Which one; the header is line 1.
    pub line: u64,
    /// Its places, or what is wrong with it.
    pub places: Result<[Coord; N], PlaceError>,
}

impl<R: BufRead> PlaceFile<R, 1> {
    /// With the columns `lon` and `lat`.
    ///
    /// # Errors
    /// If the file cannot be read, or a column is missing or is there twice.
    pub fn points(reader: R) -> Result<Self, PlaceFileError> {
        Self::new(reader, POINT)
    }
}

impl<R: BufRead> PlaceFile<R, 2> {
    /// With the columns `from_lon`, `from_lat`, `to_lon` and `to_lat`.
    ///
    /// # Errors
    /// As [`points`](PlaceFile::points).
    pub fn pairs(reader: R) -> Result<Self, PlaceFileError> {
        Self::new(reader, PAIR)
    }
}

impl<R: BufRead, const N: usize> PlaceFile<R, N> {
    fn new(reader: R, columns: Columns<N>) -> Result<Self, PlaceFileError> {
        let mut lines = Lines { reader, line: 0, bytes: Vec::new() };
        lines.next()?;
        let text = String::from_utf8_lossy(&lines.bytes).into_owned();
        // Spreadsheets put a byte order mark before the first column.
        let header: Vec<&str> = text.trim_start_matches('\u{feff}').split(',').map(unquoted).collect();
        let find = |column: &'static str| {
            let mut found = (0..header.len()).filter(|&at| header[at] == column);
            let problem = match (found.next(), found.next()) {
                (Some(at), None) => return Ok(at),
                (None, _) => "is missing",
                (Some(_), Some(_)) => "is there twice",
            };
            let expected: Vec<&str> = columns.iter().flat_map(|&(lon, lat)| [lon, lat]).collect();
            let (header, expected) = (shown(text.trim_end()), expected.join(","));
            Err(PlaceFileError::Column { column, problem, header, expected })
        };
        let mut fields = [(0, 0); N];
        for (field, (lon, lat)) in fields.iter_mut().zip(columns) {
            *field = (find(lon)?, find(lat)?);
        }
        let width = header.len();
        Ok(Self { lines, columns, fields, width })
    }

    /// The places of the line that was read last.
    fn places(&self) -> Result<[Coord; N], PlaceError> {
        if self.lines.bytes.len() > LINE_MAX {
            return Err(PlaceError::Length { bytes_max: LINE_MAX });
        }
        let text = String::from_utf8_lossy(&self.lines.bytes);
        let fields: Vec<&str> = text.split(',').map(unquoted).collect();
        if fields.len() != self.width {
            return Err(PlaceError::Fields { found: fields.len(), expected: self.width });
        }
        let mut places = [Coord::default(); N];
        for (nth, place) in places.iter_mut().enumerate() {
            let ((lon, lat), (lon_at, lat_at)) = (self.columns[nth], self.fields[nth]);
            *place = coord((lon, fields[lon_at]), (lat, fields[lat_at]))?;
        }
        Ok(places)
    }
}

impl<R: BufRead, const N: usize> Iterator for PlaceFile<R, N> {
    type Item = Result<PlaceLine<N>, PlaceFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.lines.next() {
            Ok(true) => Some(Ok(PlaceLine { line: self.lines.line, places: self.places() })),
            Ok(false) => None,
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// All places of a file with a place in each line (`lon,lat`).
///
/// # Errors
/// If the file cannot be read, has no places, or a line is none; the error names the line.
pub fn read_places(reader: impl BufRead) -> Result<Vec<Coord>, PlaceFileError> {
    let mut places = Vec::new();
    for line in PlaceFile::points(reader)? {
        let PlaceLine { line, places: found } = line?;
        let [place] = found.map_err(|source| PlaceFileError::Line { line, source })?;
        places.push(place);
    }
    if places.is_empty() { Err(PlaceFileError::Empty) } else { Ok(places) }
}

/// The lines of a file that are not empty; of one that is too long only the start is kept.
#[derive(Debug)]
struct Lines<R> {
    reader: R,
    /// How many have been read.
    line: u64,
    bytes: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// Reads on; false at the end.
    fn next(&mut self) -> std::io::Result<bool> {
        loop {
            self.bytes.clear();
            // The line's end and one byte more than it may have.
            let limit = LINE_MAX as u64 + 2;
            if self.reader.by_ref().take(limit).read_until(b'\n', &mut self.bytes)? == 0 {
                return Ok(false);
            }
            self.line += 1;
            if self.bytes.last() != Some(&b'\n') {
                self.reader.skip_until(b'\n')?;
            }
            while self.bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                self.bytes.pop();
            }
            if !self.bytes.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }
}

/// A field without the spaces and the quotes around it.
pub(crate) fn unquoted(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
