//! Speed profiles: learned from the log, adopted in it, the same for all who follow it; and whether they help.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use etaflow::{
    Admission, Cause, Config, Dictionary, DiskStorage, Engine, EngineConfig, EngineError, Entries, Event, EventSource,
    Executor, ExecutorError, ExecutorReport, Key, Log, LogFiles, MemoryLog, MemoryLogConfig, Offset, Output, Outputs,
    Past, PastError, Payload, Policy, ProfileConfig, ProfileError, ProfileId, ProfileLearner, Profiles, Reason, Record,
    Sequencer, SequencerConfig, SimulatedStorage, Span, SpeedProfile, Storage, Summary, Time, Timestamp, WeekBins,
    learn_profile,
};
use etaflow_road::{MatcherConfig, Network, SyntheticCity, import_pbf};
use etaflow_simulator::{FaultConfig, TaxiEvents, World, WorldConfig, read_trips_file};

use crate::load::{Load, START, city, publish, scenario};

/// A Monday, at midnight.
const MONDAY: Timestamp = Timestamp::from_secs(1_767_571_200);
const HOUR: Span = Span::from_secs(3_600);

fn hours(hours: f64) -> Span {
    Span::from_micros((hours * HOUR.micros() as f64) as i64)
}

/// What is said in a city on some mornings, one after the other, in order; the days pass in between, unheard.
fn mornings(network: &Arc<Network>, config: &WorldConfig, days: i64, from_h: f64, until_h: f64) -> Vec<Vec<Event>> {
    let start = MONDAY + hours(from_h);
    let config = WorldConfig { time_of_day_h: from_h, time_compression: 1.0, ..config.clone() };
    let mut world = World::new(Arc::clone(network), config, 5, start);
    let mut said = Vec::new();
    for day in 0..days {
        let midnight = MONDAY + Span::from_secs(86_400 * day);
        let mut unheard = Vec::new();
        for minute in 0.. {
            let until = (start + Span::from_secs(60 * minute)).min(midnight + hours(from_h));
            world.advance(until, &mut unheard);
            unheard.clear();
            if until == midnight + hours(from_h) {
                break;
            }
        }
        let mut emissions = Vec::new();
        world.advance(midnight + hours(until_h), &mut emissions);
        said.push(emissions.into_iter().map(|emission| emission.event).collect());
    }
    said
}

/// Puts events into a log, with a tick a second while there are any.
struct Writer {
    sequencer: Sequencer,
    entries: Entries,
    next_tick: Option<Timestamp>,
}

impl Writer {
    fn new(profiles: &Profiles) -> Self {
        let sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
        let sequencer = sequencer.with_profiles(profiles.clone());
        Self { sequencer, entries: Entries::default(), next_tick: None }
    }

    fn admit(&mut self, event: &Event) -> Admission {
        // A night without events needs no ticks.
        let next = self.next_tick.filter(|&next| event.time.since(next) < HOUR);
        let mut next = next.unwrap_or(event.time);
        while next <= event.time {
            self.sequencer.tick(next, &mut self.entries);
            next = next + Span::from_secs(1);
        }
        self.next_tick = Some(next);
        self.sequencer.admit(event, event.time, &mut self.entries)
    }
}

/// What came of following some records.
struct Run {
    /// Of trips: what was told when the rider got in, and when he got out.
    trips: BTreeMap<u32, (Timestamp, Timestamp, Timestamp)>,
    report: ExecutorReport,
}

fn follow(
    network: &Arc<Network>,
    records: &[Record],
    shards: u32,
    profiles: Option<Profiles>,
) -> Result<Run, ExecutorError> {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new(&MemoryLogConfig { records_max: records.len().max(1_024) }));
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let tap = move |outputs: &[Output]| {
        for output in outputs {
            if let Output::Eta(update) = output
                && let (Cause::PickedUp, Some(arrival)) = (update.cause, update.arrival)
            {
                tell.lock().expect("nobody panics").push((update.trip, update.as_of, arrival.p50));
            }
        }
    };
    let outputs = Outputs { tap: Some(Box::new(tap)), profiles, ..Outputs::default() };
    let config = Config { shards, ..Config::default() };
    let executor = Executor::start(Arc::clone(network), &config, Arc::clone(&log), Offset(0).into(), outputs)
        .expect("within bounds");
    for part in records.chunks(4_096) {
        if log.append(part, &[]).is_err() {
            break;
        }
    }
    log.close();
    let report = executor.join()?;
    let mut ended = BTreeMap::new();
    for record in records {
        if let Payload::Completed { trip } = record.payload {
            ended.insert(trip, record.time);
        }
    }
    let told = std::mem::take(&mut *told.lock().expect("nobody panics"));
    let trips = told.into_iter().filter_map(|(trip, at, p50)| Some((trip.0, (at, p50, *ended.get(&trip)?))));
    Ok(Run { trips: trips.collect(), report })
}

/// How far off the arrivals were that were told at departure, of trips from `from` on: how many trips, the mean of the
/// sizes of the errors and of the errors, in seconds.
fn errors(run: &Run, from: Timestamp) -> (usize, f64, f64) {
    let errors: Vec<f64> = run
        .trips
        .values()
        .filter(|(at, ..)| *at >= from)
        .map(|&(_, told, arrival)| told.since(arrival).secs_f64())
        .collect();
    let mean = |of: fn(f64) -> f64| errors.iter().copied().map(of).sum::<f64>() / errors.len().max(1) as f64;
    (errors.len(), mean(f64::abs), mean(|error| error))
}

/// What is learned of records.
fn learned(network: &Arc<Network>, records: &[Record], bins: WeekBins) -> SpeedProfile {
    let config = ProfileConfig { bins, ..ProfileConfig::default() };
    learn_profile(records.iter().copied(), Arc::clone(network), MatcherConfig::default(), &config)
        .expect("the records are in order")
}

fn planner() -> EventSource {
    EventSource::new(Key::new("planner").expect("a short name"), 0)
}

/// The records of some events, with a profile of what came before adopted in between, and without; and when it was.
fn with_and_without(
    network: &Arc<Network>,
    before: &[Event],
    after: &[Event],
    profiles: &Profiles,
    bins: WeekBins,
) -> ([Vec<Record>; 2], Timestamp) {
    let mut with = Writer::new(profiles);
    before.iter().for_each(|event| _ = with.admit(event));
    let profile = learned(network, &with.entries.records, bins);
    assert!(profile.summary().traversals > 100, "{:?}", profile.summary());
    let time = after.first().expect("there are some").time;
    let event = profiles.adopt(&profile, &mut planner(), time).expect("it can be kept");
    assert!(matches!(with.admit(&event), Admission::Accepted(_)));
    after.iter().for_each(|event| _ = with.admit(event));
    let mut without = Writer::new(profiles);
    before.iter().chain(after).for_each(|event| _ = without.admit(event));
    ([with.entries.records, without.entries.records], time)
}

/// One day's fleet, which is small for its city: most roads are not driven on within a pane's window.
fn sparse(drivers: u32) -> WorldConfig {
    WorldConfig {
        drivers,
        trips_under_way: drivers / 3,
        fix_rate_hz: 0.1,
        incidents_per_min: 0.5,
        incident_mean_s: 300.0,
        ..WorldConfig::default()
    }
}

#[test]
fn an_adoption_is_the_same_for_all_who_follow_the_log() {
    let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let days = mornings(&network, &sparse(60), 1, 8.0, 8.5);
    let (before, after) = days[0].split_at(days[0].len() / 2);
    let folder = tempfile::tempdir().expect("a folder");
    let kept = || {
        let storage = Arc::new(DiskStorage::open(folder.path()).expect("it is there"));
        Profiles::in_storage(&network, storage)
    };
    let ([with, without], _) = with_and_without(&network, before, after, &kept(), WeekBins::default());

    // Each with profiles of its own, as in another process.
    let report =
        |records: &[Record], shards| follow(&network, records, shards, Some(kept())).expect("it is there").report;
    let first = report(&with, 1);
    assert_eq!(
        first.counts.accepted + first.counts.dead_lettered.values().sum::<u64>() + ticks(&with),
        with.len() as u64
    );
    for shards in [2, 3] {
        let other = report(&with, shards);
        assert_eq!((other.state_digest, other.outputs_digest), (first.state_digest, first.outputs_digest), "{shards}");
    }
    let other = report(&without, 1);
    assert!(other.state_digest != first.state_digest && other.outputs_digest != first.outputs_digest);

    // Without the file nobody goes on as if nothing had been said.
    let failure = |profiles| follow(&network, &with, 2, profiles).err().expect("it cannot be followed");
    assert!(matches!(failure(None), ExecutorError::Profile(ProfileError::NotKept { .. })));
    let [id] = kept().list().expect("the folder is there")[..] else { panic!("there is one") };
    let path = folder.path().join(Profiles::path(id));
    std::fs::remove_file(&path).expect("it is there");
    let missing = failure(Some(kept()));
    assert_eq!(missing, ExecutorError::Profile(ProfileError::Missing { id, path: path.clone() }));
    let message = missing.to_string();
    assert!(message.contains(&id.to_string()) && message.contains(&path.display().to_string()), "{message}");
}

/// Who writes the log alone knows no network, and lets it in; it must not stop those who follow, for good.
#[test]
fn a_profile_of_another_network_is_a_dead_letter_of_those_who_follow() {
    let network = city();
    let other = SyntheticCity { nodes: 700, ..SyntheticCity::default() }.build();
    let storage: Arc<dyn Storage> = Arc::new(SimulatedStorage::new());
    let profile = SpeedProfile::free_flow(&other);
    Profiles::in_storage(&other, Arc::clone(&storage)).keep(&profile).expect("it can be kept");
    let mut writer = Writer::new(&Profiles::of_any_network(Arc::clone(&storage)));
    let admission = writer.admit(&planner().profile_adopted(MONDAY, profile.id()));
    assert!(matches!(admission, Admission::Accepted(_)), "{admission:?}");
    for second in 1..5 {
        writer.sequencer.tick(MONDAY + Span::from_secs(second), &mut writer.entries);
    }
    let records = &writer.entries.records;
    let counts = [1, 2].map(|shards| {
        let profiles = Profiles::in_storage(&network, Arc::clone(&storage));
        let report = follow(&network, records, shards, Some(profiles)).expect("it goes on").report;
        (report.counts.dead_lettered.get(&Reason::UnknownProfile).copied(), report.outputs_digest, report.state_digest)
    });
    assert_eq!((counts[0].0, counts[0]), (Some(1), counts[1]));
}

fn ticks(records: &[Record]) -> u64 {
    records.iter().filter(|record| matches!(record.payload, Payload::Tick { .. })).count() as u64
}

#[test]
fn an_engine_adopts_what_it_is_told_and_counts_it() {
    let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let time = Time::Scenario { start: MONDAY };
    let engine =
        Engine::start(Arc::clone(&network), &EngineConfig { time, ..EngineConfig::default() }).expect("starts");
    let (mut publisher, mut source) = (engine.publisher(Policy::Await), planner());
    let profile = SpeedProfile::free_flow(&network);
    let unknown = source.profile_adopted(MONDAY, ProfileId(7));
    publisher.publish_blocking(unknown).expect("the engine takes it in");
    let adopted = engine.profiles().adopt(&profile, &mut source, MONDAY).expect("there is room");
    // As text, as another service would say it.
    let text = adopted.to_json().expect("it can be said");
    futures::executor::block_on(publisher.publish_json(text.as_bytes())).expect("the engine takes it in");
    publisher.advance_to_blocking(MONDAY + Span::from_secs(5)).expect("the engine takes it in");
    drop(publisher);
    let accounts = engine.shutdown_blocking().expect("nothing fails").accounts;
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!((accounts.accepted, accounts.dead_lettered), (1, BTreeMap::from([(Reason::UnknownProfile, 1)])));
}

/// An engine on storage, whose planner adopts what it has learned of the engine's own files. Between the parts of a load it
/// ends, and is opened again.
fn lives(storage: &Arc<dyn Storage>, load: &Load, parts: &[usize]) -> Summary {
    let open = || {
        let mut config = scenario(2);
        config.segments.segment_bytes = 64 << 10;
        let engine = Engine::open(city(), Arc::clone(storage), &config).expect("it can be opened");
        engine.recovered_blocking().expect("nothing is damaged");
        engine
    };
    let mut engine = open();
    let mut publisher = engine.publisher(Policy::Await);
    for (step, (until, due)) in load.steps.iter().enumerate() {
        publish(&mut publisher, due);
        publisher.advance_to_blocking(*until).expect("the engine takes it in");
        if step == load.steps.len() / 3 {
            publisher.acknowledge_blocking().expect("the storage works");
            let files = LogFiles::open(Arc::clone(storage)).expect("there is a log");
            let learner = ProfileLearner::new(city(), MatcherConfig::default(), &ProfileConfig::default());
            let mut learner = learner.expect("within bounds");
            learner.follow_files(&files).expect("all is kept");
            let profile = learner.learn();
            assert!(profile.summary().traversals > 20, "{:?}", profile.summary());
            let event = engine.profiles().adopt(&profile, &mut planner(), *until).expect("there is room");
            publisher.publish_blocking(event).expect("the engine takes it in");
        }
        if parts.contains(&step) {
            engine.shutdown_blocking().expect("it ends well");
            engine = open();
            publisher = engine.publisher(Policy::Await);
        }
    }
    drop(publisher);
    engine.shutdown_blocking().expect("it ends well")
}

#[test]
fn an_engine_that_is_opened_again_goes_on_with_its_profile_or_not_at_all() {
    let load = Load::new(150, FaultConfig::default(), 4, START, 60);
    let storage = || -> Arc<dyn Storage> { Arc::new(SimulatedStorage::new()) };
    let (one, other) = (storage(), storage());
    let steps = load.steps.len();
    let whole = lives(&one, &load, &[]);
    let parts = lives(&other, &load, &[steps / 2, steps * 3 / 4]);
    assert_eq!((parts.records, parts.state_digest), (whole.records, whole.state_digest));
    assert_eq!((parts.outputs, parts.outputs_digest), (whole.outputs, whole.outputs_digest));

    // The past is asked for before and after, and the time of the adoption itself.
    let as_of = |second| {
        Past::open(&city(), Arc::clone(&other), &scenario(1).pipeline, START + Span::from_secs(second))
            .map(|past| past.as_of().1)
    };
    for (second, epoch) in [(10, 7), (21, 18), (30, 27), (55, 52)] {
        assert_eq!(as_of(second), Ok(epoch), "after {second} s");
    }

    let [id] = Profiles::in_storage(&city(), Arc::clone(&other)).list().expect("the folder is there")[..] else {
        panic!("there is one")
    };
    other.remove(&Profiles::path(id)).expect("it is there");
    // It begins with a snapshot after which the profile is in force.
    let engine = Engine::open(city(), Arc::clone(&other), &scenario(1)).expect("it can be opened");
    let failure = engine.shutdown_blocking().expect_err("it cannot go on without");
    let missing = ExecutorError::Profile(ProfileError::Missing { id, path: other.show(&Profiles::path(id)) });
    assert_eq!(failure, EngineError::Executor(missing.clone()));
    assert_eq!(as_of(55), Err(PastError::Engine(EngineError::Executor(missing))));
    assert_eq!(as_of(10), Ok(7), "nobody had heard of it then");
}

/// Two mornings of the same city, each with its own trips, zones' ebb and flow and incidents: what is learned of the first
/// is adopted at the beginning of the second.
#[test]
fn the_second_morning_is_foreseen_better_by_who_has_learned_of_the_first() {
    let network = Arc::new(SyntheticCity { nodes: 3_000, ..SyntheticCity::default() }.build());
    let [without, with] = second_morning(&network, &sparse(120), (7.0, 9.0));
    assert!(with < 0.95 * without, "the mean error is {without:.1} s, and {with:.1} s with a profile");
}

/// The mean sizes of the errors of arrivals told at departure on the second of two mornings, in seconds, without a profile
/// and with one.
fn second_morning(network: &Arc<Network>, world: &WorldConfig, (from_h, until_h): (f64, f64)) -> [f64; 2] {
    let days = mornings(network, world, 2, from_h, until_h);
    let profiles = Profiles::in_memory(network);
    let (runs, adopted_at) = with_and_without(network, &days[0], &days[1], &profiles, WeekBins::default());
    let [with, without] = runs.map(|records| {
        let run = follow(network, &records, 2, Some(profiles.clone())).expect("it is there");
        errors(&run, adopted_at)
    });
    let drivers = world.drivers;
    for (name, (trips, size, mean)) in [("without", without), ("with", with)] {
        println!("{drivers} drivers, {trips} trips {name} a profile: off by {size:.1} s, {mean:+.1} s on average");
    }
    assert_eq!(with.0, without.0, "the same trips");
    [without.1, with.1]
}

#[test]
#[ignore = "takes minutes: says how much a profile helps fleets of several sizes"]
fn how_much_a_profile_helps_by_the_size_of_the_fleet() {
    let network = Arc::new(SyntheticCity { nodes: 3_000, ..SyntheticCity::default() }.build());
    for drivers in [60, 120, 250, 500, 1_000] {
        second_morning(&network, &sparse(drivers), (6.0, 10.0));
    }
}

/// One morning teaches nothing of times of the week, and trips of the same hours would tell what the traffic was that
/// they are to foresee. So the profile is of one bin, learned of the trips before a moment, and tried on those after it.
#[test]
#[ignore = "needs real data, and takes minutes: says how much a profile of the first half of a morning helps in its second"]
fn how_much_a_profile_helps_a_real_morning() {
    let Some(data) = crate::bad_input::data() else { return };
    let network = Arc::new(import_pbf(&data.join("osm/porto.osm.pbf")).expect("a map").network);
    let file = read_trips_file(&data.join("porto/trips.csv.gz")).expect("trips");
    let events: Vec<Event> = TaxiEvents::new(&file.trips).collect();
    let all = WeekBins { days: 1, bins_per_day: 1, ..WeekBins::default() };
    for part in [0.4, 0.5, 0.6, 0.7] {
        let (before, after) = events.split_at((events.len() as f64 * part) as usize);
        let profiles = Profiles::in_memory(&network);
        let (runs, adopted_at) = with_and_without(&network, before, after, &profiles, all);
        for (name, records) in ["with", "without"].into_iter().zip(runs) {
            let run = follow(&network, &records, 2, Some(profiles.clone())).expect("it is there");
            let (trips, size, mean) = errors(&run, adopted_at);
            println!("the last {trips} trips {name} a profile: off by {size:.1} s, {mean:+.1} s on average");
        }
    }
}
