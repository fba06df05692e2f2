/// Keys are below this, if they are the sequencer's: it gives no more numbers.
const KEYS_MAX: u32 = 100_000_000;

/// How many values lie together. Room is made for so many at a time, wherever the keys are.
const PAGE: usize = 256;

/// State by a dense number: what one shard keeps for each of its keys.
///
/// The keys of a shard are those whose number leaves the shard's remainder when divided by the number of shards.
#[derive(Debug, Clone)]
pub struct Keyed<V> {
    shard: u32,
    shards: u32,
    /// Of [`PAGE`] values each, or of none where no key has had one.
    pages: Vec<Box<[Option<V>]>>,
    len: usize,
}

impl<V> Keyed<V> {
    /// Empty, for the keys of shard `shard` of `shards`.
    pub fn new(shard: u32, shards: u32) -> Self {
        debug_assert!(shard < shards);
        Self { shard, shards, pages: Vec::new(), len: 0 }
    }

    /// Whether a key is this shard's.
    #[inline]
    pub fn owns(&self, key: u32) -> bool {
        key % self.shards == self.shard
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, key: u32) -> Option<&V> {
        let at = (key / self.shards) as usize;
        self.pages.get(at / PAGE)?.get(at % PAGE)?.as_ref()
    }

    /// The value of a key.
    #[inline]
    pub fn get_mut(&mut self, key: u32) -> Option<&mut V> {
        self.slot(key)?.as_mut()
    }

    /// The value of a key, made if there is none.
    #[inline]
    pub fn entry(&mut self, key: u32, make: impl FnOnce() -> V) -> &mut V {
        debug_assert!(self.owns(key));
        let at = (key / self.shards) as usize;
        if at / PAGE >= self.pages.len() {
            self.pages.resize_with(at / PAGE + 1, Box::default);
        }
        let page = &mut self.pages[at / PAGE];
        if page.is_empty() {
            *page = (0..PAGE).map(|_| None).collect();
        }
        let slot = &mut page[at % PAGE];
        if slot.is_none() {
            self.len += 1;
        }
        slot.get_or_insert_with(make)
    }

    /// The value of a key, as snapshots have them, if it is this shard's.
    pub(crate) fn own(&self, key: u64) -> Option<&V> {
        u32::try_from(key).ok().filter(|&key| self.owns(key)).and_then(|key| self.get(key))
    }

    /// Whether a key, as snapshots have them, is this shard's; true too if it is none at all.
    pub(crate) fn takes(&self, key: u64) -> bool {
        key >= u64::from(KEYS_MAX) || key % u64::from(self.shards) == u64::from(self.shard)
    }

    /// Puts the value of a key in that is read from a snapshot.
    ///
    /// # Errors
    /// If it is no key, or another shard's, or has a value.
    pub(crate) fn put(&mut self, key: u64, value: V) -> Result<(), &'static str> {
        let key =
            u32::try_from(key).ok().filter(|&key| key < KEYS_MAX).ok_or("the number is above all that are given")?;
        if !self.owns(key) {
            return Err("it is another shard's");
        }
        if self.get(key).is_some() {
            return Err("it comes twice");
        }
        self.entry(key, || value);
        Ok(())
    }

    /// Takes the value of a key out.
    pub fn remove(&mut self, key: u32) -> Option<V> {
        let taken = self.slot(key)?.take();
        self.len -= usize::from(taken.is_some());
        taken
    }

    /// The first key from `from` on that has a value.
    pub fn first_from(&self, from: u64) -> Option<u32> {
        let first =
            usize::try_from(from.saturating_sub(u64::from(self.shard)).div_ceil(u64::from(self.shards))).ok()?;
        for (number, page) in self.pages.iter().enumerate().skip(first / PAGE) {
            let from = first.saturating_sub(number * PAGE);
            if let Some(ahead) = page.get(from..).and_then(|rest| rest.iter().position(Option::is_some)) {
                return Some(self.key(number * PAGE + from + ahead));
            }
        }
        None
    }

    fn key(&self, at: usize) -> u32 {
        at as u32 * self.shards + self.shard
    }

    #[inline]
    fn slot(&mut self, key: u32) -> Option<&mut Option<V>> {
        let at = (key / self.shards) as usize;
        self.pages.get_mut(at / PAGE)?.get_mut(at % PAGE)
    }

    /// All keys with their values, in ascending order of the key.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &V)> {
        let values = self.pages.iter().enumerate().flat_map(|(number, page)| (number * PAGE..).zip(page.iter()));
        values.filter_map(|(at, value)| Some((self.key(at), value.as_ref()?)))
    }

    /// All keys with their values, in ascending order of the key.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut V)> {
        let (shard, shards) = (self.shard, self.shards);
        let values =
            self.pages.iter_mut().enumerate().flat_map(|(number, page)| (number * PAGE..).zip(page.iter_mut()));
        values.filter_map(move |(at, value)| Some((at as u32 * shards + shard, value.as_mut()?)))
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_is_what_a_map_keeps(
            (shard, shards) in (1_u32..5).prop_flat_map(|shards| (0..shards, Just(shards))),
            steps in prop::collection::vec((0_u32..3, 0_u32..900, any::<u8>()), 0..200),
        ) {
            let (mut keyed, mut map) = (Keyed::new(shard, shards), BTreeMap::new());
            for (what, nth, value) in steps {
                // Some far from the others.
                let key = nth * if nth % 7 == 0 { 1_000 } else { 1 } * shards + shard;
                match what {
                    0 => prop_assert_eq!(keyed.remove(key), map.remove(&key)),
                    1 => *keyed.entry(key, || value) = *map.entry(key).and_modify(|held| *held ^= 1).or_insert(value),
                    _ => {
                        let fits = keyed.put(u64::from(key), value).is_ok();
                        prop_assert_eq!(fits, !map.contains_key(&key));
                        map.entry(key).or_insert(value);
                    }
                }
                prop_assert_eq!(keyed.get(key), map.get(&key));
                prop_assert_eq!(keyed.get_mut(key).copied(), map.get(&key).copied());
                prop_assert_eq!(keyed.own(u64::from(key) + 1).is_some(), shards == 1 && map.contains_key(&(key + 1)));
                let from = u64::from(nth);
                let next = map.keys().copied().find(|&key| u64::from(key) >= from);
                prop_assert_eq!(keyed.first_from(from), next);
            }
            prop_assert_eq!(keyed.len(), map.len());
            prop_assert!(keyed.iter().map(|(key, &value)| (key, value)).eq(map.iter().map(|(&key, &value)| (key, value))));
            prop_assert!(keyed.iter_mut().map(|(key, value)| (key, *value)).eq(map));
        }
    }

    #[test]
    fn the_largest_key_takes_little_room() {
        let mut keyed = Keyed::new(0, 1);
        keyed.put(u64::from(KEYS_MAX) - 1, [0_u64; 64]).expect("it is below the bound");
        let room = keyed.pages.len() * size_of::<Box<[Option<[u64; 64]>]>>() + PAGE * size_of::<Option<[u64; 64]>>();
        assert!(room < 8 << 20, "{room} bytes");
        assert_eq!(keyed.first_from(0), Some(KEYS_MAX - 1));
        assert!(keyed.put(u64::from(KEYS_MAX), [0; 64]).is_err() && keyed.first_from(u64::MAX).is_none());
    }
}
