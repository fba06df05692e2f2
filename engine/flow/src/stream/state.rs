/// Keys are below this, if they are the sequencer's: it gives no more numbers.
const KEYS_MAX: u32 = 100_000_000;

/// State by a dense number: what one shard keeps for each of its keys.
///
/// The keys of a shard are those whose number leaves the shard's remainder when divided by the number of shards.
#[derive(Debug, Clone)]
pub struct Keyed<V> {
    shard: u32,
    shards: u32,
    values: Vec<Option<V>>,
    len: usize,
}

impl<V> Keyed<V> {
    /// Empty, for the keys of shard `shard` of `shards`.
    pub fn new(shard: u32, shards: u32) -> Self {
        debug_assert!(shard < shards);
        Self { shard, shards, values: Vec::new(), len: 0 }
    }

    /// Whether a key is this shard's.
    #[inline]
    pub fn owns(&self, key: u32) -> bool {
        key % self.shards == self.shard
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, key: u32) -> Option<&V> {
        self.values.get((key / self.shards) as usize)?.as_ref()
    }

    /// The value of a key.
    #[inline]
    pub fn get_mut(&mut self, key: u32) -> Option<&mut V> {
        self.values.get_mut((key / self.shards) as usize)?.as_mut()
    }

    /// The value of a key, made if there is none.
    #[inline]
    pub fn entry(&mut self, key: u32, make: impl FnOnce() -> V) -> &mut V {
        debug_assert!(self.owns(key));
        let at = (key / self.shards) as usize;
        if at >= self.values.len() {
            self.values.resize_with(at + 1, || None);
        }
        let slot = &mut self.values[at];
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
        let taken = self.values.get_mut((key / self.shards) as usize)?.take();
        self.len -= usize::from(taken.is_some());
        taken
    }

    /// The first key from `from` on that has a value.
    pub fn first_from(&self, from: u64) -> Option<u32> {
        let (shard, shards) = (u64::from(self.shard), u64::from(self.shards));
        let first = from.saturating_sub(shard).div_ceil(shards);
        let rest = self.values.get(usize::try_from(first).ok()?..)?;
        let ahead = rest.iter().position(Option::is_some)? as u64;
        u32::try_from((first + ahead) * shards + shard).ok()
    }

    /// All keys with their values, in ascending order of the key.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &V)> {
        let (shard, shards) = (self.shard, self.shards);
        self.values
            .iter()
            .enumerate()
            .filter_map(move |(at, value)| Some((at as u32 * shards + shard, value.as_ref()?)))
    }

    /// All keys with their values, in ascending order of the key.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut V)> {
        let (shard, shards) = (self.shard, self.shards);
        self.values
            .iter_mut()
            .enumerate()
            .filter_map(move |(at, value)| Some((at as u32 * shards + shard, value.as_mut()?)))
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
