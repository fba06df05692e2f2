//! Reads the tracks of Kubicka et al. (IV 2015): each has its own road network and the true route.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use etaflow_road::{
    BuilderNode, Coord, EdgeId, Fix, Network, NetworkBuilder, NewEdge, RoadClass, ShapePoint, Timestamp, TurnModel,
};

/// A track with its network and its truth.
pub(crate) struct Track {
    pub(crate) name: String,
    pub(crate) network: std::sync::Arc<Network>,
    pub(crate) fixes: Vec<Fix>,
    /// The true route, as pairs of node keys.
    pub(crate) route: Vec<Arc>,
}

/// A stretch of road between two nodes of the input, in one direction.
pub(crate) type Arc = (i64, i64);

/// The archives there are, in order; none without data.
pub(crate) fn archives() -> Vec<PathBuf> {
    let root = std::env::var_os("ETAFLOW_DATA").map(PathBuf::from);
    // Beside the workspace, whichever of its crates this is compiled into.
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1).take(2).map(|root| root.join("../shared/data"));
    let candidates = root.into_iter().chain(beside);
    let folder = candidates.map(|data| data.join("kubicka")).find(|folder| folder.is_dir());
    let Some(entries) = folder.and_then(|folder| folder.read_dir().ok()) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.to_string_lossy().ends_with(".tar.gz"));
    found.sort();
    found
}

/// Reads an archive.
pub(crate) fn read(archive: &Path) -> Track {
    let mut files = BTreeMap::new();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(File::open(archive).expect("opens")));
    for entry in tar.entries().expect("a tar archive") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").into_owned();
        if let Some(kind) = path.extension().map(|kind| kind.to_string_lossy().into_owned()) {
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("text");
            files.insert(kind, text);
        }
    }
    let rows = |kind: &str| -> Vec<Vec<f64>> {
        let row = |line: &str| line.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        files[kind].lines().filter(|line| !line.trim().is_empty()).map(row).collect()
    };
    let coord = |row: &[f64]| Coord::from_degrees(row[1], row[0]).expect("a place");
    let nodes: Vec<Coord> = rows("nodes").iter().map(|row| coord(row)).collect();
    let arcs: Vec<Arc> = rows("arcs").iter().map(|row| (row[0] as i64, row[1] as i64)).collect();
    let time = |seconds: f64| Timestamp::from_millis((seconds * 1e3) as i64);
    let fixes = rows("track").iter().map(|row| Fix::new(time(row[2]), coord(row))).collect();
    let route = rows("route").iter().map(|row| arcs[row[0] as usize]).collect();
    let name = archive.file_name().map(|name| name.to_string_lossy().replace(".tar.gz", "")).unwrap_or_default();
    Track { name, network: network(&nodes, &arcs).into(), fixes, route }
}

/// Joins what is between two junctions into one edge.
fn network(nodes: &[Coord], arcs: &[Arc]) -> Network {
    let known: BTreeSet<Arc> = arcs.iter().copied().filter(|arc| arc.0 != arc.1).collect();
    let mut out: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut into: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for &(from, to) in &known {
        out.entry(from).or_default().push(to);
        into.entry(to).or_default().push(from);
    }
    let none = Vec::new();
    let passed_through = |node: i64| {
        let (out, into) = (out.get(&node).unwrap_or(&none), into.get(&node).unwrap_or(&none));
        match (&out[..], &into[..]) {
            ([next], [before]) => next != before,
            ([a, b], [c, d]) => (a, b) == (c, d),
            _ => false,
        }
    };
    let mut builder = NetworkBuilder::new();
    let at: Vec<BuilderNode> = nodes.iter().enumerate().map(|(n, &coord)| builder.node(n as i64, coord)).collect();
    let mut used = BTreeSet::new();
    let mut edges = BTreeMap::new();
    let mut add = |from: i64, to: i64, used: &mut BTreeSet<Arc>| {
        let mut chain = vec![from, to];
        used.insert((from, to));
        while passed_through(chain[chain.len() - 1]) && chain[chain.len() - 1] != from {
            let (last, before) = (chain[chain.len() - 1], chain[chain.len() - 2]);
            let Some(&next) = out[&last].iter().find(|&&next| next != before) else { break };
            used.insert((last, next));
            chain.push(next);
        }
        let end = chain[chain.len() - 1];
        let via = &chain[1..chain.len() - 1];
        let via = via.iter().map(|&key| ShapePoint { key, coord: nodes[key as usize] }).collect();
        let edge =
            NewEdge { via, ..NewEdge::straight(at[from as usize], at[end as usize], RoadClass::Residential, 14.0) };
        let number = builder.edge(edge, "");
        let mut back = chain.clone();
        back.reverse();
        if back != chain
            && let Some(&twin) = edges.get(&back)
        {
            builder.twins(number, twin);
        }
        edges.insert(chain, number);
    };
    for &(from, to) in &known {
        if !passed_through(from) {
            add(from, to, &mut used);
        }
    }
    // What is left are rings without a junction.
    for &(from, to) in &known {
        if !used.contains(&(from, to)) {
            add(from, to, &mut used);
        }
    }
    builder.build(&TurnModel::default()).expect("a network")
}

/// The arcs of an edge between two offsets, in millimetres; those of which more than half is covered.
pub(crate) fn arcs_between(network: &Network, edge: EdgeId, from_mm: u32, to_mm: u32) -> Vec<Arc> {
    let (shape, keys) = (network.shape(edge), network.shape_keys(edge));
    let lengths: Vec<f64> = shape.windows(2).map(|pair| pair[0].distance(pair[1]).0).collect();
    let scale = f64::from(network.length_mm(edge)) / lengths.iter().sum::<f64>().max(1e-9);
    let mut begin = 0.0;
    let mut arcs = Vec::new();
    for (pair, length) in keys.windows(2).zip(lengths) {
        let end = begin + length * scale;
        let covered = end.min(f64::from(to_mm)) - begin.max(f64::from(from_mm));
        if covered > (end - begin) / 2.0 {
            arcs.push((pair[0], pair[1]));
        }
        begin = end;
    }
    arcs
}

/// The arc of an edge at an offset.
pub(crate) fn arc_at(network: &Network, edge: EdgeId, offset_mm: u32) -> Arc {
    let (shape, keys) = (network.shape(edge), network.shape_keys(edge));
    let lengths: Vec<f64> = shape.windows(2).map(|pair| pair[0].distance(pair[1]).0).collect();
    let scale = f64::from(network.length_mm(edge)) / lengths.iter().sum::<f64>().max(1e-9);
    let mut end = 0.0;
    for (pair, length) in keys.windows(2).zip(lengths) {
        end += length * scale;
        if f64::from(offset_mm) <= end {
            return (pair[0], pair[1]);
        }
    }
    (keys[keys.len() - 2], keys[keys.len() - 1])
}
