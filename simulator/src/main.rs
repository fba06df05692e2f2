//! The simulator's command line.

use clap::Parser;
use etaflow_simulator::{Cli, Exit, start};

fn main() -> Exit {
    let command = Cli::parse().command();
    start(&command).unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        failure.exit()
    })
}
