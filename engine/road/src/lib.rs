//! Maps for etaflow: what a city's streets are, the fastest way through them, and which street a GPS fix was on.
//!
//! The rooms, each of which uses only those above it:
//!
//! - `unit`, `id`: lengths, times and the numbers of things.
//! - `geo`: coordinates and local planes.
//! - `network`: the road network and its builder.
//! - `city`: networks of cities that never were.
//! - `routing`: travel times, the fastest ways under them, and who is nearest.
//! - `index`: the edges in space: which roads are near a place.
//! - `matching`: which road a vehicle is on, fix by fix.
//! - `osm`: OpenStreetMap extracts.
//! - `open`: a network from whatever it is kept in.
//!
//! Everything here is synchronous and does no I/O beyond reading the map files it is given.

mod city;
mod geo;
mod id;
mod index;
mod matching;
mod network;
mod open;
mod osm;
mod routing;
mod unit;

pub use city::SyntheticCity;
pub use geo::{Coord, CoordError, LocalFrame, Projected, Xy};
pub use id::{EdgeId, NodeId};
pub use index::{Candidate, EdgeIndex, Snap};
pub use matching::{
    BreakReason, Committed, Fix, HoldReason, Match, Matcher, MatcherConfig, MatcherConfigError, Outcome, RejectReason,
    Step, Trace, TraceError,
};
pub use network::{
    BuilderEdge, BuilderNode, CsvError, EdgeFlags, Network, NetworkBuilder, NetworkError, NetworkFileError, NewEdge,
    RoadClass, ShapePoint, TurnModel,
};
pub use open::{OpenError, open_network};
pub use osm::{
    ClassSpeed, Delays, Import, ImportReport, InvalidTags, OsmError, Profile, RestrictionReport, import_pbf,
    import_pbf_from, import_pbf_with,
};
pub use routing::{Metric, MetricError, Position, Query, Route, Targets};
pub use unit::{INFINITY, Metres, MetresPerSecond, Seconds, Span, Timestamp, Weight};
