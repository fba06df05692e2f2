use std::fmt;

use crate::bytes::{ByteReader, BytesError};
use crate::event::Offset;
use crate::stream::{Digest, Tick};

/// The whole state of an engine at a tick, whatever the number of its shards: what is needed to go on from there as if
/// nothing had been in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The first record that is not in it.
    pub offset: Offset,
    /// The tick after which it was taken: the record before `offset`.
    pub tick: Tick,
    /// What it was made with, and fits alone.
    pub fingerprint: Fingerprint,
    /// The state, in no particular order.
    pub parts: Vec<Part>,
}

/// Entities of one kind, each with its number: `number (u64), length (u32), bytes`, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Of which kind they are.
    pub kind: u8,
    /// They.
    pub bytes: Vec<u8>,
}

/// What a state depends on besides the log. One that was made with another network or other settings is another state.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Fingerprint {
    /// How many nodes the network has.
    pub nodes: u64,
    /// How many edges it has.
    pub edges: u64,
    /// Of all that is known of them.
    pub network: Digest,
    /// All settings that say something about results, a line each.
    pub settings: String,
}

impl Image {
    /// All entities of a kind, in no particular order; after one that cannot be read there are no more of its part.
    pub fn entities(&self, kind: u8) -> impl Iterator<Item = Result<(u64, &[u8]), BytesError>> {
        self.parts.iter().filter(move |part| part.kind == kind).flat_map(Part::entities)
    }

    /// How many bytes its parts have.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes.len() as u64).sum()
    }
}

impl Part {
    /// Nothing of a kind yet.
    pub fn new(kind: u8) -> Self {
        Self { kind, bytes: Vec::new() }
    }

    /// Adds an entity, whose state `write` appends to what it is given. Not added, and false, if that says that there is
    /// none.
    ///
    /// # Panics
    /// If it takes 4 GiB or more.
    pub fn push(&mut self, number: u64, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        let before = self.bytes.len();
        self.bytes.extend(number.to_le_bytes());
        self.bytes.extend([0; 4]);
        let start = self.bytes.len();
        if !write(&mut self.bytes) {
            self.bytes.truncate(before);
            return false;
        }
        let length = u32::try_from(self.bytes.len() - start).expect("no entity is that large");
        self.bytes[start - 4..start].copy_from_slice(&length.to_le_bytes());
        true
    }

    /// The entities in the order in which they were added. One that cannot be read is the last.
    pub fn entities(&self) -> impl Iterator<Item = Result<(u64, &[u8]), BytesError>> {
        let mut reader = ByteReader::new(&self.bytes);
        let mut broken = false;
        std::iter::from_fn(move || {
            if broken || reader.left() == 0 {
                return None;
            }
            let entity = next_entity(&mut reader);
            broken = entity.is_err();
            Some(entity)
        })
    }
}

fn next_entity<'a>(reader: &mut ByteReader<'a>) -> Result<(u64, &'a [u8]), BytesError> {
    let (number, length) = (reader.u64("the number of an entity")?, reader.u32("the length of an entity")?);
    Ok((number, reader.take("an entity", length as usize)?))
}

impl Fingerprint {
    /// What is another in `other`, in words; `None` if nothing is.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if (self.nodes, self.edges) != (other.nodes, other.edges) {
            let (nodes, edges) = (other.nodes, other.edges);
            return Some(format!("{} nodes and {} edges, not {nodes} and {edges}", self.nodes, self.edges));
        }
        if self.network != other.network {
            return Some("a network with as many nodes and edges, but other streets".to_owned());
        }
        if self.settings == other.settings {
            return None;
        }
        let mut lines = self.settings.lines().zip(other.settings.lines());
        let (one, another) = lines.find(|(one, another)| one != another).unwrap_or(("more settings", "these"));
        Some(format!("{one}, not {another}"))
    }
}

/// Without the settings, which are long.
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nodes, edges, network, .. } = self;
        f.debug_struct("Fingerprint")
            .field("nodes", nodes)
            .field("edges", edges)
            .field("network", network)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn entities_come_back_as_they_were_added(
            entities in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..40), any::<bool>()), 0..30),
        ) {
            let mut part = Part::new(b'x');
            for (number, state, there) in &entities {
                let added = part.push(*number, |out| { out.extend(state); *there });
                prop_assert_eq!(added, *there);
            }
            let read: Vec<_> = part.entities().collect::<Result<_, _>>().expect("all are whole");
            let expected: Vec<_> =
                entities.iter().filter(|entity| entity.2).map(|(number, state, _)| (*number, state.as_slice())).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn whatever_the_bytes_reading_ends(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let part = Part { kind: 0, bytes };
            let read: Vec<_> = part.entities().collect();
            prop_assert!(read.len() <= 200 / 12 + 1);
            prop_assert!(read.iter().rev().skip(1).all(Result::is_ok));
        }
    }

    #[test]
    fn what_is_another_is_named() {
        let one = Fingerprint { nodes: 2, edges: 3, network: Digest(1), settings: "a: 1\nb: 2".to_owned() };
        assert_eq!(one.difference(&one), None);
        for (other, expected) in [
            (Fingerprint { edges: 4, ..one.clone() }, "2 nodes and 3 edges, not 2 and 4"),
            (Fingerprint { network: Digest(2), ..one.clone() }, "but other streets"),
            (Fingerprint { settings: "a: 1\nb: 7".to_owned(), ..one.clone() }, "b: 2, not b: 7"),
            (Fingerprint { settings: "a: 1".to_owned(), ..one.clone() }, "more settings, not these"),
        ] {
            let difference = one.difference(&other).expect("there is one");
            assert!(difference.contains(expected), "{difference}");
        }
    }
}
