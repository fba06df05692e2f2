//! The parts of a scenario: from what is written to what is meant.

use std::path::PathBuf;

use etaflow_road::Span;

use super::error::ScenarioError;
use super::limit::{rule, share, span, whole, within};
use super::raw::{RawCity, RawClock, RawEngine, RawFaults, RawOutage, RawWorld};
use super::scenario::{BusPolicy, ClockMode, EngineProcess, EngineSetup, LOG_RECORDS, NetworkSource, OutagePlan};
use crate::fault::{Burst, ClockSkew, FaultConfig, Garbage, Jump, Late, Lost, OutOfOrder, Tunnel, Twice};
use crate::world::WorldConfig;

/// How many nodes a city has if nothing is said.
const NODES: u64 = 7_000;

pub(super) fn name(raw: Option<String>) -> Result<String, ScenarioError> {
    let name = raw.ok_or(ScenarioError::Missing { key: "name" })?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let holds = (1..=64).contains(&name.len()) && name.bytes().all(plain);
    rule(holds, "name", &name, "a name is 1 to 64 letters, digits, _ and -")?;
    Ok(name)
}

pub(super) fn network(file: Option<PathBuf>, city: Option<RawCity>, seed: u64) -> Result<NetworkSource, ScenarioError> {
    match (file, city) {
        (Some(file), None) => Ok(NetworkSource::File(file)),
        (Some(file), Some(_)) => {
            rule(false, "network", file.display(), "there is a [city] too, and only one of them can be")?;
            Ok(NetworkSource::File(file))
        }
        (None, city) => {
            let city = city.unwrap_or_default();
            let nodes = whole("city.nodes", city.nodes.unwrap_or(NODES), 1_000, 4_000_000)?;
            Ok(NetworkSource::City { nodes, seed: city.seed.unwrap_or(seed) })
        }
    }
}

pub(super) fn clock(raw: RawClock) -> Result<ClockMode, ScenarioError> {
    match raw.mode.as_deref() {
        None | Some("wall") => Ok(ClockMode::Wall),
        Some("max") => Ok(ClockMode::Max),
        Some(other) => Err(word("clock.mode", other, "wall, max")),
    }
}

pub(super) fn engine(raw: RawEngine) -> Result<EngineSetup, ScenarioError> {
    let bus = match raw.bus.as_deref() {
        None | Some("await") => BusPolicy::Await,
        Some("refuse") => BusPolicy::Refuse,
        Some("conflate") => BusPolicy::Conflate,
        Some(other) => return Err(word("engine.bus", other, "await, refuse, conflate")),
    };
    let tick_ms = whole("engine.tick_ms", raw.tick_ms.unwrap_or(1_000), 10, 60_000)?;
    let shards = whole("engine.shards", raw.shards.unwrap_or(2), 1, 256)?;
    let process = match raw.process.as_deref() {
        None | Some("shared") => EngineProcess::Shared,
        Some("apart") => EngineProcess::Apart,
        Some(other) => return Err(word("engine.process", other, "shared, apart")),
    };
    Ok(EngineSetup { shards, tick: Span::from_millis(i64::from(tick_ms)), bus, process })
}

pub(super) fn world(raw: &RawWorld) -> Result<WorldConfig, ScenarioError> {
    let default = WorldConfig::default();
    let number = |key: &str, value: Option<f64>, default: f64, low: f64, high: f64| {
        within(&format!("world.{key}"), value.unwrap_or(default), low, high)
    };
    let count = |key: &str, value: Option<u64>, default: u32, low: u32, high: u32| {
        whole(&format!("world.{key}"), value.unwrap_or(u64::from(default)), low, high)
    };
    let drivers = count("drivers", raw.drivers, default.drivers, 1, 2_000_000)?;
    let trips_default = default.trips_under_way.min(drivers * 3 / 20);
    let world = WorldConfig {
        drivers,
        fix_rate_hz: number("fix_rate_hz", raw.fix_rate_hz, default.fix_rate_hz, 0.01, 10.0)?,
        trips_under_way: count("trips_under_way", raw.trips_under_way, trips_default, 0, 1_000_000)?,
        cancelled_share: number("cancelled_share", raw.cancelled_share, default.cancelled_share, 0.0, 1.0)?,
        hot_spots: count("hot_spots", raw.hot_spots, default.hot_spots, 0, 1_000)?,
        trip_min_m: number("trip_min_m", raw.trip_min_m, default.trip_min_m, 0.0, 1e6)?,
        trip_max_m: number("trip_max_m", raw.trip_max_m, default.trip_max_m, 1.0, 1e6)?,
        warm_up_s: number("warm_up_s", raw.warm_up_s, default.warm_up_s, 0.0, 3_600.0)?,
        time_of_day_h: number("time_of_day_h", raw.time_of_day_h, default.time_of_day_h, 0.0, 24.0)?,
        time_compression: number("time_compression", raw.time_compression, default.time_compression, 0.0, 1e4)?,
        congestion: number("congestion", raw.congestion, default.congestion, 0.0, 1.0)?,
        incidents_per_min: number("incidents_per_min", raw.incidents_per_min, default.incidents_per_min, 0.0, 600.0)?,
        incident_mean_s: number("incident_mean_s", raw.incident_mean_s, default.incident_mean_s, 1.0, 86_400.0)?,
        gps_sigma_m: number("gps_sigma_m", raw.gps_sigma_m, default.gps_sigma_m, 0.0, 100.0)?,
        gps_correlation_s: number(
            "gps_correlation_s",
            raw.gps_correlation_s,
            default.gps_correlation_s,
            0.01,
            3_600.0,
        )?,
        gps_outlier_share: number("gps_outlier_share", raw.gps_outlier_share, default.gps_outlier_share, 0.0, 1.0)?,
        gateways: count("gateways", raw.gateways, default.gateways, 1, 1_024)?,
    };
    let few_enough = world.trips_under_way <= world.drivers;
    rule(few_enough, "world.trips_under_way", world.trips_under_way, "at most one for each of world.drivers")?;
    let ordered = world.trip_min_m <= world.trip_max_m;
    rule(ordered, "world.trip_min_m", world.trip_min_m, "at most world.trip_max_m")?;
    Ok(world)
}

pub(super) fn faults(raw: &RawFaults) -> Result<FaultConfig, ScenarioError> {
    let mut faults = FaultConfig::default();
    if let Some(late) = raw.late {
        let max_s = within("faults.late.max_s", late.max_s, 0.0, 600.0)?;
        let mean_s = within("faults.late.mean_s", late.mean_s, 0.0, 600.0)?;
        faults.late = Some(Late { share: share("faults.late.share", late.share)?, mean_s, max_s });
    }
    if let Some(out_of_order) = raw.out_of_order {
        let max_s = within("faults.out_of_order.max_s", out_of_order.max_s, 0.0, 600.0)?;
        let share = share("faults.out_of_order.share", out_of_order.share)?;
        faults.out_of_order = Some(OutOfOrder { share, max_s });
    }
    if let Some(twice) = raw.twice {
        let max_s = within("faults.twice.max_s", twice.max_s, 0.0, 600.0)?;
        faults.twice = Some(Twice { share: share("faults.twice.share", twice.share)?, max_s });
    }
    if let Some(lost) = raw.lost {
        faults.lost = Some(Lost { share: share("faults.lost.share", lost.share)? });
    }
    if let Some(skew) = raw.clock_skew {
        let driver_share = share("faults.clock_skew.driver_share", skew.driver_share)?;
        let max_s = within("faults.clock_skew.max_s", skew.max_s, 0.0, 86_400.0)?;
        faults.clock_skew = Some(ClockSkew { driver_share, max_s });
    }
    if let Some(tunnel) = raw.tunnel {
        let per_driver_hour = within("faults.tunnel.per_driver_hour", tunnel.per_driver_hour, 0.0, 3_600.0)?;
        let max_s = within("faults.tunnel.max_s", tunnel.max_s, 0.0, 3_600.0)?;
        let min_s = within("faults.tunnel.min_s", tunnel.min_s, 0.0, max_s)?;
        faults.tunnel = Some(Tunnel { per_driver_hour, min_s, max_s });
    }
    if let Some(jump) = raw.jump {
        let max_m = within("faults.jump.max_m", jump.max_m, 0.0, 1e6)?;
        let min_m = within("faults.jump.min_m", jump.min_m, 0.0, max_m)?;
        let fixes_max = whole("faults.jump.fixes_max", jump.fixes_max, 1, 1_000)?;
        faults.jump = Some(Jump { share: share("faults.jump.share", jump.share)?, min_m, max_m, fixes_max });
    }
    if let Some(garbage) = raw.garbage {
        faults.garbage = Some(Garbage { share: share("faults.garbage.share", garbage.share)? });
    }
    if let Some(burst) = raw.burst {
        let every_s = within("faults.burst.every_s", burst.every_s, 0.1, 86_400.0)?;
        let silent_s = within("faults.burst.silent_s", burst.silent_s, 0.0, every_s.min(600.0))?;
        faults.burst = Some(Burst { every_s, silent_s });
    }
    let sum = faults.exclusive_share();
    rule(sum <= 1.0, "the sum of the shares in faults", sum, "at most 1, since a fix has one of these faults")?;
    Ok(faults)
}

pub(super) fn outages(raw: &[RawOutage], duration: Span) -> Result<Vec<OutagePlan>, ScenarioError> {
    let mut outages: Vec<OutagePlan> = Vec::new();
    let mut over = Span::ZERO;
    for (nth, outage) in raw.iter().enumerate() {
        let key = |name: &str| format!("outage[{nth}].{name}");
        let at_s = outage.at_s.ok_or(ScenarioError::Missing { key: "outage.at_s" })?;
        let lasting_s = outage.lasting_s.ok_or(ScenarioError::Missing { key: "outage.lasting_s" })?;
        let at = span(&key("at_s"), at_s, over.secs_f64(), duration.secs_f64())?;
        let left_s = duration.secs_f64() - at_s;
        let lasting = span(&key("lasting_s"), lasting_s, 0.001, left_s.max(0.001))?;
        over = Span::from_micros(at.micros() + lasting.micros());
        outages.push(OutagePlan { at, lasting });
    }
    Ok(outages)
}

/// That the log has room for all that comes while nobody takes from it. If it had none whoever publishes would wait for
/// the end of the outage, and the outage for him.
pub(super) fn outages_fit_the_log(
    outages: &[OutagePlan],
    world: &WorldConfig,
    engine: &EngineSetup,
) -> Result<(), ScenarioError> {
    // On the disk there is room for more than a run can be long.
    if engine.bus == BusPolicy::Refuse || engine.process == EngineProcess::Apart {
        return Ok(());
    }
    // A part is for what comes beside the fixes, or comes late.
    let room = LOG_RECORDS * 4 / 5;
    let longest_s = room as f64 / (f64::from(world.drivers) * world.fix_rate_hz);
    for (nth, outage) in outages.iter().enumerate() {
        within(&format!("outage[{nth}].lasting_s"), outage.lasting.secs_f64(), 0.0, longest_s)?;
    }
    Ok(())
}

/// An engine of another process cannot say to a world whose time has no pace that it is to wait.
pub(super) fn apart_is_by_the_wall(engine: &EngineSetup, clock: ClockMode) -> Result<(), ScenarioError> {
    let holds = engine.process == EngineProcess::Shared || clock == ClockMode::Wall;
    rule(holds, "engine.process", "apart", "it needs clock.mode = \"wall\"")
}

fn word(key: &str, value: &str, known: &str) -> ScenarioError {
    ScenarioError::Word { key: key.to_owned(), value: value.to_owned(), known: known.to_owned() }
}
