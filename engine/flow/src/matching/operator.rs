use std::sync::Arc;

use etaflow_road::{
    EdgeId, EdgeIndex, Fix, HoldReason, Matcher, MatcherConfig, MatcherConfigError, Network, Outcome, Position,
    RejectReason, Revision, Span, Timestamp, Trace,
};

use super::drive::Drive;
use crate::event::{DriverId, Payload, Reason, Record};
use crate::stream::{Keyed, Operator, StateDigest, Tick};
use crate::traffic::Traversal;

/// One whose last fix is so far behind the watermark is in a tunnel, or his phone is.
const SILENT_AFTER: Span = Span::from_secs(5);

/// What a fix, or the lack of one, says about its driver and the roads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Movement {
    /// The driver is there.
    Seen {
        /// Who.
        driver: DriverId,
        /// When.
        at: Timestamp,
        /// Where.
        position: Position,
        /// Whether it is sure which way along the street he heads,
        direction_sure: bool,
        /// and how likely it is that it is this way: 0.5 to 1.
        direction_confidence: f32,
    },
    /// An edge was driven along.
    Traversed(Traversal),
    /// The driver was not where he had been said to be. What is known of him from now on is what [`Seen`](Self::Seen)
    /// says next.
    Revised {
        /// Who.
        driver: DriverId,
        /// When he was there.
        at: Timestamp,
        /// On which edge he had been said to be.
        said: EdgeId,
        /// Where he was.
        position: Position,
    },
    /// The driver has not been heard of for some seconds, and is there if he went on as he did, along the only way on.
    Coasted {
        /// Who.
        driver: DriverId,
        /// Where, at the time of the tick.
        position: Position,
    },
    /// The fix is of no use.
    Rejected(Reason),
}

/// Matches one shard's fixes to the road.
pub struct Matching {
    pub(super) network: Arc<Network>,
    matcher: Matcher,
    pub(super) drivers: Keyed<Track>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Track {
    pub(super) trace: Trace,
    pub(super) drive: Option<Drive>,
}

impl Matching {
    /// Nobody seen yet, in shard `shard` of `shards`.
    ///
    /// # Errors
    /// If the matcher's configuration is out of its bounds.
    pub fn new(
        network: Arc<Network>,
        index: Arc<EdgeIndex>,
        config: MatcherConfig,
        (shard, shards): (u32, u32),
    ) -> Result<Self, MatcherConfigError> {
        let matcher = Matcher::new(Arc::clone(&network), index, config)?;
        Ok(Self { network, matcher, drivers: Keyed::new(shard, shards) })
    }

    /// How many drivers something is kept of.
    pub fn len(&self) -> usize {
        self.drivers.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.drivers.is_empty()
    }

    /// Forgets a driver.
    pub fn forget(&mut self, driver: DriverId) {
        self.drivers.remove(driver.0);
    }
}

impl Operator for Matching {
    type In = Record;
    type Out = Movement;

    fn on_event(&mut self, record: &Record, out: &mut Vec<Movement>) {
        let Payload::Location { driver, fix } = record.payload else { return };
        let track = self.drivers.entry(driver.0, Track::default);
        let fix = Fix {
            time: record.time,
            coord: fix.coord(),
            accuracy_m: fix.accuracy_m(),
            speed_mps: fix.speed_mps(),
            heading_deg: fix.heading_deg(),
        };
        let found = match self.matcher.on_fix(&mut track.trace, &fix) {
            Outcome::Matched(found) => found,
            // Nothing drives that fast: whatever later fixes say, this one is never used.
            Outcome::Held(HoldReason::Jump) => {
                out.push(Movement::Rejected(Reason::ImpossibleJump));
                return;
            }
            // It may well be true, and the map or the fix before it not.
            Outcome::Held(HoldReason::NoRoute) => return,
            Outcome::Rejected(reason) => {
                out.push(Movement::Rejected(match reason {
                    RejectReason::Stale | RejectReason::DuplicateTime => Reason::StaleFix,
                    RejectReason::OffMap => Reason::OffMap,
                    RejectReason::Inaccurate => Reason::Inaccurate,
                }));
                return;
            }
        };
        for step in found.committed.steps() {
            let drive = track.drive.get_or_insert_with(|| Drive::on(step.from.edge));
            drive.step(&self.network, &step, |traversal| out.push(Movement::Traversed(traversal)));
        }
        for &Revision { time: at, said, position } in found.committed.revisions() {
            out.push(Movement::Revised { driver, at, said, position });
        }
        let (direction_sure, direction_confidence) = (found.direction_sure(), found.direction_confidence);
        let (at, position) = (record.time, found.position);
        out.push(Movement::Seen { driver, at, position, direction_sure, direction_confidence });
    }

    /// Moves those on who have not been heard of for a while.
    fn on_tick(&mut self, tick: &Tick, out: &mut Vec<Movement>) {
        let coast_max = self.matcher.config().coast_max;
        for (driver, track) in self.drivers.iter() {
            let Some(at) = track.trace.matched_at() else { continue };
            // Past the longest that one goes on he stays where he is.
            if tick.watermark.since(at) < SILENT_AFTER || tick.time.since(at) > coast_max {
                continue;
            }
            if let Some(position) = self.matcher.coast(&track.trace, tick.time) {
                out.push(Movement::Coasted { driver: DriverId(driver), position });
            }
        }
    }

    fn digest(&self, into: &mut StateDigest) {
        into.entities(self);
    }
}

#[cfg(test)]
#[path = "operator_tests.rs"]
mod tests;
