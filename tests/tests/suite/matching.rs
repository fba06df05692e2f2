//! Real tracks whose true routes are known, through the matcher.

use std::path::PathBuf;

use etaflow_simulator::evaluate_matching;

/// The smallest ones of the benchmark.
const TRACKS: [&str; 3] = ["00000048.tar.gz", "00000050.tar.gz", "00000052.tar.gz"];

/// Where they are, if they are.
fn archives() -> Option<Vec<PathBuf>> {
    let data = crate::bad_input::data()?;
    let archives: Vec<PathBuf> = TRACKS.iter().map(|name| data.join("kubicka").join(name)).collect();
    let there = archives.iter().all(|path| path.is_file());
    if !there {
        println!("skipped: no data");
    }
    there.then_some(archives)
}

#[test]
fn real_tracks_are_matched_to_their_true_routes() {
    let Some(archives) = archives() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    for archive in archives {
        let name = archive.file_name().expect("it is a file");
        std::fs::copy(&archive, directory.path().join(name)).expect("is copied");
    }
    let evaluation = evaluate_matching(directory.path()).expect("the tracks are whole");
    assert_eq!(evaluation.tracks, TRACKS.len());
    for score in &evaluation.configurations {
        // Without looking ahead at all, or once a minute, anything goes.
        if score.lag_fixes == Some(0) || score.sampling_s > 10 {
            continue;
        }
        let what = format!("{} s, lag {:?}: {:?}", score.sampling_s, score.lag_fixes, score.pooled);
        assert!(score.pooled.route_mismatch < 0.1 && score.pooled.correct > 0.9, "{what}");
        assert!(score.pooled.at_once.is_some_and(|share| share > 0.85), "{what}");
        assert!(score.pooled.at_once_moving.is_some_and(|share| share > 0.9), "{what}");
        assert!(score.pooled.committed.is_some_and(|share| share > 0.9), "{what}");
    }
}
