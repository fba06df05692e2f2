use std::fs;

use super::super::made_up::{drive, write};
use super::*;

fn tracks() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "right", &[0, 1, 2, 6], &drive(&[0, 1, 2, 6]));
    write(directory.path(), "bad", &[0, 1, 2, 3], &drive(&[0, 1, 5, 6, 2, 3]));
    directory
}

#[test]
fn tracks_are_scored_by_themselves_and_together() {
    let directory = tracks();
    let evaluation = evaluate_matching(directory.path()).unwrap();
    assert_eq!((evaluation.tracks, evaluation.configurations.len()), (2, 60));
    let lags: Vec<_> = evaluation.configurations[..12].iter().map(|score| score.lag_fixes).collect();
    assert_eq!(lags, (0..=10).map(Some).chain([None]).collect::<Vec<_>>());
    let score = &evaluation.configurations[11];
    let names: Vec<_> = score.tracks.iter().map(|track| track.name.as_str()).collect();
    assert_eq!(names, ["bad", "right"]);
    let close = |one: f64, other: f64| assert!((one - other).abs() < 1e-3, "{one} is not {other}");
    close(score.tracks[0].figures.route_mismatch, 4.0 / 3.0);
    close(score.tracks[1].figures.route_mismatch, 0.0);
    // Of 1,200 m, 200 m are missing and 600 m extra.
    close(score.pooled.route_mismatch, 2.0 / 3.0);
    close(score.mean.route_mismatch, 2.0 / 3.0);
    close(score.pooled.correct, 5.0 / 6.0);
    assert_eq!(score.sums.fixes, 61 + 101);
    assert_eq!(evaluation, evaluate_matching(directory.path()).unwrap());
}

#[test]
fn a_sampling_keeps_what_is_so_much_later() {
    let directory = tracks();
    let evaluation = evaluate_matching(directory.path()).unwrap();
    let fixes = |sampling_s: u16| {
        let score = evaluation.configurations.iter().find(|score| score.sampling_s == sampling_s).unwrap();
        score.tracks[1].sums.fixes
    };
    assert_eq!([1, 5, 10, 30, 60].map(fixes), [61, 13, 7, 3, 2]);
}

#[test]
fn the_table_is_narrow_and_says_all() {
    let directory = tracks();
    let table = evaluate_matching(directory.path()).unwrap().to_table();
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
    let rows = table.lines().filter(|line| line.get(3..5) == Some(" s"));
    assert_eq!(rows.count(), 60, "{table}");
    assert!(table.contains("  1 s  default    66.67   66.67    16.67    50.00    83.33   83.33"), "{table}");
}

#[test]
fn the_worst_are_drawn_and_the_figures_are_written() {
    let directory = tracks();
    let evaluation = evaluate_matching(directory.path()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let files = evaluation.write(out.path()).unwrap();
    assert_eq!(files, ["summary.json", "worst-1.svg"].map(|name| out.path().join(name)));
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(&files[0]).unwrap()).unwrap();
    assert_eq!(summary["tracks"], 2);
    let score = &summary["configurations"][11];
    assert_eq!((score["sampling_s"].as_u64(), score["lag_fixes"].is_null()), (Some(1), true));
    assert_eq!(score["tracks"][0]["name"], "bad");
    assert!(score["pooled"]["at_once_moving"].is_f64() && score["sums"]["breaks"]["no_route"].is_u64());
}

#[test]
fn what_cannot_be_scored_is_named() {
    let says = |directory: &std::path::Path, expected: &str| {
        let error = evaluate_matching(directory).unwrap_err();
        assert!(error.to_string().contains(expected) && error.is_bad_input(), "{error}");
    };
    let empty = tempfile::tempdir().unwrap();
    says(empty.path(), "no tracks in");
    says(&empty.path().join("nowhere"), "nowhere");
    let directory = tracks();
    let damaged = directory.path().join("damaged.tar.gz");
    fs::write(&damaged, "no archive").unwrap();
    says(directory.path(), "damaged.tar.gz");
    fs::remove_file(damaged).unwrap();
    // Of two that are damaged it is the first, whichever thread is faster.
    fs::write(directory.path().join("right/right.track"), "").unwrap();
    says(directory.path(), "right: it has no fixes");
    fs::write(directory.path().join("bad/bad.route"), "").unwrap();
    says(directory.path(), "bad: it has no true route");
    fs::write(directory.path().join("bad/bad.route"), "99999").unwrap();
    says(directory.path(), ".route line 1");
}
