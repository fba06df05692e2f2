//! Matching the fixes of a fleet to roads, on one core, and finding the roads near a fix, beside an R-tree.
//!
//! The vehicles drive through the network of the request, or have sent what real ones sent. Their fixes come in the
//! order of time, so that each is of another vehicle than the one before.

mod drive;
mod fleet;
mod group;
mod near;
mod replay;
mod source;

pub use fleet::{FIXES_EACH, Fleet, VEHICLES};
pub use group::{SETTINGS, rows};
pub use near::{NEAREST, RADIUS, Tree, check_near};
pub use replay::{Replay, Shares, clock_nanos};
