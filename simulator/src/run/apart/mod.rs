//! A scenario whose engine is a process of its own: the world goes on being written into the log while it is dead.

mod child;
mod drive;
mod outages;
mod recovery;
mod report;
mod samples;

pub(super) use drive::run;
