//! Does what the command line says: answers on stdout, everything else on stderr.

mod failure;
mod match_trace;
mod start;

pub use failure::Failure;
pub use start::start;
