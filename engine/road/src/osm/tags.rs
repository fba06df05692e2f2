/// The tags of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tags<'a>(&'a [(&'a str, &'a str)]);

/// One of the two directions of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Backward,
}

impl Direction {
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
        }
    }
}

impl<'a> Tags<'a> {
    pub(super) const fn new(tags: &'a [(&'a str, &'a str)]) -> Self {
        Self(tags)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == key).map(|&(_, value)| value)
    }

    /// Whether `key` has this value.
    pub(super) fn is(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    /// Whether `key` is there and is not "no".
    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value != "no")
    }

    /// The value of `prefix:suffix`.
    pub(super) fn get_joined(&self, prefix: &str, suffix: &str) -> Option<&'a str> {
        let joined = |key: &str| {
            key.len() == prefix.len() + 1 + suffix.len()
                && key.starts_with(prefix)
                && key.ends_with(suffix)
                && key.as_bytes()[prefix.len()] == b':'
        };
        self.0.iter().find(|(key, _)| joined(key)).map(|&(_, value)| value)
    }

    /// The value for one direction: that of `key:forward` or `key:backward`, else that of `key`.
    pub(super) fn get_directed(&self, key: &str, direction: Direction) -> Option<&'a str> {
        self.get_joined(key, direction.suffix()).or_else(|| self.get(key))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.0.iter().copied()
    }
}
