//! Our bus and its peers, each load by itself.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use etaflow_benches::bus::{Carry, Load, PEERS, ours_in_tasks, ours_on_threads};

fn carry(criterion: &mut Criterion) {
    let ours: [(&str, Carry); 2] = [("etaflow, tasks", ours_in_tasks), ("etaflow, threads", ours_on_threads)];
    let peers = PEERS.map(|(name, theirs, _)| (name, theirs));
    for load in Load::ALL {
        let mut group = criterion.benchmark_group(load.name());
        group.throughput(Throughput::Elements(load.items)).sample_size(10).measurement_time(Duration::from_secs(3));
        for (name, carry) in ours.into_iter().chain(peers) {
            group.bench_function(name, |bencher| bencher.iter(|| carry(load)));
        }
    }
}

criterion_group!(benches, carry);
criterion_main!(benches);
