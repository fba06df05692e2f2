//! Geometry on the globe, and in a local plane where metres are wanted.

mod coord;
mod frame;

pub use coord::{Coord, CoordError};
pub use frame::{LocalFrame, Projected, Xy};
