//! From fixes to movement: where each driver is on the road, and which edges have been driven how fast.

mod drive;
mod entities;
mod operator;

pub use operator::{Matching, Movement};
