use crate::bytes::BytesError;

/// State that is a set of entities, each of which can be written down and read back by itself: what snapshots are made of.
///
/// What was written down and read back, into a state that had nothing, behaves as the state that it was written of, in
/// all that follows, whatever the number of shards was and is.
pub trait Entities {
    /// Tells the entities of one kind of state from those of others.
    const KIND: u8;

    /// The number of the first entity from `from` on, if there is one.
    fn next_entity(&self, from: u64) -> Option<u64>;

    /// Appends the whole state of an entity; nothing, and false, if there is none of that number.
    fn encode_entity(&self, number: u64, out: &mut Vec<u8>) -> bool;

    /// Whether an entity that was written is this shard's to take in; all are, where each shard keeps all of them.
    /// True too if the bytes do not say, so that taking it in says what is wrong with them.
    fn takes(&self, _number: u64, _bytes: &[u8]) -> bool {
        true
    }

    /// Takes in an entity that [`encode_entity`](Self::encode_entity) wrote, whatever the shard was.
    ///
    /// # Errors
    /// If it is none, is not this shard's, or is here already. Nothing has changed then.
    fn decode_entity(&mut self, number: u64, bytes: &[u8]) -> Result<(), StateError>;
}

/// State that cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} number {number}: {why}")]
pub struct StateError {
    /// What kind of entity it is.
    pub what: &'static str,
    /// Which.
    pub number: u64,
    /// What is wrong.
    pub why: String,
}

impl StateError {
    /// That the bytes of an entity are not what was expected.
    pub(crate) fn of(what: &'static str, number: u64, error: &BytesError) -> Self {
        Self::because(what, number, error.to_string())
    }

    /// That an entity cannot be taken in, for this reason.
    pub(crate) fn because(what: &'static str, number: u64, why: impl Into<String>) -> Self {
        Self { what, number, why: why.into() }
    }
}
