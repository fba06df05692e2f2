//! The operators' states written down and read back: 100,000 drivers and 100,000 trips.
//!
//! On the default made-up city, and on Porto where the data is there. The drivers have sent ten fixes each on the move; the trips are on 400 real ways, most
//! with their rider on board at some place of it. Reading is measured on one thread, and on two with a shard each, of
//! which each looks at all and takes what is its own. The peer in the same run is what any way to write them down has to
//! do: to copy as many bytes.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use etaflow::{
    Config, DriverEvent, DriverId, Entities, Epoch, Estimator, EtaConfig, EtaInput, Executor, Fleet, FleetConfig,
    GpsFix, Matching, Offset, Operator, Payload, Record, SourceId, Tick, Traffic, TrafficConfig, TraversalSums, Trip,
    TripChange, TripEvent, TripId, TripStage, Trips, TripsConfig,
};
use etaflow::{Panes, Traversal};
use etaflow_benches::{Random, networks};
use etaflow_road::{
    EdgeId, EdgeIndex, LocalFrame, MatcherConfig, Metres, Network, Position, Query, Span, Timestamp, Xy,
};

const COUNT: u32 = 100_000;
const FIXES: i64 = 10;
const WAYS: usize = 400;
const WAY_MIN_M: f64 = 2_000.0;
const START: Timestamp = Timestamp::from_secs(1_000);

struct Bench {
    network: Arc<Network>,
    index: Arc<EdgeIndex>,
    epoch: Arc<Epoch>,
    random: Random,
}

/// Written entities: their numbers, and their bytes end to end with where each ends.
struct Written {
    bytes: Vec<u8>,
    entities: Vec<(u64, usize)>,
}

fn write<E: Entities>(state: &E, into: &mut Written) {
    into.bytes.clear();
    into.entities.clear();
    let mut from = 0;
    while let Some(number) = state.next_entity(from) {
        state.encode_entity(number, &mut into.bytes);
        into.entities.push((number, into.bytes.len()));
        from = number + 1;
    }
}

fn read<E: Entities>(mut state: E, written: &Written) -> E {
    let mut begin = 0;
    for &(number, end) in &written.entities {
        let bytes = &written.bytes[begin..end];
        if state.takes(number, bytes) {
            state.decode_entity(number, bytes).expect("it was just written");
        }
        begin = end;
    }
    state
}

fn measure<E: Entities + Send>(criterion: &mut Criterion, name: &str, state: &E, new: impl Fn((u32, u32)) -> E) {
    let mut written = Written { bytes: Vec::new(), entities: Vec::new() };
    write(state, &mut written);
    println!("{name}: {} entities of {} bytes", written.entities.len(), written.bytes.len() / written.entities.len());
    let mut group = criterion.benchmark_group(format!("snapshot/{name}"));
    group.sample_size(10).throughput(Throughput::Bytes(written.bytes.len() as u64));
    let mut again = Written { bytes: Vec::with_capacity(written.bytes.len()), entities: Vec::new() };
    group.bench_function("write", |bencher| bencher.iter(|| write(black_box(state), &mut again)));
    assert!(again.entities.is_empty() || again.bytes == written.bytes, "the same state, the same bytes");
    group.bench_function("read", |bencher| {
        bencher.iter_batched(|| new((0, 1)), |state| read(state, &written), BatchSize::PerIteration);
    });
    read_by_two(&mut group, &written, &new);
    let mut copy = vec![0_u8; written.bytes.len()];
    group.bench_function("a copy of the bytes", |bencher| {
        bencher.iter(|| copy.copy_from_slice(black_box(&written.bytes)));
    });
    group.finish();
}

fn read_by_two<E: Entities + Send>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    written: &Written,
    new: &impl Fn((u32, u32)) -> E,
) {
    let both = |[first, second]: [E; 2]| {
        std::thread::scope(|scope| {
            let first = scope.spawn(|| read(first, written));
            let second = read(second, written);
            (first.join().expect("does not panic"), second)
        })
    };
    group.bench_function("read by two shards", |bencher| {
        bencher.iter_batched(|| [new((0, 2)), new((1, 2))], both, BatchSize::PerIteration);
    });
}

impl Bench {
    fn new(network: Arc<Network>) -> Self {
        let index = Arc::new(EdgeIndex::new(&network));
        let epoch = Executor::first_epoch(&network, &Config::default());
        Self { network, index, epoch, random: Random(3) }
    }

    fn edge(&mut self) -> EdgeId {
        loop {
            let edge = EdgeId(self.random.below(self.network.edge_count()) as u32);
            if self.network.component(edge) == 0 {
                return edge;
            }
        }
    }

    /// Some metres farther on, at any way that leads on.
    fn ahead(&mut self, mut place: Position, metres: u32) -> Position {
        place.offset_mm += metres * 1_000;
        while place.offset_mm > self.network.length_mm(place.edge) {
            let ways: Vec<EdgeId> = self.network.successors(place.edge).map(|(next, _)| next).collect();
            if ways.is_empty() {
                place.offset_mm = self.network.length_mm(place.edge);
                break;
            }
            let left = place.offset_mm - self.network.length_mm(place.edge);
            place = Position { edge: ways[self.random.below(ways.len())], offset_mm: left };
        }
        place
    }

    fn matching(&self, of: (u32, u32)) -> Matching {
        let (network, index) = (Arc::clone(&self.network), Arc::clone(&self.index));
        Matching::new(network, index, MatcherConfig::default(), of).expect("within bounds")
    }

    /// All drivers after some fixes on the move, five seconds apart, with errors of up to 5 m.
    fn drivers(&mut self) -> Matching {
        let (mut matching, mut out) = (self.matching((0, 1)), Vec::new());
        for number in 0..COUNT {
            let mut place = Position { edge: self.edge(), offset_mm: 0 };
            for nth in 0..FIXES {
                place = self.ahead(place, 50);
                let mut off = || self.random.below(10_000) as f64 / 1e3 - 5.0;
                let error = Xy { x: off(), y: off() };
                let at = self.network.coord_at(place.edge, place.offset_mm);
                let fix = GpsFix::at(LocalFrame::at(at).to_coord(error));
                let payload = Payload::Location { driver: DriverId(number), fix };
                matching.on_event(&record(START + Span::from_secs(5 * nth), payload), &mut out);
                out.clear();
            }
        }
        matching
    }

    fn fleet(&self, (shard, shards): (u32, u32)) -> Fleet {
        Fleet::new(Arc::clone(&self.network), &FleetConfig::default(), shard, shards)
    }

    fn estimator(&self, of: (u32, u32)) -> Estimator {
        let (network, index) = (Arc::clone(&self.network), Arc::clone(&self.index));
        Estimator::new(network, index, EtaConfig::default(), Arc::clone(&self.epoch), of)
    }

    fn ways(&mut self) -> Vec<(Position, Position, Vec<EdgeId>)> {
        let mut query = Query::new(Arc::clone(&self.network));
        let mut ways = Vec::with_capacity(WAYS);
        while ways.len() < WAYS {
            let [from, to] = [self.edge(), self.edge()].map(|edge| Position { edge, offset_mm: 0 });
            let coord = |place: Position| self.network.coord_at(place.edge, place.offset_mm);
            if coord(from).distance(coord(to)) < Metres(WAY_MIN_M) {
                continue;
            }
            ways.extend(query.route(&self.epoch.metric, &[from], &[to]).map(|route| (from, to, route.edges)));
        }
        let edges: usize = ways.iter().map(|(.., edges)| edges.len()).sum();
        println!("{WAYS} ways of {} edges on average", edges / WAYS);
        ways
    }

    /// Of ten trips one waits for a driver, three have one on his way, six are on board.
    fn trips(&mut self) -> (Trips, Estimator) {
        let (mut trips, mut estimator) = (Trips::new(TripsConfig::default()), self.estimator((0, 1)));
        let ways = self.ways();
        let (mut out, mut told) = (Vec::new(), Vec::new());
        for number in 0..COUNT {
            let (from, to, edges) = &ways[self.random.below(WAYS)];
            let (trip, driver) = (TripId(number), DriverId(number));
            let coord = |place: &Position| self.network.coord_at(place.edge, place.offset_mm);
            let (pickup, dropoff) = (coord(from), coord(to));
            let edge = edges[self.random.below(edges.len())];
            let place = Some((Position { edge, offset_mm: self.network.length_mm(edge) / 2 }, START));
            trips.on_event(&record(START, Payload::Requested { trip, pickup, dropoff }), &mut out);
            let mut happen = |payload, stage, event| {
                trips.on_event(&record(START, payload), &mut out);
                let state = Trip { pickup, dropoff, requested_at: START, stage };
                let change = TripChange { trip, state, event: Some(event), previous: None, at: START };
                let offset = Offset(u64::from(number));
                let input = EtaInput::Trip { change, place, direction_confidence: Some(0.9), offset };
                estimator.on_event(&input, &mut told);
            };
            let assigned = Payload::Assigned { trip, driver };
            match number % 10 {
                0 => {
                    let state = Trip { pickup, dropoff, requested_at: START, stage: TripStage::Requested };
                    let change = TripChange { trip, state, event: None, previous: None, at: START };
                    let (place, offset) = (None, Offset(u64::from(number)));
                    let input = EtaInput::Trip { change, place, direction_confidence: None, offset };
                    estimator.on_event(&input, &mut told);
                }
                1..=3 => happen(assigned, TripStage::Assigned { driver }, TripEvent::Assigned { driver }),
                _ => {
                    happen(assigned, TripStage::Assigned { driver }, TripEvent::Assigned { driver });
                    happen(Payload::PickedUp { trip }, TripStage::OnBoard { driver }, TripEvent::PickedUp);
                }
            }
            out.clear();
            told.clear();
        }
        let time = START + Span::from_secs(1);
        estimator.on_tick(&Tick { number: 0, time, watermark: time }, &mut told);
        (trips, estimator)
    }
}

fn record(time: Timestamp, payload: Payload) -> Record {
    let (offset, source, id) = (Offset(0), SourceId(0), 0);
    Record { offset, time, ingest_time: time, waited_us: 0, source, id, payload }
}

fn operators(criterion: &mut Criterion) {
    for (name, network) in networks() {
        operators_on(criterion, name, network);
    }
}

fn operators_on(criterion: &mut Criterion, name: &str, network: Arc<Network>) {
    let mut bench = Bench::new(network);
    let of = |what| format!("{name}/{what}");
    let matching = bench.drivers();
    measure(criterion, &of("traces"), &matching, |of| bench.matching(of));
    drop(matching);
    let mut fleet = bench.fleet((0, 1));
    for number in 0..COUNT {
        let (position, driver) = (Position { edge: bench.edge(), offset_mm: 0 }, DriverId(number));
        fleet.on_event(&DriverEvent::Seen { driver, at: START, position, direction_confidence: 0.9 }, &mut Vec::new());
    }
    measure(criterion, &of("drivers"), &fleet, |of| bench.fleet(of));
    let (trips, estimator) = bench.trips();
    measure(criterion, &of("trips"), &trips, |_| Trips::new(TripsConfig::default()));
    measure(criterion, &of("plans"), &estimator, |of| bench.estimator(of));
    traffic(criterion, &of("traffic"), &mut bench);
}

/// A window in which 1,000 edges were driven along in each second.
fn traffic(criterion: &mut Criterion, name: &str, bench: &mut Bench) {
    let config = TrafficConfig::default();
    let mut traffic = Traffic::new(Arc::clone(&bench.network), &config);
    let mut sums = TraversalSums::new(Panes::new(config.pane));
    for second in 0..config.pane.secs_f64() as i64 * config.panes as i64 {
        let time = START + Span::from_secs(second);
        for _ in 0..1_000 {
            let edge = bench.edge();
            let duration_ms = bench.network.free_flow(edge) * 2;
            sums.add(&Traversal { edge, length_mm: bench.network.length_mm(edge), duration_ms, left_at: time });
        }
        let tick = Tick { number: second as u64, time, watermark: time };
        traffic.add(&tick, &sums.take());
        traffic.on_tick(&tick);
    }
    let mut bytes = Vec::new();
    traffic.encode(&mut bytes);
    println!("traffic: {} bytes for {} edges", bytes.len(), bench.network.edge_count());
    let mut group = criterion.benchmark_group(format!("snapshot/{name}"));
    group.sample_size(10).throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            let mut again = Vec::with_capacity(bytes.len());
            traffic.encode(&mut again);
            again
        });
    });
    let restore = || Traffic::restore(Arc::clone(&bench.network), &config, &bytes).expect("it was just written");
    group.bench_function("read", |bencher| bencher.iter(restore));
    let epoch = Epoch { metric: Arc::clone(traffic.metric()), ..(*bench.epoch).clone() };
    let mut bytes = Vec::new();
    epoch.encode(&mut bytes);
    println!("epoch: {} bytes", bytes.len());
    group.bench_function("an epoch read", |bencher| {
        bencher.iter(|| Epoch::decode(&bench.network, &bytes, &[]).expect("it was just written"));
    });
    group.finish();
}

criterion_group!(benches, operators);
criterion_main!(benches);
