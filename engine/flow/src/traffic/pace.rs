use etaflow_road::{RoadClass, Span, Timestamp};

use super::evidence::Evidence;
use crate::bytes::{ByteReader, BytesError, put_time};
pub(super) use crate::profile::PAR;

/// What a pace is held to.
pub(super) const PACE_MIN: u64 = PAR / 3;
pub(super) const PACE_MAX: u64 = PAR * 10;

/// What a pace in force is held to. A profile that is adopted changes what it is relative to: it may be out of the others'
/// bounds then, and goes back to them step by step.
pub(super) const APPLIED_MIN: u64 = 16;
pub(super) const APPLIED_MAX: u64 = PAR << 10;

/// So much driving, in milliseconds (30 h), says all there is to say of a pace.
const ENOUGH_MS: u64 = 30 * 3_600_000;

/// What is read as a sum is at most this: a million drivers' for a century.
const SUM_MAX_MS: u64 = 1 << 62;

/// One value for each road class.
pub(super) type PerClass<T> = [T; RoadClass::ALL.len()];

/// How much slower (or faster) than the map says the fleet drives, by road class: the prior of every edge that has
/// little evidence of its own.
///
/// A ratio of sums of milliseconds: those driven, and those the map, or the speed profile in force, allows for the same
/// stretches. Old evidence halves
/// with each half-life, and gives way to new once there is [`ENOUGH_MS`]: a small fleet remembers for long, a large one
/// follows the minute.
#[derive(Debug, Clone)]
pub(super) struct ClassPace {
    all: Sums,
    class: PerClass<Sums>,
    prior_ms: u64,
    half_life: Span,
    halved_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    driven_ms: u64,
    free_flow_ms: u64,
}

impl Sums {
    fn add(&mut self, driven_ms: u64, free_flow_ms: u64) {
        self.driven_ms += driven_ms;
        self.free_flow_ms += free_flow_ms;
    }

    fn halve(&mut self) {
        self.driven_ms /= 2;
        self.free_flow_ms /= 2;
    }

    /// Lets go of what is more than enough.
    fn hold_to(&mut self, enough_ms: u64) {
        if self.free_flow_ms > enough_ms {
            let share = u128::from(self.driven_ms) * u128::from(enough_ms) / u128::from(self.free_flow_ms);
            (self.driven_ms, self.free_flow_ms) = (share as u64, enough_ms);
        }
    }

    /// The pace, if `prior_ms` of driving at `prior` are added.
    fn pace(self, prior: u64, prior_ms: u64) -> u64 {
        let driven = u128::from(self.driven_ms) * u128::from(PAR) + u128::from(prior_ms) * u128::from(prior);
        (driven / u128::from(self.free_flow_ms + prior_ms).max(1)) as u64
    }
}

impl ClassPace {
    pub(super) fn new(prior_min: f64, half_life: Span) -> Self {
        let prior_ms = (prior_min * 60_000.0) as u64;
        let class = [Sums::default(); RoadClass::ALL.len()];
        Self { all: Sums::default(), class, prior_ms, half_life, halved_at: None }
    }

    /// Adds what was driven on an edge of some class, `length_mm` long in all, which takes `usual_ms` otherwise.
    pub(super) fn add(&mut self, class: RoadClass, evidence: &Evidence, length_mm: u32, usual_ms: u64) {
        let allowed = u128::from(evidence.length_mm) * u128::from(usual_ms) / u128::from(length_mm);
        self.all.add(evidence.duration_ms, allowed as u64);
        self.class[class as usize].add(evidence.duration_ms, allowed as u64);
    }

    pub(super) fn on_tick(&mut self, time: Timestamp) {
        let halved_at = *self.halved_at.get_or_insert(time);
        if time.since(halved_at) >= self.half_life {
            self.all.halve();
            self.class.iter_mut().for_each(Sums::halve);
            self.halved_at = Some(time);
        }
        self.all.hold_to(ENOUGH_MS);
        self.class.iter_mut().for_each(|sums| sums.hold_to(ENOUGH_MS));
    }

    /// From now on, what is driven is compared with `now` times what the map says, by class, and no longer with `before`
    /// times: what was driven so far is as slow as it was.
    pub(super) fn rebase(&mut self, before: &PerClass<u64>, now: &PerClass<u64>) {
        let rebased = |free_flow_ms: u64, class: usize| {
            (u128::from(free_flow_ms) * u128::from(now[class]) / u128::from(before[class].max(1))) as u64
        };
        let (mut old_ms, mut new_ms) = (0, 0);
        for (class, sums) in self.class.iter_mut().enumerate() {
            old_ms += u128::from(sums.free_flow_ms);
            sums.free_flow_ms = rebased(sums.free_flow_ms, class);
            new_ms += u128::from(sums.free_flow_ms);
        }
        let all = (u128::from(self.all.free_flow_ms) * new_ms).checked_div(old_ms);
        self.all.free_flow_ms = all.map_or(self.all.free_flow_ms, |rebased| rebased as u64);
    }

    /// The pace of each class, a pane after it was `last`; [`PAR`] is the map's. Held to a third and to ten times of it.
    ///
    /// It moves by a tenth at most: in a fleet's first minute those are heard of first who got on fastest.
    pub(super) fn paces(&self, last: &PerClass<u64>) -> PerClass<u64> {
        let all = self.all.pace(PAR, self.prior_ms);
        std::array::from_fn(|class| {
            let pace = self.class[class].pace(all, self.prior_ms).clamp(PACE_MIN, PACE_MAX);
            pace.clamp(last[class] - last[class] / 10, last[class] + last[class] / 10)
        })
    }

    /// Appends what was driven; how it is weighed is the configuration's.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let Self { all, class, prior_ms: _, half_life: _, halved_at } = self;
        for sums in class.iter().chain([all]) {
            out.extend(sums.driven_ms.to_le_bytes());
            out.extend(sums.free_flow_ms.to_le_bytes());
        }
        out.push(u8::from(halved_at.is_some()));
        halved_at.iter().for_each(|&at| put_time(out, at));
    }

    /// Reads what [`encode`](Self::encode) wrote into one in which nothing was driven.
    pub(super) fn read(&mut self, reader: &mut ByteReader<'_>) -> Result<(), BytesError> {
        for sums in self.class.iter_mut().chain([&mut self.all]) {
            *sums = Sums { driven_ms: reader.u64("the time driven")?, free_flow_ms: reader.u64("the time allowed")? };
            if sums.driven_ms.max(sums.free_flow_ms) > SUM_MAX_MS {
                return Err(reader.error("the time driven", "is more than a fleet drives"));
            }
        }
        let halved = reader.marks("whether sums were halved", 1)? == 1;
        self.halved_at = if halved { Some(reader.time("when sums were halved")?) } else { None };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pace of residential streets after so many hours of driving at each of some paces, an hour a tick.
    fn pace_after(hours_at: &[(usize, u64)]) -> f64 {
        let mut pace = ClassPace::new(10.0, Span::from_secs(1_000_000));
        let mut paces = [PAR; RoadClass::ALL.len()];
        let mut tick = 0;
        for &(hours, times) in hours_at {
            for _ in 0..hours {
                let evidence = Evidence { samples: 1, length_mm: 3_600_000, duration_ms: 3_600_000 * times };
                pace.add(RoadClass::Residential, &evidence, 1_000, 1_000);
                pace.on_tick(Timestamp::from_secs(tick));
                paces = pace.paces(&paces);
                tick += 1;
            }
        }
        paces[RoadClass::Residential as usize] as f64 / PAR as f64
    }

    #[test]
    fn enough_of_the_new_outweighs_any_amount_of_the_old() {
        assert!((pace_after(&[(1_000, 1)]) - 1.0).abs() < 0.01);
        assert!((pace_after(&[(1_000, 1), (300, 2)]) - 2.0).abs() < 0.02);
    }

    #[test]
    fn one_step_is_a_tenth_at_most() {
        assert!((pace_after(&[(1, 3)]) - 1.1).abs() < 0.01);
    }
}
