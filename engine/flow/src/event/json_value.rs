//! JSON values that may be anything, so that what is wrong with one can be said with its name.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::EventError;
use super::json::shortened;
use super::key::Key;

/// A value that is to be text or a number.
#[derive(Debug, Default)]
pub(super) enum Scalar<'a> {
    /// Not there, or null.
    #[default]
    Absent,
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// What else it is.
    Other(&'static str),
}

/// A value that is to be an object.
#[derive(Debug, Default)]
pub(super) enum Object<T> {
    /// Not there, or null.
    #[default]
    Absent,
    Is(T),
    /// What else it is.
    Other(&'static str),
}

impl Scalar<'_> {
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(super) fn text(&self, field: &'static str) -> Result<&str, EventError> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(other.error(field, "text")),
        }
    }

    pub(super) fn number(&self, field: &'static str) -> Result<f64, EventError> {
        match *self {
            Self::Unsigned(number) => Ok(number as f64),
            Self::Negative(number) => Ok(number as f64),
            Self::Float(number) => Ok(number),
            ref other => Err(other.error(field, "a number")),
        }
    }

    pub(super) fn number_if_any(&self, field: &'static str) -> Result<Option<f64>, EventError> {
        if self.is_absent() { Ok(None) } else { self.number(field).map(Some) }
    }

    pub(super) fn key(&self, field: &'static str) -> Result<Key, EventError> {
        match self {
            Self::Unsigned(number) => Ok(Key::Number(*number)),
            Self::Text(text) => Key::new(text).map_err(|error| EventError::Key { field, error }),
            other => Err(other.error(field, "text or a whole number from 0 to 18446744073709551615")),
        }
    }

    /// A number from 0, or one in decimal text.
    pub(super) fn count(&self, field: &'static str) -> Result<u64, EventError> {
        let number = match self {
            Self::Unsigned(number) => Some(*number),
            // Leading zeros are how such text is made to sort.
            Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.error(field, "a whole number from 0 to 18446744073709551615"))
    }

    /// The id of a node of the map.
    pub(super) fn node(&self, field: &'static str) -> Result<i64, EventError> {
        let number = match self {
            Self::Unsigned(number) => i64::try_from(*number).ok(),
            Self::Negative(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.error(field, "a whole number of 64 bits with a sign"))
    }

    fn error(&self, field: &'static str, bound: &'static str) -> EventError {
        let value = match self {
            Self::Absent => return EventError::Missing { field },
            Self::Unsigned(number) => number.to_string(),
            Self::Negative(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Text(text) => format!("{:?}", shortened(text)),
            Self::Other(what) => (*what).to_owned(),
        };
        EventError::Value { field, value, bound }
    }
}

impl<T> Object<T> {
    pub(super) fn as_required(&self, field: &'static str) -> Result<&T, EventError> {
        match self {
            Self::Is(object) => Ok(object),
            Self::Absent => Err(EventError::Missing { field }),
            Self::Other(what) => Err(EventError::Value { field, value: (*what).to_owned(), bound: "an object" }),
        }
    }

    pub(super) fn required(self, field: &'static str) -> Result<T, EventError> {
        self.as_required(field)?;
        match self {
            Self::Is(object) => Ok(object),
            Self::Absent | Self::Other(_) => Err(EventError::Missing { field }),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Absent)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Other(if value { "true" } else { "false" }))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(u64::try_from(value).map_or(Scalar::Negative(value), Scalar::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other("an object"))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Object::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Object::Other("a truth value"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Object::Other("a number"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Object::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Object::Other("a number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Object::Other("text"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Object::Other("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object::Is)
    }
}
