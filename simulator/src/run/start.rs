use std::io::{ErrorKind, Write};

use super::failure::Failure;
use super::{apart, eval, replay, scenario};
use crate::cli::{Command, EvalCommand, Exit, OutputArgs};
use crate::report::{ProgressStyle, Report, make_folder};
use crate::scenario::EngineProcess;

/// What a run came to.
pub(super) struct Finished {
    pub(super) report: Report,
    /// What else there is to say, for people.
    pub(super) words: String,
    /// Whether a signal ended it before its time.
    pub(super) interrupted: bool,
}

/// Does what the command line says; tells the result on stdout, and how it goes on stderr.
///
/// # Errors
/// If it cannot be done. A bound that does not hold is no error but an [`Exit`].
pub fn start(command: &Command) -> Result<Exit, Failure> {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    match command {
        Command::Run(args) => {
            let (scenario, folder) = scenario::read(args)?;
            make_folder(&folder)?;
            let finished = match scenario.engine.process {
                EngineProcess::Shared => runtime()?.block_on(scenario::run(&scenario)),
                EngineProcess::Apart => runtime()?.block_on(apart::run(&scenario)),
            };
            finish(finished?, &args.output, &folder)
        }
        Command::Follow(args) => {
            etaflow_serve::follow(args, &mut std::io::stdout().lock())?;
            Ok(Exit::Ok)
        }
        Command::Replay(args) => {
            let folder = args.output.out.clone().unwrap_or_else(|| "target/runs/replay".into());
            make_folder(&folder)?;
            finish(runtime()?.block_on(replay::run(args))?, &args.output, &folder)
        }
        Command::Eval(EvalCommand::Matching(args)) => {
            make_folder(&args.out)?;
            tell(&mut std::io::stdout().lock(), &eval::matching(args)?)?;
            Ok(Exit::Ok)
        }
    }
}

fn finish(finished: Finished, output: &OutputArgs, folder: &std::path::Path) -> Result<Exit, Failure> {
    let Finished { report, words, interrupted } = finished;
    let files = report.write(folder)?;
    let text = if output.json {
        report.to_json()? + "\n"
    } else {
        let summary = report.summary.to_terminal(ProgressStyle::stdout_colours());
        format!("{summary}{words}\nreport: {}\n", files.page.display())
    };
    tell(&mut std::io::stdout().lock(), &text)?;
    Ok(match (interrupted, report.summary.is_held()) {
        (true, _) => Exit::Signal,
        (false, true) => Exit::Ok,
        (false, false) => Exit::BoundBreached,
    })
}

/// Writes the result. Who has stopped reading, as `head` does, has what he wanted, and the files are written.
fn tell(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        told => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where writing fails.
    struct Gone(ErrorKind);

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_leaves_is_no_failure_and_a_full_disk_is_one() {
        assert!(tell(&mut Gone(ErrorKind::BrokenPipe), "summary").is_ok());
        assert_eq!(tell(&mut Gone(ErrorKind::StorageFull), "summary").unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
