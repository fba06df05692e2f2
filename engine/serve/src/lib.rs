//! What etaflow answers to people and programs: networks imported, ways and tables of travel times asked for, and
//! traces put on the roads.
//!
//! The rooms, each of which uses only those above it:
//!
//! - `place`: longitude and latitude, from the command line and from CSV files.
//! - `wording`: travel times and lengths as people say them.
//! - `roads`: a network that can be asked: roads near a place, fastest ways, travel times.
//! - `route`: the answer to "how do I get there", with all that is needed to check it on any map.
//! - `table`: the travel times from many places to many.
//! - `trace`: a vehicle's fixes from CSV, GPX, or the rows of a benchmark.
//! - `matching`: a trace put on the roads, fix by fix and as a whole.
//! - `import`: a network written down as a file that is read at once.
//! - `cli`: the command line.
//! - `directory`: an engine's directory: events taken in, the log followed and looked into.
//! - `run`: does what the command line says.
//!
//! Answers are values that serde writes as JSON and `Display` as lines for people; the program `etaflow` only prints
//! them. Longitude comes first everywhere, as in GeoJSON.
//!
//! ```
//! use std::sync::Arc;
//!
//! use etaflow_road::{Coord, Metres, SyntheticCity};
//! use etaflow_serve::{RouteAnswer, Router, route};
//!
//! let city = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
//! let (low, high) = city.bounds().ok_or("it has no roads")?;
//! let mut router = Router::new(city, Metres(5_000.0));
//! let RouteAnswer::Found(way) = route(&mut router, low, high) else { return Err("no way".into()) };
//! assert!(way.distance_m > 1_000.0 && way.geometry.len() > 10);
//!
//! let at_sea = route(&mut router, Coord::from_degrees(0.0, 0.0)?, high);
//! assert!(serde_json::to_string(&at_sea)?.starts_with(r#"{"code":"NoSegment""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cli;
mod directory;
mod import;
mod matching;
mod place;
mod roads;
mod route;
mod run;
mod table;
mod trace;
mod wording;

pub use cli::{
    AsOfArgs, Cli, Command, Commit, EventForm, Exit, FollowArgs, ImportArgs, IngestArgs, LogArgs, LogCommand, LogStart,
    MatchArgs, ReplayArgs, RouteArgs, RoutingArgs, TableArgs, TailArgs,
};
pub use directory::{
    Acknowledged, AsOf, Checkpoint, DirectoryError, DriverNow, Ended, FindingLine, Group, Harm, Inspection,
    LINE_BYTES_MAX, Learned, PromiseLine, RecordLine, Said, Segment, Snapshot, Status, TripNow, Verification, WayNow,
    as_of, follow, ingest, inspect, replay, tail, verify,
};
pub use import::{ImportError, Imported, import};
pub use matching::{
    ArcPlace, FixLine, LAG_MAX, MatchLine, MatchSettings, Now, Part, RoadPlace, RouteLine, Verdict, match_trace,
};
pub use place::{LonLat, PlaceError, PlaceFile, PlaceFileError, PlaceLine, parse_place, read_places};
pub use roads::{Router, Waypoint};
pub use route::{PairAnswer, RouteAnswer, Street, Way, route};
pub use run::{Failure, start};
pub use table::{CELLS_MAX, TableAnswer, TableError, table};
pub use trace::{GPX_BYTES_MAX, TRACE_BYTES_MAX, TraceFileError, parse_trace, read_trace};
