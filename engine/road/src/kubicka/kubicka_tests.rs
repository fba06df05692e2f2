use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::id::EdgeId;
use crate::network::Network;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let nth = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("etaflow-kubicka-{}-{nth}", std::process::id()));
        std::fs::create_dir_all(&path).expect("creates");
        for (name, content) in files {
            std::fs::write(path.join(name), content).expect("writes");
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind is found by who cleans up temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A street open both ways from 0 to 2 by way of 1, a one-way street from 2 by 3 to 0, a ring of 4, 5, 6 that touches
/// nothing, an arc that is there twice, and one from a node to itself.
const NODES: &str = "7.0 43.0\n7.001 43.0\n7.002 43.0\n7.001 43.001\n8.0 44.0\n8.001 44.0\n8.0 44.001\n";
const ARCS: &str = "0 1\n1 0\n1 2\n2 1\n2 3\n3 0\n4 5\n5 6\n6 4\n0 1\n3 3\n";
const TRACK: &str = "7.0 43.0 1.5\n7.001 43.0 2.5\n";
const ROUTE: &str = "0\n2\n4\n5\n";

fn keys(network: &Network) -> Vec<Vec<i64>> {
    let mut keys: Vec<Vec<i64>> = network.edges().map(|edge| network.shape_keys(edge).to_vec()).collect();
    keys.sort();
    keys
}

#[test]
fn what_is_between_junctions_is_one_edge() {
    let folder = Folder::new(&[("a.nodes", NODES), ("a.arcs", ARCS), ("a.track", TRACK), ("a.route", ROUTE)]);
    let track = KubickaTrack::read(&folder.0).expect("reads");
    assert_eq!(keys(&track.network), [vec![0, 1, 2], vec![2, 1, 0], vec![2, 3, 0], vec![4, 5, 6, 4]]);
    let street = track.network.edges().find(|&edge| track.network.shape_keys(edge) == [0, 1, 2]).expect("just seen");
    let twin = track.network.twin(street).expect("open both ways");
    assert_eq!(track.network.shape_keys(twin), [2, 1, 0]);
    assert_eq!(track.network.edges().filter(|&edge: &EdgeId| track.network.twin(edge).is_some()).count(), 2);
    assert_eq!(track.route, [[0, 1], [1, 2], [2, 3], [3, 0]]);
    let times: Vec<i64> = track.fixes.iter().map(|fix| fix.time.micros()).collect();
    assert_eq!(times, [1_500_000, 2_500_000]);
    assert_eq!(keys(&KubickaTrack::read_network(&folder.0).expect("reads")), keys(&track.network));
    assert!(is_kubicka(&folder.0) && is_kubicka("x/0.tar.gz".as_ref()) && !is_kubicka("x.pbf".as_ref()));
}

#[test]
fn an_archive_is_read_like_its_folder() {
    let folder = Folder::new(&[]);
    let path = folder.0.join("a.tar.gz");
    let file = std::fs::File::create(&path).expect("creates");
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    for (name, text) in [("a/a.nodes", NODES), ("a/a.arcs", ARCS), ("a/a.track", TRACK), ("a/a.route", ROUTE)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).expect("writes");
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("writes");
    let track = KubickaTrack::read(&path).expect("reads");
    assert_eq!((track.network.edge_count(), track.fixes.len(), track.route.len()), (4, 2, 4));
}

#[test]
fn what_is_wrong_is_named() {
    let check = |nth: usize, content: Option<&str>, expected: &str| {
        let mut files = [("a.nodes", NODES), ("a.arcs", ARCS), ("a.track", TRACK), ("a.route", ROUTE)].to_vec();
        match content {
            Some(content) => files[nth].1 = content,
            None => _ = files.remove(nth),
        }
        let error = KubickaTrack::read(&Folder::new(&files).0).expect_err("is wrong").to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    };
    check(0, None, "there is no file .nodes");
    check(3, None, "there is no file .route");
    check(0, Some("7.0 91.0\n"), ".nodes line 1: \"7.0 91.0\", expected longitude within");
    check(1, Some("0 1\n\n0 7\n"), ".arcs line 3: \"0 7\", expected two rows of the nodes");
    check(1, Some("0 1 2\n"), ".arcs line 1");
    check(1, Some("0 -1\n"), ".arcs line 1");
    check(2, Some("7.0 43.0\n"), ".track line 1: \"7.0 43.0\", expected longitude, latitude and seconds");
    check(2, Some("7.0 43.0 nan\n"), ".track line 1");
    check(2, Some("7.0 43.0 -1\n"), ".track line 1");
    check(3, Some("0\n11\n"), ".route line 2: \"11\", expected a row of the arcs");
    let twice = Folder::new(&[("a.nodes", NODES), ("b.nodes", NODES)]);
    let error = KubickaTrack::read(&twice.0).expect_err("which one?").to_string();
    assert!(error.contains("more than one file .nodes"), "{error}");
}
