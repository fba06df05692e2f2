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

    /// Takes the value of a key out.
    pub fn remove(&mut self, key: u32) -> Option<V> {
        let taken = self.values.get_mut((key / self.shards) as usize)?.take();
        self.len -= usize::from(taken.is_some());
        taken
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
