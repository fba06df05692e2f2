//! What has to do with an engine's directory: taking events in, following the log, looking into it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use etaflow_road::{Span, Timestamp};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// More shards than any machine has cores for.
const SHARDS_MAX: i64 = 256;

/// The longest that can be waited between two snapshots or two lines of status.
const EVERY_MAX: Span = Span::from_secs(86_400);

/// The longest that records are kept by their age: a century.
const AGE_MAX: Span = Span::from_secs(36_500 * 86_400);

/// The longest interval of ticks.
const TICK_MAX: Span = Span::from_secs(60);

/// The longest interval of group commit: what is not on the disk yet is lost with the machine.
const COMMIT_MAX: Span = Span::from_secs(1);

/// Of `etaflow ingest`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct IngestArgs {
    /// The engine's directory; made if there is none
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// When an event is acknowledged: always (each is on the disk), os (the operating system has it), or a time such as 5ms
    /// (on the disk, all that came within that time at once)
    #[arg(long, value_name = "WHEN", value_parser = parse_commit, default_value = "5ms")]
    pub sync: Commit,
    /// A file of the log that is so long is full, and the next one begins: 4096 to 17179869184
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20, value_parser = clap::value_parser!(u64).range(4 << 10..=16 << 30))]
    pub segment_bytes: u64,
    /// Lets go of files whose newest record came so long before the log's, if no snapshot or group needs them: 1s to 36500days;
    /// if not given, they are kept
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    pub keep_for: Option<Span>,
    /// Lets go of the oldest files while all of the log has more bytes, likewise
    #[arg(long, value_name = "BYTES")]
    pub keep_bytes: Option<u64>,
    /// How often arrival times are worked out anew, and roads timed: 10ms to 1min
    #[arg(long, value_name = "TIME", value_parser = parse_tick, default_value = "1s")]
    pub tick: Span,
    /// How the events come on stdin
    #[arg(long, value_enum, default_value_t = EventForm::Json)]
    pub form: EventForm,
}

/// When an event is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// When it is on the disk, each by itself.
    Always,
    /// When it is on the disk, all of some time at once.
    Every(Span),
    /// When the operating system has it.
    Os,
}

/// How events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EventForm {
    /// A line each: a CloudEvent in JSON
    Json,
    /// Frames of 72 bytes
    Frames,
}

/// Of `etaflow follow`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct FollowArgs {
    /// The engine's directory, into which `etaflow ingest`, or a service, writes
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// The road network: a network file, .osm.pbf, or a directory with nodes.csv and edges.csv
    #[arg(long, value_name = "FILE")]
    pub network: PathBuf,
    /// How many threads share the drivers, 1 to 256; it changes no answer
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=SHARDS_MAX))]
    pub shards: u32,
    /// Appends every arrival time that is news to this file of the directory, once, whatever ends this process and however
    /// often: 1 to 64 of a-z, 0-9, - and _
    #[arg(long, value_name = "NAME", value_parser = parse_sink)]
    pub effects: Option<String>,
    /// How often the state is written down
    #[arg(long, value_name = "TIME", value_parser = parse_every, default_value = "30s")]
    pub snapshot_every: Span,
    /// How often a line says how it stands
    #[arg(long, value_name = "TIME", value_parser = parse_every, default_value = "1s")]
    pub status_every: Span,
    /// Ends when stdin does, too, and not only by a signal: when it has taken what is durable by then
    #[arg(long)]
    pub until_eof: bool,
    /// Says it in JSON
    #[arg(long)]
    pub json: bool,
}

/// What can be done with a log.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum LogCommand {
    /// Says what there is: segments, snapshots, checkpoints, groups
    Inspect(LogArgs),
    /// Reads every byte, and names all that is damaged
    Verify(LogArgs),
    /// Prints records, a line each
    Tail(TailArgs),
    /// Says what was known of a trip, and told, at some time
    AsOf(AsOfArgs),
    /// Learns the usual speed of every road from the log, and keeps it
    Replay(ReplayArgs),
}

/// What all have.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct LogArgs {
    /// The engine's directory
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Answers as JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `etaflow log tail`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct TailArgs {
    /// Which log
    #[command(flatten)]
    pub log: LogArgs,
    /// The first record to be printed: an offset, earliest, latest, or when it came in, like 2026-03-01T14:32:00Z; the last
    /// ten if it is not given
    #[arg(long, value_name = "WHERE", value_parser = parse_from)]
    pub from: Option<LogStart>,
    /// So many at most
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// Goes on as records come, until it is interrupted
    #[arg(long)]
    pub follow: bool,
}

/// Of `etaflow log as-of`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct AsOfArgs {
    /// Which log
    #[command(flatten)]
    pub log: LogArgs,
    /// The road network that the engine has
    #[arg(long, value_name = "FILE")]
    pub network: PathBuf,
    /// Of when: 2026-03-01T14:32:00Z, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub time: Timestamp,
    /// Of which trip
    #[arg(long, value_name = "ID")]
    pub trip: String,
}

/// Of `etaflow log replay`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ReplayArgs {
    /// Which log
    #[command(flatten)]
    pub log: LogArgs,
    /// The road network that the engine has
    #[arg(long, value_name = "FILE")]
    pub network: PathBuf,
    /// Where to begin: an offset, earliest, latest, or a time like 2026-03-01T14:32:00Z; where the group has come to if it is
    /// not given
    #[arg(long, value_name = "WHERE", value_parser = parse_from)]
    pub from: Option<LogStart>,
    /// Under which name it is remembered how far it has come
    #[arg(long, value_name = "NAME")]
    pub group: String,
}

/// Where a log is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStart {
    /// From the oldest record that is kept.
    Earliest,
    /// From the next record that comes.
    Latest,
    /// From an offset.
    Offset(u64),
    /// From the first record that came in then or later.
    Time(Timestamp),
}

fn parse_commit(text: &str) -> Result<Commit, String> {
    match text {
        "always" => Ok(Commit::Always),
        "os" => Ok(Commit::Os),
        _ => span(text)
            .filter(|span| (Span::from_millis(1)..=COMMIT_MAX).contains(span))
            .map(Commit::Every)
            .ok_or_else(|| format!("{text:?} is none of always, os, or a time within 1ms..=1s")),
    }
}

fn parse_tick(text: &str) -> Result<Span, String> {
    span(text)
        .filter(|span| (Span::from_millis(10)..=TICK_MAX).contains(span))
        .ok_or_else(|| format!("{text:?} is no time within 10ms..=1min, such as 1s"))
}

fn parse_every(text: &str) -> Result<Span, String> {
    span(text)
        .filter(|span| (Span::from_millis(10)..=EVERY_MAX).contains(span))
        .ok_or_else(|| format!("{text:?} is no time within 10ms..=1day, such as 30s"))
}

fn span(text: &str) -> Option<Span> {
    let micros = humantime::parse_duration(text).ok()?.as_micros();
    i64::try_from(micros).ok().map(Span::from_micros)
}

fn parse_from(text: &str) -> Result<LogStart, String> {
    match text {
        "earliest" => Ok(LogStart::Earliest),
        "latest" => Ok(LogStart::Latest),
        _ => text.parse().ok().map(LogStart::Offset).or_else(|| date(text).map(LogStart::Time)).ok_or_else(|| {
            format!(
                "{text:?} is none of earliest, latest, an offset, which is a whole number, or a time like \
                     2026-03-01T14:32:00Z"
            )
        }),
    }
}

/// What a directory has besides what sinks make.
const OWN: [&str; 8] = ["etaflow", "durable", "log", "checkpoints", "snapshots", "groups", "sinks", "profiles"];

fn parse_sink(text: &str) -> Result<String, String> {
    let proper = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if OWN.contains(&text) {
        Err(format!("{text:?} is no name of a sink: a file or folder of the engine's own has it"))
    } else if (1..=64).contains(&text.len()) && text.bytes().all(proper) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is no name of a sink: 1 to 64 of a-z, 0-9, - and _"))
    }
}

fn parse_age(text: &str) -> Result<Span, String> {
    span(text)
        .filter(|span| (Span::from_secs(1)..=AGE_MAX).contains(span))
        .ok_or_else(|| format!("{text:?} is no time within 1s..=36500days, such as 30days"))
}

/// The seconds between years 1 and 9999, which is what a date can be.
const SECONDS: std::ops::RangeInclusive<f64> = -62_135_596_800.0..=253_402_300_799.0;

fn parse_time(text: &str) -> Result<Timestamp, String> {
    if let Some(seconds) = text.parse::<f64>().ok().filter(|seconds| SECONDS.contains(seconds)) {
        return Ok(Timestamp::from_micros((seconds * 1e6).round() as i64));
    }
    date(text)
        .ok_or_else(|| format!("{text:?} is no time: it must be like 2026-03-01T14:32:00Z, or seconds since 1970"))
}

fn date(text: &str) -> Option<Timestamp> {
    let date = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(Timestamp::from_micros((date.unix_timestamp_nanos() / 1_000) as i64))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};
    use super::*;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(std::iter::once("etaflow").chain(line.split_whitespace())).map(|cli| cli.command)
    }

    fn check_error(line: &str, says: &str) {
        let error = parse(line).expect_err(line).to_string();
        assert!(error.contains(says), "{line}: {error}");
    }

    #[test]
    fn a_directory_is_written_followed_and_looked_into() {
        let Ok(Command::Ingest(args)) = parse("ingest --dir d --sync 20ms --form frames") else { panic!("no ingest") };
        assert_eq!((args.sync, args.form), (Commit::Every(Span::from_millis(20)), EventForm::Frames));
        let Ok(Command::Follow(args)) = parse("follow --dir d --network n --shards 2 --effects told") else {
            panic!("no follow")
        };
        assert_eq!((args.shards, args.effects.as_deref()), (2, Some("told")));
        assert_eq!((args.snapshot_every, args.status_every), (Span::from_secs(30), Span::from_secs(1)));
        let Ok(Command::Ingest(args)) = parse("ingest --dir d") else { panic!("no ingest") };
        assert_eq!((args.sync, args.segment_bytes), (Commit::Every(Span::from_millis(5)), 256 << 20));
        assert!(matches!(parse("log verify --dir d --json"), Ok(Command::Log(LogCommand::Verify(args))) if args.json));
        let Ok(Command::Log(LogCommand::Tail(args))) = parse("log tail --dir d --from 12 --json") else {
            panic!("no tail")
        };
        assert_eq!((args.from, args.log.json), (Some(LogStart::Offset(12)), true));
        let Ok(Command::Log(LogCommand::Tail(args))) = parse("log tail --dir d --from 1970-01-01T00:00:02Z") else {
            panic!("it is a time")
        };
        assert_eq!(args.from, Some(LogStart::Time(Timestamp::from_secs(2))));
        check_error("ingest --dir d --keep-for 1ms", "1s..=36500days");
        let line = "log as-of --dir d --network n --time 1970-01-01T00:01:00.5Z --trip 7";
        let Ok(Command::Log(LogCommand::AsOf(args))) = parse(line) else { panic!("no as-of") };
        assert_eq!((args.time, &args.trip[..]), (Timestamp::from_millis(60_500), "7"));
        let line = "log replay --dir d --network n --from earliest --group speeds";
        let Ok(Command::Log(LogCommand::Replay(args))) = parse(line) else { panic!("no replay") };
        assert_eq!((args.from, &args.group[..]), (Some(LogStart::Earliest), "speeds"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        check_error("ingest", "--dir <DIR>");
        check_error("ingest --dir d --sync never", "\"never\" is none of always, os, or a time within 1ms..=1s");
        check_error("ingest --dir d --sync 2s", "1ms..=1s");
        check_error("ingest --dir d --segment-bytes 100", "100 is not in 4096..=17179869184");
        check_error("ingest --dir d --tick 2min", "\"2min\" is no time within 10ms..=1min");
        check_error("follow --dir d --network n --shards 257", "257 is not in 1..=256");
        check_error("follow --dir d --network n --snapshot-every 0s", "10ms..=1day");
        check_error("log tail --dir d --from -3", "-3");
        check_error("log tail --dir d --from soon", "\"soon\" is none of earliest, latest");
        check_error("log as-of --dir d --network n --trip 7 --time noon", "\"noon\" is no time");
        check_error("log as-of --dir d --network n --trip 7 --time 1e300", "is no time");
        check_error("log replay --dir d --network n", "--group <NAME>");
    }
}
