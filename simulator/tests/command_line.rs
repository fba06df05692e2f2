//! The program `simulator`, as a shell sees it.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A street of 600 m in three parts, both ways open, which is driven from west to east at 10 m/s.
fn write_track(directory: &Path, name: &str) {
    let folder = directory.join(name);
    fs::create_dir_all(&folder).expect("is made");
    let east_m = |metres: f64| 10.0 + metres / 111_195.0;
    let nodes = (0..4).fold(String::new(), |mut text, nth| {
        let _ = writeln!(text, "{:.7} 0", east_m(200.0 * f64::from(nth)));
        text
    });
    let track = (0..=60).fold(String::new(), |mut text, nth| {
        let _ = writeln!(text, "{:.7} 0.00001 {}", east_m(10.0 * f64::from(nth)), 1_000_000_000 + nth);
        text
    });
    let files = [
        ("nodes", nodes.as_str()),
        ("arcs", "0 1\n1 0\n1 2\n2 1\n2 3\n3 2\n"),
        ("route", "0\n2\n4\n"),
        ("track", &track),
    ];
    for (end, text) in files {
        fs::write(folder.join(format!("{name}.{end}")), text).expect("is written");
    }
}

/// What it says on stdout and on stderr, when it ends as it should.
fn said(directory: &Path, args: &str, exit: i32) -> (String, String) {
    let args = args.split_whitespace();
    let ran = Command::new(env!("CARGO_BIN_EXE_simulator")).current_dir(directory).args(args).output();
    let output = ran.expect("the program is there");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("is UTF-8");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(exit), "{out}{err}");
    assert!(!err.contains("panicked"), "{err}");
    (out, err)
}

#[test]
fn the_matcher_is_scored_on_tracks() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    write_track(&directory.join("tracks"), "one");
    write_track(&directory.join("tracks"), "two");
    let (table, _) = said(directory, "eval matching tracks", 0);
    assert!(table.starts_with("2 tracks"), "{table}");
    assert!(table.contains("  1 s  default     0.00    0.00     0.00     0.00   100.00  100.00"), "{table}");
    assert!(directory.join("target/runs/matching/summary.json").is_file());

    let (json, _) = said(directory, "eval matching tracks --json --out here", 0);
    let json: Value = serde_json::from_str(&json).expect("is JSON");
    let file = fs::read_to_string(directory.join("here/summary.json")).expect("is written");
    assert_eq!(json, serde_json::from_str::<Value>(&file).expect("is JSON"));
    let names = |score: &Value| [0, 1].map(|nth| score["tracks"][nth]["name"].clone());
    assert!(json["configurations"].as_array().expect("a list").iter().all(|score| names(score) == ["one", "two"]));
    assert_eq!(json["configurations"][0]["sums"]["fixes"], 122);
}

#[test]
fn tracks_that_cannot_be_used_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let (_, error) = said(directory, "eval matching nowhere", 104);
    assert!(error.contains("nowhere"), "{error}");
    fs::create_dir(directory.join("tracks")).expect("is made");
    let (_, error) = said(directory, "eval matching tracks", 104);
    assert!(error.contains("no tracks in tracks"), "{error}");
    write_track(&directory.join("tracks"), "right");
    write_track(&directory.join("tracks"), "damaged");
    fs::write(directory.join("tracks/damaged/damaged.track"), "10.0 north 5").expect("is written");
    let (_, error) = said(directory, "eval matching tracks", 104);
    assert!(error.contains("damaged") && error.contains(".track line 1"), "{error}");
    assert!(!directory.join("target/runs/matching/summary.json").exists());
}
