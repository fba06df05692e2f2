//! Effects: what an engine does to the outside, and does once, whatever crashes.
//!
//! State is a fold over the log, so applying a record twice changes nothing. A message to a rider is not: it is sent or it
//! is not. An [`Effect`] is what the pipeline tells of a trip, on its way to a [`Sink`] that an embedder has written.
//!
//! What a sink can rely on is said at [`Sink`].

mod backlog;
mod config;
mod courier;
mod deliverer;
mod id;
mod journal;
mod lane;
mod line;
mod lost;
mod mailbox;
mod outbox;
mod report;

pub use config::DeliveryConfig;
pub use deliverer::{Deliverer, DeliverySetup, LogEnd};
pub use id::{Effect, EffectId};
pub use journal::{JournalError, JournalSink};
pub use report::{DeliveryError, SinkReport};

/// Takes effects to the outside.
///
/// It is called on a thread of its own, by one caller at a time, and may block; when it has to be given up at a shutdown,
/// it is left to itself.
///
/// # The order, and the ids
/// A sink is given effects in the order of their [`EffectId`]: by the record that caused them, and of one record by trip.
/// Ids are a function of the log, so they are the same in every replay, after every restart, and for any number of shards.
/// The ids that a sink is given grow from one to the next; only what it failed to take is given to it again.
///
/// # When
/// An effect waits until its record is durable: nothing is done that the log could forget. It also waits while the engine
/// recovers and catches up; and then, as when the sink is slow or out, what waits is conflated: of each trip the newest
/// effect alone, still in the order of ids. So the end of a trip, after which nothing comes, is never conflated away. A
/// sink holds up nobody: not the engine, and not the other sinks.
///
/// # How often
/// A sink takes some effects, and that they are taken is written down: two steps, and the power can go between them. No
/// protocol helps, unless both are one: whoever sends a message and whoever remembers that it was sent are two, and the
/// one cannot know what became of the other. So there are three honest promises, of which a sink chooses one
/// ([`Guarantee`]):
///
/// | | how | the promise |
/// |---|---|---|
/// | [`ExactlyOnce`](Guarantee::ExactlyOnce) | the sink itself stores the id of what it took last, in one transaction with what it does | no effect is taken twice, and none of a trip's newest is missing |
/// | [`AtMostOnce`](Guarantee::AtMostOnce) | the mark is made durable, then the sink is called | no effect is taken twice; what was being taken, or was to be tried again, when the process died, and what was being taken when the sink failed without knowing how far it had come, may be missing |
/// | [`AtLeastOnce`](Guarantee::AtLeastOnce) | the sink is called, then the mark is made durable | none of a trip's newest is missing; what was being taken when the process died, or when the sink failed, may come twice |
///
/// "What was being taken" is one call's worth: at most [`DeliveryConfig::batch_max`] effects. The mark is a file of the
/// engine's directory, `sinks/<name>`; the promise holds for the life of that directory. It holds as far as the log's own
/// does: with [`SyncPolicy::Os`](crate::SyncPolicy::Os) a power cut can take records whose effects were taken, and new
/// records then have their offsets. A whole engine sees that as soon as it has asked the sink, and goes on where the log
/// ended; a [`Follower`](crate::Follower), which cannot know it, keeps to what was done, and takes new effects under the
/// same ids for that. And memory is finite: of a sink that is out for so long that the newest effects of more than
/// [`DeliveryConfig::backlog_max`] trips wait for it, the oldest are given up, and counted ([`SinkReport::given_up`]).
///
/// What waits when a snapshot is cut goes into the snapshot, since nothing before it is worked out again after a restart.
///
/// A new sink begins where the log ends when it is first opened: it is not told what was before its time. A replay, or a
/// question about the past, calls no sink.
pub trait Sink: Send {
    /// What its mark is called: the same in every life of the engine. 1 to 64 of `a-z`, `0-9`, `-` and `_`.
    fn name(&self) -> &str;

    /// What it is promised, and what it promises.
    fn guarantee(&self) -> Guarantee;

    /// The id that it stored in one transaction with the last effects that it took; `None` if it never took any. Asked only
    /// of a sink that is given effects [exactly once](Guarantee::ExactlyOnce): before it is given the first, and after a
    /// call that failed.
    ///
    /// # Errors
    /// If it cannot be found out now. It is asked again later.
    fn last_taken(&mut self) -> Result<Option<EffectId>, SinkError> {
        Ok(None)
    }

    /// Takes some effects, in the order of their ids; at least one. What it returns holds for all of them.
    ///
    /// # Errors
    /// If it cannot. How long it is left in peace then grows with each failure, to [`DeliveryConfig::retry_max`].
    fn take(&mut self, effects: &[Effect]) -> Result<(), SinkError>;
}

/// How often an effect is taken: what each of them promises is said at [`Sink`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::enum_variant_names, reason = "they are called that everywhere")]
pub enum Guarantee {
    /// The sink remembers by itself ([`Sink::last_taken`]).
    ExactlyOnce,
    /// Marked before it is taken.
    AtMostOnce,
    /// Marked after it was taken.
    AtLeastOnce,
}

impl Guarantee {
    /// Its name in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExactlyOnce => "exactly_once",
            Self::AtMostOnce => "at_most_once",
            Self::AtLeastOnce => "at_least_once",
        }
    }
}

/// Why effects were not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// None of them was, for certain: they are given again in any case, each or what has replaced it.
    #[error("not taken: {0}")]
    NotTaken(String),
    /// Nobody knows how many were: the connection broke, the answer did not come. Given again unless they must not come
    /// twice.
    #[error("it is not clear whether they were taken: {0}")]
    Unclear(String),
}
