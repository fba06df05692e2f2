//! The import tables of ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};

/// One crate's table.
pub(super) struct Table {
    /// Its source directory, from the workspace's root.
    pub(super) source: String,
    /// In the order of the file, which is that of dependency.
    pub(super) rows: Vec<Row>,
}

/// What one room may use.
pub(super) struct Row {
    pub(super) room: String,
    pub(super) rooms: BTreeSet<String>,
    /// By name; which of its items, if not all.
    pub(super) crates: BTreeMap<String, Option<BTreeSet<String>>>,
}

impl Table {
    /// The tables of a text: below a heading that is a directory in backticks, rows of four cells, of which the first is
    /// the room, the third the rooms and the fourth the crates that it may use.
    pub(super) fn read_all(text: &str) -> Vec<Self> {
        let mut tables: Vec<Self> = Vec::new();
        let mut open = false;
        for line in text.lines() {
            if line.starts_with('#') {
                let source =
                    line.trim_start_matches('#').trim().strip_prefix('`').and_then(|rest| rest.split_once('`'));
                open = source.is_some_and(|(source, _)| source.ends_with("/src"));
                if let Some((source, _)) = source.filter(|_| open) {
                    tables.push(Self { source: source.to_owned(), rows: Vec::new() });
                }
            } else if open && let (Some(row), Some(table)) = (Row::read(line), tables.last_mut()) {
                table.rows.push(row);
            }
        }
        tables
    }

    pub(super) fn row(&self, room: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.room == room)
    }

    pub(super) fn is_room(&self, name: &str) -> bool {
        self.row(name).is_some()
    }

    /// Rows that name a room which is not above them: without any, no rooms go round in a circle.
    pub(super) fn disorder(&self) -> Vec<String> {
        let mut above = BTreeSet::new();
        let mut found = Vec::new();
        for row in &self.rows {
            for other in row.rooms.iter().filter(|&other| !above.contains(other)) {
                found.push(format!("{}: the row of {} names {other}, which is not above it", self.source, row.room));
            }
            above.insert(row.room.clone());
        }
        found
    }
}

impl Row {
    fn read(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let [room, _, rooms, crates] = cells[..] else { return None };
        let room = names(room).next()?;
        let crates = crates.split(',').filter_map(|entry| {
            let (name, items) = entry.split_once(':').map_or((entry, None), |(name, items)| (name, Some(items)));
            Some((names(name).next()?, items.map(|items| names(items).collect())))
        });
        Some(Self { room, rooms: names(rooms).collect(), crates: crates.collect() })
    }
}

/// What stands in backticks.
fn names(cell: &str) -> impl Iterator<Item = String> + '_ {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}
