use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use etaflow_road::{Coord, Metres, Span};

use super::directory::{FollowArgs, IngestArgs, LogCommand};
use crate::matching::LAG_MAX;
use crate::place::parse_place;

/// A radius that is larger is taken for a slip of the keyboard, in metres.
const RADIUS_MAX_M: f64 = 100_000.0;

/// Who wants fewer fixes than one a day has made a slip, too, in seconds.
const SAMPLING_MAX_S: f64 = 86_400.0;

const EXIT_CODES: &str = "Exit codes: 0 all is well, 1 failure or no way, 2 usage, 104 the network, a trace or a file of \
                          places cannot be used.\nWith --json or --pairs the answer's code says whether there is a way, and \
                          the exit code is 0 if there is none.\nAnswers go to stdout, everything else to stderr.";

/// Arrival times, routes and maps.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(name = "etaflow", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Reads a map and writes it as a network file, which is read much faster
    Import(ImportArgs),
    /// Says the fastest way from one place to another, or one for each of many pairs of places
    Route(RouteArgs),
    /// Says the travel times from many places to many
    Table(TableArgs),
    /// Says which roads a vehicle drove on, fix by fix and as a whole
    Match(MatchArgs),
    /// Takes events in on stdin and writes them into an engine's log; says on stdout up to where they are durable
    Ingest(IngestArgs),
    /// Follows an engine's log: keeps arrival times, and comes back by itself after it was gone
    Follow(FollowArgs),
    /// Looks into an engine's log
    #[command(subcommand)]
    Log(LogCommand),
}

/// Of `etaflow import`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ImportArgs {
    /// The map: .osm.pbf, a network file, or a directory with nodes.csv and edges.csv
    #[arg(value_name = "FILE")]
    pub from: PathBuf,
    /// The network file to write
    #[arg(short, long, value_name = "OUT")]
    pub out: PathBuf,
    /// Says what was read as JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `etaflow route`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct RouteArgs {
    /// What all questions have
    #[command(flatten)]
    pub routing: RoutingArgs,
    /// Where the way begins, in degrees: -8.61,41.15
    #[arg(long, value_name = "LON,LAT", value_parser = parse_place, allow_hyphen_values = true)]
    #[arg(required_unless_present = "pairs", requires = "to")]
    pub from: Option<Coord>,
    /// Where it ends
    #[arg(long, value_name = "LON,LAT", value_parser = parse_place, allow_hyphen_values = true)]
    #[arg(required_unless_present = "pairs", requires = "from")]
    pub to: Option<Coord>,
    /// A CSV with the columns from_lon,from_lat,to_lon,to_lat; each line is answered by a line of JSON, in order
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to"])]
    pub pairs: Option<PathBuf>,
}

/// Of `etaflow table`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct TableArgs {
    /// What all questions have
    #[command(flatten)]
    pub routing: RoutingArgs,
    /// The places to start from, a CSV with the columns lon,lat
    #[arg(long, value_name = "FILE", required_unless_present = "points", requires = "to")]
    pub from: Option<PathBuf>,
    /// The places to go to, a CSV with the columns lon,lat; at most 4000000 travel times are answered
    #[arg(long, value_name = "FILE", required_unless_present = "points", requires = "from")]
    pub to: Option<PathBuf>,
    /// The places to start from and to go to, where they are the same
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to"])]
    pub points: Option<PathBuf>,
}

/// Of `etaflow match`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct MatchArgs {
    /// The road network: a network file, .osm.pbf, a directory with nodes.csv and edges.csv, or a benchmark track's folder
    #[arg(long, value_name = "FILE")]
    pub network: PathBuf,
    /// The fixes: a CSV with the columns unix_s,lon,lat and, if wanted, accuracy_m,speed_mps,heading_deg; GPX; or rows of
    /// lon lat unix_s
    #[arg(long, value_name = "FILE")]
    pub trace: PathBuf,
    /// Commits an answer after so many more fixes that were matched, however long that takes, 0 to 32; without it the
    /// matcher's own lag holds, in fixes and in time
    #[arg(long, value_name = "FIXES", value_parser = parse_lag, allow_hyphen_values = true)]
    pub lag: Option<usize>,
    /// Leaves out fixes that are nearer in time to the last one that was not, in seconds; times that run backwards stay
    #[arg(long, value_name = "SECONDS", value_parser = parse_sampling, allow_hyphen_values = true, default_value = "0")]
    pub sampling: Span,
    /// Where the answers go: lines of JSON, one for each fix and the whole route last; - for stdout
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub out: PathBuf,
}

/// What all questions have.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct RoutingArgs {
    /// The road network: a network file, .osm.pbf, or a directory with nodes.csv and edges.csv
    #[arg(long, value_name = "FILE")]
    pub network: PathBuf,
    /// How far from a road a place may be, in metres, at most 100000
    #[arg(long, value_name = "METRES", value_parser = parse_radius, allow_hyphen_values = true, default_value = "500")]
    pub radius: Metres,
    /// Answers as JSON
    #[arg(long)]
    pub json: bool,
}

fn parse_radius(text: &str) -> Result<Metres, String> {
    let radius = text.parse().ok().filter(|radius| (0.0..=RADIUS_MAX_M).contains(radius));
    radius.map(Metres).ok_or_else(|| format!("{text:?} is no radius: it must be metres within 0..={RADIUS_MAX_M}"))
}

fn parse_lag(text: &str) -> Result<usize, String> {
    let lag = text.parse().ok().filter(|lag| *lag <= LAG_MAX);
    lag.ok_or_else(|| format!("{text:?} is no lag: it must be a number of fixes within 0..={LAG_MAX}"))
}

fn parse_sampling(text: &str) -> Result<Span, String> {
    let every = text.parse().ok().filter(|every| (0.0..=SAMPLING_MAX_S).contains(every));
    let span = every.map(|every: f64| Span::from_micros((every * 1e6).round() as i64));
    span.ok_or_else(|| format!("{text:?} is no sampling: it must be seconds within 0..={SAMPLING_MAX_S}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::super::Exit;
    use super::*;
    use crate::table::CELLS_MAX;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(std::iter::once("etaflow").chain(line.split_whitespace())).map(|cli| cli.command)
    }

    fn check_error(line: &str, says: &str) {
        let error = parse(line).expect_err(line);
        assert_eq!(error.exit_code(), i32::from(Exit::Usage.code()), "{line}");
        assert!(error.to_string().contains(says), "{line}: {error}");
    }

    fn place(lon: f64, lat: f64) -> Coord {
        Coord::from_degrees(lat, lon).expect("in range")
    }

    #[test]
    fn the_definition_holds_together() {
        <Cli as CommandFactory>::command().debug_assert();
        let help = parse("table --help").expect_err("is help").to_string();
        assert!(help.contains(&CELLS_MAX.to_string()), "{help}");
    }

    #[test]
    fn west_and_south_are_negative() {
        let expected = RouteArgs {
            routing: RoutingArgs { network: "n".into(), radius: Metres(500.0), json: false },
            from: Some(place(-8.61, 41.15)),
            to: Some(place(-70.65, -33.45)),
            pairs: None,
        };
        for line in [
            "route --network n --from -8.61,41.15 --to -70.65,-33.45",
            "route --network n --from=-8.61,41.15 --to=-70.65,-33.45",
        ] {
            assert_eq!(parse(line).expect(line), Command::Route(expected.clone()));
        }
    }

    #[test]
    fn places_come_from_one_side_or_the_other() {
        let line = "route --network n --pairs p --radius 50.5 --json";
        let Command::Route(args) = parse(line).expect(line) else { panic!("not a route") };
        assert_eq!((args.pairs, args.from, args.routing.radius), (Some("p".into()), None, Metres(50.5)));
        assert!(parse("table --network n --points p").is_ok() && parse("table --network n --from f --to t").is_ok());
        let line = "match --network n --trace t --lag 10 --sampling 2.5 --out -";
        let Command::Match(args) = parse(line).expect(line) else { panic!("not a match") };
        assert_eq!((args.lag, args.sampling, args.out), (Some(10), Span::from_millis(2_500), "-".into()));
        let line = "import map.osm.pbf -o map.network";
        let args = ImportArgs { from: "map.osm.pbf".into(), out: "map.network".into(), json: false };
        assert_eq!(parse(line).expect(line), Command::Import(args));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        check_error("route --network n", "--from <LON,LAT>");
        check_error("route --network n --from 1,2", "--to <LON,LAT>");
        check_error("route --network n --pairs p --to 1,2", "cannot be used with");
        check_error("route --network n --from 200,2 --to 1,2", "lon 200 is not within -180..=180 degrees");
        check_error("route --network n --from 1,2 --to 1,-91", "lat -91 is not within -90..=90 degrees");
        check_error("route --network n --from x --to 1,2", "\"x\" is no place");
        check_error("route --from 1,2 --to 1,2", "--network <FILE>");
        check_error("table --network n --from f", "--to <FILE>");
        check_error("table --network n --points p --from f", "cannot be used with");
        for radius in ["-1", "100001", "NaN", "inf", "wide"] {
            let line = format!("table --network n --points p --radius {radius}");
            check_error(&line, &format!("\"{radius}\" is no radius: it must be metres within 0..=100000"));
        }
        for lag in ["-1", "33", "1.5", "x"] {
            let line = format!("match --network n --trace t --out o --lag {lag}");
            check_error(&line, &format!("\"{lag}\" is no lag: it must be a number of fixes within 0..=32"));
        }
        for every in ["-1", "86401", "NaN", "x"] {
            let line = format!("match --network n --trace t --out o --sampling {every}");
            check_error(&line, &format!("\"{every}\" is no sampling: it must be seconds within 0..=86400"));
        }
        check_error("match --network n --trace t", "--out <FILE>");
        check_error("import map", "--out <OUT>");
        check_error("fly", "fly");
        assert_eq!(
            parse("").expect_err("says what there is").kind(),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        );
        assert_eq!(parse("--version").expect_err("is no command").exit_code(), 0);
    }
}
