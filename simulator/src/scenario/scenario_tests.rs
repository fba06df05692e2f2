use std::path::{Path, PathBuf};

use etaflow_road::Span;
use proptest::prelude::*;

use super::*;
use crate::cli::Rate;
use crate::fault::FaultConfig;
use crate::world::WorldConfig;

fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse(text, &Overrides::default())
}

/// A scenario with `more` after what none can do without.
fn with(more: &str) -> Result<Scenario, ScenarioError> {
    parse(&format!("name = 'some'\nduration_s = 60\n{more}"))
}

#[test]
fn what_is_not_said_has_its_default() {
    let scenario = with("").expect("a scenario");
    assert_eq!(scenario.world, WorldConfig::default());
    assert_eq!(scenario.faults, FaultConfig::default());
    assert_eq!(scenario.network, NetworkSource::City { nodes: 7_000, seed: 1 });
    assert_eq!(
        scenario.engine,
        EngineSetup { shards: 2, tick: Span::from_secs(1), bus: BusPolicy::Await, process: EngineProcess::Shared }
    );
    assert_eq!((scenario.clock, scenario.duration), (ClockMode::Wall, Span::from_secs(60)));
    assert_eq!(scenario.out, Path::new("target/runs/some"));
    assert!(scenario.outages.is_empty() && scenario.bounds.is_empty());
}

#[test]
fn errors_name_the_key_the_value_and_the_bound() {
    for (text, expected) in [
        ("duration_s = 60", "name is missing"),
        ("name = 'some'", "duration_s is missing"),
        ("name = '../up'\nduration_s = 60", "name is ../up: a name is 1 to 64 letters, digits, _ and -"),
        ("name = 'some'\nduration_s = -1", "duration_s is -1, not within 0.1..=86400"),
        ("name = 'some'\nduration_s = nan", "duration_s is NaN, not within 0.1..=86400"),
    ] {
        assert_eq!(parse(text).expect_err(text).to_string(), expected);
    }
    for (more, expected) in [
        ("[world]\ndrivers = 0", "world.drivers is 0, not within 1..=2000000"),
        ("[world]\nfix_rate_hz = 100", "world.fix_rate_hz is 100, not within 0.01..=10"),
        ("[world]\ncongestion = 1.5", "world.congestion is 1.5, not within 0..=1"),
        (
            "[world]\ndrivers = 10\ntrips_under_way = 11",
            "world.trips_under_way is 11: at most one for each of world.drivers",
        ),
        ("[world]\ntrip_min_m = 9000", "world.trip_min_m is 9000: at most world.trip_max_m"),
        ("[city]\nnodes = 10", "city.nodes is 10, not within 1000..=4000000"),
        (
            "network = 'a.bin'\n[city]\nnodes = 2000",
            "network is a.bin: there is a [city] too, and only one of them can be",
        ),
        ("[clock]\nmode = 'slow'", "clock.mode is \"slow\", none of wall, max"),
        ("[engine]\nshards = 257", "engine.shards is 257, not within 1..=256"),
        ("[engine]\nbus = 'drop'", "engine.bus is \"drop\", none of await, refuse, conflate"),
        ("[faults.lost]\nshare = 2", "faults.lost.share is 2, not within 0..=1"),
        ("[faults.burst]\nevery_s = 5\nsilent_s = 6", "faults.burst.silent_s is 6, not within 0..=5"),
        (
            "[faults]\nlost = { share = 0.75 }\ngarbage = { share = 0.5 }",
            "the sum of the shares in faults is 1.25: at most 1, since a fix has one of these faults",
        ),
        ("[[outage]]\nat_s = 61\nlasting_s = 1", "outage[0].at_s is 61, not within 0..=60"),
        ("[[outage]]\nat_s = 55\nlasting_s = 6", "outage[0].lasting_s is 6, not within 0.001..=5"),
        (
            "[[outage]]\nat_s = 5\nlasting_s = 6\n[[outage]]\nat_s = 10\nlasting_s = 1",
            "outage[1].at_s is 10, not within 11..=60",
        ),
        ("[bounds]\nlatency_p99_ms = -1", "bounds.latency_p99_ms is -1, not within 0..=1000000000000"),
    ] {
        assert_eq!(with(more).expect_err(more).to_string(), expected);
    }
}

#[test]
fn unknown_keys_and_wrong_types_are_errors_that_name_them() {
    for (more, line, part) in [
        ("colour = 'red'", 3, "colour"),
        ("[world]\ndrivrs = 3", 4, "drivrs"),
        ("[world]\ndrivers = -3", 4, "-3"),
        ("[world]\ndrivers = 'many'", 4, "many"),
        ("[faults.late]\nshare = 0.1\nmean_s = 1.0", 3, "max_s"),
        ("[faults.lost]\nshare = 0.1\nhow = 1", 5, "how"),
        ("[[outage]]\nat_s = 1\nlasting_s = 1\nwhy = 2", 6, "why"),
        ("[world", 3, ""),
    ] {
        let ScenarioError::Parse { line: found, what } = with(more).expect_err(more) else {
            panic!("{more} is not a parse error");
        };
        assert!(what.contains(part), "{more}: {what}");
        assert_eq!(found, line, "{more}: {what}");
    }
    let error = with("[bounds]\nlatency = 3").expect_err("unknown").to_string();
    assert!(error.starts_with("a key of bounds is \"latency\", none of latency_p50_ms, "), "{error}");
}

#[test]
fn overrides_take_the_place_of_what_the_file_says() {
    let text = "name = 'some'\nduration_s = 60\n[world]\ndrivers = 1000\ntrips_under_way = 100
        [[outage]]\nat_s = 5\nlasting_s = 5\n[[outage]]\nat_s = 30\nlasting_s = 5";
    let overrides = Overrides {
        network: Some(PathBuf::from("porto.bin")),
        seed: Some(9),
        duration: Some(Span::from_secs(20)),
        rate: Some(Rate::PerSecond(250.0)),
        drivers: Some(500),
        shards: Some(4),
        out: Some(PathBuf::from("here")),
    };
    let scenario = Scenario::parse(text, &overrides).expect("a scenario");
    assert_eq!(scenario.network, NetworkSource::File(PathBuf::from("porto.bin")));
    assert_eq!((scenario.seed, scenario.duration), (9, Span::from_secs(20)));
    assert_eq!((scenario.world.drivers, scenario.world.trips_under_way), (500, 50));
    assert_eq!((scenario.world.fix_rate_hz, scenario.clock), (0.5, ClockMode::Wall));
    assert_eq!(scenario.outages, [OutagePlan { at: Span::from_secs(5), lasting: Span::from_secs(5) }]);
    assert_eq!((scenario.engine.shards, scenario.out), (4, PathBuf::from("here")));
    let fast = Overrides { rate: Some(Rate::Max), ..Overrides::default() };
    assert_eq!(Scenario::parse(text, &fast).expect("a scenario").clock, ClockMode::Max);
    let too_fast = Overrides { rate: Some(Rate::PerSecond(1e6)), ..Overrides::default() };
    let error = Scenario::parse(text, &too_fast).expect_err("too fast").to_string();
    assert_eq!(error, "rate per driver is 1000, not within 0.01..=10");
}

#[test]
fn bounds_hold_on_their_side() {
    for metric in BoundMetric::ALL {
        let bound = BoundLimit { metric, limit: 1.0 };
        let at_least = metric.name().ends_with("_min");
        assert_eq!(metric.direction() == BoundDirection::AtLeast, at_least);
        assert_eq!((bound.is_held_by(0.5), bound.is_held_by(1.5)), (!at_least, at_least));
        assert!(bound.is_held_by(1.0) && !bound.is_held_by(f64::NAN));
    }
}

#[test]
fn what_the_wall_alone_can_measure_is_never_measured_at_max() {
    let needs_wall = BoundMetric::ALL.into_iter().filter(|metric| metric.needs_wall());
    let names: Vec<_> = needs_wall.map(BoundMetric::name).collect();
    assert_eq!(names, ["latency_p50_ms", "latency_p99_ms", "latency_p999_ms", "catch_up_s", "catch_up_forecast_share"]);
}

#[test]
fn an_outage_that_outlasts_the_log_is_refused_unless_events_may_be() {
    let text = |lasting_s: u32, bus: &str| {
        format!(
            "name = 'long'\nduration_s = 300\n[world]\ndrivers = 20000\n[engine]\nbus = '{bus}'\n\
             [[outage]]\nat_s = 3\nlasting_s = {lasting_s}"
        )
    };
    parse(&text(160, "await")).expect("3,200,000 fixes have room");
    parse(&text(161, "refuse")).expect("what has no room is refused");
    for bus in ["await", "conflate"] {
        let error = parse(&text(161, bus)).expect_err("no room").to_string();
        assert_eq!(error, "outage[0].lasting_s is 161, not within 0..=160");
    }
}

#[test]
fn every_scenario_that_comes_with_the_project_is_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("there are scenarios") {
        let path = entry.expect("can be listed").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let scenario = Scenario::read(&path, &Overrides::default());
            let scenario = scenario.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(Some(scenario.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
            assert!(!scenario.description.is_empty() && !scenario.bounds.is_empty());
            found.push(scenario.name);
        }
    }
    found.sort();
    assert_eq!(found, ["default", "faults", "max", "outage_30s", "rush_hour", "smoke"]);
    let missing = Scenario::read(&folder.join("none.toml"), &Overrides::default());
    assert!(matches!(missing, Err(ScenarioError::Unreadable { .. })));
}

proptest! {
    #[test]
    fn no_text_makes_it_fail_otherwise_than_by_an_error(at in 0..60_usize, cut in 0..20_usize, with in "\\PC{0,12}") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/default.toml");
        let text = std::fs::read_to_string(path)?;
        let damaged: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(nth, line)| if nth == at { line.chars().take(cut).collect::<String>() + &with } else { line.to_owned() })
            .collect();
        match parse(&damaged.join("\n")) {
            Ok(scenario) => prop_assert!(scenario.world.trips_under_way <= scenario.world.drivers),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn any_number_is_in_range_or_an_error(value in proptest::num::f64::ANY) {
        for key in ["fix_rate_hz", "trip_min_m", "warm_up_s", "time_of_day_h", "gps_sigma_m", "gps_correlation_s"] {
            let value = if value.is_nan() { "nan".to_owned() } else { format!("{value:e}") };
            match with(&format!("[world]\n{key} = {value}")) {
                Ok(scenario) => prop_assert!(scenario.world.fix_rate_hz.is_finite()),
                Err(ScenarioError::Range { key: named, .. } | ScenarioError::Rule { key: named, .. }) => {
                    prop_assert_eq!(named, format!("world.{key}"));
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}

#[test]
fn without_an_outage_there_is_nothing_to_catch_up_with() {
    let text = "name = 'some'\nduration_s = 60\n[[outage]]\nat_s = 20\nlasting_s = 10\n[bounds]\ncatch_up_s = 2\n\
                unaccounted_events = 0";
    let bounds = |duration_s| {
        let overrides = Overrides { duration: Some(Span::from_secs(duration_s)), ..Overrides::default() };
        let scenario = Scenario::parse(text, &overrides).unwrap();
        scenario.bounds.iter().map(|bound| bound.metric).collect::<Vec<_>>()
    };
    assert_eq!(bounds(40), [BoundMetric::CatchUp, BoundMetric::Unaccounted]);
    assert_eq!(bounds(25), [BoundMetric::Unaccounted]);
}
