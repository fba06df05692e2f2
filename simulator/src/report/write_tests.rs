use std::fs;
use std::path::Path;

use etaflow::{Span, Timestamp};

use super::super::*;
use crate::score::{HorizonScore, Prediction, TrueTrip, score};

fn prediction(trip_id: u64, at_s: i64, p50_s: i64) -> Prediction {
    let second = Timestamp::from_secs;
    Prediction {
        trip_id,
        predicted_at: second(at_s),
        elapsed: Span::ZERO,
        arrival_p10: second(p50_s - 60),
        arrival_p50: second(p50_s),
        arrival_p90: second(p50_s + 60),
        cause: "fix".into(),
    }
}

/// Numbers that look as if they were random, and are the same each time.
fn noise(index: u64) -> f64 {
    (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / f64::from(1 << 24)
}

/// A made-up run of a minute, with an outage from 20 s to 30 s.
fn sample(second: u32) -> Sample {
    let (t_s, wobble) = (f64::from(second), noise(u64::from(second)));
    let down = (20..30).contains(&second);
    let processed = match second {
        20..30 => 0.0,
        30 => 182_000.0,
        31 => 58_000.0,
        _ => 20_000.0,
    };
    let lag_events = match second {
        20..30 => u64::from(second - 19) * 20_000,
        30 => 38_000,
        _ => 400 + (wobble * 300.0) as u64,
    };
    Sample {
        t_s,
        offered_per_s: 20_000.0 + wobble * 300.0,
        accepted_per_s: 19_700.0 + wobble * 300.0,
        processed_per_s: processed + wobble * 250.0,
        lag_events,
        lag_s: Some(if down { t_s - 19.0 } else { 0.02 }),
        state: if (20..32).contains(&second) { EngineState::CatchingUp } else { EngineState::Live },
        latency_p50_ms: (!down).then_some(if second == 30 { 4_200.0 } else { 1.4 + wobble }),
        latency_p99_ms: (!down).then_some(if second == 30 { 9_800.0 } else { 9.0 + 6.0 * wobble }),
        trips_active: 3_000 + u64::from(second) * 4,
        metric_epoch: u64::from(second),
        speed_ratio: Some(0.82 - 0.002 * t_s + 0.01 * wobble),
        catch_up_s: None,
    }
}

fn made_up(scenario: &str) -> Report {
    let mut horizons = HorizonScore::new();
    for index in 0..20_000 {
        let left = (noise(index) * 3_000.0) as i64;
        let error = ((noise(index * 7 + 1) + noise(index * 3 + 2) - 0.92) * (20.0 + left as f64 * 0.25)) as i64;
        horizons.record(&prediction(1, 100_000 - left, 100_000 + error), Timestamp::from_secs(100_000));
    }
    let trip = |id: u64| TrueTrip {
        trip_id: id,
        departure: Timestamp::from_secs(0),
        arrival: Timestamp::from_secs(600),
        ordinary: id > 1,
    };
    let (trips, rows) =
        ((0..40).map(trip).collect::<Vec<_>>(), (1..40).map(|id| prediction(id, 0, 560 + id as i64 * 3)));
    let dead = [("late", 1_204), ("off_map", 311), ("impossible_jump", 96), ("malformed", 12), ("unknown_trip", 3)];
    let dead_lettered = dead.map(|(reason, count)| (reason.to_owned(), count)).into();
    let accounting = Accounting {
        offered: 1_206_310,
        accepted: 1_198_432,
        duplicate: 6_252,
        dead_lettered,
        ..Accounting::default()
    };
    let eta = horizons.summary();
    let bounds = vec![
        Bound::at_most("latency p99", "ms", 50.0, Some(14.2)),
        Bound::at_most("catch up", "s", 2.0, Some(1.4)),
        Bound::at_least("events a second", "/s", 20_000.0, Some(20_105.0)),
        Bound::at_most("eta mae", "s", 180.0, eta.all.mae_s),
        Bound::at_least("eta coverage", "share", 0.3, eta.all.coverage),
    ];
    let setting = |name: &str, value: &str| Setting { name: name.to_owned(), value: value.to_owned() };
    let fault =
        |name: &str, detail: &str, injected| FaultCount { name: name.to_owned(), detail: detail.to_owned(), injected };
    let summary = Summary {
        scenario: scenario.to_owned(),
        description: "A city of 20,000 drivers on a Monday morning, with a consumer outage of ten seconds.".to_owned(),
        seed: 42,
        duration_s: 60.0,
        wall_s: 60.4,
        accounting,
        events_per_s: 20_105.0,
        latency_ms: Some(Percentiles { n: 981_204, p50: 1.61, p99: 14.2, p999: 31.7, max: 48.8 }),
        latency_outage_ms: Some(Percentiles { n: 217_228, p50: 4_911.0, p99: 9_880.0, p999: 9_990.0, max: 10_012.0 }),
        lag_max_events: 200_412,
        catch_up_s: Some(1.4),
        eta,
        score: Some(score(&trips, &rows.collect::<Vec<_>>())),
        state_digest: "8f1c0a7be2d94c55".to_owned(),
        outputs_digest: "01d97be3aa6c4f10".to_owned(),
        outages: vec![Outage { caught_up_s: Some(31.4), ..Outage::open(20.0, 30.0) }],
        faults: vec![
            fault("late", "held back for up to 8 s", 5_120),
            fault("out of order", "swapped with its successor", 11_804),
            fault("duplicate", "sent twice", 6_252),
            fault("gps jump", "moved by up to 2 km", 96),
        ],
        bounds,
        configuration: vec![
            setting("drivers", "20,000 at 1 Hz"),
            setting("shards", "2"),
            setting("network", "synthetic city, 8,104 nodes"),
            setting("queue", "65,536 events, await"),
        ],
        machine: Machine {
            cores: 2,
            cpu: Some("Some CPU @ 2.00GHz".to_owned()),
            os: "linux".into(),
            ..Machine::here()
        },
    };
    Report { summary, samples: (0..=60).map(sample).collect() }
}

/// The page is well-formed XML too, and asks for nothing from outside.
fn check_page(html: &str) {
    let body = html.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let document = roxmltree::Document::parse(body).unwrap();
    for node in document.descendants().filter(|node| node.is_element()) {
        let name = node.tag_name().name();
        assert!(!["script", "link", "img", "iframe", "object", "image", "use", "base"].contains(&name), "<{name}>");
        for attribute in node.attributes() {
            assert!(!["src", "href", "srcset", "style"].contains(&attribute.name()), "{attribute:?}");
            assert!(!attribute.name().starts_with("on"), "{attribute:?}");
            let outside = attribute.value().contains("://");
            assert!(!outside || node.ancestors().any(|node| node.has_tag_name("text")), "{attribute:?}");
        }
    }
    let outside = body.matches("http").count();
    let harmless = body.matches("xmlns=\"http://www.w3.org/2000/svg\"").count() + body.matches("http-equiv").count();
    assert_eq!(outside, harmless);
    assert!(!body.contains("url(") && !body.contains("@import"));
    assert!(!body.contains("NaN"));
}

#[test]
fn the_page_stands_alone() {
    let report = made_up("default");
    // To be looked at.
    if let Some(folder) = std::env::var_os("ETAFLOW_REPORT_OUT") {
        report.write(Path::new(&folder)).unwrap();
        println!("{}", report.summary.to_terminal(false));
        println!("{}", Summary { score: None, ..report.summary.clone() }.to_terminal(true));
    }
    let html = report.to_html();
    check_page(&html);
    for expected in [
        "✓ All 5 bounds are held, every event accounted for",
        "scenario time, s",
        "latency, ms, logarithmic",
        "class=\"band outage\"",
        "impossible jump",
        "20–40 min",
        "1\u{202f}206\u{202f}310",
        "was live again 1.40\u{202f}s after",
        "departure, OSRM *",
    ] {
        assert!(html.contains(expected), "no {expected}");
    }
}

#[test]
fn names_from_outside_are_only_text() {
    let mut report = made_up("</title><script src='//evil.example'>alert(1)</script>\u{1b}[2J&");
    report.summary.accounting.dead_lettered.insert("<b onclick=x>".to_owned(), 7);
    report.summary.configuration[0].value = "\"><img src=x>".to_owned();
    report.summary.bounds[0].name = "<i>p99".to_owned();
    let html = report.to_html();
    check_page(&html);
    assert!(html.contains("&lt;script src=&#39;//evil.example&#39;&gt;"));
    assert!(html.contains("events are not accounted for"));
    assert!(!report.summary.to_terminal(false).contains('\u{1b}'));
}

#[test]
fn a_run_in_which_nothing_happened_has_a_report() {
    let report = Report::default();
    check_page(&report.to_html());
    assert!(report.to_html().contains("Nothing was sampled."));
    let json: serde_json::Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert!(json["latency_ms"].is_null() && json["eta"]["mae_s"].is_null());
}

#[test]
fn the_summary_has_what_was_promised_and_is_read_back() {
    let summary = made_up("default").summary;
    let json = serde_json::to_value(&summary).unwrap();
    for key in [
        "scenario",
        "seed",
        "duration_s",
        "offered",
        "accepted",
        "refused",
        "conflated",
        "duplicate",
        "dead_lettered",
        "accounted",
        "events_per_s",
        "latency_ms",
        "lag_max_events",
        "catch_up_s",
        "eta",
        "state_digest",
        "outputs_digest",
        "bounds",
        "machine",
    ] {
        assert!(json.get(key).is_some(), "no {key}");
    }
    assert_eq!(json["accounted"], true);
    assert_eq!(json["dead_lettered"]["late"], 1_204);
    assert_eq!(json["bounds"][0]["held"], true);
    for key in ["p50", "p99", "p999", "max"] {
        assert!(json["latency_ms"][key].is_f64());
    }
    for key in ["mae_s", "mape", "coverage", "bias_s", "n"] {
        assert!(json["eta"][key].is_number(), "{key}");
    }
    assert_eq!(summary.longest_catch_up_s().map(|seconds| (seconds * 10.0).round()), Some(14.0));
    assert_eq!(serde_json::from_value::<Summary>(json).unwrap(), summary);
}

#[test]
fn the_files_are_written_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let report = made_up("default");
    let files = report.write(&folder.path().join("runs/default")).unwrap();
    let json = fs::read_to_string(files.summary).unwrap();
    assert_eq!(json, report.to_json().unwrap() + "\n");
    // Not the whole: serde_json reads numbers to within one unit in the last place.
    let summary: Summary = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (summary.accounting, summary.outages),
        (report.summary.accounting.clone(), report.summary.outages.clone())
    );
    let samples: Result<Vec<Sample>, _> = csv::Reader::from_path(files.samples).unwrap().deserialize().collect();
    assert_eq!(samples.unwrap(), report.samples);
    assert_eq!(fs::read_to_string(files.page).unwrap(), report.to_html());
    let blocked = folder.path().join("a file");
    fs::write(&blocked, "").unwrap();
    let error = report.write(&blocked.join("runs")).unwrap_err().to_string();
    assert!(error.starts_with("report "), "{error}");
}

#[test]
fn the_terminal_summary_fits_a_screen() {
    let mut summary = made_up("default").summary;
    let bound = |index| Bound::at_most(&format!("bound {index}"), "ms", 50.0, Some(f64::from(index) * 5.0));
    summary.bounds.extend((0..20).map(bound));
    for (colours, escapes) in [(false, false), (true, true)] {
        let text = summary.to_terminal(colours);
        assert!(text.lines().count() <= 40, "{} lines", text.lines().count());
        assert_eq!(text.contains('\u{1b}'), escapes);
        assert!(text.contains("bound 19") && text.contains("and 15 more"), "{text}");
        assert!(text.contains("1,206,310") && text.contains("p99") && text.contains("late"));
    }
}

#[test]
fn a_folder_in_which_nothing_can_be_written_is_known_before_the_run() {
    let folder = std::env::temp_dir().join(format!("etaflow-folder-{}", std::process::id()));
    make_folder(&folder.join("deep")).unwrap();
    assert_eq!(fs::read_dir(folder.join("deep")).unwrap().count(), 0, "nothing is left behind");
    let file = folder.join("file");
    fs::write(&file, "").unwrap();
    for taken in [file.clone(), file.join("sub")] {
        let error = make_folder(&taken).unwrap_err().to_string();
        assert!(error.starts_with(&format!("report {}: ", taken.display())), "{error}");
    }
    fs::remove_dir_all(folder).unwrap();
}
