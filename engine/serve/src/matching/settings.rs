use etaflow_road::{MatcherConfig, Span};

/// No answer is committed after more fixes.
pub const LAG_MAX: usize = 32;

/// The longest lag in time that a matcher takes.
const LAG_SPAN_MAX: Span = Span::from_secs(86_400);

/// What the command line says of how to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatchSettings {
    /// After how many more fixes that were matched an answer is committed, at most [`LAG_MAX`], however long that takes;
    /// if absent the matcher's own lag, which is in fixes and in time.
    pub lag: Option<usize>,
    /// How far apart the fixes are at least that are matched; nothing for all.
    pub sampling: Span,
}

impl MatchSettings {
    /// The matcher's configuration.
    pub fn config(&self) -> MatcherConfig {
        let config = MatcherConfig::default();
        match self.lag {
            Some(lag_fixes) => MatcherConfig { lag_fixes, lag_span: LAG_SPAN_MAX, ..config },
            None => config,
        }
    }
}
