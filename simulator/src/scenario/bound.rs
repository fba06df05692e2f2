use std::collections::BTreeMap;

use super::error::ScenarioError;
use super::limit::within;

/// A figure of a run that a scenario can bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoundMetric {
    /// Median time from due to arrival time, outside outages, milliseconds.
    LatencyP50,
    /// 99th percentile of the same.
    LatencyP99,
    /// 99.9th percentile of the same.
    LatencyP999,
    /// From the end of an outage until no more is behind than what arrives in 50 ms, or, of an engine in a process of its
    /// own, until that is live; the worst outage, seconds.
    CatchUp,
    /// How far the engine's own forecast of the time until it has caught up was off, from the second second of each recovery
    /// on: the worst, as a share of the time that it really took from there, 0 upwards. 0.2 s, which is how often it says
    /// how it stands, are forgiven.
    CatchUpForecast,
    /// The most events that were behind.
    LagMax,
    /// Events through the whole pipeline each second of the wall clock, the time to work off the last ones included.
    EventsPerSecond,
    /// Events that were offered each second, of the same time.
    OfferedPerSecond,
    /// The fewest trips under way at any time after the warm-up.
    TripsUnderWay,
    /// Mean absolute error of arrival times, seconds.
    EtaMae,
    /// Mean absolute error of arrival times, relative to what was left, 0 upwards.
    EtaMape,
    /// The share of arrivals within their interval, 0 to 1.
    EtaCoverage,
    /// Mean relative error of the speeds of roads with traffic, 0 upwards.
    TrafficMape,
    /// Offered less accepted, refused, conflated, duplicate and dead-lettered, without sign: 0 if all is accounted for.
    Unaccounted,
    /// What the outside was told a second time by an engine that had been gone; only of one in a process of its own.
    EffectsRepeated,
}

/// On which side of its limit a figure must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundDirection {
    /// At the limit or below.
    AtMost,
    /// At the limit or above.
    AtLeast,
}

/// A limit that a run must hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundLimit {
    /// Of what.
    pub metric: BoundMetric,
    /// The limit, in the metric's unit.
    pub limit: f64,
}

impl BoundMetric {
    /// All of them, in order.
    pub const ALL: [Self; 15] = [
        Self::LatencyP50,
        Self::LatencyP99,
        Self::LatencyP999,
        Self::CatchUp,
        Self::CatchUpForecast,
        Self::LagMax,
        Self::EventsPerSecond,
        Self::OfferedPerSecond,
        Self::TripsUnderWay,
        Self::EtaMae,
        Self::EtaMape,
        Self::EtaCoverage,
        Self::TrafficMape,
        Self::Unaccounted,
        Self::EffectsRepeated,
    ];

    /// Its key in a scenario, which ends in `_min` if the figure must be at least the limit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LatencyP50 => "latency_p50_ms",
            Self::LatencyP99 => "latency_p99_ms",
            Self::LatencyP999 => "latency_p999_ms",
            Self::CatchUp => "catch_up_s",
            Self::CatchUpForecast => "catch_up_forecast_share",
            Self::LagMax => "lag_max_events",
            Self::EventsPerSecond => "events_per_s_min",
            Self::OfferedPerSecond => "offered_per_s_min",
            Self::TripsUnderWay => "trips_under_way_min",
            Self::EtaMae => "eta_mae_s",
            Self::EtaMape => "eta_mape",
            Self::EtaCoverage => "eta_coverage_min",
            Self::TrafficMape => "traffic_mape",
            Self::Unaccounted => "unaccounted_events",
            Self::EffectsRepeated => "effects_repeated",
        }
    }

    /// Whether it is of the wall's time, and so says nothing of a run that goes as fast as it can: nothing is ever late
    /// there, and who is offered all that he can take is never up to date.
    pub const fn needs_wall(self) -> bool {
        matches!(self, Self::LatencyP50 | Self::LatencyP99 | Self::LatencyP999 | Self::CatchUp | Self::CatchUpForecast)
    }

    /// On which side of its limit the figure must be.
    pub const fn direction(self) -> BoundDirection {
        match self {
            Self::EventsPerSecond | Self::OfferedPerSecond | Self::TripsUnderWay | Self::EtaCoverage => {
                BoundDirection::AtLeast
            }
            Self::LatencyP50
            | Self::LatencyP99
            | Self::LatencyP999
            | Self::CatchUp
            | Self::CatchUpForecast
            | Self::LagMax
            | Self::EtaMae
            | Self::EtaMape
            | Self::TrafficMape
            | Self::Unaccounted
            | Self::EffectsRepeated => BoundDirection::AtMost,
        }
    }
}

impl BoundLimit {
    /// Whether a run with this figure holds the bound. What is not a number does not.
    ///
    /// ```
    /// # use etaflow_simulator::{BoundLimit, BoundMetric};
    /// let bound = BoundLimit { metric: BoundMetric::EventsPerSecond, limit: 200_000.0 };
    /// assert!(bound.is_held_by(250_000.0));
    /// assert!(!bound.is_held_by(f64::NAN));
    /// ```
    pub fn is_held_by(&self, value: f64) -> bool {
        match self.metric.direction() {
            BoundDirection::AtMost => value <= self.limit,
            BoundDirection::AtLeast => value >= self.limit,
        }
    }

    /// The bounds by their keys, in the order of [`BoundMetric::ALL`].
    pub(super) fn parse_all(raw: &BTreeMap<String, f64>) -> Result<Vec<Self>, ScenarioError> {
        let names = BoundMetric::ALL.map(BoundMetric::name);
        if let Some(unknown) = raw.keys().find(|key| !names.contains(&key.as_str())) {
            let (key, known) = ("a key of bounds".to_owned(), names.join(", "));
            return Err(ScenarioError::Word { key, value: unknown.clone(), known });
        }
        let mut bounds = Vec::new();
        for metric in BoundMetric::ALL {
            if let Some(&limit) = raw.get(metric.name()) {
                within(&format!("bounds.{}", metric.name()), limit, 0.0, 1e12)?;
                bounds.push(Self { metric, limit });
            }
        }
        Ok(bounds)
    }
}
