//! A scenario as it is written: everything may be missing, nothing is checked but the keys and the types.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::error::ScenarioError;

/// Declares a raw table: every key optional, unknown ones refused.
macro_rules! raw_table {
    ($name:ident { $($key:ident: $type:ty),* $(,)? }) => {
        #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $name {
            $(pub(super) $key: Option<$type>,)*
        }
    };
}

raw_table!(RawScenario {
    name: String,
    description: String,
    seed: u64,
    duration_s: f64,
    network: PathBuf,
    city: RawCity,
    clock: RawClock,
    world: RawWorld,
    engine: RawEngine,
    faults: RawFaults,
    outage: Vec<RawOutage>,
    bounds: BTreeMap<String, f64>,
});

raw_table!(RawCity { nodes: u64, seed: u64 });

raw_table!(RawClock { mode: String });

raw_table!(RawEngine { shards: u64, tick_ms: u64, bus: String, process: String });

raw_table!(RawOutage { at_s: f64, lasting_s: f64 });

raw_table!(RawWorld {
    drivers: u64,
    fix_rate_hz: f64,
    trips_under_way: u64,
    cancelled_share: f64,
    hot_spots: u64,
    trip_min_m: f64,
    trip_max_m: f64,
    warm_up_s: f64,
    time_of_day_h: f64,
    time_compression: f64,
    congestion: f64,
    incidents_per_min: f64,
    incident_mean_s: f64,
    gps_sigma_m: f64,
    gps_correlation_s: f64,
    gps_outlier_share: f64,
    gateways: u64,
});

raw_table!(RawFaults {
    late: RawLate,
    out_of_order: RawOutOfOrder,
    twice: RawTwice,
    lost: RawLost,
    clock_skew: RawClockSkew,
    tunnel: RawTunnel,
    jump: RawJump,
    garbage: RawGarbage,
    burst: RawBurst,
});

/// Declares a raw table of which no key may be missing: a fault is either said in full or does not happen.
macro_rules! raw_fault {
    ($name:ident { $($key:ident: $type:ty),* $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $(pub(super) $key: $type,)*
        }
    };
}

raw_fault!(RawLate { share: f64, mean_s: f64, max_s: f64 });
raw_fault!(RawOutOfOrder { share: f64, max_s: f64 });
raw_fault!(RawTwice { share: f64, max_s: f64 });
raw_fault!(RawLost { share: f64 });
raw_fault!(RawClockSkew { driver_share: f64, max_s: f64 });
raw_fault!(RawTunnel { per_driver_hour: f64, min_s: f64, max_s: f64 });
raw_fault!(RawJump { share: f64, min_m: f64, max_m: f64, fixes_max: u64 });
raw_fault!(RawGarbage { share: f64 });
raw_fault!(RawBurst { every_s: f64, silent_s: f64 });

impl RawScenario {
    pub(super) fn parse(text: &str) -> Result<Self, ScenarioError> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            let line = 1 + text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
            ScenarioError::Parse { line, what: error.message().replace('\n', " ") }
        })
    }
}
