use etaflow::Timestamp;
use etaflow_serve::Status;

/// What the engine forecast of its catching up counts from here on, in seconds since it began to.
const FORECAST_FROM_S: f64 = 1.0;

/// Less time than this is no more than between two of its statuses, in seconds: a forecast may be off by so much.
const FORECAST_GRAIN_S: f64 = 0.2;

/// How an engine came back.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Recovery {
    /// From when it was started again until it was live, in seconds; `None` if it had not.
    pub(super) took_s: Option<f64>,
    /// From when it was started until it first said how it stands.
    pub(super) silent_s: Option<f64>,
    /// How many records it was behind then.
    pub(super) backlog: u64,
    /// How many records it took in a second, from then on.
    pub(super) drained_per_s: Option<f64>,
    /// The worst of its forecasts, as a share of how long it really took from there.
    pub(super) forecast_error: Option<f64>,
    /// The first forecast that counts, and how long it really took from there, in seconds.
    pub(super) forecast: Option<(f64, f64)>,
}

impl Recovery {
    /// From what an engine that was started at `started_at` said until it was live.
    pub(super) fn of(started_at: Timestamp, statuses: &[(Timestamp, Status)]) -> Self {
        let mut recovery = Self::default();
        let Some((begun, first)) = statuses.iter().find(|(_, status)| status.is_catching_up()) else { return recovery };
        recovery.silent_s = Some(begun.since(started_at).secs_f64());
        recovery.backlog = first.lag_records.unwrap_or_default();
        let there = statuses.iter().find(|(at, status)| at >= begun && status.is_live());
        let Some((there, last)) = there else { return recovery };
        recovery.took_s = Some(there.since(started_at).secs_f64());
        let seconds = there.since(*begun).secs_f64();
        if seconds > 0.0 {
            recovery.drained_per_s = Some(last.offset.saturating_sub(first.offset) as f64 / seconds);
        }
        // One that is live before it had to say anything has said nothing wrong.
        if seconds < FORECAST_FROM_S {
            recovery.forecast_error = Some(0.0);
        }
        for (at, status) in statuses.iter().filter(|(at, _)| at < there) {
            if at.since(*begun).secs_f64() < FORECAST_FROM_S {
                continue;
            }
            let really = there.since(*at).secs_f64();
            // That it does not know is as wrong as can be.
            let error = status.catch_up_s.map_or(1.0, |forecast| {
                ((forecast - really).abs() - FORECAST_GRAIN_S).max(0.0) / really.max(FORECAST_GRAIN_S)
            });
            recovery.forecast_error = Some(recovery.forecast_error.map_or(error, |worst: f64| worst.max(error)));
            if let (None, Some(forecast)) = (recovery.forecast, status.catch_up_s) {
                recovery.forecast = Some((forecast, really));
            }
        }
        recovery
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(forecast: impl Fn(f64) -> Option<f64>) -> Vec<(Timestamp, Status)> {
        // 400,000 records behind, of which 100,000 a second go; it says so ten times a second.
        (0..=40)
            .map(|nth| {
                let since_s = f64::from(nth) / 10.0;
                let status = Status {
                    state: if nth < 40 { "catching_up" } else { "live" }.to_owned(),
                    offset: 1_000 + 10_000 * u64::from(nth as u32),
                    lag_records: Some(400_000 - 10_000 * u64::from(nth as u32)),
                    lag_s: None,
                    catch_up_s: forecast(4.0 - since_s),
                    trips: 0,
                };
                (Timestamp::from_millis(2_500 + 100 * i64::from(nth)), status)
            })
            .collect()
    }

    #[test]
    fn a_true_forecast_is_not_off_and_one_that_is_twice_the_time_is() {
        let started_at = Timestamp::from_secs(2);
        let recovery = |forecast: fn(f64) -> Option<f64>| Recovery::of(started_at, &statuses(forecast));
        let right = recovery(Some);
        assert_eq!((right.took_s, right.silent_s, right.backlog), (Some(4.5), Some(0.5), 400_000));
        assert!((right.drained_per_s.expect("it drains") - 100_000.0).abs() < 1.0);
        assert!(right.forecast_error.expect("it forecasts") < 1e-9, "{right:?}");
        assert!(recovery(|left| Some(2.0 * left)).forecast_error.expect("it forecasts") > 0.9);
        assert_eq!(recovery(|_| None).forecast_error, Some(1.0));
    }

    #[test]
    fn one_that_is_live_at_once_has_nothing_to_forecast() {
        let soon = &statuses(|_| None)[33..];
        let recovery = Recovery::of(Timestamp::from_secs(2), soon);
        assert_eq!((recovery.took_s, recovery.forecast_error), (Some(4.5), Some(0.0)));
    }

    #[test]
    fn one_that_has_not_caught_up_took_no_time_yet() {
        let half = &statuses(Some)[..20];
        let recovery = Recovery::of(Timestamp::from_secs(2), half);
        assert_eq!((recovery.took_s, recovery.backlog, recovery.forecast_error), (None, 400_000, None));
        assert_eq!(Recovery::of(Timestamp::from_secs(2), &[]), Recovery::default());
    }
}
