//! A fleet's fixes through the matcher, and the roads near them by our index and by an R-tree, each by itself.
//!
//! In a made-up city, and on the network of a real track where the data is there.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use etaflow_benches::matching::{FIXES_EACH, Fleet, NEAREST, RADIUS, Replay, SETTINGS, Tree, VEHICLES, check_near};
use etaflow_road::{EdgeIndex, KubickaTrack, Network, SyntheticCity};

/// A fleet on a network.
struct Ground {
    name: &'static str,
    network: Arc<Network>,
    index: Arc<EdgeIndex>,
    fleet: Rc<Fleet>,
}

impl Ground {
    fn new(name: &'static str, network: Network) -> Self {
        let network = Arc::new(network);
        let index = Arc::new(EdgeIndex::new(&network));
        let fleet = Rc::new(Fleet::driving(&network, VEHICLES, FIXES_EACH, 1));
        Self { name, network, index, fleet }
    }

    fn all() -> Vec<Self> {
        let mut all = vec![Self::new("city", SyntheticCity { nodes: 20_000, ..SyntheticCity::default() }.build())];
        match track() {
            Some(path) => all.push(Self::new("kubicka", KubickaTrack::read(&path).expect("a track").network)),
            None => println!("skipped: no data for the network of a real track"),
        }
        all
    }
}

/// The first track there is.
fn track() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("ETAFLOW_DATA").map_or(beside, PathBuf::from);
    let entries = data.join("kubicka").read_dir().ok()?;
    let archives = entries.flatten().map(|entry| entry.path());
    archives.filter(|path| path.to_string_lossy().ends_with(".tar.gz")).min()
}

fn matching(criterion: &mut Criterion) {
    for ground in Ground::all() {
        let mut group = criterion.benchmark_group(format!("matching/{}, 1 s", ground.name));
        group.sample_size(10).throughput(Throughput::Elements(ground.fleet.fixes.len() as u64));
        for (setting, config) in SETTINGS {
            let mut replay = Replay::new(&ground.network, &ground.index, config(), &ground.fleet);
            group.bench_function(setting, |bencher| bencher.iter(|| replay.run()));
        }
        group.finish();
    }
}

fn near(criterion: &mut Criterion) {
    for Ground { name, network, index, fleet } in Ground::all() {
        let mut tree = Tree::new(&network);
        let places = || fleet.fixes.iter().map(|(_, fix)| fix.coord);
        check_near(&network, &index, &mut tree, places());
        let mut group = criterion.benchmark_group(format!("roads near a fix/{name}"));
        group.sample_size(10).throughput(Throughput::Elements(fleet.fixes.len() as u64));
        group.bench_function("index", |bencher| {
            let mut found = Vec::new();
            bencher.iter(|| {
                for at in places() {
                    index.within(&network, at, RADIUS, NEAREST, &mut found);
                    black_box(&found);
                }
            });
        });
        group.bench_function("rstar", |bencher| {
            let mut found = Vec::new();
            bencher.iter(|| {
                for at in places() {
                    tree.within(at, RADIUS, NEAREST, &mut found);
                    black_box(&found);
                }
            });
        });
        group.finish();
    }
}

criterion_group!(benches, matching, near);
criterion_main!(benches);
