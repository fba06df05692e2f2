use std::sync::Arc;
use std::thread::ScopedJoinHandle;

use etaflow_road::{EdgeIndex, MatcherConfigError, Network};

use super::collective::Collective;
use super::counts::Counts;
use super::exchange::{EPOCHS, Exchange};
use super::merge::Chain;
use super::observer::{Observer, Restored};
use super::shard::{Effects, Shard};
use crate::bytes::BytesError;
use crate::config::{Config, PipelineConfigError};
use crate::eta::{Epoch, Estimator};
use crate::event::Offset;
use crate::fleet::Fleet;
use crate::matching::Matching;
use crate::snapshot::{Fingerprint, Image};
use crate::stream::{Entities, StateError, Tick};
use crate::trip::Trips;

/// What else there is in a snapshot than the entities of shards.
pub(super) mod kind {
    /// What has become of the records of all shards.
    pub(in crate::pipeline) const COUNTS: u8 = b'N';
    /// What stands for all outputs.
    pub(in crate::pipeline) const OUTPUTS: u8 = b'O';
    /// The travel times.
    pub(in crate::pipeline) const TRAFFIC: u8 = b'T';
    /// How far off their sums are.
    pub(in crate::pipeline) const CALIBRATION: u8 = b'C';
    /// The epochs by the number of the tick from which on each is in force.
    pub(in crate::pipeline) const EPOCH: u8 = b'E';
}

/// No log has as many ticks: one each microsecond for 100,000 years.
const TICKS_MAX: u64 = 1 << 62;

/// Where an [`Executor`](crate::Executor) starts.
///
/// ```
/// # use std::sync::{Arc, mpsc::sync_channel};
/// # use etaflow::{Config, Executor, Log, MemoryLog, MemoryLogConfig, Offset, Outputs, Payload, Record, Timestamp};
/// # use etaflow_road::SyntheticCity;
/// # let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
/// # let log = Arc::new(MemoryLog::new(&MemoryLogConfig::default()));
/// # let tick = |number: u64| {
/// #     let (time, source) = (Timestamp::from_secs(number as i64), Record::TICKER);
/// #     let payload = Payload::Tick { watermark: time };
/// #     Record { offset: Offset(number), time, ingest_time: time, waited_us: 0, source, id: number, payload }
/// # };
/// let config = Config::default();
/// let (send, snapshots) = sync_channel(1);
/// let outputs = Outputs { snapshots: Some(Box::new(move |cut| _ = send.send(cut.image))), ..Outputs::default() };
/// let executor = Executor::start(network.clone(), &config, log.clone(), Offset(0).into(), outputs)?;
/// executor.handle().request_snapshot();
/// log.append(&[tick(0), tick(1)], &[])?;
/// let image = snapshots.recv()?;
/// log.close();
/// let report = executor.join()?;
///
/// // Once more, from there and with more threads: it comes to the same.
/// let config = Config { shards: 2, ..config };
/// let executor = Executor::start(network, &config, log, (&image).into(), Outputs::default())?;
/// assert_eq!(executor.join()?, report);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// At a record, with nothing known of those before.
    Offset(Offset),
    /// After a snapshot, with all that is known then.
    Image(&'a Image),
}

impl From<Offset> for Start<'_> {
    fn from(offset: Offset) -> Self {
        Self::Offset(offset)
    }
}

impl<'a> From<&'a Image> for Start<'a> {
    fn from(image: &'a Image) -> Self {
        Self::Image(image)
    }
}

/// Why an [`Executor`](crate::Executor) has not started.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is out of its bounds.
    #[error(transparent)]
    Config(#[from] PipelineConfigError),
    /// The snapshot cannot be gone on from. An older one, or the log from its beginning, may be.
    #[error("the snapshot at offset {offset} is of no use here: {why}")]
    Snapshot {
        /// Its offset.
        offset: u64,
        /// What is wrong with it.
        why: RestoreError,
    },
}

/// Why a snapshot cannot be gone on from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It is of another network, or was made with other settings.
    #[error("it was made with {0}")]
    Foreign(String),
    /// Something in it is not what was written.
    #[error(transparent)]
    Entity(#[from] StateError),
    /// Something in it is not where it should be.
    #[error(transparent)]
    Part(#[from] BytesError),
    /// It has too little or too much of something.
    #[error("it has {found} of {what}, not {expected}")]
    Amount {
        /// What.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// It is said to be of a tick that there was not.
    #[error("it is of tick {number} before offset {offset}, which no log has")]
    Tick {
        /// The tick's number.
        number: u64,
        /// The snapshot's offset.
        offset: u64,
    },
    /// It has something that nobody knows.
    #[error("it has a part of kind {0}, which nobody knows")]
    Kind(u8),
}

/// All that an executor starts with.
pub(super) struct Beginning {
    pub(super) offset: Offset,
    pub(super) index: Arc<EdgeIndex>,
    pub(super) shards: Vec<Shard>,
    pub(super) collective: Collective,
    pub(super) exchange: Exchange,
    /// In force from the tick before the first on, if there was one, and those that follow.
    pub(super) epochs: [Arc<Epoch>; EPOCHS],
    pub(super) chain: Chain,
    /// The tick of the snapshot.
    tick: Option<Tick>,
}

impl Beginning {
    /// At `from`.
    pub(super) fn at(
        network: &Arc<Network>,
        index: Arc<EdgeIndex>,
        config: &Config,
        from: Start<'_>,
    ) -> Result<Self, StartError> {
        config.validate()?;
        match from {
            Start::Offset(offset) => Self::unknowing(network, index, config, offset).map_err(StartError::from),
            Start::Image(image) => Self::restored(network, index, config, image)
                .map_err(|why| StartError::Snapshot { offset: image.offset.0, why }),
        }
    }

    fn unknowing(
        network: &Arc<Network>,
        index: Arc<EdgeIndex>,
        config: &Config,
        offset: Offset,
    ) -> Result<Self, PipelineConfigError> {
        let collective = Collective::new(Arc::clone(network), config);
        let first = Arc::new(collective.first_epoch());
        let shards = (0..config.shards).map(|shard| Shard::new(network, &index, config, Arc::clone(&first), shard));
        let shards = shards.collect::<Result<_, MatcherConfigError>>()?;
        let exchange = Exchange::new(Arc::clone(&first), config.shards as usize);
        let epochs = std::array::from_fn(|_| Arc::clone(&first));
        Ok(Self { offset, index, shards, collective, exchange, epochs, chain: Chain::default(), tick: None })
    }

    fn restored(
        network: &Arc<Network>,
        index: Arc<EdgeIndex>,
        config: &Config,
        image: &Image,
    ) -> Result<Self, RestoreError> {
        if let Some(difference) = image.fingerprint.difference(&Fingerprint::of(network, config)) {
            return Err(RestoreError::Foreign(difference));
        }
        check(image)?;
        let (collective, epochs) = Collective::restored(network, config, image)?;
        let restore = |shard| Shard::restored(network, &index, config, &epochs[0], shard, image);
        let mut shards = std::thread::scope(|scope| {
            let restore = &restore;
            let threads: Vec<_> = (0..config.shards).map(|shard| scope.spawn(move || restore(shard))).collect();
            threads.into_iter().map(joined).collect::<Result<Vec<_>, _>>()
        })?;
        shards[0].counts = Counts::decode(only(image, kind::COUNTS, "the counts")?)?;
        let chain = Chain::decode(only(image, kind::OUTPUTS, "the outputs' digest")?)?;
        let exchange = Exchange::going_on(image.tick.number, &epochs, config.shards as usize);
        Ok(Self { offset: image.offset, index, shards, collective, exchange, epochs, chain, tick: Some(image.tick) })
    }

    /// Shows an observer what was restored.
    pub(super) fn show(&self, observer: &dyn Observer) {
        let Some(tick) = self.tick else { return };
        std::thread::scope(|scope| {
            for (number, shard) in (0..).zip(&self.shards) {
                scope.spawn(move || {
                    let (offset, epoch, effects) = (self.offset, &self.epochs[0], shard.restate(&tick));
                    let restored = Restored { shard: number, state: shard, offset, effects: &effects, epoch, tick };
                    observer.on_restored(&restored);
                });
            }
        });
    }
}

impl Shard {
    /// A shard with its share of the entities of a snapshot, whatever the number of shards was when it was made.
    fn restored(
        network: &Arc<Network>,
        index: &Arc<EdgeIndex>,
        config: &Config,
        epoch: &Arc<Epoch>,
        number: u32,
        image: &Image,
    ) -> Result<Self, RestoreError> {
        let shard = Self::new(network, index, config, Arc::clone(epoch), number);
        let mut shard = shard.expect("the configuration is valid");
        take_in(shard.matching.operator_mut(), image)?;
        take_in(shard.fleet.operator_mut(), image)?;
        take_in(shard.trips.operator_mut(), image)?;
        take_in(shard.eta.operator_mut(), image)?;
        shard.eta.operator_mut().resume_after(&image.tick, Offset(image.offset.0 - 1));
        Ok(shard)
    }

    /// What a view has to know of its trips and drivers, said again after the tick at which it was restored.
    fn restate(&self, tick: &Tick) -> Effects {
        let arrivals = self.eta.operator().restate(tick).into_iter().map(|told| told.update).collect();
        let fleet = self.fleet.operator().available().collect();
        Effects { outputs: Vec::new(), arrivals, fleet }
    }
}

/// Takes in those entities of a kind that are this shard's.
fn take_in<E: Entities>(state: &mut E, image: &Image) -> Result<(), RestoreError> {
    for entity in image.entities(E::KIND) {
        let (number, bytes) = entity?;
        if state.takes(number, bytes) {
            state.decode_entity(number, bytes)?;
        }
    }
    Ok(())
}

/// The bytes of what there is once in a snapshot.
pub(super) fn only<'a>(image: &'a Image, kind: u8, what: &'static str) -> Result<&'a [u8], RestoreError> {
    let all: Vec<_> = image.entities(kind).collect::<Result<_, _>>()?;
    match all[..] {
        [(_, bytes)] => Ok(bytes),
        _ => Err(RestoreError::Amount { what, found: all.len(), expected: 1 }),
    }
}

fn check(image: &Image) -> Result<(), RestoreError> {
    if image.tick.number > TICKS_MAX || image.offset.0 == 0 {
        return Err(RestoreError::Tick { number: image.tick.number, offset: image.offset.0 });
    }
    let entities = [Matching::KIND, Fleet::KIND, Estimator::KIND, Trips::KIND];
    let others = [kind::COUNTS, kind::OUTPUTS, kind::TRAFFIC, kind::CALIBRATION, kind::EPOCH];
    let unknown = image.parts.iter().find(|part| !entities.contains(&part.kind) && !others.contains(&part.kind));
    unknown.map_or(Ok(()), |part| Err(RestoreError::Kind(part.kind)))
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
