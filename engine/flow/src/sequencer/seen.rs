//! Which ids came before.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use crate::bytes::{ByteReader, BytesError};
use crate::event::{Key, SourceId};

/// What is known of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    New,
    Before,
    /// Older than what is remembered: nobody knows.
    TooOld,
}

/// The sequence numbers of one source that came: exact for the `window` numbers that end with the highest.
///
/// A bit a number, in words of 64 from `first` on. Words at the front that are full are given back, so that a source
/// without gaps takes one word, whatever the window.
#[derive(Debug)]
pub(super) struct SequenceWindow {
    window: u64,
    /// The highest number that came; `None` before the first.
    highest: Option<u64>,
    /// What came below this is not remembered, though the window would reach so far: it was smaller once.
    oldest: u64,
    /// The index of the first word kept: it has the numbers from `first * 64`.
    first: u64,
    /// Whether none of the window's numbers below the first word came. Otherwise all of them did.
    fresh_below: bool,
    words: VecDeque<u64>,
}

impl SequenceWindow {
    pub(super) fn new(window: u64) -> Self {
        Self { window, highest: None, oldest: 0, first: 0, fresh_below: true, words: VecDeque::new() }
    }

    /// The lowest number that is remembered.
    pub(super) fn floor(&self) -> u64 {
        self.highest.map_or(0, |highest| highest.saturating_sub(self.window - 1)).max(self.oldest)
    }

    pub(super) fn check(&self, number: u64) -> Seen {
        let word = number / 64;
        if number < self.floor() {
            return Seen::TooOld;
        }
        let bit = if word < self.first {
            !self.fresh_below
        } else {
            let kept = self.words.get((word - self.first) as usize);
            kept.is_some_and(|bits| bits & (1 << (number % 64)) != 0)
        };
        if bit { Seen::Before } else { Seen::New }
    }

    /// Remembers a number that is [`Seen::New`].
    pub(super) fn insert(&mut self, number: u64) {
        debug_assert_eq!(self.check(number), Seen::New, "an id is remembered once");
        let word = number / 64;
        self.highest = Some(self.highest.map_or(number, |highest| highest.max(number)));
        if self.words.is_empty() && self.fresh_below {
            self.first = word;
        }
        self.forget_before(self.floor() / 64);
        while word < self.first {
            self.words.push_front(0);
            self.first -= 1;
        }
        let index = (word - self.first) as usize;
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
        }
        self.words[index] |= 1 << (number % 64);
        self.give_back();
    }

    /// Gives back the words at the front that are full.
    fn give_back(&mut self) {
        if self.first <= self.floor() / 64 {
            self.fresh_below = false;
        }
        while !self.fresh_below && self.words.front() == Some(&u64::MAX) {
            self.words.pop_front();
            self.first += 1;
        }
    }

    /// Drops the words before `word`: the window has left them.
    fn forget_before(&mut self, word: u64) {
        if word <= self.first {
            return;
        }
        let gone = (word - self.first).min(self.words.len() as u64) as usize;
        self.words.drain(..gone);
        self.first = word;
    }

    /// How long it is as [`encode`](Self::encode) writes it.
    pub(super) fn bytes(&self) -> usize {
        1 + 3 * 8 + 4 + 8 * self.words.len()
    }

    /// Appends all that is remembered.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.highest.is_some()) | u8::from(self.fresh_below) << 1);
        for number in [self.highest.unwrap_or(0), self.floor(), self.first] {
            out.extend(number.to_le_bytes());
        }
        out.extend((self.words.len() as u32).to_le_bytes());
        for word in &self.words {
            out.extend(word.to_le_bytes());
        }
    }

    /// Reads what [`encode`](Self::encode) wrote, of a window that may have been another then.
    pub(super) fn decode(window: u64, reader: &mut ByteReader<'_>) -> Result<Self, BytesError> {
        const WHAT: &str = "a source's window";
        let flags = reader.u8(WHAT)?;
        let [highest, oldest, first] = [reader.u64(WHAT)?, reader.u64(WHAT)?, reader.u64(WHAT)?];
        let count = reader.u32(WHAT)? as usize;
        let bytes = reader.take(WHAT, count.saturating_mul(8))?;
        let words = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let highest = (flags & 1 != 0).then_some(highest);
        let mut kept = Self { window, highest, oldest, first, fresh_below: flags & 2 != 0, words };
        if flags > 3 || !kept.fits() {
            return Err(reader.error(WHAT, "does not fit together"));
        }
        if kept.highest.is_some() {
            kept.forget_before(kept.floor() / 64);
            kept.give_back();
        }
        Ok(kept)
    }

    /// Whether it is one that numbers can have led to.
    fn fits(&self) -> bool {
        let Some(highest) = self.highest else {
            return self.oldest == 0 && self.first == 0 && self.fresh_below && self.words.is_empty();
        };
        let after = highest / 64 + 1;
        let ends_with_highest = self.first.checked_add(self.words.len() as u64) == Some(after);
        ends_with_highest && self.oldest <= highest && self.check(highest) == Seen::Before
    }

    #[cfg(test)]
    pub(super) fn words_kept(&self) -> usize {
        self.words.len()
    }
}

/// Opaque ids that came, over all sources, first in first out.
///
/// Each is kept as a hash of 128 bits, of which two are not alike by chance, so that its length takes no memory.
#[derive(Debug)]
pub(super) struct OpaqueIds {
    max: usize,
    kept: FxHashSet<u128>,
    order: VecDeque<u128>,
}

impl OpaqueIds {
    pub(super) fn new(max: usize) -> Self {
        Self { max, kept: FxHashSet::default(), order: VecDeque::new() }
    }

    /// What an id of a source is kept as.
    pub(super) fn fingerprint(source: SourceId, id: &Key) -> u128 {
        let seed = u64::from(source.0);
        match id {
            Key::Number(number) => xxh3_128_with_seed(&number.to_le_bytes(), seed | 1 << 32),
            Key::Text(text) => xxh3_128_with_seed(text.as_bytes(), seed),
        }
    }

    /// The hash of an id that its record keeps.
    pub(super) fn record_id(id: &Key) -> u64 {
        match id {
            Key::Number(number) => xxh3_64(&number.to_le_bytes()),
            Key::Text(text) => xxh3_64(text.as_bytes()),
        }
    }

    pub(super) fn check(&self, fingerprint: u128) -> Seen {
        if self.kept.contains(&fingerprint) { Seen::Before } else { Seen::New }
    }

    /// Remembers an id that is [`Seen::New`], in place of the oldest if there are as many as there may be.
    pub(super) fn insert(&mut self, fingerprint: u128) {
        if self.order.len() >= self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.kept.remove(&oldest);
        }
        self.order.push_back(fingerprint);
        self.kept.insert(fingerprint);
    }

    /// All that are remembered, the oldest first.
    pub(super) fn in_order(&self) -> impl ExactSizeIterator<Item = u128> {
        self.order.iter().copied()
    }
}
