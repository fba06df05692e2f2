//! A network that can be asked: what roads are near a place, the fastest ways between them, and how long they take; and a
//! part of a road as the input's ids name it.

mod input_ids;
mod router;
mod stretch;
mod waypoint;

pub(crate) use input_ids::InputIds;
pub use router::Router;
pub(crate) use stretch::Stretch;
pub use waypoint::Waypoint;
