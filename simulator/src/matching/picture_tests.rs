use std::fs;

use etaflow_road::MatcherConfig;

use super::super::configuration::Plan;
use super::super::made_up::{drive, write};
use super::super::run::run;
use super::*;

#[test]
fn what_went_wrong_is_drawn_and_the_rest_too() {
    let directory = tempfile::tempdir().unwrap();
    // The true route goes straight on where the fixes go round a block.
    let folder = write(directory.path(), "a&<b>", &[0, 1, 2, 3], &drive(&[0, 1, 5, 6, 2, 3]));
    let track = Track::read(&folder).unwrap();
    let run = run(&track, MatcherConfig::default(), Plan::DEFAULT.sampling()).unwrap();
    let svg = picture(&track, &run);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let lines = |class: &str| {
        let paths = document.descendants().filter(|node| node.attribute("class") == Some(class));
        paths.filter_map(|node| node.attribute("d")).map(|line| line.matches('L').count()).collect::<Vec<_>>()
    };
    // In the legend, in the panel of all, and in that of the one spot.
    assert_eq!((lines("true"), lines("missing"), lines("extra")), (vec![0, 3, 3], vec![0, 1, 1], vec![0, 3, 3]));
    assert_eq!(lines("driven"), [0, 5, 5]);
    assert!(lines("road")[1..].iter().all(|&count| count >= 20), "{:?}", lines("road"));
    let words: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
    assert!(words.contains(&"a&<b>: route mismatch 133.33 %"), "{words:?}");
    assert!(words.iter().any(|words| words.contains("missing 200 m") && words.contains("extra 600 m")), "{words:?}");
    assert_eq!(lines("scale"), [0, 0]);
    assert!(words.contains(&"100 m"), "{words:?}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_track_without_a_flaw_has_one_panel() {
    let directory = tempfile::tempdir().unwrap();
    let track = Track::read(&write(directory.path(), "right", &[0, 1, 2], &drive(&[0, 1, 2]))).unwrap();
    let run = run(&track, MatcherConfig::default(), Plan::DEFAULT.sampling()).unwrap();
    let svg = picture(&track, &run);
    assert_eq!(svg.matches("class=\"frame\"").count(), 1);
    assert!(roxmltree::Document::parse(&svg).is_ok());
}
