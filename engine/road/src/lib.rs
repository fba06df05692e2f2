//! Maps for etaflow: what a city's streets are, the fastest way through them, and which street a GPS fix was on.
//!
//! ```text
//! .osm.pbf, CSV, network file, seed -> Network -> Metric (travel times) -> Query (routes, who is nearest)
//!                                            `--> EdgeIndex (roads near a place) -> Matcher (fixes to roads)
//! ```
//!
//! The rooms, each of which uses only those above it:
//!
//! - `unit`, `id`: lengths, times and the numbers of things.
//! - `geo`: coordinates and local planes.
//! - `cch`: shortest paths in graphs whose weights change every second.
//! - `network`: the road network, its builder, and the two forms it is kept in: a binary file with a version and a
//!   checksum, and a directory of CSV files.
//! - `city`: networks of cities that never were, from a seed.
//! - `osm`: networks from OpenStreetMap extracts.
//! - `routing`: travel times, the fastest ways under them, and who is nearest.
//! - `index`: the edges in space: which roads are near a place.
//! - `matching`: which road a vehicle is on, fix by fix.
//! - `kubicka`: the tracks of a public benchmark of matching, with their networks and the truth.
//! - `open`: a network from whatever it is kept in.
//!
//! Everything here is synchronous, asks no clock, and does no I/O but reading and writing the map files it is given. The
//! same input gives the same answer; of several equally good ones, the same one each time.
//!
//! ```
//! use std::sync::Arc;
//!
//! use etaflow_road::{EdgeIndex, Metres, Metric, Query, SyntheticCity};
//!
//! // A real one: etaflow_road::open_network("city.osm.pbf".as_ref())?
//! let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
//! let index = EdgeIndex::new(&network);
//! let (low, high) = network.bounds().ok_or("it has no roads")?;
//! let (from, to) = index.snap_pair(&network, low, high, Metres(5_000.0)).ok_or("no road is near")?;
//!
//! let mut query = Query::new(Arc::clone(&network));
//! let route = query.route(&Metric::free_flow(&network), from.positions(), to.positions()).ok_or("no way")?;
//! println!("{} m in {} s", route.length_mm / 1_000, route.duration / 1_000);
//! # assert!(route.length_mm > 1_000_000 && route.duration > 60_000);
//! # Ok::<(), &str>(())
//! ```

mod cch;
mod city;
mod geo;
mod id;
mod index;
mod kubicka;
mod matching;
mod network;
mod open;
mod osm;
mod routing;
mod unit;

pub use cch::{
    CustomizeError, Customized, Customizer, Graph, GraphError, Hierarchy, HierarchyError, NodeSet, Order, OrderError,
    Search,
};
pub use city::SyntheticCity;
pub use geo::{Coord, CoordError, LocalFrame, Projected, Xy};
pub use id::{EdgeId, NodeId};
pub use index::{Candidate, EdgeIndex, Snap};
pub use kubicka::{KubickaError, KubickaTrack, is_kubicka, read_track_rows};
pub use matching::{
    BreakCounts, BreakReason, Committed, CommittedFix, CommittedFixes, Fix, HoldCounts, HoldReason, Joint, Match,
    Matcher, MatcherConfig, MatcherConfigError, Outcome, RejectCounts, RejectReason, Revision, Sampling, Step, Trace,
    TraceError,
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
pub use routing::{Dijkstra, Metric, MetricCustomizer, MetricError, Position, Query, Route, Targets};
pub use unit::{INFINITY, Metres, MetresPerSecond, Seconds, Span, Timestamp, Weight};
