//! The command line of etaflow.

use clap::Parser;
use etaflow_serve::{Cli, Exit, start};

fn main() -> Exit {
    let cli = Cli::parse();
    start(&cli.command).unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        failure.exit()
    })
}
