use crate::eta::EtaUpdate;
use crate::event::{Key, Offset, TripId};
use crate::storage::Mark;

/// Which effect it is: the same in every replay of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId {
    /// The record that caused it,
    pub offset: Offset,
    /// and the trip: a record causes one effect a trip at most.
    pub trip: TripId,
}

/// What the outside is told of a trip.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Which it is.
    pub id: EffectId,
    /// The trip's name.
    pub trip: Key,
    /// The driver's, once there is one.
    pub driver: Option<Key>,
    /// When the rider will arrive, why that is told, and what it rests on.
    pub update: EtaUpdate,
}

impl EffectId {
    /// The id of what `update` leads to.
    pub const fn of(update: &EtaUpdate) -> Self {
        Self { offset: update.offset, trip: update.trip }
    }

    /// The mark of somebody who has done all before this one.
    pub(super) const fn before(self) -> Mark {
        Mark { offset: self.offset.0, within: self.trip.0 as u64 }
    }

    /// The mark of somebody who has done all up to this one, with it.
    pub(super) const fn after(self) -> Mark {
        Mark { offset: self.offset.0, within: self.trip.0 as u64 + 1 }
    }

    /// Whether somebody with that mark has done it.
    pub(super) fn is_done(self, mark: Mark) -> bool {
        self.before() < mark
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::ops::Range;

    use etaflow_road::{Span, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::eta::{Arrival, Cause};
    use crate::event::DriverId;

    /// What a record tells of a trip.
    pub(in super::super) fn update(offset: u64, trip: u32, ends: bool) -> EtaUpdate {
        let as_of = Timestamp::from_secs(offset as i64);
        let at = as_of + Span::from_secs(600);
        EtaUpdate {
            trip: TripId(trip),
            driver: trip.is_multiple_of(2).then_some(DriverId(trip)),
            offset: Offset(offset),
            cause: if ends { Cause::Completed } else { Cause::Progress },
            as_of,
            fix_at: offset.is_multiple_of(3).then_some(as_of),
            direction_confidence: offset.is_multiple_of(5).then_some(0.75),
            epoch: offset / 7,
            pickup_at: offset.is_multiple_of(4).then_some(at),
            arrival: (!offset.is_multiple_of(9)).then_some(Arrival { p10: as_of, p50: at, p90: at }),
        }
    }

    pub(in super::super) fn effect(update: &EtaUpdate) -> Effect {
        let name = |number: u32| {
            if number.is_multiple_of(3) {
                Key::Number(number.into())
            } else {
                Key::Text(format!("t {number}\n\"").into())
            }
        };
        let driver = update.driver.map(|driver| name(driver.0));
        Effect { id: EffectId::of(update), trip: name(update.trip.0), driver, update: *update }
    }

    /// Some effects in order.
    pub(in super::super) fn any_effects(count: Range<usize>) -> impl Strategy<Value = Vec<Effect>> {
        let ids = prop::collection::btree_set((0_u64..1_000, 0_u32..50), count);
        ids.prop_map(|ids| {
            ids.iter().map(|&(offset, trip)| effect(&update(offset, trip, offset.is_multiple_of(10)))).collect()
        })
    }

    #[test]
    fn a_mark_lies_between_what_is_done_and_what_is_not() {
        let id = |offset, trip| EffectId { offset: Offset(offset), trip: TripId(trip) };
        let all = [id(0, 0), id(0, u32::MAX), id(1, 0), id(1, 7), id(u64::MAX, u32::MAX)];
        for (nth, last) in all.iter().enumerate() {
            assert!(all[..nth].iter().all(|id| id.is_done(last.before()) && id.is_done(last.after())));
            assert!(all[nth..].iter().all(|id| !id.is_done(last.before())));
            assert!(all[nth + 1..].iter().all(|id| !id.is_done(last.after())));
            assert!(last.is_done(last.after()));
        }
    }
}
