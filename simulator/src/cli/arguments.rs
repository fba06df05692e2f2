use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand};
use etaflow::Span;
use etaflow_serve::FollowArgs;

use super::value::{Rate, Speed, parse_duration};

/// More shards than any machine has cores for.
const SHARDS_MAX: u64 = 256;

const DRIVERS_MAX: u64 = 2_000_000;

const EXIT_CODES: &str = "Exit codes: 0 all is well, 1 failure, 2 usage, 99 a bound is breached, 104 bad configuration, \
                          105 ended by a signal.\nResults go to stdout, progress to stderr. NO_COLOR is honoured.";

/// A city with ground truth, load, faults and reports for etaflow.
///
/// Without a command: runs the default scenario.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(name = "simulator", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do; see [`command`](Self::command).
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// What to do: running the default scenario, where nothing else was asked for.
    pub fn command(self) -> Command {
        self.command.unwrap_or_else(|| Command::Run(RunArgs::default()))
    }
}

/// What can be done.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Runs a scenario and reports whether its bounds hold
    Run(RunArgs),
    /// Replays real trips and scores the predicted arrivals
    Replay(ReplayArgs),
    /// Follows an engine's log, as `etaflow follow` does: the engine of a scenario in which it is a process of its own
    #[command(hide = true)]
    Follow(FollowArgs),
    /// Scores a part of the engine on real data
    #[command(subcommand)]
    Eval(EvalCommand),
}

/// What can be scored.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum EvalCommand {
    /// Scores the matcher on real tracks whose true routes are known
    Matching(EvalMatchingArgs),
}

/// Of `simulator run`. What is `None` is as the scenario says.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct RunArgs {
    /// The scenario, a TOML file; the default one, which is part of the program, if none is given
    pub scenario: Option<PathBuf>,
    /// The road network, as .osm.pbf or in a form of our own, in place of the scenario's
    #[arg(long, value_name = "FILE")]
    pub network: Option<PathBuf>,
    /// What all randomness comes from
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How long, in the scenario's time: 60s, 2m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub duration: Option<Span>,
    /// Events offered a second: 20000, 20k, 1.5M; max is as fast as they come through
    #[arg(long, value_name = "N|max")]
    pub rate: Option<Rate>,
    /// How many drivers
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..=DRIVERS_MAX))]
    pub drivers: Option<u32>,
    /// What all kinds of runs have
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Of `simulator replay`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ReplayArgs {
    /// The road network that the trips took place on, as .osm.pbf or in a form of our own
    #[arg(long, value_name = "FILE")]
    pub network: PathBuf,
    /// The trips (trip_id,taxi_id,start_unix_s,polyline_lonlat_15s), plain or gzipped
    #[arg(long, value_name = "FILE")]
    pub trips: PathBuf,
    /// How many times as fast as it happened: 60x; max is as fast as it comes through
    #[arg(long, value_name = "N|max", default_value = "max")]
    pub speed: Speed,
    /// Where to write every prediction, as CSV
    #[arg(long, value_name = "FILE")]
    pub predictions: Option<PathBuf>,
    /// What all kinds of runs have
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Of `simulator eval matching`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct EvalMatchingArgs {
    /// The tracks of the benchmark of Kubicka et al., each with its network and true route: folders or .tar.gz archives
    pub dir: PathBuf,
    /// The folder for summary.json and the pictures of the worst three tracks
    #[arg(long, value_name = "DIR", default_value = "target/runs/matching")]
    pub out: PathBuf,
    /// Prints the figures as JSON in place of a table
    #[arg(long)]
    pub json: bool,
}

/// What all kinds of runs have.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct OutputArgs {
    /// Over how many shards the engine spreads its drivers; the results are the same for any number
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u16>::new().range(1..=SHARDS_MAX))]
    pub shards: Option<u16>,
    /// The folder for summary.json, samples.csv and report.html [default: target/runs/SCENARIO]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Prints the summary as JSON in place of words
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::super::Exit;
    use super::*;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(std::iter::once("simulator").chain(line.split_whitespace())).map(Cli::command)
    }

    fn check_error(line: &str, says: &str) {
        let error = parse(line).unwrap_err();
        assert_eq!(error.exit_code(), i32::from(Exit::Usage.code()), "{line}");
        assert!(error.to_string().contains(says), "{line}: {error}");
    }

    #[test]
    fn the_definition_holds_together() {
        <Cli as CommandFactory>::command().debug_assert();
    }

    #[test]
    fn without_arguments_the_default_scenario_runs() {
        assert_eq!(parse("").unwrap(), Command::Run(RunArgs::default()));
        assert_eq!(parse("run").unwrap(), Command::Run(RunArgs::default()));
    }

    #[test]
    fn everything_can_be_set() {
        let line =
            "run x.toml --network n.pbf --seed 7 --duration 2m --rate 20k --drivers 500 --shards 4 --out o --json";
        let output = OutputArgs { shards: Some(4), out: Some("o".into()), json: true };
        let expected = RunArgs {
            scenario: Some("x.toml".into()),
            network: Some("n.pbf".into()),
            seed: Some(7),
            duration: Some(Span::from_secs(120)),
            rate: Some(Rate::PerSecond(20_000.0)),
            drivers: Some(500),
            output,
        };
        assert_eq!(parse(line).unwrap(), Command::Run(expected));
        let Command::Replay(replay) = parse("replay --network n --trips t --speed 60x --predictions p").unwrap() else {
            panic!("not a replay");
        };
        assert_eq!((replay.speed, replay.predictions), (Speed::Times(60.0), Some("p".into())));
        let Command::Replay(replay) = parse("replay --network n --trips t").unwrap() else { panic!("not a replay") };
        assert_eq!(replay.speed, Speed::Max);
    }

    #[test]
    fn the_matcher_is_scored_on_a_directory() {
        let expected = |out: &str, json| {
            Command::Eval(EvalCommand::Matching(EvalMatchingArgs { dir: "kubicka".into(), out: out.into(), json }))
        };
        assert_eq!(parse("eval matching kubicka").unwrap(), expected("target/runs/matching", false));
        assert_eq!(parse("eval matching kubicka --out o --json").unwrap(), expected("o", true));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        check_error("run --rate fast", "\"fast\" is no rate");
        check_error("run --duration 60", "\"60\" is no duration");
        check_error("run --shards 0", "0 is not in 1..=256");
        check_error("run --drivers 2000001", "2000001 is not in 1..=2000000");
        check_error("run --seed -1", "-1");
        check_error("replay --trips t", "--network <FILE>");
        check_error("replay --network n --trips t --speed 0x", "\"0x\" is no speed");
        check_error("eval", "matching");
        check_error("eval matching", "<DIR>");
        check_error("fly", "fly");
        assert_eq!(parse("--help").unwrap_err().kind(), ErrorKind::DisplayHelp);
        assert_eq!(parse("--version").unwrap_err().exit_code(), 0);
    }
}
