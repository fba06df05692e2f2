//! The hierarchy: new weights, ways, and who is nearest, with turns (all that the engine asks) and without (the graph that
//! the binary `peers` puts beside peers).
//!
//! On a made-up city, and on Porto where the data is there (`ETAFLOW_DATA`, else `../shared/data`).

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use etaflow_benches::routing::{RoadGraph, Work};
use etaflow_road::{
    Customized, Customizer, EdgeId, Graph, Hierarchy, INFINITY, Metric, MetricCustomizer, Network, NodeId, NodeSet,
    Order, Position, Query, Search, SyntheticCity, Targets, Weight, open_network,
};

const NODES: usize = 20_000;
const CHANGED: [usize; 3] = [10, 1_000, 10_000];
const NEAREST: usize = 10;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn networks() -> Vec<(&'static str, Arc<Network>)> {
    let city = SyntheticCity { nodes: NODES, ..SyntheticCity::default() }.build();
    let mut networks = vec![("city", Arc::new(city))];
    let data = std::env::var_os("ETAFLOW_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")), PathBuf::from);
    let porto = data.join("osm/porto.osm.pbf");
    if porto.exists() {
        networks.push(("porto", Arc::new(open_network(&porto).expect("an extract"))));
    } else {
        println!("skipped: Porto, {} is not there", porto.display());
    }
    networks
}

fn routing(criterion: &mut Criterion) {
    for (name, network) in networks() {
        let graph = RoadGraph::new(&network);
        println!("{name}: {} nodes, {} edges", graph.node_count(), graph.arc_count());
        let work = Work::new(&graph);
        without_turns(criterion, name, &graph, &work);
        with_turns(criterion, name, &network, (&graph, &work));
    }
}

/// A group of what is done to weights, and one of what is asked.
fn group<'a>(criterion: &'a mut Criterion, name: &str, what: &str) -> Group<'a> {
    let mut group = criterion.benchmark_group(format!("routing/{name}/{what}"));
    group.sample_size(20);
    group
}

fn without_turns(criterion: &mut Criterion, name: &str, graph: &RoadGraph, work: &Work) {
    let arcs = graph.tail.iter().copied().zip(graph.head.iter().copied()).collect();
    let plain = Graph::new(graph.node_count() as u32, arcs).expect("arcs are between nodes");
    let order = Order::of_nodes(&plain, &graph.place);
    let hierarchy = Arc::new(Hierarchy::new(&plain, &order).expect("the order is of the graph"));
    let mut now = Customized::new(&hierarchy, &graph.weight).expect("there is a weight for each arc");
    let mut customizer = Customizer::new(&hierarchy);

    let mut weights = group(criterion, name, "nodes/weights");
    weights.bench_function("full", |bencher| bencher.iter(|| customizer.customize(&mut now, &work.weights)));
    weights.bench_function("full, all threads", |bencher| {
        bencher.iter(|| customizer.customize_in_parallel(&mut now, &work.weights))
    });
    for count in CHANGED {
        let [there, back] = changes(graph, work, count);
        weights.bench_function(format!("{count} changed and changed back"), |bencher| {
            bencher.iter(|| {
                customizer.change(&mut now, &there).expect("the graph has these arcs");
                customizer.change(&mut now, &back)
            });
        });
    }
    customizer.customize(&mut now, &graph.weight).expect("there is a weight for each arc");
    weights.finish();

    let mut search = Search::new(&hierarchy);
    let mut path = Vec::new();
    let mut out = Vec::new();
    let mut asks = group(criterion, name, "nodes/questions");
    each(&mut asks, "distance, random pairs", &work.pairs, |&(source, target)| {
        black_box(search.distance(&now, (source, 0), (target, 0)));
    });
    each(&mut asks, "distance, local pairs", &work.local, |&(source, target)| {
        black_box(search.distance(&now, (source, 0), (target, 0)));
    });
    each(&mut asks, "path, random pairs", &work.pairs, |&(source, target)| {
        black_box(search.path(&now, (source, 0), (target, 0), &mut path));
    });
    each(&mut asks, "1,000 to one", &work.pickups, |&pickup| {
        search.many_to_one(&now, &work.drivers, &[(pickup, 0)], INFINITY, &mut out);
        black_box(&out);
    });
    let mut occupied = NodeSet::new(&hierarchy);
    work.drivers.iter().for_each(|&node| {
        occupied.insert(node);
    });
    let mut best: Vec<Weight> = Vec::new();
    each(&mut asks, "nearest 10 places of 1,000", &work.pickups, |&pickup| {
        best.clear();
        search.nearest(&now, &occupied, &[(pickup, 0)], INFINITY, |_, time| {
            best.insert(best.partition_point(|&other| other <= time), time);
            best.truncate(NEAREST);
            if best.len() == NEAREST { best[NEAREST - 1] } else { INFINITY }
        });
        black_box(&best);
    });
    asks.finish();
}

fn with_turns(criterion: &mut Criterion, name: &str, network: &Arc<Network>, (graph, work): (&RoadGraph, &Work)) {
    let mut now = Metric::free_flow(network);
    let mut customizer = MetricCustomizer::new(network);

    let mut weights = group(criterion, name, "turns/weights");
    weights.bench_function("full, all threads", |bencher| {
        bencher.iter(|| customizer.customize(&mut now, &work.weights));
    });
    for count in CHANGED {
        let [there, back] = changes(graph, work, count)
            .map(|set| set.into_iter().map(|(arc, weight)| (EdgeId(arc), weight)).collect::<Vec<_>>());
        weights.bench_function(format!("{count} changed and changed back"), |bencher| {
            bencher.iter(|| {
                customizer.change(&mut now, &there).expect("all weights are positive and finite");
                customizer.change(&mut now, &back)
            });
        });
    }
    customizer.customize(&mut now, network.free_flow_weights()).expect("there is a weight for each edge");
    weights.finish();

    let leaving = |node: u32| {
        let edge = network.out_edges(NodeId(node)).next().expect("whoever is there can leave");
        Position { edge, offset_mm: 0 }
    };
    let arriving = |node: u32| {
        let edge = network.in_edges(NodeId(node))[0];
        [Position { edge, offset_mm: network.length_mm(edge) }]
    };
    let drivers: Vec<Position> = work.drivers.iter().map(|&node| leaving(node)).collect();
    let mut targets = Targets::new(network);
    (0..).zip(&drivers).for_each(|(driver, &place)| {
        targets.insert(driver, place);
    });
    let mut query = Query::new(Arc::clone(network));
    let mut out = Vec::new();
    let mut asks = group(criterion, name, "turns/questions");
    each(&mut asks, "distance, random pairs", &work.pairs, |&(source, target)| {
        black_box(query.duration(&now, &[leaving(source)], &arriving(target)));
    });
    each(&mut asks, "distance, local pairs", &work.local, |&(source, target)| {
        black_box(query.duration(&now, &[leaving(source)], &arriving(target)));
    });
    each(&mut asks, "path, random pairs", &work.pairs, |&(source, target)| {
        black_box(query.route(&now, &[leaving(source)], &arriving(target)));
    });
    each(&mut asks, "1,000 to one", &work.pickups, |&pickup| {
        query.many_to_one(&now, &drivers, &arriving(pickup), INFINITY, &mut out);
        black_box(&out);
    });
    each(&mut asks, "nearest 10 of 1,000, one just moved", &work.moves, |step| {
        targets.insert(step.driver as u32, leaving(step.node));
        black_box(query.nearest(&now, &targets, &arriving(step.pickup), NEAREST, INFINITY));
    });
    asks.finish();
}

/// Times all questions of a kind.
fn each<T>(group: &mut Group<'_>, name: &str, questions: &[T], mut ask: impl FnMut(&T)) {
    group.throughput(Throughput::Elements(questions.len() as u64));
    group.bench_function(name, |bencher| bencher.iter(|| questions.iter().for_each(&mut ask)));
}

/// Arcs spread over the graph with the weights of another hour, and the same with those that all arcs have now.
fn changes(graph: &RoadGraph, work: &Work, count: usize) -> [Vec<(u32, Weight)>; 2] {
    let step = graph.arc_count() / count;
    let arcs = (0..count).map(|at| at * step);
    let with =
        |weights: &[Weight], factor: Weight| arcs.clone().map(|arc| (arc as u32, weights[arc] * factor)).collect();
    [with(&work.weights, 2), with(&work.weights, 1)]
}

criterion_group!(benches, routing);
criterion_main!(benches);
