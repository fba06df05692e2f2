//! Tracks that never were, for tests.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::track::Track;

/// Between two nodes of the grid, in degrees of latitude: 200 m.
pub(super) const STEP_DEG: f64 = 200.0 / 111_195.0;

/// Nodes in a row of the grid, and rows.
pub(super) const SIDE: usize = 4;

/// Where a place of the grid is, which is told in steps east and north: longitude and latitude.
pub(super) fn place([east, north]: [f64; 2]) -> [f64; 2] {
    // At the equator a degree is as long in both directions.
    [10.0 + east * STEP_DEG, north * STEP_DEG]
}

/// Where a node is.
pub(super) fn node(nth: usize) -> [f64; 2] {
    [(nth % SIDE) as f64, (nth / SIDE) as f64]
}

/// Fixes along a way over nodes, one a second, at 10 m/s from its begin to its end.
pub(super) fn drive(way: &[usize]) -> Vec<[f64; 2]> {
    let mut fixes = vec![node(way[0])];
    for pair in way.windows(2) {
        let (from, to) = (node(pair[0]), node(pair[1]));
        let at = |part: usize| [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * part as f64 / 20.0);
        fixes.extend((1..=20).map(at));
    }
    fixes
}

/// Writes a track on a grid of streets, both ways open, into a folder of a directory. The nodes are numbered from the
/// south-west, eastwards first; the true route is a way over them; fixes are one a second.
pub(super) fn write(directory: &Path, name: &str, route: &[usize], fixes: &[[f64; 2]]) -> PathBuf {
    let folder = directory.join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut arcs = Vec::new();
    for nth in 0..SIDE * SIDE {
        let east = (nth % SIDE + 1 < SIDE).then_some(nth + 1);
        let north = (nth + SIDE < SIDE * SIDE).then_some(nth + SIDE);
        arcs.extend(east.into_iter().chain(north).flat_map(|next| [[nth, next], [next, nth]]));
    }
    let rows = |rows: &[[f64; 2]]| {
        rows.iter().enumerate().fold(String::new(), |mut text, (nth, &at)| {
            let [lon, lat] = place(at);
            let _ = writeln!(text, "{lon:.7} {lat:.7} {}", 1_000_000_000 + nth);
            text
        })
    };
    let nodes: String =
        (0..SIDE * SIDE).map(|nth| place(node(nth))).map(|[lon, lat]| format!("{lon:.7} {lat:.7}\n")).collect();
    let row = |pair: &[usize]| arcs.iter().position(|arc| arc == pair).expect("nodes in a row are neighbours");
    let texts = [
        ("nodes", nodes),
        ("arcs", arcs.iter().map(|[from, to]| format!("{from} {to}\n")).collect()),
        ("route", route.windows(2).map(|pair| format!("{}\n", row(pair))).collect()),
        ("track", rows(fixes)),
    ];
    for (end, text) in texts {
        fs::write(folder.join(format!("{name}.{end}")), text).unwrap();
    }
    folder
}

/// Such a track.
pub(super) fn track(route: &[usize], fixes: &[[f64; 2]]) -> Track {
    let directory = tempfile::tempdir().unwrap();
    Track::read(&write(directory.path(), "made-up", route, fixes)).unwrap()
}
