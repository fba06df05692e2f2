//! The integration tests, in one binary.

mod accounting;
mod architecture;
mod bad_input;
mod determinism;
mod effects;
mod lag;
mod load;
mod matching;
mod past;
mod porto;
mod profile;
mod recovery;
mod reroute;
mod routing;
mod storage_faults;
