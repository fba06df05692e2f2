use std::sync::{Arc, Mutex, PoisonError};

use etaflow_road::{Coord, EdgeId, EdgeIndex, INFINITY, Metres, Network, Query, Route, Seconds, Weight};

use super::answer::{Answer, Nearby, QueryError, TripEta};
use super::lag::Lag;
use super::published::{Current, Published};
use crate::event::{DriverId, Key, Offset};
use crate::sequencer::Dictionary;
use crate::traffic::EdgeSpeed;

/// How many drivers can be asked for at once.
const NEAREST_MAX: usize = 1_000;

/// How many searches are kept for the next who ask.
const QUERIES_MAX: usize = 16;

/// What is known now. Cheap to clone; any thread may ask.
#[derive(Clone)]
pub struct View {
    shared: Arc<Shared>,
}

/// What an answer rests on.
struct Rest {
    offset: Offset,
    current: Current,
    lag: Lag,
}

impl Rest {
    fn answer<T>(&self, value: T) -> Answer<T> {
        let Current { as_of, ref epoch } = self.current;
        Answer { value, as_of, epoch: epoch.number, state: self.lag.state, offset: self.offset, age: self.lag.behind }
    }
}

struct Shared {
    network: Arc<Network>,
    index: Arc<EdgeIndex>,
    dictionary: Arc<Dictionary>,
    published: Arc<Published>,
    snap_radius: Metres,
    queries: Mutex<Vec<Query>>,
    lag: Mutex<Lag>,
}

impl View {
    #[cfg_attr(not(feature = "runtime"), expect(dead_code, reason = "it is the runtime that makes views"))]
    pub(crate) fn new(
        network: Arc<Network>,
        index: Arc<EdgeIndex>,
        dictionary: Arc<Dictionary>,
        published: Arc<Published>,
        snap_radius: Metres,
        lag: Lag,
    ) -> Self {
        let (queries, lag) = (Mutex::default(), Mutex::new(lag));
        Self { shared: Arc::new(Shared { network, index, dictionary, published, snap_radius, queries, lag }) }
    }

    /// What is known of a trip; `None` if it was never heard of, or ended more than a minute ago.
    pub fn trip(&self, trip: &Key) -> Option<Answer<TripEta>> {
        let shared = &*self.shared;
        let rest = self.rest();
        let update = shared.published.trip(shared.dictionary.trip(trip)?)?;
        let value = TripEta {
            trip: trip.clone(),
            driver: update.driver.and_then(|driver| shared.dictionary.driver_key(driver)),
            pickup_at: update.pickup_at,
            arrival: update.arrival,
            cause: update.cause,
            as_of: update.as_of,
            fix_at: update.fix_at,
            direction_confidence: update.direction_confidence,
        };
        // It was made under its own epoch, which may be older than the one in force for a moment.
        Some(Answer { epoch: update.epoch, ..rest.answer(value) })
    }

    /// The `count` drivers who can take a trip and reach `at` soonest, with the time they take; soonest first. Those who
    /// take longer than `within` are left out.
    ///
    /// # Errors
    /// If no road is near, or more than 1,000 are asked for.
    pub fn nearest(&self, at: Coord, count: usize, within: Seconds) -> Result<Answer<Vec<Nearby>>, QueryError> {
        if count > NEAREST_MAX {
            return Err(QueryError::TooMany { asked: count, max: NEAREST_MAX });
        }
        let shared = &*self.shared;
        let radius = shared.snap_radius;
        let snap = shared.index.snap(&shared.network, at, radius);
        let snap = snap.ok_or(QueryError::NoRoad { lat: at.lat(), lon: at.lon(), radius })?;
        let rest = self.rest();
        let limit = (within.0.max(0.0) * 1e3).min(f64::from(INFINITY - 1)) as Weight;
        let mut query = self.query();
        let found: Vec<_> = {
            let available = shared.published.available.read().unwrap_or_else(PoisonError::into_inner);
            let metric = &rest.current.epoch.metric;
            let nearest = query.nearest(metric, &available.targets, snap.positions(), count, limit);
            nearest.into_iter().map(|(id, time)| (DriverId(id), time, available.seen(DriverId(id)))).collect()
        };
        self.put_back(query);
        let value = found
            .into_iter()
            .filter_map(|(driver, time, (seen_at, direction_confidence))| {
                let (driver, travel) = (shared.dictionary.driver_key(driver)?, Seconds(f64::from(time) / 1e3));
                Some(Nearby { driver, travel, seen_at, direction_confidence })
            })
            .collect();
        Ok(rest.answer(value))
    }

    /// The fastest way from one place to another, as the roads are now; `None` if no way leads there.
    ///
    /// # Errors
    /// If no road is near one of them.
    pub fn route(&self, from: Coord, to: Coord) -> Result<Answer<Option<Route>>, QueryError> {
        let shared = &*self.shared;
        let radius = shared.snap_radius;
        let pair = shared.index.snap_pair(&shared.network, from, to, radius);
        let Some((from, to)) = pair else {
            let off = |place| shared.index.snap(&shared.network, place, radius).is_none();
            let place = if off(from) { from } else { to };
            return Err(QueryError::NoRoad { lat: place.lat(), lon: place.lon(), radius });
        };
        let rest = self.rest();
        let mut query = self.query();
        let value = query.route(&rest.current.epoch.metric, from.positions(), to.positions());
        self.put_back(query);
        Ok(rest.answer(value))
    }

    /// The speed on an edge.
    ///
    /// # Panics
    /// If the network has no such edge.
    pub fn edge_speed(&self, edge: EdgeId) -> Answer<EdgeSpeed> {
        let rest = self.rest();
        let speed = EdgeSpeed::of(&self.shared.network, &rest.current.epoch.metric, edge);
        rest.answer(speed)
    }

    /// How fast the city moves: the time that all open edges take when nothing is in the way, over the time they take
    /// now. Linear in the number of edges.
    pub fn speed_ratio(&self) -> Answer<f64> {
        let rest = self.rest();
        let weights = rest.current.epoch.metric.weights().iter().zip(self.shared.network.free_flow_weights());
        let open = weights.filter(|&(&weight, _)| weight < INFINITY);
        let (now, free_flow) = open.fold((0_u64, 0_u64), |(now, free), (&weight, &free_flow)| {
            (now + u64::from(weight), free + u64::from(free_flow))
        });
        rest.answer(free_flow as f64 / now.max(1) as f64)
    }

    /// How far the engine is behind its log.
    pub fn lag(&self) -> Lag {
        *self.shared.lag.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many trips can be asked for: those under way and those that ended within the last minute.
    pub fn trips(&self) -> usize {
        self.shared.published.trips()
    }

    /// The road network.
    pub fn network(&self) -> &Arc<Network> {
        &self.shared.network
    }

    /// The index of the roads in space.
    pub fn index(&self) -> &Arc<EdgeIndex> {
        &self.shared.index
    }

    #[cfg_attr(not(feature = "runtime"), expect(dead_code, reason = "it is the runtime that makes views"))]
    pub(crate) fn set_lag(&self, lag: Lag) {
        *self.shared.lag.lock().unwrap_or_else(PoisonError::into_inner) = lag;
    }

    /// What an answer would rest on.
    #[cfg_attr(not(feature = "runtime"), expect(dead_code, reason = "it is the runtime that asks"))]
    pub(crate) fn answer_nothing(&self) -> Answer<()> {
        self.rest().answer(())
    }

    /// What an answer that is made from now on rests on, at least.
    fn rest(&self) -> Rest {
        // The offset first: what shards publish is there before they say so.
        let offset = self.shared.published.applied();
        Rest { offset, current: self.shared.published.current(), lag: self.lag() }
    }

    fn query(&self) -> Query {
        let kept = self.shared.queries.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Query::new(Arc::clone(&self.shared.network)))
    }

    fn put_back(&self, query: Query) {
        let mut queries = self.shared.queries.lock().unwrap_or_else(PoisonError::into_inner);
        if queries.len() < QUERIES_MAX {
            queries.push(query);
        }
    }
}
