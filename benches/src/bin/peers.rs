//! Measures a group of operations, ours beside peers, and prints a row for each.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use etaflow_benches::{GROUPS, Group, json, measure, table};

/// Measure ours beside peers: both run in turns in this process, on the same work.
#[derive(Parser)]
struct Arguments {
    /// Which group of operations.
    group: String,
    /// Print a JSON array of {group, operation, peer, unit, ours, theirs, speedup}; speedup is above 1 where ours is
    /// faster.
    #[arg(long)]
    json: bool,
    /// How many rounds to take the median of.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    rounds: u16,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Some(&(name, group)) = GROUPS.iter().find(|(name, _)| *name == arguments.group) else {
        let names: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
        eprintln!("group {:?} is unknown, must be one of: {}", arguments.group, names.join(", "));
        return ExitCode::from(2);
    };
    match run(name, group, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the results: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &'static str, group: Group, arguments: &Arguments) -> io::Result<()> {
    let comparisons = group();
    let count = comparisons.len();
    let mut rows = Vec::new();
    for (index, comparison) in comparisons.into_iter().enumerate() {
        if io::stderr().is_terminal() {
            eprintln!("{}/{count} {} beside {}", index + 1, comparison.operation, comparison.peer);
        }
        rows.push(measure(name, comparison, arguments.rounds.into()));
    }
    let mut out = io::stdout().lock();
    if arguments.json { writeln!(out, "{:#}", json(&rows)) } else { write!(out, "{}", table(&rows)) }
}
