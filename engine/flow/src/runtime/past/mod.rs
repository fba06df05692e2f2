//! What an engine knew and told at some time.

mod error;
mod history;
mod places;
mod replay;

use std::sync::Arc;

use etaflow_road::{Coord, EdgeIndex, Network, Position, Route, Span, Timestamp};

pub use error::PastError;
pub use history::Promise;

use self::places::{Place, Places};
use self::replay::{Origin, Shadow};
use super::failure::EngineError;
use super::recovery::Unusable;
use super::restore::Restorer;
use crate::config::Config;
use crate::event::{Key, Offset};
use crate::log::LogFiles;
use crate::pipeline::{Executor, Outputs};
use crate::sequencer::Dictionary;
use crate::snapshot::SnapshotStore;
use crate::storage::Storage;
use crate::view::{Answer, Lag, Published, QueryError, TripEta, View};

/// A trip that ended is known for a minute after that was heard of, however far ahead its end was dated, and until the tick
/// that follows: who asks for it finds it if the replay has come past its end.
const ENDED_KEPT: Span = Span::from_secs(100);

/// An engine as it was at some time: what it had been told by then, and nothing after it.
///
/// It is made anew from the newest snapshot before that time and the records that follow, up to the last that had come in
/// by then. The directory is read and nothing more: an engine that runs there is not disturbed, in whatever process, and no
/// sink is called. What it takes is the time to replay the records between the two, at most as much as is between two
/// snapshots and a hundred seconds.
///
/// It answers as an engine does that is live: as one that has taken all there was then. Whether the one that ran then had is
/// not known.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow::road::SyntheticCity;
/// # use etaflow::*;
/// # let network = Arc::new(SyntheticCity { nodes: 200, ..SyntheticCity::default() }.build());
/// # let folder = std::env::temp_dir().join(format!("etaflow-past-{}", std::process::id()));
/// # let storage: Arc<dyn Storage> = Arc::new(DiskStorage::create(&folder)?);
/// # let begin = Timestamp::from_secs(1_751_353_200);
/// # let config = EngineConfig { time: Time::Scenario { start: begin }, ..EngineConfig::default() };
/// let engine = Engine::open(Arc::clone(&network), Arc::clone(&storage), &config)?;
/// let mut publisher = engine.publisher(Policy::Await);
/// let (mut app, trip) = (EventSource::new(Key::new("app")?, 0), Key::new("ride-1")?);
/// let at = |second| begin + Span::from_secs(second);
/// let (pickup, dropoff) = (network.coord(NodeId(7)), network.coord(NodeId(77)));
/// publisher.publish_blocking(app.requested(begin, trip.clone(), pickup, dropoff))?;
/// publisher.advance_to_blocking(at(10))?;
/// publisher.publish_blocking(app.cancelled(at(10), trip.clone()))?;
/// publisher.advance_to_blocking(at(20))?;
/// publisher.acknowledge_blocking()?;
///
/// let past = Past::open(&network, storage, &config.pipeline, at(5))?;
/// assert!(past.trip(&trip).is_some_and(|eta| eta.value.arrival.is_some()));
/// let past = engine.as_of(at(15))?;
/// assert_eq!(past.trip(&trip).map(|eta| eta.value.cause), Some(Cause::Cancelled));
/// let told = past.history(&trip)?;
/// assert_eq!(told.first().map(|promise| promise.cause), Some(Cause::Requested));
/// assert_eq!(told.last().map(|promise| promise.at), Some(at(10)));
/// # engine.shutdown_blocking()?;
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Past {
    time: Timestamp,
    end: Offset,
    view: View,
    places: Arc<Places>,
    dictionary: Arc<Dictionary>,
    shadow: Shadow,
    snapshot: Option<Offset>,
    passed_over: Vec<Unusable>,
    replayed: u64,
}

/// Where a driver was, as far as was known.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverPlace {
    /// Who.
    pub driver: Key,
    /// On which road, and how far along it.
    pub position: Position,
    /// The same place on the map.
    pub coord: Coord,
    /// When he was last seen. If that is some seconds before, he is taken to have gone on along the only way on.
    pub seen_at: Timestamp,
    /// How likely it is that he headed the way along the street that the position says: 0.5 to 1.
    pub direction_confidence: f32,
}

impl Past {
    /// What the engine whose directory is in `storage` knew at `time`: all that had come in by then. `config` is the
    /// engine's pipeline's; the number of shards may be another.
    ///
    /// With other settings, or another network, it is what such an engine would have known and told, and not what the one
    /// that ran then did; its snapshots are of no use then, which [`passed_over`](Self::passed_over) says, and everything is
    /// replayed.
    ///
    /// # Errors
    /// If `time` is before all that is kept or after the end of the log (both say what can be asked), a setting is out of
    /// its bounds, or the log is damaged or cannot be read.
    pub fn open(
        network: &Arc<Network>,
        storage: Arc<dyn Storage>,
        config: &Config,
        time: Timestamp,
    ) -> Result<Self, PastError> {
        Self::open_on(network, Arc::new(EdgeIndex::new(network)), storage, config, time)
    }

    /// As [`open`](Self::open), with the network's index.
    pub(super) fn open_on(
        network: &Arc<Network>,
        index: Arc<EdgeIndex>,
        storage: Arc<dyn Storage>,
        config: &Config,
        time: Timestamp,
    ) -> Result<Self, PastError> {
        let files = LogFiles::open(Arc::clone(&storage)).map_err(EngineError::Read)?;
        let store = SnapshotStore::new(Arc::clone(&storage), SnapshotStore::KEEP);
        let (network, config) = (Arc::clone(network), config.clone());
        let shadow = Shadow { network, index, config, storage, files, store };
        let end = shadow.end_at(time)?;
        let known_from = shadow.offset_after(time - ENDED_KEPT)?;
        let Origin { prepared, from, snapshot, passed_over } = shadow.origin((known_from, end), time)?;
        let dictionary = Arc::new(Dictionary::new());
        Restorer { storage: &shadow.storage, files: &shadow.files }.names(&dictionary, end)?;
        let first = Executor::first_epoch(&shadow.network, &shadow.config);
        let published = Arc::new(Published::new(&shadow.network, first, shadow.config.shards));
        let places = Arc::new(Places::new(Arc::clone(&published), end, dictionary.drivers()));
        let outputs = Outputs { observer: Some(Arc::clone(&places) as _), ..Outputs::default() };
        let replayed = shadow.replay(prepared, from..end, outputs, || false)?;
        let view = View::new(
            Arc::clone(&shadow.network),
            Arc::clone(&shadow.index),
            Arc::clone(&dictionary),
            published,
            shadow.config.eta.snap_radius,
            Lag::NONE,
        );
        Ok(Self { time, end, view, places, dictionary, shadow, snapshot, passed_over, replayed })
    }

    /// The time that was asked for.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The first record that had not come in by then.
    pub fn offset(&self) -> Offset {
        self.end
    }

    /// The time of the last tick by then, and the traffic epoch that was in force: the number of the tick up to which road
    /// speeds were in it.
    pub fn as_of(&self) -> (Timestamp, u64) {
        let answer = self.view.answer_nothing();
        (answer.as_of, answer.epoch)
    }

    /// All that can be asked of an engine.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What was known of a trip; `None` if it had not been heard of, or had ended more than a minute before.
    pub fn trip(&self, trip: &Key) -> Option<Answer<TripEta>> {
        self.view.trip(trip)
    }

    /// The fastest way from one place to another, as the roads were; `None` if no way led there.
    ///
    /// # Errors
    /// If no road is near one of them.
    pub fn route(&self, from: Coord, to: Coord) -> Result<Answer<Option<Route>>, QueryError> {
        self.view.route(from, to)
    }

    /// Where a driver was; `None` if he had not been heard of, or not for long.
    pub fn driver(&self, driver: &Key) -> Option<Answer<DriverPlace>> {
        let Place { position, seen_at, direction_confidence } = self.places.of(self.dictionary.driver(driver)?)?;
        let coord = self.shadow.network.coord_at(position.edge, position.offset_mm);
        let value = DriverPlace { driver: driver.clone(), position, coord, seen_at, direction_confidence };
        Some(self.view.answer_nothing().map(|()| value))
    }

    /// What was told of a trip up to then, in order: each arrival time that was news, and why. All of it is worked out
    /// anew, from before the trip was asked for.
    ///
    /// # Errors
    /// If there was no such trip by then, it was asked for before all that is kept, or the log is damaged or cannot be read.
    pub fn history(&self, trip: &Key) -> Result<Vec<Promise>, PastError> {
        history::history(&self.shadow, &self.dictionary, trip, (self.time, self.end))
    }

    /// The snapshot that it was made from; `None` if it was made from the first record on.
    pub fn snapshot(&self) -> Option<Offset> {
        self.snapshot
    }

    /// Snapshots that would have been nearer, and were of no use.
    pub fn passed_over(&self) -> &[Unusable] {
        &self.passed_over
    }

    /// How many records were replayed.
    pub fn replayed(&self) -> u64 {
        self.replayed
    }
}
