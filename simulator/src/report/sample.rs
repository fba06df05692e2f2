use serde::{Deserialize, Serialize};

/// What an engine's answers rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineState {
    /// Everything that is known.
    #[default]
    Live,
    /// What was known a while ago: it is behind, and working on it.
    CatchingUp,
    /// A snapshot that is being read back.
    Recovering,
}

impl EngineState {
    /// Its name in displays and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::CatchingUp => "catching up",
            Self::Recovering => "recovering",
        }
    }
}

/// How a run was at one moment. What is not known is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds since the run began, in the scenario's time.
    pub t_s: f64,
    /// Events that the sources sent, a second, since the last sample.
    pub offered_per_s: f64,
    /// Events that the engine took in, a second, since the last sample.
    pub accepted_per_s: f64,
    /// Events that came through the whole pipeline, a second, since the last sample.
    pub processed_per_s: f64,
    /// Events that were taken in and have not come through.
    pub lag_events: u64,
    /// How far the newest event that came through is behind the newest one taken in, in seconds.
    pub lag_s: Option<f64>,
    /// What the answers rest on.
    pub state: EngineState,
    /// Median latency since the last sample, in milliseconds.
    pub latency_p50_ms: Option<f64>,
    /// 99th percentile of the latency since the last sample, in milliseconds.
    pub latency_p99_ms: Option<f64>,
    /// Trips under way.
    pub trips_active: u64,
    /// Which traffic metric is in force.
    pub metric_epoch: u64,
    /// Speed on the roads over free flow, on average; 1 is free.
    pub speed_ratio: Option<f64>,
    /// In how many seconds the engine says that it will have caught up.
    pub catch_up_s: Option<f64>,
}

/// A time in which the engine did not follow its log.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Outage {
    /// When it began, in seconds since the run began, in the scenario's time.
    pub from_s: f64,
    /// When it ended.
    pub to_s: f64,
    /// `to_s` and how long it then took, by the wall, until the engine had caught up; `None` if it had not before the run
    /// ended.
    pub caught_up_s: Option<f64>,
    /// How many events were behind at its end; known of an engine in a process of its own, as is what follows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backlog_events: Option<u64>,
    /// How long it took from `to_s` until the engine said how it stands, in seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub silent_s: Option<f64>,
    /// How many events it took in a second from then on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub drained_per_s: Option<f64>,
    /// Its first forecast, a second after it had begun to take events, of how long it would take until it had caught up, and
    /// how long it really took from there, in seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub forecast: Option<(f64, f64)>,
    /// How far the worst of its forecasts from then on was off, as a share of how long it really took from there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub forecast_error: Option<f64>,
}

impl Outage {
    /// One that had no end, or from which there was no recovery, when the run ended.
    pub(crate) fn open(from_s: f64, to_s: f64) -> Self {
        Self { from_s, to_s, ..Self::default() }
    }

    /// How long it took from the end of the outage until the engine had caught up.
    pub fn catch_up_s(&self) -> Option<f64> {
        self.caught_up_s.map(|caught_up_s| (caught_up_s - self.to_s).max(0.0))
    }
}
