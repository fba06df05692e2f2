//! A network that can be asked: what roads are near a place, the fastest ways between them, and how long they take.

mod router;
mod waypoint;

pub use router::Router;
pub use waypoint::Waypoint;
