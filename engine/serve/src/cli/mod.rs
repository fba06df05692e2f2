//! The command line: what can be asked for, and what the answer means to a shell.
//!
//! [`Cli`] is read by clap; values that cannot be read are usage errors that name the value and its bound. [`Exit`] is
//! what the program ends with.

mod arguments;
mod directory;
mod exit;

pub use arguments::{Cli, Command, ImportArgs, MatchArgs, RouteArgs, RoutingArgs, TableArgs};
pub use directory::{
    AsOfArgs, Commit, EventForm, FollowArgs, IngestArgs, LogArgs, LogCommand, LogStart, ReplayArgs, TailArgs,
};
pub use exit::Exit;
