//! A network from two CSV files, for those who have no OpenStreetMap.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Trim};
use rustc_hash::FxHashMap;

use super::attributes::RoadClass;
use super::builder::{BuilderNode, NetworkBuilder, NewEdge, ShapePoint};
use super::graph::{Network, NetworkError};
use super::turn::TurnModel;
use crate::geo::Coord;

const NODES: &str = "nodes.csv";
const EDGES: &str = "edges.csv";
const NODE_COLUMNS: Columns = Columns { file: NODES, needed: &["id", "lat", "lon"], more: &["signal"] };
const EDGE_COLUMNS: Columns = Columns {
    file: EDGES,
    needed: &["from", "to", "speed_kmh"],
    more: &["class", "name", "oneway", "length_m", "via"],
};

/// Why CSV files are no network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// A file cannot be opened.
    #[error("cannot open {file}: {source}")]
    Open {
        /// The file.
        file: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be read, is not UTF-8, or a row has more or fewer fields than the header.
    #[error("{file}: {source}")]
    Csv {
        /// The file.
        file: &'static str,
        /// Why.
        source: csv::Error,
    },
    /// The header lacks a column, or names one that is not known or that is there twice.
    #[error("{file}: column {column:?} {problem}; the columns are {known}")]
    Column {
        /// The file.
        file: &'static str,
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
        /// The columns that there are.
        known: String,
    },
    /// A value is not what its column holds.
    #[error("{file} line {line}: {column} is {value:?}, expected {expected}")]
    Value {
        /// The file.
        file: &'static str,
        /// The line, the header's being 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// The value.
        value: String,
        /// What it should be, with its bounds.
        expected: &'static str,
    },
    /// Two nodes have the same id.
    #[error("{NODES} line {line}: id {id} is already that of the node in line {first_line}")]
    DuplicateNode {
        /// The line of the second.
        line: u64,
        /// The id.
        id: i64,
        /// The line of the first.
        first_line: u64,
    },
    /// An edge begins or ends at a node that is not there.
    #[error("{EDGES} line {line}: {column} is {id}, and no node has that id")]
    UnknownNode {
        /// The line of the edge.
        line: u64,
        /// Which end.
        column: &'static str,
        /// The id.
        id: i64,
    },
    /// The rows make no network.
    #[error("no network can be made of {NODES} and {EDGES}: {0}")]
    Network(#[from] NetworkError),
}

impl Network {
    /// Reads `nodes.csv` and `edges.csv` in a directory; see [`from_csv`](Self::from_csv).
    ///
    /// # Errors
    /// As [`from_csv`](Self::from_csv), and if a file cannot be opened.
    pub fn from_csv_dir(directory: &Path, turns: &TurnModel) -> Result<Self, CsvError> {
        let open = |file| File::open(directory.join(file)).map_err(|source| CsvError::Open { file, source });
        Self::from_csv(open(NODES)?, open(EDGES)?, turns)
    }

    /// Reads a network from CSV: nodes, and the streets between them.
    ///
    /// Nodes: `id` (whole number), `lat`, `lon` (degrees) and, if wanted, `signal` (whether there are traffic lights).
    /// Edges: `from`, `to` (ids of nodes), `speed_kmh` (1 to 250, when nothing is in the way) and, if wanted, `class`
    /// (as [`RoadClass::name`]; unclassified), `name`, `oneway` (yes, no or -1; no), `length_m` (that of the shape) and
    /// `via`, the shape between the ends: "id:lat:lon|id:lat:lon", or WKT with longitude first, ends included or not.
    /// Columns may be in any order.
    ///
    /// # Errors
    /// If a column is missing or not known, or a value is not what it should be; the error names the line.
    ///
    /// ```
    /// use etaflow_road::{Network, TurnModel};
    ///
    /// let nodes = "id,lat,lon\n1,41.15,-8.61\n2,41.16,-8.61\n";
    /// let edges = "from,to,speed_kmh,name\n1,2,30,Rua Direita\n";
    /// let network = Network::from_csv(nodes.as_bytes(), edges.as_bytes(), &TurnModel::default())?;
    /// assert_eq!(network.edge_count(), 2);
    /// # Ok::<(), etaflow_road::CsvError>(())
    /// ```
    pub fn from_csv(nodes: impl Read, edges: impl Read, turns: &TurnModel) -> Result<Self, CsvError> {
        let mut builder = NetworkBuilder::new();
        let known = read_nodes(nodes, &mut builder)?;
        read_edges(edges, &known, &mut builder)?;
        Ok(builder.build(turns)?)
    }
}

#[derive(Debug, Clone, Copy)]
struct KnownNode {
    node: BuilderNode,
    coord: Coord,
    line: u64,
}

fn read_nodes(source: impl Read, builder: &mut NetworkBuilder) -> Result<FxHashMap<i64, KnownNode>, CsvError> {
    let mut known = FxHashMap::default();
    NODE_COLUMNS.each_row(source, |row| {
        let id: i64 = row.number("id", WHOLE, |_| true)?;
        let lat = row.number("lat", "degrees from -90 to 90", |lat: f64| (-90.0..=90.0).contains(&lat))?;
        let lon = row.number("lon", "degrees from -180 to 180", |lon: f64| (-180.0..=180.0).contains(&lon))?;
        let coord = Coord::from_degrees(lat, lon).map_err(|_| row.wrong("lat", "degrees from -90 to 90"))?;
        let node = builder.node(id, coord);
        if row.switch("signal")? == Some(true) {
            builder.signal(node);
        }
        match known.insert(id, KnownNode { node, coord, line: row.line }) {
            None => Ok(()),
            Some(first) => Err(CsvError::DuplicateNode { line: row.line, id, first_line: first.line }),
        }
    })?;
    Ok(known)
}

fn read_edges(
    source: impl Read,
    known: &FxHashMap<i64, KnownNode>,
    builder: &mut NetworkBuilder,
) -> Result<(), CsvError> {
    EDGE_COLUMNS.each_row(source, |row| {
        let end = |column| {
            let id = row.number(column, WHOLE, |_| true)?;
            known.get(&id).copied().ok_or(CsvError::UnknownNode { line: row.line, column, id })
        };
        let (from, to) = (end("from")?, end("to")?);
        let kmh: f64 = row.number("speed_kmh", "km/h from 1 to 250", |kmh| (1.0..=250.0).contains(&kmh))?;
        let class = match row.get("class") {
            "" => RoadClass::Unclassified,
            name => RoadClass::from_name(name)
                .ok_or_else(|| row.wrong("class", "motorway, trunk, primary, ... as OpenStreetMap names them"))?,
        };
        let mut edge = NewEdge::straight(from.node, to.node, class, kmh / 3.6);
        if !row.get("length_m").is_empty() {
            let length = row.number("length_m", LENGTH, |metres| (0.001..=2_000_000.0).contains(&metres))?;
            edge.length_m = Some(length);
        }
        edge.via = parse_via(row.get("via"), from.coord, to.coord).ok_or_else(|| row.wrong("via", VIA))?;
        if from.node == to.node && edge.via.is_empty() {
            return Err(row.wrong("to", "another node than from, or a shape in via"));
        }
        let name = row.get("name");
        if row.get("oneway") == "-1" {
            builder.edge(edge.reversed(), name);
        } else if row.switch("oneway")? == Some(true) {
            builder.edge(edge, name);
        } else {
            builder.street(edge, name);
        }
        Ok(())
    })
}

const WHOLE: &str = "a whole number of 64 bits";
const LENGTH: &str = "metres from 0.001 to 2000000";
const VIA: &str = "\"id:lat:lon|id:lat:lon\" or \"LINESTRING (lon lat, lon lat)\", in degrees";

/// The shape between the ends of an edge.
fn parse_via(value: &str, from: Coord, to: Coord) -> Option<Vec<ShapePoint>> {
    if value.is_empty() {
        return Some(Vec::new());
    }
    if !value.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("linestring")) {
        return value
            .split('|')
            .map(|point| {
                let mut fields = point.split(':').map(str::trim);
                let (id, lat, lon) = (fields.next()?, fields.next()?, fields.next()?);
                let coord = Coord::from_degrees(lat.parse().ok()?, lon.parse().ok()?).ok()?;
                fields.next().is_none().then_some(())?;
                Some(ShapePoint { key: id.parse().ok()?, coord })
            })
            .collect();
    }
    let points = value[10..].trim().strip_prefix('(')?.strip_suffix(')')?;
    let points = points.split(',').map(|point| {
        let mut fields = point.split_whitespace();
        let (lon, lat) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        // The points of a WKT have no ids.
        fields.next().is_none().then_some(ShapePoint { key: 0, coord: Coord::from_degrees(lat, lon).ok()? })
    });
    let mut points: Vec<ShapePoint> = points.collect::<Option<_>>()?;
    if points.first().is_some_and(|point| point.coord == from) {
        points.remove(0);
    }
    if points.last().is_some_and(|point| point.coord == to) {
        points.pop();
    }
    Some(points)
}

/// The columns of a file.
struct Columns {
    file: &'static str,
    needed: &'static [&'static str],
    more: &'static [&'static str],
}

impl Columns {
    fn each_row(
        &self,
        source: impl Read,
        mut on_row: impl FnMut(&Row<'_>) -> Result<(), CsvError>,
    ) -> Result<(), CsvError> {
        let failed = |source| CsvError::Csv { file: self.file, source };
        let mut reader: Reader<_> = ReaderBuilder::new().trim(Trim::All).from_reader(source);
        let header = reader.headers().map_err(failed)?.clone();
        let header = self.check_header(&header)?;
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(failed)? {
            let line = record.position().map_or(0, csv::Position::line);
            let text = StringRecord::from_byte_record(record.clone()).map_err(|error| CsvError::Value {
                file: self.file,
                line,
                column: header[error.utf8_error().field().min(header.len() - 1)],
                value: String::from_utf8_lossy(&record[error.utf8_error().field()]).into_owned(),
                expected: "UTF-8",
            })?;
            on_row(&Row { file: self.file, line, header: &header, record: &text })?;
        }
        Ok(())
    }

    /// The columns in the order in which the file has them.
    fn check_header(&self, header: &StringRecord) -> Result<Vec<&'static str>, CsvError> {
        let known = || self.needed.iter().chain(self.more).copied();
        let wrong = |column: &str, problem| CsvError::Column {
            file: self.file,
            column: column.into(),
            problem,
            known: known().collect::<Vec<_>>().join(", "),
        };
        let mut columns = Vec::new();
        for column in header {
            // Spreadsheets put a byte order mark before the first column.
            let column = column.trim_start_matches('\u{feff}');
            let column = known().find(|known| *known == column).ok_or_else(|| wrong(column, "is not known"))?;
            if columns.contains(&column) {
                return Err(wrong(column, "is there twice"));
            }
            columns.push(column);
        }
        match self.needed.iter().find(|column| !columns.contains(column)) {
            Some(missing) => Err(wrong(missing, "is missing")),
            None => Ok(columns),
        }
    }
}

struct Row<'a> {
    file: &'static str,
    line: u64,
    header: &'a [&'static str],
    record: &'a StringRecord,
}

impl Row<'_> {
    /// The value of a column, "" if it is not there.
    fn get(&self, column: &str) -> &str {
        let at = self.header.iter().position(|known| *known == column);
        at.and_then(|at| self.record.get(at)).unwrap_or("")
    }

    fn number<T: FromStr + Copy>(
        &self,
        column: &'static str,
        expected: &'static str,
        holds: impl Fn(T) -> bool,
    ) -> Result<T, CsvError> {
        let number = self.get(column).parse().ok().filter(|&number| holds(number));
        number.ok_or_else(|| self.wrong(column, expected))
    }

    fn switch(&self, column: &'static str) -> Result<Option<bool>, CsvError> {
        match self.get(column) {
            "" => Ok(None),
            "yes" | "true" | "1" => Ok(Some(true)),
            "no" | "false" | "0" => Ok(Some(false)),
            _ => Err(self.wrong(column, "yes or no")),
        }
    }

    fn wrong(&self, column: &'static str, expected: &'static str) -> CsvError {
        let value = self.get(column).to_owned();
        CsvError::Value { file: self.file, line: self.line, column, value, expected }
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
