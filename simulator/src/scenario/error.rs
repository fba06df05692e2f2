use std::path::PathBuf;

/// Why text is not a scenario.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// It is not TOML, a key is unknown, or a value has the wrong type.
    #[error("line {line}: {what}")]
    Parse {
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A number is out of its range.
    #[error("{key} is {value}, not within {low}..={high}")]
    Range {
        /// Which.
        key: String,
        /// The number.
        value: f64,
        /// The least it may be.
        low: f64,
        /// The most it may be.
        high: f64,
    },
    /// A word is none of those that are known.
    #[error("{key} is \"{value}\", none of {known}")]
    Word {
        /// Which.
        key: String,
        /// The word.
        value: String,
        /// What it may be.
        known: String,
    },
    /// Two values do not go together.
    #[error("{key} is {value}: {rule}")]
    Rule {
        /// Which.
        key: String,
        /// The value.
        value: String,
        /// The rule that it breaks.
        rule: String,
    },
    /// A key without which there is no scenario.
    #[error("{key} is missing")]
    Missing {
        /// Which.
        key: &'static str,
    },
}
