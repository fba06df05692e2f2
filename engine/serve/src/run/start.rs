use std::fmt::Display;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use etaflow_road::{Coord, open_network};
use serde::Serialize;

use super::failure::Failure;
use super::match_trace::run_match;
use crate::cli::{Command, Exit, ImportArgs, LogCommand, RouteArgs, RoutingArgs, TableArgs};
use crate::directory::{DirectoryError, as_of, follow, ingest, inspect, replay, tail, verify};
use crate::import::import;
use crate::place::{PlaceFile, PlaceFileError, read_places};
use crate::roads::Router;
use crate::route::{PairAnswer, RouteAnswer, route};
use crate::table::table;

/// Does what the command line says: answers on stdout, everything else on stderr.
///
/// # Errors
/// If it cannot be done. That there is no way is no error but an [`Exit`].
pub fn start(command: &Command) -> Result<Exit, Failure> {
    match run(command, &mut std::io::stdout().lock(), &mut std::io::stderr().lock()) {
        // Who has stopped reading, as `head` does, has what he wanted.
        Err(Failure::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Ok),
        // But for those that are to go on whoever listens: they say that they did not.
        Err(Failure::Directory(DirectoryError::Out(error)))
            if error.kind() == ErrorKind::BrokenPipe && !matches!(command, Command::Ingest(_) | Command::Follow(_)) =>
        {
            Ok(Exit::Ok)
        }
        ended => ended,
    }
}

fn run(command: &Command, out: &mut impl Write, notes: &mut impl Write) -> Result<Exit, Failure> {
    match command {
        Command::Import(ImportArgs { from, out: to, json }) => {
            tell(out, &import(from, to)?, *json)?;
            Ok(Exit::Ok)
        }
        Command::Route(args) => match (&args.pairs, args.from, args.to) {
            (Some(pairs), ..) => run_pairs(args, pairs, out, notes),
            (None, from, to) => {
                let (from, to) = from.zip(to).expect("the command line has both where it has no pairs");
                run_route(args, from, to, out)
            }
        },
        Command::Table(args) => run_table(args, out, notes),
        Command::Match(args) => run_match(args, out, notes),
        Command::Ingest(args) => {
            ingest(args, std::io::stdin(), out, notes)?;
            Ok(Exit::Ok)
        }
        Command::Follow(args) => {
            follow(args, out)?;
            Ok(Exit::Ok)
        }
        Command::Log(command) => run_log(command, out),
    }
}

fn run_route(args: &RouteArgs, from: Coord, to: Coord, out: &mut impl Write) -> Result<Exit, Failure> {
    let answer = route(&mut router(&args.routing)?, from, to);
    tell(out, &answer, args.routing.json)?;
    let is_found = matches!(answer, RouteAnswer::Found(_));
    Ok(if is_found || args.routing.json { Exit::Ok } else { Exit::Failure })
}

fn run_pairs(args: &RouteArgs, path: &Path, out: &mut impl Write, notes: &mut impl Write) -> Result<Exit, Failure> {
    let failed = |source| Failure::Places { path: path.to_owned(), source };
    let file = PlaceFile::pairs(open(path).map_err(failed)?).map_err(failed)?;
    let mut router = router(&args.routing)?;
    let (mut found, mut asked) = (0_u64, 0_u64);
    for line in file {
        let line = line.map_err(failed)?;
        let answer = match line.places {
            Ok([from, to]) => route(&mut router, from, to),
            Err(error) => RouteAnswer::InvalidQuery { message: format!("line {}: {error}", line.line) },
        };
        asked += 1;
        found += u64::from(matches!(answer, RouteAnswer::Found(_)));
        tell_json(out, &PairAnswer { line: line.line, answer })?;
    }
    note(notes, format_args!("{found} ways found for {asked} pairs"));
    Ok(Exit::Ok)
}

fn run_table(args: &TableArgs, out: &mut impl Write, notes: &mut impl Write) -> Result<Exit, Failure> {
    let read = |path: &Path| {
        let places = open(path).and_then(read_places);
        places.map_err(|source| Failure::Places { path: path.to_owned(), source })
    };
    let (from, to) = match (&args.points, &args.from, &args.to) {
        (None, Some(from), Some(to)) => (read(from)?, Some(read(to)?)),
        (points, ..) => (read(points.as_ref().expect("the command line has points where it has no sides"))?, None),
    };
    let answer = table(&mut router(&args.routing)?, &from, to.as_ref().unwrap_or(&from))?;
    // Where both sides are the same places, each is said once.
    let others = if to.is_some() { &answer.to[..] } else { &[] };
    let off = answer.from.iter().chain(others).filter(|end| end.snapped.is_none()).count();
    if off > 0 {
        let radius = args.routing.radius.0;
        note(notes, format_args!("no road within {radius} m: {off} of the places"));
    }
    tell(out, &answer, args.routing.json)?;
    Ok(Exit::Ok)
}

/// Looks into a log.
fn run_log(command: &LogCommand, out: &mut impl Write) -> Result<Exit, Failure> {
    match command {
        LogCommand::Inspect(args) => tell(out, &inspect(args)?, args.json)?,
        LogCommand::Verify(args) => {
            let answer = verify(args)?;
            tell(out, &answer, args.json)?;
            return Ok(if answer.whole { Exit::Ok } else { Exit::Failure });
        }
        LogCommand::Tail(args) => tail(args, out)?,
        LogCommand::AsOf(args) => tell(out, &as_of(args)?, args.log.json)?,
        LogCommand::Replay(args) => tell(out, &replay(args)?, args.log.json)?,
    }
    Ok(Exit::Ok)
}

fn router(args: &RoutingArgs) -> Result<Router, Failure> {
    let network = open_network(&args.network)?.prepared()?;
    Ok(Router::new(Arc::new(network), args.radius))
}

fn open(path: &Path) -> Result<BufReader<File>, PlaceFileError> {
    Ok(BufReader::new(File::open(path)?))
}

/// Writes an answer, as a line of JSON or in words.
fn tell(out: &mut impl Write, answer: &(impl Serialize + Display), json: bool) -> Result<(), Failure> {
    if json { tell_json(out, answer) } else { Ok(writeln!(out, "{answer}").and_then(|()| out.flush())?) }
}

fn tell_json(out: &mut impl Write, answer: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(answer).map_err(std::io::Error::from)?;
    Ok(writeln!(out, "{text}").and_then(|()| out.flush())?)
}

/// Says something beside the answer. That nobody listens does not stop the answer.
pub(super) fn note(notes: &mut impl Write, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(notes, "{text}");
}
