//! Measures a group of operations, ours beside peers, and prints a row for each operation and peer.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use etaflow_benches::{GROUPS, Request, Row, json, table};

/// Measure ours beside peers: all run in turns in this process, on the same work.
#[derive(Parser)]
struct Arguments {
    /// Which group of operations.
    group: String,
    /// Print a JSON array of {group, operation, peer, unit, ours, theirs, speedup}; speedup is above 1 where ours is
    /// faster, a figure is null and a peer "" where there is none.
    #[arg(long)]
    json: bool,
    /// How many rounds to take the median of.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    rounds: u16,
    /// Only operations whose name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// The roads, for `matching` and `routing`: an .osm.pbf file, a network file, a directory of CSV files, or the folder
    /// or archive of a benchmark track, which `matching` replays as well. A made-up city if not given.
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,
    /// About how many nodes the made-up city shall have, 20,000 if not given.
    #[arg(long, conflicts_with = "network", value_parser = clap::value_parser!(u32).range(1_000..=4_000_000))]
    nodes: Option<u32>,
    /// Real trips on these roads, for `matching`: CSV with a point every 15 s, which may be gzipped.
    #[arg(long, value_name = "FILE", requires = "network")]
    trips: Option<PathBuf>,
    /// A folder on the disk to be measured, for `log`; the system's for temporary files if not given.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// How many GiB the log shall have that `log` opens, 1 if not given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    gigabytes: Option<u16>,
}

fn main() -> ExitCode {
    let Arguments { group, json, rounds, only, network, nodes, trips, dir, gigabytes } = Arguments::parse();
    let Some((_, measure)) = GROUPS.iter().find(|(name, _)| *name == group) else {
        let names: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
        eprintln!("group {group:?} is unknown, must be one of: {}", names.join(", "));
        return ExitCode::from(2);
    };
    let nodes = nodes.map(|nodes| nodes as usize);
    let rows = match measure(&Request { rounds: rounds.into(), only, network, nodes, trips, dir, gigabytes }) {
        Ok(rows) => rows,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match print(&rows, json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the results: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(rows: &[Row], as_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if as_json { writeln!(out, "{:#}", json(rows)) } else { write!(out, "{}", table(rows)) }
}
