//! The integration tests, in one binary.

mod accounting;
mod architecture;
mod determinism;
mod load;
