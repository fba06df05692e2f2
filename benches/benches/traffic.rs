//! From traversals to travel times: summing up in a shard, and a tick of the traffic with 0, 1,000 and 10,000
//! traversals since the last one (10,000 drivers make some 1,000 a second).
//!
//! On the default made-up city, and on Porto where the data is there. The window is full, and time goes on by a second
//! each tick, so that one tick in fifteen slides it: those are measured apart. The peer in the same run is the obvious
//! other way to keep a mean of each edge over the last ten minutes: all its samples in a queue, added up anew whenever
//! it changes. What both have in common, a new metric of all edges, is measured alone.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::measurement::{Measurement, WallTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use etaflow::{Evidence, Pane, Panes, Tick, Traffic, TrafficConfig, Traversal, TraversalSums};
use etaflow_benches::{Random, networks};
use etaflow_road::{EdgeId, Metric, Network, Span, Timestamp, Weight};
use rustc_hash::FxHashMap;

/// Different seconds' worth of traversals, over and over.
const SECONDS: i64 = 60;

/// `count` whole edges, each driven at a third to the whole of its speed.
fn traversals(network: &Network, count: usize, random: &mut Random, left_at: Timestamp) -> Vec<Traversal> {
    let drive = |_| {
        let edge = EdgeId(random.below(network.edge_count()) as u32);
        let duration_ms = network.free_flow(edge) * (100 + random.below(200) as u32) / 100;
        Traversal { edge, length_mm: network.length_mm(edge), duration_ms, left_at }
    };
    (0..count).map(drive).collect()
}

/// What keeps travel times.
trait Keeper {
    fn tick(&mut self, now: Timestamp, traversals: &[Traversal]) -> Weight;
}

/// What the engine does, from a shard's sums on.
struct Engine {
    sums: TraversalSums,
    traffic: Traffic,
}

impl Keeper for Engine {
    fn tick(&mut self, now: Timestamp, traversals: &[Traversal]) -> Weight {
        for traversal in traversals {
            self.sums.add(&Traversal { left_at: now, ..*traversal });
        }
        let tick = Tick { number: 0, time: now, watermark: now };
        let sums: Vec<(Pane, EdgeId, Evidence)> = self.sums.take();
        self.traffic.add(&tick, &sums);
        self.traffic.on_tick(&tick).weight(EdgeId(0))
    }
}

/// The peer.
struct Samples {
    network: Arc<Network>,
    panes: Panes,
    window: Span,
    newest: Pane,
    samples: FxHashMap<EdgeId, VecDeque<Traversal>>,
    weights: Vec<Weight>,
    metric: Arc<Metric>,
}

impl Samples {
    fn new(network: &Arc<Network>, config: &TrafficConfig) -> Self {
        Self {
            network: Arc::clone(network),
            panes: Panes::new(config.pane),
            window: Span::from_micros(config.pane.micros() * config.panes as i64),
            newest: Pane(0),
            samples: FxHashMap::default(),
            weights: network.free_flow_weights().to_vec(),
            metric: Arc::new(Metric::free_flow(network)),
        }
    }

    fn update(&mut self, edge: EdgeId, now: Timestamp) {
        let Some(samples) = self.samples.get_mut(&edge) else { return };
        while samples.front().is_some_and(|oldest| now.since(oldest.left_at) > self.window) {
            samples.pop_front();
        }
        let sum = |of: fn(&Traversal) -> u32| samples.iter().map(|sample| u64::from(of(sample))).sum::<u64>();
        let (length_mm, duration_ms) = (sum(|sample| sample.length_mm), sum(|sample| sample.duration_ms));
        self.weights[edge.index()] = match length_mm {
            0 => self.network.free_flow(edge),
            _ => ((u64::from(self.network.length_mm(edge)) * duration_ms / length_mm) as Weight).max(1),
        };
    }
}

impl Keeper for Samples {
    fn tick(&mut self, now: Timestamp, traversals: &[Traversal]) -> Weight {
        let mut touched: Vec<EdgeId> = traversals.iter().map(|traversal| traversal.edge).collect();
        for traversal in traversals {
            self.samples.entry(traversal.edge).or_default().push_back(Traversal { left_at: now, ..*traversal });
        }
        let newest = self.panes.at(now);
        if newest > self.newest {
            self.newest = newest;
            touched = self.samples.keys().copied().collect();
        }
        for &edge in &touched {
            self.update(edge, now);
        }
        if !touched.is_empty() {
            self.metric = Arc::new(Metric::new(&self.network, self.weights.clone()).expect("finite times"));
        }
        self.metric.weight(EdgeId(0))
    }
}

/// A keeper in the middle of its day.
struct Day<K> {
    keeper: K,
    second: i64,
    pane_s: i64,
    said: Vec<Vec<Traversal>>,
}

impl<K: Keeper> Day<K> {
    /// With a window that is full.
    fn new(keeper: K, config: &TrafficConfig, said: &[Vec<Traversal>]) -> Self {
        let pane_s = config.pane.micros() / 1_000_000;
        let mut day = Self { keeper, second: 0, pane_s, said: said.to_vec() };
        day.run(config.panes as i64 + 1, true);
        day
    }

    /// Lets time pass until `ticks` have been that slide the window, or that do not; how long those took.
    fn run(&mut self, mut ticks: i64, slides: bool) -> Duration {
        let clock = WallTime;
        let mut total = clock.zero();
        while ticks > 0 {
            self.second += 1;
            let said = &self.said[(self.second % SECONDS) as usize];
            let began = clock.start();
            black_box(self.keeper.tick(Timestamp::from_secs(self.second), said));
            let took = clock.end(began);
            if (self.second % self.pane_s == 0) == slides {
                total += took;
                ticks -= 1;
            }
        }
        total
    }
}

fn traffic(criterion: &mut Criterion) {
    for (name, network) in networks() {
        println!("{name}: {} edges", network.edge_count());
        sums(criterion, name, &network);
        ticks(criterion, name, &network);
    }
}

fn sums(criterion: &mut Criterion, name: &str, network: &Network) {
    let mut group = criterion.benchmark_group(format!("traffic/{name}"));
    let said = traversals(network, 10_000, &mut Random(1), Timestamp::from_secs(1_000));
    let mut sums = TraversalSums::new(Panes::new(TrafficConfig::default().pane));
    group.throughput(Throughput::Elements(said.len() as u64));
    group.bench_function("10000 traversals summed up", |bencher| {
        bencher.iter(|| {
            said.iter().for_each(|traversal| sums.add(traversal));
            black_box(sums.take())
        });
    });
    group.finish();
}

fn ticks(criterion: &mut Criterion, name: &str, network: &Arc<Network>) {
    let mut group = criterion.benchmark_group(format!("traffic/{name}"));
    group.sample_size(10);
    let weights = network.free_flow_weights();
    group.bench_function("a metric", |bencher| {
        bencher.iter(|| Metric::new(network, weights.to_vec()).expect("finite times"));
    });
    let config = TrafficConfig::default();
    for count in [0, 1_000, 10_000] {
        let mut random = Random(2);
        let said: Vec<_> = (0..SECONDS).map(|_| traversals(network, count, &mut random, Timestamp::MIN)).collect();
        let sums = TraversalSums::new(Panes::new(config.pane));
        let engine = Engine { sums, traffic: Traffic::new(Arc::clone(network), &config) };
        let mut engine = Day::new(engine, &config, &said);
        let mut samples = Day::new(Samples::new(network, &config), &config, &said);
        for (what, slides) in [("tick", false), ("sliding tick", true)] {
            group.bench_function(format!("{what}, {count} traversals"), |bencher| {
                bencher.iter_custom(|ticks| engine.run(ticks as i64, slides));
            });
            group.bench_function(format!("{what}, {count} traversals, all samples kept"), |bencher| {
                bencher.iter_custom(|ticks| samples.run(ticks as i64, slides));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, traffic);
criterion_main!(benches);
