use std::fmt;
use std::sync::Arc;

use etaflow::{
    Answer, Arrival, Cause, DriverPlace, EngineConfig, Key, LogFiles, Past, PastError, Payload, Promise, Route,
    Storage, Timestamp, TripEta, Unusable,
};
use etaflow_road::{Coord, Network};
use serde::Serialize;

use super::error::DirectoryError;
use super::moment::moment;
use crate::cli::AsOfArgs;
use crate::place::LonLat;

/// What was known of a trip at some time, and what had been told: the answer of `etaflow log as-of`. Times are in seconds
/// since 1970.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AsOf {
    /// Of which trip.
    pub trip: String,
    /// The time that was asked for.
    pub unix_s: f64,
    /// The first record that had not come in by then.
    pub offset: u64,
    /// The last tick by then.
    pub as_of_unix_s: f64,
    /// The traffic epoch that was in force.
    pub epoch: u64,
    /// Its arrival time; null if it had ended more than a minute before.
    pub eta: Option<TripNow>,
    /// Where its driver was; null if it had none, or nobody knew.
    pub driver: Option<DriverNow>,
    /// The fastest way that was still to be driven, as the roads were: from the driver to the pickup and, once the rider is
    /// on board, to the dropoff; without a driver from the one to the other. Null if it was over, no way led
    /// there, or what was told is not kept any more.
    pub route: Option<WayNow>,
    /// What had been told, in order; null if the records that it follows from are not all kept any more.
    pub told: Option<Vec<PromiseLine>>,
    /// The snapshot that all this was worked out from; null if it was from the first record on.
    pub snapshot: Option<u64>,
    /// Snapshots that would have been nearer, and why they were of no use. If they were made with other settings, the engine
    /// that ran then may have known and told something else than is said here.
    pub passed_over: Vec<String>,
    /// From so many records.
    pub replayed: u64,
}

/// A trip's arrival time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TripNow {
    /// Why it was told last.
    pub cause: &'static str,
    /// The moment of which it speaks.
    pub as_of_unix_s: f64,
    /// When the driver would be at the pickup, as long as he was on his way there.
    pub pickup_unix_s: Option<f64>,
    /// When the rider would be at the dropoff: one time in ten before the first, one in two before the second, nine in ten
    /// before the third.
    pub arrival_unix_s: Option<[f64; 3]>,
}

/// Where a driver was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriverNow {
    /// Who.
    pub driver: String,
    /// Where.
    pub place: LonLat,
    /// When he was last seen.
    pub seen_unix_s: f64,
}

/// A way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WayNow {
    /// How long it is.
    pub distance_m: f64,
    /// How long it takes.
    pub duration_s: f64,
    /// The junctions that it passes, by the ids of the map.
    pub nodes: Vec<i64>,
}

/// An arrival time that was told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromiseLine {
    /// When.
    pub unix_s: f64,
    /// The record that caused it.
    pub offset: u64,
    /// Who drove the trip.
    pub driver: Option<String>,
    /// What was told.
    #[serde(flatten)]
    pub eta: TripNow,
}

/// Works out what was known of a trip, by an engine with the settings of `etaflow follow`: of one with others this is not
/// what it told.
///
/// # Errors
/// If the trip had not been heard of, or the time is none that is kept; if the log cannot be read.
pub(super) fn as_of(args: &AsOfArgs, network: Arc<Network>, storage: Arc<dyn Storage>) -> Result<AsOf, DirectoryError> {
    let trip = Key::new(&args.trip).map_err(|source| DirectoryError::Trip { name: args.trip.clone(), source })?;
    let files = LogFiles::open(Arc::clone(&storage))?;
    let past = Past::open(&network, storage, &EngineConfig::default().pipeline, args.time)?;
    let told = match past.history(&trip) {
        Err(PastError::TripBefore { .. }) => None,
        told => Some(told?),
    };
    let eta = past.trip(&trip).map(|answer| answer.value);
    let driver = eta.as_ref().and_then(|eta| past.driver(eta.driver.as_ref()?)).map(|answer| answer.value);
    let route = match (&eta, told.as_ref().and_then(|told| told.first())) {
        (Some(eta), Some(first)) => way(&past, &files, eta, driver.as_ref(), first)?,
        _ => None,
    };
    let (as_of, epoch) = past.as_of();
    Ok(AsOf {
        trip: trip.to_string(),
        unix_s: args.time.secs_f64(),
        offset: past.offset().0,
        as_of_unix_s: as_of.secs_f64(),
        epoch,
        eta: eta.as_ref().map(TripNow::of),
        driver: driver.map(|place| DriverNow {
            driver: place.driver.to_string(),
            place: LonLat(place.coord),
            seen_unix_s: place.seen_at.secs_f64(),
        }),
        route: route.map(|route| WayNow::of(&route, &network)),
        told: told.map(|told| told.iter().map(PromiseLine::of).collect()),
        snapshot: past.snapshot().map(|offset| offset.0),
        passed_over: past.passed_over().iter().map(Unusable::to_string).collect(),
        replayed: past.replayed(),
    })
}

/// What was still to be driven.
fn way(
    past: &Past,
    files: &LogFiles,
    eta: &TripEta,
    driver: Option<&DriverPlace>,
    first: &Promise,
) -> Result<Option<Route>, DirectoryError> {
    // What it told first, it told of the record that asked for it.
    let Some((pickup, dropoff)) = places(files, first)? else { return Ok(None) };
    let (from, to) = match (eta.cause, driver) {
        (Cause::Completed | Cause::Cancelled, _) => return Ok(None),
        (_, Some(driver)) if eta.pickup_at.is_some() => (driver.coord, pickup),
        (_, Some(driver)) => (driver.coord, dropoff),
        (_, None) => (pickup, dropoff),
    };
    // That no road is near says as much as that no way leads there.
    Ok(past.route(from, to).ok().and_then(|Answer { value, .. }| value))
}

/// Where a trip was to begin and to end.
fn places(files: &LogFiles, first: &Promise) -> Result<Option<(Coord, Coord)>, DirectoryError> {
    let Some(entries) = files.reader(first.offset)?.next()? else { return Ok(None) };
    let record = entries.records.iter().find(|record| record.offset == first.offset);
    Ok(record.and_then(|record| match record.payload {
        Payload::Requested { pickup, dropoff, .. } => Some((pickup, dropoff)),
        _ => None,
    }))
}

impl TripNow {
    fn of(eta: &TripEta) -> Self {
        Self::new(eta.cause.name(), eta.as_of, eta.pickup_at, eta.arrival)
    }

    fn new(cause: &'static str, as_of: Timestamp, pickup_at: Option<Timestamp>, arrival: Option<Arrival>) -> Self {
        Self {
            cause,
            as_of_unix_s: as_of.secs_f64(),
            pickup_unix_s: pickup_at.map(Timestamp::secs_f64),
            arrival_unix_s: arrival.map(|Arrival { p10, p50, p90 }| [p10, p50, p90].map(Timestamp::secs_f64)),
        }
    }
}

impl WayNow {
    fn of(route: &Route, network: &Network) -> Self {
        let heads = route.edges.iter().rev().skip(1).rev().map(|&edge| network.node_key(network.head(edge)));
        Self {
            distance_m: route.length_mm as f64 / 1e3,
            duration_s: f64::from(route.duration) / 1e3,
            nodes: heads.collect(),
        }
    }
}

impl PromiseLine {
    fn of(promise: &Promise) -> Self {
        Self {
            unix_s: promise.at.secs_f64(),
            offset: promise.offset.0,
            driver: promise.driver.as_ref().map(Key::to_string),
            eta: TripNow::new(promise.cause.name(), promise.as_of, promise.pickup_at, promise.arrival),
        }
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trip, unix_s, offset, epoch, eta, driver, route, told, passed_over, .. } = self;
        writeln!(f, "trip {trip} at {}: offset {offset}, traffic epoch {epoch}", moment(*unix_s))?;
        for why in passed_over {
            writeln!(f, "passed over {why}")?;
        }
        match eta {
            Some(eta) => writeln!(f, "{eta}")?,
            None => writeln!(f, "it was over")?,
        }
        if let Some(DriverNow { driver, place, seen_unix_s }) = driver {
            writeln!(f, "driver {driver} at {place}, last seen {}", moment(*seen_unix_s))?;
        }
        if let Some(WayNow { distance_m, duration_s, .. }) = route {
            writeln!(f, "still to be driven: {distance_m:.0} m in {duration_s:.0} s")?;
        }
        let Some(told) = told else { return write!(f, "what was told is not kept any more") };
        write!(f, "told {} times", told.len())?;
        for PromiseLine { unix_s, offset, eta, .. } in told {
            write!(f, "\n{} (offset {offset}): {eta}", moment(*unix_s))?;
        }
        Ok(())
    }
}

impl fmt::Display for TripNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cause)?;
        if let Some(pickup) = self.pickup_unix_s {
            write!(f, ", pickup {}", moment(pickup))?;
        }
        match self.arrival_unix_s {
            Some([p10, p50, p90]) => write!(f, ", arrival {} ({} to {})", moment(p50), moment(p10), moment(p90)),
            None => write!(f, ", no arrival"),
        }
    }
}
