//! The travel times from many places to many.

use std::fmt;

use etaflow_road::{Coord, Snap, Weight};
use serde::Serialize;

use crate::roads::{Router, Waypoint};

/// How many travel times a table may have: 2,000 places to 2,000, or 4,000,000 to one.
pub const CELLS_MAX: usize = 4_000_000;

/// Why there is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// It would have too many travel times.
    #[error("a table from {from} places to {to} has {cells} travel times, at most {CELLS_MAX}", cells = .from.saturating_mul(*.to))]
    TooLarge {
        /// How many places to start from.
        from: usize,
        /// How many to go to.
        to: usize,
    },
}

/// The travel times from many places to many: as JSON an object whose `code` is `Ok`, and as words some lines without a
/// line end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "code", rename = "Ok")]
pub struct TableAnswer {
    /// The travel times in seconds, a row for each of `from` and in it one for each of `to`; `None` where no way leads
    /// from the one to the other, or one of them is on no road. Each is that of the [`route`](crate::route()) between the
    /// two.
    pub durations_s: Vec<Vec<Option<f64>>>,
    /// The places to start from.
    pub from: Vec<Waypoint>,
    /// The places to go to.
    pub to: Vec<Waypoint>,
}

/// The travel times from each of some places to each of some others.
///
/// # Errors
/// If they are more than [`CELLS_MAX`].
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow_road::{Metres, SyntheticCity};
/// # use etaflow_serve::{Router, table};
/// let city = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
/// let places: Vec<_> = city.nodes().step_by(300).map(|node| city.coord(node)).collect();
/// let answer = table(&mut Router::new(city, Metres(100.0)), &places[..1], &places)?;
/// assert_eq!(answer.durations_s[0].len(), places.len());
/// assert_eq!(answer.durations_s[0][0], Some(0.0));
/// # Ok::<(), etaflow_serve::TableError>(())
/// ```
pub fn table(router: &mut Router, from: &[Coord], to: &[Coord]) -> Result<TableAnswer, TableError> {
    if from.len().saturating_mul(to.len()) > CELLS_MAX {
        return Err(TableError::TooLarge { from: from.len(), to: to.len() });
    }
    let (from, to) = (Ends::new(router, from), Ends::new(router, to));
    let mut durations_s = Vec::with_capacity(from.asked.len());
    for (nth, snap) in from.snaps.iter().enumerate() {
        let mut row = match snap {
            Some(snap) => router.durations(snap, &to.snaps),
            None => vec![None; to.asked.len()],
        };
        if let Some((piece, snap)) = &from.off_main[nth] {
            on_piece(router, *piece, (from.asked[nth], snap), &to, &mut row);
        }
        durations_s.push(row.into_iter().map(|weight| weight.map(|weight| f64::from(weight) / 1e3)).collect());
    }
    Ok(TableAnswer { durations_s, from: from.waypoints(router), to: to.waypoints(router) })
}

/// The places of one side.
struct Ends<'a> {
    asked: &'a [Coord],
    snaps: Vec<Option<Snap>>,
    /// The nearest roads that are not of the main network, with the pieces beside it that they are of.
    off_main: Vec<Option<(u32, Snap)>>,
}

impl<'a> Ends<'a> {
    fn new(router: &Router, asked: &'a [Coord]) -> Self {
        let snaps = asked.iter().map(|&at| router.snap(at)).collect();
        let off_main = asked.iter().map(|&at| router.snap_off_main(at)).collect();
        Self { asked, snaps, off_main }
    }

    fn waypoints(&self, router: &Router) -> Vec<Waypoint> {
        let ends = self.asked.iter().zip(&self.snaps);
        ends.map(|(&asked, snap)| Waypoint::new(router.network(), asked, snap.as_ref())).collect()
    }
}

/// Two places on the same piece beside the main network: then the way is on that piece, as it is for one route. On one
/// and the same edge it may not be, if that cannot be entered again; there each pair is asked for by itself.
fn on_piece(router: &mut Router, piece: u32, from: (Coord, &Snap), to: &Ends<'_>, row: &mut [Option<Weight>]) {
    let edge = |snap: &Snap| snap.positions()[0].edge;
    let (mut columns, mut snaps) = (Vec::new(), Vec::new());
    for (column, off_main) in to.off_main.iter().enumerate() {
        let Some((_, snap)) = off_main.filter(|(other, _)| *other == piece) else { continue };
        if edge(&snap) != edge(from.1) {
            columns.push(column);
            snaps.push(Some(snap));
        } else if let (Some(from), Some(to)) = router.snap_pair(from.0, to.asked[column]) {
            row[column] = router.duration(&from, &to);
        }
    }
    for (column, weight) in columns.into_iter().zip(router.durations(from.1, &snaps)) {
        row[column] = weight;
    }
}

impl fmt::Display for TableAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "travel times in seconds, from each row's place to each column's")?;
        let cells: Vec<Vec<String>> = self.durations_s.iter().map(|row| row.iter().map(cell).collect()).collect();
        let widest = cells.iter().flatten().map(String::len).max().unwrap_or_default();
        let width = widest.max(self.to.len().to_string().len());
        let side = self.from.len().to_string().len();
        write!(f, "{:side$}", "")?;
        (1..=self.to.len()).try_for_each(|column| write!(f, "  {column:>width$}"))?;
        for (row, cells) in (1..).zip(&cells) {
            write!(f, "\n{row:>side$}")?;
            cells.iter().try_for_each(|cell| write!(f, "  {cell:>width$}"))?;
        }
        for (side, ends) in [("from", &self.from), ("to", &self.to)] {
            (1..).zip(ends).try_for_each(|(nth, end): (usize, _)| write!(f, "\n{side} {nth}  {end}"))?;
        }
        Ok(())
    }
}

fn cell(duration_s: &Option<f64>) -> String {
    duration_s.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1}"))
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
