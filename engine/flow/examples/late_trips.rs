//! Tells riders that they will be late, each once: `cargo run -p etaflow --example late_trips --release`.
//!
//! A sink remembers what each trip was first promised, and sends a message when it turns out to arrive more than two minutes
//! later. What it remembers, and the messages, are in a file of its own, written together with the id of the last effect
//! that it took: so each message is sent once, whatever crashes ([`Guarantee::ExactlyOnce`]).
//!
//! The engine runs in a process of its own here, which is killed ten times at whatever it is doing, and started again.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use etaflow::road::{EdgeIndex, Metric, Query, SyntheticCity};
use etaflow::{
    Cause, Company, DiskStorage, Effect, EffectId, Engine, EngineConfig, Event, EventSource, GpsFix, Guarantee, Key,
    Metres, Network, NodeId, Offset, Policy, Route, Sink, SinkError, Span, SyncPolicy, Time, Timestamp, TripId,
};
use serde::{Deserialize, Serialize};

const START: Timestamp = Timestamp::from_secs(1_751_353_200);
const LATE: Span = Span::from_secs(120);
const TRIPS: u64 = 20;
const CRASHES: u64 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    if let [_, flag, folder] = &std::env::args().collect::<Vec<_>>()[..]
        && flag == "--life"
    {
        return live(Path::new(folder));
    }
    let folder = std::env::temp_dir().join(format!("etaflow-late-trips-{}", std::process::id()));
    for life in 0..=CRASHES {
        let mut child = begin(&folder)?;
        let lines = BufReader::new(child.stdout.take().ok_or("its output is not there")?).lines();
        if life == CRASHES {
            lines.for_each(drop);
            if !child.wait()?.success() {
                return Err("the last life did not end well".into());
            }
        } else {
            // It goes on while it is decided that it must die, so that this can hit it anywhere.
            let last = lines.take(40 + 17 * life as usize % 50).last().ok_or("it said nothing")??;
            child.kill()?;
            child.wait()?;
            println!("killed after {last}");
        }
    }
    let Memory { promised, ended, messages, .. } = Memory::open(folder.join("messages"))?;
    messages.iter().for_each(|message| println!("sent: {}", message.text));
    let told: BTreeSet<_> = messages.iter().map(|message| &message.trip).collect();
    assert_eq!(told.len(), messages.len(), "nobody is told twice");
    assert_eq!(ended.len(), TRIPS as usize, "each trip has ended");
    let late = |(trip, at): &(&String, &i64)| **at - promised[*trip] > LATE.micros();
    let late: BTreeSet<_> = ended.iter().filter(late).map(|(trip, _)| trip).collect();
    assert!(!late.is_empty() && late.is_subset(&told), "everybody who was late is told");
    println!("{} of {TRIPS} trips were told to be late, each once across {CRASHES} crashes", messages.len());
    fs::remove_dir_all(folder)?;
    Ok(())
}

/// Starts the engine's process.
fn begin(folder: &Path) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?).arg("--life").arg(folder).stdout(Stdio::piped()).spawn()
}

/// A life of the engine: it goes on where the last one was ended, to the end of the scenario.
fn live(folder: &Path) -> Result<(), Box<dyn Error>> {
    let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let mut config = EngineConfig { time: Time::Scenario { start: START }, ..EngineConfig::default() };
    config.segments.sync = SyncPolicy::Interval(Span::from_millis(1));
    let storage = Arc::new(DiskStorage::create(folder.join("engine"))?);
    let sink = LateTrips { memory: Memory::open(folder.join("messages"))? };
    let company = Company { sinks: vec![Box::new(sink)], ..Company::default() };
    let engine = Engine::open_with(Arc::clone(&network), storage, &config, company)?;
    let end = engine.recovered_blocking()?.log.1;
    while engine.applied() < end {
        std::thread::yield_now();
    }
    // The time of its last tick. What came after that is published again, and counts once.
    let reached = engine.view().speed_ratio().as_of.max(START);
    let (city, mut publisher) = (City::new(&network), engine.publisher(Policy::Await));
    let mut desk = EventSource::new(Key::new("desk")?, 0);
    let seconds = city.rides.iter().map(Ride::over).max().unwrap_or(0) + 5;
    for second in 0..seconds {
        let now = START + Span::from_secs(second);
        let events = city.events(&network, second, now, &mut desk);
        if now < reached {
            continue;
        }
        publisher.publish_batch_blocking(events)?;
        publisher.advance_to_blocking(now + Span::from_secs(1))?;
        let logged = publisher.acknowledge_blocking()?;
        while engine.applied() < logged {
            std::thread::yield_now();
        }
        println!("second {second}");
    }
    drop(publisher);
    engine.shutdown_blocking()?;
    Ok(())
}

/// Sends a message for each trip that will be late.
struct LateTrips {
    memory: Memory,
}

impl Sink for LateTrips {
    fn name(&self) -> &str {
        "late-trips"
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::ExactlyOnce
    }

    fn last_taken(&mut self) -> Result<Option<EffectId>, SinkError> {
        // What a call has left behind that failed is not there when the file is read again.
        self.memory = Memory::open(self.memory.path.clone()).map_err(|error| SinkError::Unclear(error.to_string()))?;
        Ok(self.memory.last.map(|(offset, trip)| EffectId { offset: Offset(offset), trip: TripId(trip) }))
    }

    fn take(&mut self, effects: &[Effect]) -> Result<(), SinkError> {
        let mut done = Done::default();
        for Effect { id, trip, update, .. } in effects {
            let trip = trip.to_string();
            done.last = Some((id.offset.0, id.trip.0));
            if let Some(at) = update.arrival.map(|arrival| arrival.p50) {
                let known = self.memory.promised.get(&trip).or_else(|| done.promised.get(&trip));
                let promised = Timestamp::from_micros(*known.unwrap_or(&at.micros()));
                done.promised.entry(trip.clone()).or_insert(promised.micros());
                if update.cause == Cause::Completed {
                    done.ended.insert(trip.clone(), at.micros());
                }
                let told = self.memory.messages.iter().chain(&done.messages).any(|message| message.trip == trip);
                if at.since(promised) > LATE && !told {
                    let (late, end) = (at.since(promised).secs_f64() / 60.0, update.cause == Cause::Completed);
                    let text = format!("{trip} {} {late:.1} min late", if end { "was" } else { "will be" });
                    done.messages.push(Message { trip: trip.clone(), text });
                }
            }
        }
        self.memory.write(done).map_err(|error| SinkError::Unclear(error.to_string()))
    }
}

/// What the sink remembers: a line for each call, which is the transaction. A service has a database for this.
struct Memory {
    path: PathBuf,
    file: File,
    last: Option<(u64, u32)>,
    /// When each trip was first said to arrive, in microseconds.
    promised: BTreeMap<String, i64>,
    /// When it did.
    ended: BTreeMap<String, i64>,
    messages: Vec<Message>,
}

/// What one call has done.
#[derive(Default, Serialize, Deserialize)]
struct Done {
    last: Option<(u64, u32)>,
    promised: BTreeMap<String, i64>,
    ended: BTreeMap<String, i64>,
    messages: Vec<Message>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Message {
    trip: String,
    text: String,
}

impl Memory {
    fn open(path: PathBuf) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let mut memory =
            Self { path, file, last: None, promised: BTreeMap::new(), ended: BTreeMap::new(), messages: Vec::new() };
        let (text, mut whole) = (fs::read_to_string(&memory.path)?, 0);
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            // Half a line, at the end, is what a crash leaves of a call.
            let Ok(done) = serde_json::from_str(line) else { break };
            memory.apply(done);
            whole += line.len() as u64;
        }
        memory.file.set_len(whole)?;
        memory.file.sync_data()?;
        Ok(memory)
    }

    fn write(&mut self, done: Done) -> std::io::Result<()> {
        self.file.write_all(format!("{}\n", serde_json::to_string(&done)?).as_bytes())?;
        self.file.sync_data()?;
        self.apply(done);
        Ok(())
    }

    fn apply(&mut self, done: Done) {
        self.last = done.last.or(self.last);
        for (trip, at) in done.promised {
            self.promised.entry(trip).or_insert(at);
        }
        self.ended.extend(done.ended);
        self.messages.extend(done.messages);
    }
}

/// A driver for each trip, who waits at the pickup, and drives it as fast as the roads allow, or far slower.
struct City {
    rides: Vec<Ride>,
}

struct Ride {
    trip: u64,
    route: Route,
    asked_at: i64,
    duration_s: f64,
}

impl City {
    fn new(network: &Arc<Network>) -> Self {
        let (index, metric, mut query) =
            (EdgeIndex::new(network), Metric::free_flow(network), Query::new(network.clone()));
        let coord = |nth: u64| network.coord(NodeId((nth % network.node_count() as u64) as u32));
        let mut ride = |trip: u64| {
            let (from, to) = (coord(trip * 733 + 11), coord(trip * 733 + 511));
            let (from, to) = index.snap_pair(network, from, to, Metres(200.0))?;
            let route = query.route(&metric, from.positions(), to.positions())?;
            let slowness = if trip.is_multiple_of(3) { 3.0 } else { 0.9 };
            let duration_s = f64::from(route.duration) / 1e3 * slowness;
            Some(Ride { trip, route, asked_at: 20 + 20 * trip as i64, duration_s })
        };
        Self { rides: (0..TRIPS).map(|trip| ride(trip).expect("a way leads there")).collect() }
    }

    /// What is said in a second of the scenario.
    fn events(&self, network: &Network, second: i64, now: Timestamp, desk: &mut EventSource) -> Vec<Event> {
        let mut events = Vec::new();
        for ride in &self.rides {
            let (driver, trip) = (Key::from(ride.trip), Key::from(ride.trip));
            let at = |driven_mm: u64| {
                let place = ride.route.position_at(network, driven_mm);
                network.coord_at(place.edge, place.offset_mm)
            };
            let driven = (second - ride.picked_up_at()) as f64 / ride.duration_s;
            let place = at((driven.clamp(0.0, 1.0) * ride.route.length_mm as f64) as u64);
            events.push(desk.location(now, driver.clone(), GpsFix::at(place)));
            if second == ride.asked_at {
                events.push(desk.requested(now, trip.clone(), at(0), at(ride.route.length_mm)));
                events.push(desk.assigned(now, trip.clone(), driver));
            }
            if second == ride.picked_up_at() {
                events.push(desk.picked_up(now, trip.clone()));
            }
            if second == ride.over() {
                events.push(desk.completed(now, trip));
            }
        }
        events
    }
}

impl Ride {
    fn picked_up_at(&self) -> i64 {
        self.asked_at + 5
    }

    fn over(&self) -> i64 {
        self.picked_up_at() + self.duration_s.ceil() as i64
    }
}
