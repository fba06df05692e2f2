//! What waits for the sinks, as a snapshot keeps it.
//!
//! A version, the number of sinks, and of each its name, the number of its effects, and these. Little-endian.

use super::id::{Effect, EffectId};
use crate::bytes::{ByteReader, BytesError};
use crate::eta::EtaUpdate;
use crate::event::Key;

const VERSION: u8 = 1;

/// Sinks by name, and what waits for each, in order.
pub(super) type Backlog = Vec<(String, Vec<Effect>)>;

pub(super) fn encode(backlog: &Backlog) -> Vec<u8> {
    let mut out = vec![VERSION];
    out.extend((backlog.len() as u32).to_le_bytes());
    for (name, effects) in backlog {
        out.push(name.len() as u8);
        out.extend(name.as_bytes());
        out.extend((effects.len() as u32).to_le_bytes());
        for effect in effects {
            effect.trip.encode(&mut out);
            out.push(u8::from(effect.driver.is_some()));
            if let Some(driver) = &effect.driver {
                driver.encode(&mut out);
            }
            effect.update.encode(&mut out);
        }
    }
    out
}

pub(super) fn decode(bytes: &[u8]) -> Result<Backlog, BytesError> {
    let mut reader = ByteReader::new(bytes);
    if reader.u8("the version")? != VERSION {
        return Err(reader.error("the version", "is not 1"));
    }
    let sinks = reader.u32("the number of sinks")?;
    let mut backlog = Vec::new();
    for _ in 0..sinks {
        let length = usize::from(reader.u8("a sink's name")?);
        let name = std::str::from_utf8(reader.take("a sink's name", length)?);
        let name = name.map_err(|_| reader.error("a sink's name", "is not UTF-8"))?.to_owned();
        let count = reader.u32("the number of effects")?;
        let effects = (0..count).map(|_| effect(&mut reader)).collect::<Result<Vec<_>, _>>()?;
        if !effects.is_sorted_by(|one, next| one.id < next.id) {
            return Err(reader.error("a sink's effects", "are not in order"));
        }
        backlog.push((name, effects));
    }
    reader.end()?;
    Ok(backlog)
}

fn effect(reader: &mut ByteReader<'_>) -> Result<Effect, BytesError> {
    let trip = Key::decode(reader, "a trip's key")?;
    let driver = match reader.u8("whether there is a driver")? {
        0 => None,
        1 => Some(Key::decode(reader, "a driver's key")?),
        _ => return Err(reader.error("whether there is a driver", "must be 0 or 1")),
    };
    let update = EtaUpdate::decode(reader)?;
    Ok(Effect { id: EffectId::of(&update), trip, driver, update })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::id::tests::any_effects;
    use super::*;

    proptest! {
        #[test]
        fn what_waits_is_read_as_it_was_written(
            backlog in prop::collection::vec(("[a-z]{1,9}", any_effects(0..20)), 0..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = encode(&backlog);
            prop_assert_eq!(decode(&bytes), Ok(backlog));
            prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
        }

        #[test]
        fn anything_else_is_no_backlog_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(backlog) = decode(&bytes) {
                prop_assert_eq!(encode(&backlog), bytes);
            }
        }
    }
}
