//! Fixes matched per second on one core: 2,000 vehicles, interleaved, a fix a second each.
//!
//! On a town that is built here, and on the network of a real track where the data is there. The candidates are
//! measured alone as well, beside an R-tree on the same segments.

#![allow(missing_docs, reason = "criterion's macros make public items")]

#[path = "../../engine/road/tests/kubicka/mod.rs"]
#[expect(dead_code, reason = "the benchmark needs no truth")]
mod kubicka;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use etaflow_road::{
    Candidate, Coord, EdgeId, EdgeIndex, Fix, LocalFrame, Matcher, MatcherConfig, Metres, Network, NetworkBuilder,
    NewEdge, Outcome, RoadClass, ShapePoint, Timestamp, Trace, TurnModel, Xy,
};
use rstar::primitives::{GeomWithData, Line};
use rstar::{AABB, RTree};

const VEHICLES: usize = 2_000;
const ROUNDS: usize = 60;
const RADIUS_M: f64 = 50.0;

/// A seeded stream of numbers in 0..1 (splitmix64).
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count - 1)
    }
}

fn networks() -> Vec<(&'static str, Arc<Network>)> {
    let mut networks = vec![("town", Arc::new(town(150)))];
    match kubicka::archives().first() {
        Some(archive) => networks.push(("kubicka", kubicka::read(archive).network)),
        None => println!("skipped: no data for the network of a real track"),
    }
    networks
}

/// Crossroads some 90 m apart, none quite where it should be.
fn town(side: usize) -> Network {
    let mut random = Random(1);
    let frame = LocalFrame::at(Coord::from_degrees(41.15, -8.61).expect("in range"));
    let mut builder = NetworkBuilder::new();
    let mut place = |x: f64, y: f64| {
        let (dx, dy) = (12.0 * random.normal(), 12.0 * random.normal());
        frame.to_coord(Xy { x: 90.0 * x + dx, y: 90.0 * y + dy })
    };
    let nodes: Vec<_> =
        (0..side * side).map(|n| builder.node(n as i64, place((n % side) as f64, (n / side) as f64))).collect();
    for n in 0..side * side {
        let (column, row) = (n % side, n / side);
        for (right, down) in [(1, 0), (0, 1)] {
            if column + right < side && row + down < side {
                let middle = place(column as f64 + right as f64 / 2.0, row as f64 + down as f64 / 2.0);
                let via = vec![ShapePoint { key: -1, coord: middle }];
                let head = nodes[(row + down) * side + column + right];
                builder.street(NewEdge { via, ..NewEdge::straight(nodes[n], head, RoadClass::Residential, 10.0) }, "");
            }
        }
    }
    builder.build(&TurnModel::default()).expect("a network")
}

/// What a vehicle sends while it drives along random roads, at `speed_mps`.
fn fixes(network: &Network, random: &mut Random, speed_mps: f64) -> Vec<Coord> {
    let mut edge = EdgeId(0);
    while network.component(edge) != 0 || edge == EdgeId(0) {
        edge = EdgeId(random.below(network.edge_count()) as u32);
    }
    let mut offset = 0.0;
    let mut sent = Vec::new();
    for _ in 0..ROUNDS {
        let point = network.coord_at(edge, (offset * 1e3) as u32);
        let (x, y) = (4.0 * random.normal(), 4.0 * random.normal());
        let noise = if speed_mps > 0.0 { Xy { x, y } } else { Xy { x: x / 8.0, y: y / 8.0 } };
        sent.push(LocalFrame::at(point).to_coord(noise));
        offset += speed_mps;
        while offset > network.length(edge).0 {
            offset -= network.length(edge).0;
            let on: Vec<EdgeId> = network.successors(edge).map(|(next, _)| next).collect();
            let ahead: Vec<EdgeId> = on.iter().copied().filter(|&next| Some(next) != network.twin(edge)).collect();
            let choice = if ahead.is_empty() { &on } else { &ahead };
            if choice.is_empty() {
                offset = 0.0;
                break;
            }
            edge = choice[random.below(choice.len())];
        }
    }
    sent
}

/// All fixes in order of time, with their vehicles.
fn stream(network: &Network, standing: usize) -> Vec<(usize, Fix)> {
    let mut random = Random(7);
    let vehicles: Vec<Vec<Coord>> = (0..VEHICLES)
        .map(|vehicle| fixes(network, &mut random, if vehicle % 10 < standing { 0.0 } else { 11.0 }))
        .collect();
    let mut stream = Vec::new();
    for second in 0..ROUNDS {
        for (vehicle, sent) in vehicles.iter().enumerate() {
            stream.push((vehicle, Fix::new(Timestamp::from_secs(second as i64), sent[second])));
        }
    }
    stream
}

fn matching(criterion: &mut Criterion) {
    for (name, network) in networks() {
        match_on(criterion, name, &network);
    }
}

fn match_on(criterion: &mut Criterion, name: &str, network: &Arc<Network>) {
    let index = Arc::new(EdgeIndex::new(network));
    println!("{name}: {} edges, index {} bytes", network.edge_count(), index.bytes());
    let mut group = criterion.benchmark_group(format!("matching/{name}"));
    group.sample_size(10);
    let every_fix = MatcherConfig { still_m: 0.0, ..MatcherConfig::default() };
    let runs = [
        ("moving, no standstill shortcut", 0, every_fix),
        ("moving", 0, MatcherConfig::default()),
        ("six in ten standing", 6, MatcherConfig::default()),
    ];
    for (what, standing, config) in runs {
        let stream = stream(network, standing);
        let mut matcher = Matcher::new(network.clone(), index.clone(), config).expect("valid");
        let mut traces = vec![Trace::default(); VEHICLES];
        group.throughput(Throughput::Elements(stream.len() as u64));
        let mut run = || {
            traces.iter_mut().for_each(Trace::clear);
            let mut matched = 0;
            for (vehicle, fix) in &stream {
                let outcome = matcher.on_fix(&mut traces[*vehicle], fix);
                matched += usize::from(matches!(outcome, Outcome::Matched(_)));
            }
            matched
        };
        let matched = run();
        group.bench_function(what, |bencher| bencher.iter(&mut run));
        let bytes = traces.iter().map(Trace::bytes).sum::<usize>() / VEHICLES;
        println!("{what}: {matched} of {} fixes matched, {bytes} bytes a trace", stream.len());
    }
    group.finish();
}

fn candidates(criterion: &mut Criterion) {
    for (name, network) in networks() {
        candidates_on(criterion, name, &network);
    }
}

fn candidates_on(criterion: &mut Criterion, name: &str, network: &Network) {
    let index = EdgeIndex::new(network);
    let stream = stream(network, 0);
    let (south_west, _) = network.bounds().expect("not empty");
    let frame = LocalFrame::at(south_west);
    let flat = |coord: Coord| {
        let xy = frame.to_xy(coord);
        [xy.x, xy.y]
    };
    let mut segments = Vec::new();
    for edge in network.edges() {
        for pair in network.shape(edge).windows(2) {
            segments.push(GeomWithData::new(Line::new(flat(pair[0]), flat(pair[1])), edge));
        }
    }
    let tree = RTree::bulk_load(segments);
    let mut group = criterion.benchmark_group(format!("candidates/{name}"));
    group.sample_size(10).throughput(Throughput::Elements(stream.len() as u64));
    group.bench_function("grid", |bencher| {
        let mut found: Vec<Candidate> = Vec::new();
        bencher.iter(|| {
            for (_, fix) in &stream {
                index.within(network, fix.coord, Metres(RADIUS_M), 12, &mut found);
                black_box(&found);
            }
        });
    });
    group.bench_function("rstar", |bencher| {
        let mut found: Vec<(f64, EdgeId)> = Vec::new();
        bencher.iter(|| {
            for (_, fix) in &stream {
                let [x, y] = flat(fix.coord);
                let square = AABB::from_corners([x - RADIUS_M, y - RADIUS_M], [x + RADIUS_M, y + RADIUS_M]);
                found.clear();
                for segment in tree.locate_in_envelope_intersecting(square) {
                    let distance_sq = rstar::PointDistance::distance_2(segment.geom(), &[x, y]);
                    if distance_sq <= RADIUS_M * RADIUS_M {
                        found.push((distance_sq, segment.data));
                    }
                }
                found.sort_unstable_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
                found.dedup_by_key(|candidate| candidate.1);
                found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
                found.truncate(12);
                black_box(&found);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, matching, candidates);
criterion_main!(benches);
