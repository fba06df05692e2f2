use std::hint::black_box;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use criterion::measurement::{Measurement, WallTime};
use etaflow_road::{EdgeIndex, Matcher, MatcherConfig, Network, Outcome, Trace};

use super::fleet::Fleet;

/// A fleet's fixes through a matcher, one after the other, as often as one likes.
pub struct Replay {
    fleet: Rc<Fleet>,
    matcher: Matcher,
    traces: Vec<Trace>,
}

/// What became of a fleet's fixes, in shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Of all fixes: those that are on a road.
    pub matched: f64,
    /// Of all fixes: those that are at once on the edge where the vehicle is. `None` where that is not known.
    pub right: Option<f64>,
}

impl Replay {
    /// Of a fleet on a network.
    ///
    /// # Panics
    /// If a value of the configuration is out of its range.
    pub fn new(network: &Arc<Network>, index: &Arc<EdgeIndex>, config: MatcherConfig, fleet: &Rc<Fleet>) -> Self {
        let matcher = Matcher::new(Arc::clone(network), Arc::clone(index), config).expect("a valid configuration");
        Self { fleet: Rc::clone(fleet), matcher, traces: vec![Trace::default(); fleet.vehicles] }
    }

    /// Forgets all vehicles; what their traces have of memory stays with them.
    pub fn clear(&mut self) {
        self.traces.iter_mut().for_each(Trace::clear);
    }

    /// Matches all fixes; how many are on a road.
    pub fn run(&mut self) -> usize {
        self.clear();
        let mut matched = 0;
        for (vehicle, fix) in &self.fleet.fixes {
            let outcome = self.matcher.on_fix(&mut self.traces[*vehicle as usize], fix);
            matched += usize::from(matches!(black_box(outcome), Outcome::Matched(_)));
        }
        matched
    }

    /// Matches the fixes in `range` only, from what the traces are; [`clear`](Self::clear) before the first.
    pub fn run_part(&mut self, range: Range<usize>) {
        for (vehicle, fix) in &self.fleet.fixes[range] {
            black_box(self.matcher.on_fix(&mut self.traces[*vehicle as usize], fix));
        }
    }

    /// Matches all fixes; how good that is.
    pub fn shares(&mut self) -> Shares {
        self.clear();
        let (mut matched, mut right) = (0, 0);
        for (nth, (vehicle, fix)) in self.fleet.fixes.iter().enumerate() {
            if let Outcome::Matched(found) = self.matcher.on_fix(&mut self.traces[*vehicle as usize], fix) {
                matched += 1;
                right += usize::from(self.fleet.edges.get(nth) == Some(&found.position.edge));
            }
        }
        let share = |count: usize| count as f64 / self.fleet.fixes.len() as f64;
        Shares { matched: share(matched), right: (!self.fleet.edges.is_empty()).then(|| share(right)) }
    }

    /// Matches all fixes and times each: nanoseconds in the order of the fixes, the cost of reading the clock once
    /// included. `nanos` is cleared first.
    pub fn time_each(&mut self, nanos: &mut Vec<u32>) {
        self.clear();
        nanos.clear();
        nanos.reserve(self.fleet.fixes.len());
        for (vehicle, fix) in &self.fleet.fixes {
            let trace = &mut self.traces[*vehicle as usize];
            let start = WallTime.start();
            black_box(self.matcher.on_fix(trace, fix));
            nanos.push(u32::try_from(WallTime.end(start).as_nanos()).unwrap_or(u32::MAX));
        }
    }

    /// How many bytes the vehicles' traces take after the last run, on the average and at most.
    pub fn trace_bytes(&self) -> (f64, usize) {
        let bytes = self.traces.iter().map(Trace::bytes);
        (bytes.clone().sum::<usize>() as f64 / self.traces.len() as f64, bytes.max().unwrap_or(0))
    }
}

/// What reading the clock costs, in nanoseconds: the least that [`Replay::time_each`] could say. The median of many.
pub fn clock_nanos() -> u32 {
    let mut nanos: Vec<u128> = (0..100_001).map(|_| WallTime.end(WallTime.start()).as_nanos()).collect();
    nanos.sort_unstable();
    nanos[nanos.len() / 2] as u32
}

#[cfg(test)]
mod tests {
    use etaflow_road::SyntheticCity;

    use super::*;

    #[test]
    fn all_ways_to_run_match_the_same() {
        let city = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
        let index = Arc::new(EdgeIndex::new(&city));
        let fleet = Rc::new(Fleet::driving(&city, 50, 60, 5));
        let mut replay = Replay::new(&city, &index, MatcherConfig::default(), &fleet);
        let matched = replay.run();
        let ended = replay.traces.clone();
        let shares = replay.shares();
        assert_eq!(shares.matched, matched as f64 / 3_000.0);
        assert!(shares.matched > 0.99 && shares.right.is_some_and(|right| right > 0.8), "{shares:?}");
        let mut nanos = vec![1, 2, 3];
        replay.time_each(&mut nanos);
        assert_eq!(nanos.len(), 3_000);
        assert_eq!(replay.traces, ended);
        let (mean, max) = replay.trace_bytes();
        assert!(mean >= size_of::<Trace>() as f64 && mean <= max as f64);
        replay.clear();
        (0..3).for_each(|part| replay.run_part(part * 1_000..(part + 1) * 1_000));
        assert_eq!(replay.traces, ended);
    }
}
