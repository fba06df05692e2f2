//! The command line: what can be asked for, and what the answer means to a shell.
//!
//! [`Cli`] is read by clap; values that cannot be read are usage errors that name the value and what was expected.
//! What is left out comes from the scenario, and what it leaves out from its defaults. [`Exit`] is what the program
//! ends with.

mod arguments;
mod exit;
mod value;

pub use arguments::{Cli, Command, EvalCommand, EvalMatchingArgs, OutputArgs, ReplayArgs, RunArgs};
pub use exit::Exit;
pub use value::{Rate, Speed, ValueError, parse_duration};
