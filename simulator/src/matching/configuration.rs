use etaflow_road::{MatcherConfig, Sampling, Span};

/// How many seconds there are between two fixes that the matcher is given, at least.
const SAMPLINGS_S: [u16; 5] = [1, 5, 10, 30, 60];

/// The most fixes that the matcher may look ahead.
const LAG_MAX: u8 = 10;

/// When the matcher commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lag {
    /// After so many more fixes, however long that takes.
    Fixes(u8),
    /// As it does if nobody says otherwise: after some fixes, or some time if that is sooner.
    Default,
}

/// What the matcher is given, and how it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// A fix is left out if the one before that was not is less than this many seconds older.
    pub sampling_s: u16,
    /// When it commits.
    pub lag: Lag,
}

impl Plan {
    /// Every second with the default configuration: what the worst tracks are told by.
    pub const DEFAULT: Self = Self { sampling_s: 1, lag: Lag::Default };

    /// All that are scored: by sampling, and there by lag, the default configuration last.
    pub fn all() -> Vec<Self> {
        let lags = || (0..=LAG_MAX).map(Lag::Fixes).chain([Lag::Default]);
        let plans = |sampling_s| lags().map(move |lag| Self { sampling_s, lag });
        SAMPLINGS_S.into_iter().flat_map(plans).collect()
    }

    /// Which fixes the matcher is given.
    pub(super) fn sampling(self) -> Sampling {
        Sampling::every(Span::from_secs(i64::from(self.sampling_s)))
    }

    /// How the matcher works.
    pub(super) fn config(self) -> MatcherConfig {
        match self.lag {
            Lag::Fixes(fixes) => MatcherConfig {
                lag_fixes: usize::from(fixes),
                // A day, the most that there is: the fixes alone decide.
                lag_span: Span::from_secs(86_400),
                ..MatcherConfig::default()
            },
            Lag::Default => MatcherConfig::default(),
        }
    }
}
