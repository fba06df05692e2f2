use super::failure::Failure;
use super::{replay, scenario};
use crate::cli::{Command, Exit, OutputArgs};
use crate::report::{ProgressStyle, Report};

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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        Command::Run(args) => {
            let (scenario, folder) = scenario::read(args)?;
            finish(runtime.block_on(scenario::run(&scenario))?, &args.output, &folder)
        }
        Command::Replay(args) => {
            let folder = args.output.out.clone().unwrap_or_else(|| "target/runs/replay".into());
            finish(runtime.block_on(replay::run(args))?, &args.output, &folder)
        }
    }
}

fn finish(finished: Finished, output: &OutputArgs, folder: &std::path::Path) -> Result<Exit, Failure> {
    let Finished { report, words, interrupted } = finished;
    let files = report.write(folder)?;
    if output.json {
        println!("{}", report.to_json()?);
    } else {
        print!("{}{words}", report.summary.to_terminal(ProgressStyle::stdout_colours()));
        println!("\nreport: {}", files.page.display());
    }
    Ok(match (interrupted, report.summary.is_held()) {
        (true, _) => Exit::Signal,
        (false, true) => Exit::Ok,
        (false, false) => Exit::BoundBreached,
    })
}
