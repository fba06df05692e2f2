use super::OsmError;

/// A cursor over protocol buffer fields; every read is checked against the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire<'a> {
    rest: &'a [u8],
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes; nothing that we read is stored so.
    Fixed,
}

impl<'a> Wire<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next field's number and value; `None` at the end.
    pub(super) fn field(&mut self) -> Result<Option<(u64, Value<'a>)>, OsmError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(OsmError::Malformed { what: "a field of an unknown wire type" }),
        };
        Ok(Some((key >> 3, value)))
    }

    /// The next number of a packed list; `None` at the end.
    #[inline]
    pub(super) fn packed(&mut self) -> Result<Option<u64>, OsmError> {
        if self.rest.is_empty() { Ok(None) } else { self.varint().map(Some) }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, OsmError> {
        let mut value = 0_u64;
        for (at, &byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        Err(OsmError::Malformed { what: "a number that does not end" })
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], OsmError> {
        if length > self.rest.len() as u64 {
            return Err(OsmError::Malformed { what: "a field longer than what holds it" });
        }
        let (taken, rest) = self.rest.split_at(length as usize);
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Value<'a> {
    pub(super) fn number(self) -> Result<u64, OsmError> {
        match self {
            Self::Varint(value) => Ok(value),
            _ => Err(OsmError::Malformed { what: "a field that should be a number" }),
        }
    }

    pub(super) fn bytes(self) -> Result<&'a [u8], OsmError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(OsmError::Malformed { what: "a field that should be bytes" }),
        }
    }
}

/// Undoes the encoding that makes small negative numbers short.
#[inline]
pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bytes_are_read_and_the_end_is_the_end() {
        let mut wire = Wire::new(&[0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 0, 0, 0, 0]);
        assert_eq!(wire.field().expect("reads"), Some((1, Value::Varint(150))));
        assert_eq!(wire.field().expect("reads"), Some((2, Value::Bytes(b"hi"))));
        assert_eq!(wire.field().expect("reads"), Some((3, Value::Fixed)));
        assert_eq!(wire.field().expect("reads"), None);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for bytes in [&[0x08][..], &[0x12, 0x05, 1], &[0x80; 11], &[0x0b], &[0x1d, 0, 0]] {
            assert!(Wire::new(bytes).field().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn zigzag_alternates() {
        let decoded: Vec<i64> = [0, 1, 2, 3, u64::MAX].into_iter().map(zigzag).collect();
        assert_eq!(decoded, [0, -1, 1, -2, i64::MIN]);
    }
}
