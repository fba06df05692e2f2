use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use etaflow_road::open_network;

use super::failure::Failure;
use super::start::note;
use crate::cli::{Exit, MatchArgs};
use crate::matching::{MatchLine, MatchSettings, RouteLine, match_trace};
use crate::trace::read_trace;

/// Reads everything before the answer's file is made, so that a line that is wrong leaves an older answer as it was.
pub(super) fn run_match(args: &MatchArgs, out: &mut impl Write, notes: &mut impl Write) -> Result<Exit, Failure> {
    keep_inputs(args)?;
    let fixes = read_trace(&args.trace).map_err(|source| Failure::Trace { path: args.trace.clone(), source })?;
    let network = Arc::new(open_network(&args.network)?);
    let settings = MatchSettings { lag: args.lag, sampling: args.sampling };
    let follow = |out: &mut dyn Write| -> Result<RouteLine, Failure> {
        let mut out = BufWriter::new(out);
        let route = match_trace(&network, &fixes, &settings, |line| tell(&mut out, line))?;
        out.flush()?;
        Ok(route)
    };
    let route = if args.out.as_os_str() == "-" {
        follow(out)?
    } else {
        let failed = |source| Failure::WriteFile { path: args.out.clone(), source };
        let mut file = File::create(&args.out).map_err(failed)?;
        follow(&mut file).map_err(|failure| match failure {
            Failure::Write(source) => failed(source),
            other => other,
        })?
    };
    note(notes, format_args!("{route}"));
    Ok(Exit::Ok)
}

/// An answer's file that is one of the inputs, by whatever path, is an error.
fn keep_inputs(args: &MatchArgs) -> Result<(), Failure> {
    // What is no file, as a terminal, keeps what is read from it. That stdout is called - here is no file's name.
    if args.out.as_os_str() == "-" || !args.out.is_file() {
        return Ok(());
    }
    let is_out = |input: &Path| match (args.out.canonicalize(), input.canonicalize()) {
        // A network can be a directory, and what is in there a part of it.
        (Ok(out), Ok(input)) => out == input || input.is_dir() && out.parent() == Some(&input),
        // Who cannot be found is said when it is read or written.
        _ => false,
    };
    for (option, input) in [("--trace", &args.trace), ("--network", &args.network)] {
        if is_out(input) {
            return Err(Failure::SameFile { out: args.out.clone(), option, input: input.clone() });
        }
    }
    Ok(())
}

fn tell(out: &mut impl Write, line: MatchLine<'_>) -> Result<(), Failure> {
    serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}
