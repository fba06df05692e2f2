use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{DeadLetter, Reason};

/// The events that were not used: all counted, the newest kept to be read. Clones share them.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    shared: Arc<Mutex<Kept>>,
    max: usize,
}

#[derive(Debug, Default)]
struct Kept {
    letters: VecDeque<DeadLetter>,
    /// How many came before the first that is kept.
    gone: u64,
    counts: BTreeMap<Reason, u64>,
}

impl DeadLetters {
    pub(super) fn new(max: usize) -> Self {
        Self { shared: Arc::default(), max }
    }

    pub(super) fn push(&self, letter: DeadLetter) {
        let mut kept = self.lock();
        *kept.counts.entry(letter.reason).or_default() += 1;
        if kept.letters.len() == self.max {
            kept.letters.pop_front();
            kept.gone += 1;
        }
        kept.letters.push_back(letter);
    }

    /// At most `max` letters from the `from`-th on (counted from 0, of all there ever were), oldest first, and the
    /// number to go on with. Begins later if those are no longer kept.
    pub fn read(&self, from: u64, max: usize) -> (Vec<DeadLetter>, u64) {
        let kept = self.lock();
        let skip = from.saturating_sub(kept.gone) as usize;
        let letters: Vec<_> = kept.letters.iter().skip(skip).take(max).cloned().collect();
        let next = from.max(kept.gone) + letters.len() as u64;
        (letters, next)
    }

    /// How many there were, by reason.
    pub fn counts(&self) -> BTreeMap<Reason, u64> {
        self.lock().counts.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::Timestamp;

    use super::*;

    #[test]
    fn the_newest_are_kept_and_all_are_counted() {
        let letters = DeadLetters::new(3);
        for nth in 0..5 {
            let (at, detail) = (Timestamp::from_secs(nth), nth.to_string());
            letters.push(DeadLetter { reason: Reason::Late, at, offset: None, detail });
        }
        let (read, next) = letters.read(0, 2);
        assert_eq!(read.iter().map(|letter| letter.detail.as_str()).collect::<Vec<_>>(), ["2", "3"]);
        let (rest, end) = letters.read(next, 9);
        assert_eq!((rest.len(), end), (1, 5));
        assert_eq!(letters.read(end, 9), (Vec::new(), 5));
        assert_eq!(letters.counts()[&Reason::Late], 5);
    }
}
