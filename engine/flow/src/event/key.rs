use std::fmt;
use std::sync::Arc;

use crate::bytes::{ByteReader, BytesError};

/// How long a textual key may be, in bytes.
pub const KEY_MAX_BYTES: usize = 128;

/// The outside's name for a driver, a trip or a source.
///
/// Text that is a plain decimal number is held as a number, so that `"42"` and `42` are one key and no text is kept
/// for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A number.
    Number(u64),
    /// Text of 1 to [`KEY_MAX_BYTES`] bytes that is no plain number.
    Text(Arc<str>),
}

/// Why text cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is none.
    #[error("a key is empty")]
    Empty,
    /// It is longer than [`KEY_MAX_BYTES`].
    #[error("a key has {0} bytes, at most {KEY_MAX_BYTES}")]
    TooLong(usize),
}

impl Key {
    /// The key that `text` is.
    ///
    /// # Errors
    /// If it is empty or longer than [`KEY_MAX_BYTES`].
    ///
    /// ```
    /// # use etaflow::Key;
    /// assert_eq!(Key::new("42")?, Key::Number(42));
    /// assert_ne!(Key::new("042")?, Key::Number(42));
    /// # Ok::<(), etaflow::KeyError>(())
    /// ```
    pub fn new(text: &str) -> Result<Self, KeyError> {
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if text.len() > KEY_MAX_BYTES {
            return Err(KeyError::TooLong(text.len()));
        }
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = digits && (text == "0" || !text.starts_with('0'));
        match text.parse() {
            Ok(number) if canonical => Ok(Self::Number(number)),
            _ => Ok(Self::Text(text.into())),
        }
    }

    /// Appends the key: how many bytes its text has and the text, or 0 and the number in 8 bytes.
    ///
    /// The key is one that [`new`](Self::new) would make, and so not longer than a byte can say.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Number(number) => {
                out.push(0);
                out.extend(number.to_le_bytes());
            }
            Self::Text(text) => {
                debug_assert!((1..=KEY_MAX_BYTES).contains(&text.len()), "the key is as its constructor makes it");
                out.push(text.len() as u8);
                out.extend(text.as_bytes());
            }
        }
    }

    /// Reads what [`encode`](Self::encode) wrote; nothing that `new` would not make.
    pub(crate) fn decode(reader: &mut ByteReader<'_>, what: &'static str) -> Result<Self, BytesError> {
        let length = usize::from(reader.u8(what)?);
        if length == 0 {
            return reader.u64(what).map(Self::Number);
        }
        let text = std::str::from_utf8(reader.take(what, length)?).map_err(|_| reader.error(what, "is not UTF-8"))?;
        match Self::new(text) {
            Ok(key @ Self::Text(_)) => Ok(key),
            Ok(Self::Number(_)) => Err(reader.error(what, "is a number held as text")),
            Err(_) => Err(reader.error(what, "is longer than a key can be")),
        }
    }
}

impl From<u64> for Key {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}
