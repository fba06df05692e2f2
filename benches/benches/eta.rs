//! All trips' arrival times refreshed at a tick: with new travel times, without, and with the share of trips whose way is
//! compared with the fastest one, a tick a second.
//!
//! On the default made-up city. Most trips have their rider on board, at some place of their way; the others wait for
//! a driver who is on his way. The peer is the obvious other way to come by fresh arrival times: to ask the router
//! anew for each trip, here the same one on the same travel times, once for each way that there are trips on.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use etaflow::{
    Config, DriverId, Epoch, Estimator, EtaConfig, EtaInput, Executor, Offset, Operator, Tick, Told, Trip, TripChange,
    TripId, TripStage,
};
use etaflow_benches::Random;
use etaflow_road::{EdgeIndex, Metres, Metric, Network, Position, Query, Snap, Span, SyntheticCity, Timestamp};

/// How many different ways the trips are on.
const WAYS: usize = 400;
const WAY_MIN_M: f64 = 2_000.0;

/// A fastest way between two places.
struct Way {
    from: Snap,
    to: Snap,
    edges: Vec<etaflow_road::EdgeId>,
}

struct Bench {
    network: Arc<Network>,
    index: Arc<EdgeIndex>,
    ways: Vec<Way>,
    /// The one in force at first, and three others that take turns: at each of a trip's looks it is another one.
    epochs: [Arc<Epoch>; 4],
}

impl Bench {
    fn new() -> Self {
        let network = Arc::new(SyntheticCity::default().build());
        let index = Arc::new(EdgeIndex::new(&network));
        let first = Executor::first_epoch(&network, &Config::default());
        let mut random = Random(3);
        let mut slower = |number| {
            let weights = first.metric.weights().iter().map(|weight| weight + weight * random.below(100) as u32 / 100);
            let metric = Metric::new(&network, weights.collect()).expect("finite times");
            let (metric, quantiles) = (Arc::new(metric), Arc::clone(&first.quantiles));
            Arc::new(Epoch { number, metric, metric_number: number, quantiles })
        };
        let epochs = [Arc::clone(&first), slower(1), slower(2), slower(3)];
        let ways = ways(&network, &index, &first.metric);
        Self { network, index, ways, epochs }
    }

    /// One that keeps `count` trips: of ten, one waits for a driver, three have one on his way, six are on board.
    fn estimator(&self, count: usize) -> Estimator {
        let (network, index) = (Arc::clone(&self.network), Arc::clone(&self.index));
        let mut estimator = Estimator::new(network, index, EtaConfig::default(), Arc::clone(&self.epochs[0]), (0, 1));
        let mut told = Vec::new();
        let mut random = Random(5);
        for number in 0..count as u32 {
            let way = &self.ways[random.below(WAYS)];
            let driver = DriverId(number);
            let edge = way.edges[random.below(way.edges.len())];
            let place = Position { edge, offset_mm: self.network.length_mm(edge) / 2 };
            let (stage, place) = match number % 10 {
                0 => (TripStage::Requested, None),
                1..=3 => (TripStage::Assigned { driver }, Some(place)),
                _ => (TripStage::OnBoard { driver }, Some(place)),
            };
            let at = Timestamp::from_secs(1_000);
            let (pickup, dropoff) = (way.from.point(), way.to.point());
            let state = Trip { pickup, dropoff, requested_at: at, stage };
            let change = TripChange { trip: TripId(number), state, event: None, previous: None, at };
            let place = place.map(|place| (place, at));
            estimator
                .on_event(&EtaInput::Trip { change, place, direction_confidence: None, offset: Offset(0) }, &mut told);
            told.clear();
        }
        assert_eq!(estimator.len(), count);
        estimator
    }
}

fn ways(network: &Arc<Network>, index: &EdgeIndex, metric: &Metric) -> Vec<Way> {
    let mut query = Query::new(Arc::clone(network));
    let mut random = Random(1);
    let mut place = || {
        let edge = etaflow_road::EdgeId(random.below(network.edge_count()) as u32);
        (network.component(edge) == 0).then(|| network.coord_at(edge, network.length_mm(edge) / 2))
    };
    let mut ways = Vec::with_capacity(WAYS);
    while ways.len() < WAYS {
        let (Some(from), Some(to)) = (place(), place()) else { continue };
        if from.distance(to).0 < WAY_MIN_M {
            continue;
        }
        let Some((from, to)) = index.snap_pair(network, from, to, Metres(100.0)) else { continue };
        let route = query.route(metric, from.positions(), to.positions());
        ways.extend(route.map(|route| Way { from, to, edges: route.edges }));
    }
    let edges: usize = ways.iter().map(|way| way.edges.len()).sum();
    println!("{WAYS} ways of {} edges on average", edges / WAYS);
    ways
}

fn refresh(criterion: &mut Criterion) {
    let bench = Bench::new();
    for count in [3_000, 10_000, 100_000] {
        let mut estimator = bench.estimator(count);
        let mut told: Vec<Told> = Vec::with_capacity(count);
        let mut group = criterion.benchmark_group(format!("eta/{count} trips"));
        group.sample_size(10).throughput(Throughput::Elements(count as u64));
        let mut now = Timestamp::from_secs(1_000);
        let mut turn = 0;
        // Where no time passes, it is no trip's turn to be looked at.
        let mut tick = |changes: bool, passes: Span| {
            told.clear();
            now = now + passes;
            turn += u64::from(changes);
            let epoch = Epoch { metric_number: turn, ..(*bench.epochs[1 + turn as usize % 3]).clone() };
            let (epoch, offset) = (Arc::new(epoch), Offset(1));
            estimator.on_event(&EtaInput::Epoch { epoch, offset }, &mut told);
            estimator.on_tick(&Tick { number: 0, time: now, watermark: now }, &mut told);
            assert_eq!(told.len(), count);
            black_box(told.iter().filter(|told| told.news).count())
        };
        group.bench_function("new travel times", |bencher| bencher.iter(|| tick(true, Span::ZERO)));
        group.bench_function("the same travel times", |bencher| bencher.iter(|| tick(false, Span::ZERO)));
        group.bench_function("new travel times, and a share looked at again", |bencher| {
            bencher.iter(|| tick(true, Span::from_secs(1)));
        });
        group.finish();
    }
    ask_the_router(criterion, &bench);
}

/// The peer, on one trip of each way.
fn ask_the_router(criterion: &mut Criterion, bench: &Bench) {
    let mut query = Query::new(Arc::clone(&bench.network));
    let mut group = criterion.benchmark_group("eta/400 trips");
    group.sample_size(10).throughput(Throughput::Elements(WAYS as u64));
    group.bench_function("a query for each", |bencher| {
        bencher.iter(|| {
            let metric = &bench.epochs[1].metric;
            let of = |way: &Way| query.duration(metric, way.from.positions(), way.to.positions());
            black_box(bench.ways.iter().filter_map(of).map(u64::from).sum::<u64>())
        });
    });
    group.finish();
}

criterion_group!(benches, refresh);
criterion_main!(benches);
