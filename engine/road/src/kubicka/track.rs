use std::path::Path;

use super::error::KubickaError;
use super::files::{ARCS, Files, NODES, ROUTE, TRACK};
use super::network::network;
use super::rows::Row;
use super::rows::read_track_rows;
use crate::geo::Coord;
use crate::matching::Fix;
use crate::network::Network;

/// A track with its network and the route that is true.
#[derive(Debug)]
pub struct KubickaTrack {
    /// The roads. A node's key is its row in the input, and so are those of the points of a shape.
    pub network: Network,
    /// The fixes, in the order of the file.
    pub fixes: Vec<Fix>,
    /// The true route: the rows of the two nodes of each arc that was driven along, in order.
    pub route: Vec<[i64; 2]>,
}

/// Whether a path leads to a folder with such a network, or may be an archive of one: it is a file whose name ends in
/// `.tar.gz` or `.tgz`.
pub fn is_kubicka(path: &Path) -> bool {
    if path.is_dir() {
        // The files themselves decide: a missing one of two is to be named, not a missing CSV file.
        return path.read_dir().is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| {
                    let name = entry.file_name();
                    let name = name.to_string_lossy();
                    name.ends_with(NODES) || name.ends_with(ARCS)
                })
            })
        });
    }
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.ends_with(".tar.gz") || name.ends_with(".tgz")
}

impl KubickaTrack {
    /// Reads a track's folder, or its gzipped tar archive.
    ///
    /// # Errors
    /// If a file is missing, or a line is not what it should be; the error names it.
    pub fn read(path: &Path) -> Result<Self, KubickaError> {
        let files = Files::read(path, [NODES, ARCS, TRACK, ROUTE])?;
        let (nodes, arcs) = nodes_and_arcs(&files)?;
        let fixes = read_track_rows(files.text(2)?)?;
        let mut route = Vec::new();
        for (line, text) in files.lines(3)? {
            let row = Row { file: ROUTE, line, text };
            let [arc] = row.rows(arcs.len()).ok_or_else(|| row.error("a row of the arcs, from 0"))?;
            route.push(arcs[arc].map(|node| node as i64));
        }
        Ok(Self { network: network(&nodes, &arcs)?, fixes, route })
    }

    /// Reads only the network of a track.
    ///
    /// # Errors
    /// If a file is missing, or a line is not what it should be; the error names it.
    pub fn read_network(path: &Path) -> Result<Network, KubickaError> {
        let (nodes, arcs) = nodes_and_arcs(&Files::read(path, [NODES, ARCS])?)?;
        Ok(network(&nodes, &arcs)?)
    }
}

/// The first two files.
fn nodes_and_arcs<const N: usize>(files: &Files<N>) -> Result<(Vec<Coord>, Vec<[usize; 2]>), KubickaError> {
    let row = |file| move |(line, text)| Row { file, line, text };
    let nodes: Vec<Coord> = files.lines(0)?.map(row(NODES)).map(|row| row.coord()).collect::<Result<_, _>>()?;
    let arc = |row: Row<'_>| row.rows(nodes.len()).ok_or_else(|| row.error("two rows of the nodes, from 0"));
    let arcs = files.lines(1)?.map(row(ARCS)).map(arc).collect::<Result<_, _>>()?;
    Ok((nodes, arcs))
}
