use std::collections::VecDeque;

use etaflow_road::{Span, Timestamp};
use rustc_hash::FxHashMap;

/// Something that can be summed up in any order.
pub trait Aggregate: Clone + Default {
    /// Adds `other` to it. Must not depend on the order of additions.
    fn merge(&mut self, other: &Self);
}

/// Which tumbling window a time falls into: time divided by the width, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pane(pub i64);

/// Tumbling windows of one width, aligned to the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panes {
    width: Span,
}

impl Panes {
    /// Windows of `width`, at least a microsecond.
    pub fn new(width: Span) -> Self {
        Self { width: width.max(Span::from_micros(1)) }
    }

    /// How long each is.
    pub fn width(self) -> Span {
        self.width
    }

    /// The pane that `time` falls into.
    pub fn at(self, time: Timestamp) -> Pane {
        Pane(time.micros().div_euclid(self.width.micros()))
    }

    /// The first moment of a pane.
    pub fn start(self, pane: Pane) -> Timestamp {
        Timestamp::from_micros(pane.0.saturating_mul(self.width.micros()))
    }
}

/// A sliding window over keyed aggregates, made of panes: it holds the newest `panes` panes and slides by one.
///
/// A value for a pane that has left the window is late: it is counted and changes nothing.
#[derive(Debug, Clone)]
pub struct SlidingWindow<A> {
    /// The oldest first; `panes[i]` is pane `first + i`.
    panes: VecDeque<FxHashMap<u32, A>>,
    first: Pane,
    length: usize,
    late: u64,
}

impl<A: Aggregate> SlidingWindow<A> {
    /// A window of `length` panes, at least one, the newest of which is `newest`.
    pub fn new(length: usize, newest: Pane) -> Self {
        let length = length.max(1);
        Self {
            panes: (0..length).map(|_| FxHashMap::default()).collect(),
            first: Pane(newest.0 - (length as i64 - 1)),
            length,
            late: 0,
        }
    }

    /// The newest pane of the window.
    pub fn newest(&self) -> Pane {
        Pane(self.first.0 + self.length as i64 - 1)
    }

    /// Adds a value to a pane. A pane newer than the window's newest counts as the newest (the window is slid at
    /// ticks, and nowhere else). False if it came too late.
    pub fn add(&mut self, pane: Pane, key: u32, value: &A) -> bool {
        if pane < self.first {
            self.late += 1;
            return false;
        }
        let at = ((pane.0 - self.first.0) as usize).min(self.length - 1);
        self.panes[at].entry(key).or_default().merge(value);
        true
    }

    /// Slides the window on until `newest` is its newest pane.
    pub fn slide_to(&mut self, newest: Pane) {
        let steps = newest.0.saturating_sub(self.newest().0);
        if steps <= 0 {
            return;
        }
        for _ in 0..steps.min(self.length as i64) {
            let mut pane = self.panes.pop_front().unwrap_or_default();
            pane.clear();
            self.panes.push_back(pane);
        }
        self.first = Pane(newest.0 - (self.length as i64 - 1));
    }

    /// The values of a key, the newest pane first, each with its age in panes.
    pub fn of(&self, key: u32) -> impl Iterator<Item = (usize, &A)> {
        self.panes.iter().rev().enumerate().filter_map(move |(age, pane)| Some((age, pane.get(&key)?)))
    }

    /// Calls `visit` with the age in panes, the key and the value of everything in the window, in no particular order.
    pub fn for_each(&self, mut visit: impl FnMut(usize, u32, &A)) {
        for (age, pane) in self.panes.iter().rev().enumerate() {
            pane.iter().for_each(|(&key, value)| visit(age, key, value));
        }
    }

    /// All that is in the window: each pane, the oldest first, with its keys in ascending order and their values.
    pub fn in_order(&self) -> impl Iterator<Item = (Pane, Vec<(u32, &A)>)> {
        (self.first.0..).map(Pane).zip(&self.panes).map(|(pane, values)| {
            let mut values: Vec<(u32, &A)> = values.iter().map(|(&key, value)| (key, value)).collect();
            values.sort_unstable_by_key(|&(key, _)| key);
            (pane, values)
        })
    }

    /// Counts more values that came too late.
    pub fn add_late(&mut self, late: u64) {
        self.late += late;
    }

    /// How many values came too late.
    pub fn late(&self) -> u64 {
        self.late
    }
}

/// A session window: events of one key belong together as long as no gap between two is longer than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionGap(pub Span);

impl SessionGap {
    /// Whether a session whose last event was at `last` goes on with one at `next`.
    pub fn joins(self, last: Timestamp, next: Timestamp) -> bool {
        next.since(last) <= self.0
    }

    /// Whether a session whose last event was at `last` can no longer go on, now that nothing before `watermark` will
    /// come.
    pub fn is_over(self, last: Timestamp, watermark: Timestamp) -> bool {
        watermark.since(last) > self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Aggregate for u64 {
        fn merge(&mut self, other: &Self) {
            *self += other;
        }
    }

    /// Every value that was added, kept apart: what a window must add up to.
    #[derive(Default)]
    struct Naive {
        added: Vec<(i64, u32, u64)>,
        newest: i64,
        late: u64,
    }

    proptest! {
        #[test]
        fn a_window_holds_the_sums_of_its_panes(
            length in 1_usize..6,
            steps in prop::collection::vec((-8_i64..8, 0_u32..4, 1_u64..100, 0_i64..3), 0..60),
        ) {
            let mut window = SlidingWindow::<u64>::new(length, Pane(0));
            let mut naive = Naive::default();
            for (ahead, key, value, slide) in steps {
                let pane = naive.newest + ahead;
                let fits = pane > naive.newest - length as i64;
                prop_assert_eq!(window.add(Pane(pane), key, &value), fits);
                if fits {
                    naive.added.push((pane.min(naive.newest), key, value));
                } else {
                    naive.late += 1;
                }
                naive.newest += slide;
                window.slide_to(Pane(naive.newest));
                naive.added.retain(|&(pane, ..)| pane > naive.newest - length as i64);
                for key in 0..4 {
                    for age in 0..length {
                        let sum: u64 = naive.added.iter()
                            .filter(|&&(pane, of, _)| of == key && pane == naive.newest - age as i64)
                            .map(|&(.., value)| value).sum();
                        let held = window.of(key).find(|&(of, _)| of == age).map_or(0, |(_, &value)| value);
                        prop_assert_eq!(held, sum);
                    }
                }
            }
            prop_assert_eq!(window.late(), naive.late);
        }

        #[test]
        fn every_time_falls_into_one_pane(micros in any::<i64>(), width in 1_i64..10_000_000) {
            let panes = Panes::new(Span::from_micros(width));
            let time = Timestamp::from_micros(micros);
            let pane = panes.at(time);
            if let Some(start) = pane.0.checked_mul(width) {
                prop_assert!(panes.start(pane) <= time);
                prop_assert!(i128::from(micros) < i128::from(start) + i128::from(width));
            }
        }

        #[test]
        fn a_session_that_can_be_joined_is_not_over(last in 0_i64..100, gap in 0_i64..20, later in 0_i64..100) {
            let session = SessionGap(Span::from_secs(gap));
            let (last, next) = (Timestamp::from_secs(last), Timestamp::from_secs(last + later));
            prop_assert_eq!(session.joins(last, next), !session.is_over(last, next));
        }
    }
}
