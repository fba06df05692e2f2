//! What goes wrong between the phones and the engine: events that come late, out of order, twice, never, with a wrong
//! clock, from the wrong place, all at once, or make no sense.
//!
//! Everything that is done is counted, so that an engine's accounts can be held against it.

#[cfg(test)]
mod accounts_tests;
mod config;
mod delivery;
mod garbage;
mod injector;
#[cfg(test)]
mod injector_tests;

pub use config::{Burst, ClockSkew, FaultConfig, Garbage, Jump, Late, Lost, OutOfOrder, Tunnel, Twice};
pub use delivery::{Delivery, Offered};
pub use garbage::GarbageKind;
pub use injector::{FaultCounts, FaultInjector};
