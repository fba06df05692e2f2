//! The program `etaflow`, as a shell sees it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use etaflow_road::{Fix, KubickaTrack, Network, SyntheticCity, open_network};
use serde_json::Value;
use tempfile::TempDir;

/// A street from west to east, 1 to 2 to 3, and one that nothing connects with it.
const NODES: &str = "id,lat,lon\n1,41.15,-8.62\n2,41.15,-8.61\n3,41.15,-8.60\n8,41.25,-8.62\n9,41.25,-8.61\n";
const EDGES: &str =
    "from,to,speed_kmh,name,via\n1,2,36,Rua A,7:41.15:-8.615\n2,3,36,\"Rua B, Sul\",\n8,9,36,Rua Longe,\n";

fn etaflow(directory: &Path, args: &str) -> Output {
    let args = args.split_whitespace();
    let ran = Command::new(env!("CARGO_BIN_EXE_etaflow")).current_dir(directory).args(args).output();
    ran.expect("the program is there")
}

/// What it says on stdout and on stderr, when it ends as it should.
fn said(directory: &Path, args: &str, exit: i32) -> (String, String) {
    let output = etaflow(directory, args);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("is UTF-8");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(exit), "etaflow {args}\n{out}{err}");
    assert!(!err.contains("panicked"), "etaflow {args}\n{err}");
    (out, err)
}

fn json(directory: &Path, args: &str) -> Value {
    serde_json::from_str(&said(directory, args, 0).0).expect("is JSON")
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect()
}

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(name), text).expect("is written");
}

/// A directory with the small network as CSV in `map`.
fn small() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("map")).expect("a directory");
    write(directory.path(), "map/nodes.csv", NODES);
    write(directory.path(), "map/edges.csv", EDGES);
    directory
}

#[test]
fn a_network_is_imported_and_says_what_was_read() {
    let directory = small();
    let directory = directory.path();
    let (out, _) = said(directory, "import map -o small.network", 0);
    assert!(out.starts_with("5 nodes, 6 edges, 8 turns\nread in "), "{out}");
    let again = json(directory, "import small.network --out again.network --json");
    assert_eq!((&again["nodes"], &again["edges"], &again["turns"]), (&5.into(), &6.into(), &8.into()));
    assert!(again["read_s"].is_number() && again["total_s"].is_number(), "{again}");
    let file = |name| std::fs::read(directory.join(name)).expect("is there");
    assert_eq!(file("small.network"), file("again.network"));
    assert_eq!(again["bytes"], file("again.network").len());
    for (args, exit, says) in [
        ("import absent -o x", 104, "error: cannot read absent: "),
        ("import map/nodes.csv -o x", 104, "error: map/nodes.csv is no .osm.pbf file, no network file"),
        ("import map -o absent/x", 1, "error: absent/x: cannot read or write the network file: "),
    ] {
        let (out, err) = said(directory, args, exit);
        assert!(out.is_empty() && err.starts_with(says), "{args}: {err}");
    }
}

#[test]
fn a_way_is_said_in_words_and_as_json() {
    let directory = small();
    let directory = directory.path();
    let ends = "--from -8.619,41.1501 --to -8.605,41.15";
    let (out, err) = said(directory, &format!("route --network map {ends}"), 0);
    assert!(out.starts_with("1 min 57 s, 1.17 km\nfrom  -8.619,41.1501: 11 m from Rua A, at -8.619,41.15\n"), "{out}");
    assert!(out.contains("\n     754 m  Rua A\n     419 m  Rua B, Sul\n") && err.is_empty(), "{out}{err}");
    said(directory, "import map -o small.network", 0);
    let way = json(directory, &format!("route --network small.network {ends} --json"));
    assert_eq!(way["code"], "Ok");
    assert_eq!(way["nodes"], serde_json::json!([1, 7, 2, 3]));
    assert_eq!(way["names"], serde_json::json!(["Rua A", "Rua B, Sul"]));
    let line = [[-8.619, 41.15], [-8.615, 41.15], [-8.61, 41.15], [-8.605, 41.15]];
    assert_eq!(way["geometry"], serde_json::json!(line));
    assert_eq!(
        (&way["from"]["asked"], &way["from"]["snapped"]),
        (&serde_json::json!([-8.619, 41.1501]), &way["geometry"][0])
    );
    assert_eq!((&way["to"]["distance_m"], &way["to"]["name"]), (&0.0.into(), &"Rua B, Sul".into()));
    let (duration, distance) = (way["duration_s"].as_f64(), way["distance_m"].as_f64());
    let (duration, distance) = (duration.expect("a number"), distance.expect("a number"));
    assert!((distance - 1_172.2).abs() < 1.0 && (duration - distance / 10.0).abs() < 0.1, "{way}");
}

#[test]
fn where_there_is_no_way_words_end_in_failure_and_json_in_a_code() {
    let directory = small();
    let directory = directory.path();
    for (ends, code, says) in [
        ("--from -8.62,41.15 --to -8.62,41.25", "NoRoute", "no way leads from -8.62,41.15 to -8.62,41.25\n"),
        ("--from -8.62,41.15 --to 0,0", "NoSegment", "no road within 500 m of to 0,0\n"),
        ("--from -8.62,41.15 --to -8.61,41.151 --radius 50", "NoSegment", "no road within 50 m of to -8.61,41.151\n"),
    ] {
        let (out, _) = said(directory, &format!("route --network map {ends}"), 1);
        assert!(out.starts_with(says), "{out}");
        let answer = json(directory, &format!("route --network map {ends} --json"));
        assert_eq!((&answer["code"], &answer["message"]), (&code.into(), &says.trim_end().into()));
    }
    for (args, says) in [
        ("route --network map --from 41.15,-98.62 --to 0,0", "lat -98.62 is not within -90..=90 degrees"),
        ("route --network map --from -8.62 --to 0,0", "\"-8.62\" is no place"),
        ("route --network map", "--from <LON,LAT>"),
    ] {
        let (out, err) = said(directory, args, 2);
        assert!(out.is_empty() && err.contains(says), "{args}: {err}");
    }
    let (_, err) = said(directory, "route --network absent --from 0,0 --to 0,0", 104);
    assert!(err.starts_with("error: cannot read absent"), "{err}");
}

#[test]
fn each_pair_is_answered_by_a_line_and_a_bad_one_stops_nothing() {
    let directory = small();
    let directory = directory.path();
    let pairs = "from_lon,from_lat,to_lon,to_lat\n-8.62,41.15,-8.6,41.15\n-8.62,91,-8.6,41.15\n-8.62,41.15,0,0\n\
                 x,y\n-8.62,41.15,-8.62,41.25\n-8.6,41.15,-8.62,41.15";
    write(directory, "pairs.csv", pairs);
    let (out, err) = said(directory, "route --network map --pairs pairs.csv", 0);
    let answers = lines(&out);
    let found: Vec<_> = answers.iter().map(|answer| (answer["line"].as_u64(), answer["code"].as_str())).collect();
    let codes = ["Ok", "InvalidQuery", "NoSegment", "InvalidQuery", "NoRoute", "Ok"];
    assert_eq!(found, (2..).zip(codes).map(|(line, code)| (Some(line), Some(code))).collect::<Vec<_>>());
    assert_eq!(answers[1]["message"], "line 3: from_lat 91 is not within -90..=90 degrees");
    assert_eq!(answers[3]["message"], "line 5: 2 fields, and the header has 4");
    assert_eq!(answers[5]["nodes"], serde_json::json!([3, 2, 7, 1]));
    assert_eq!(err, "2 ways found for 6 pairs\n");
    write(directory, "other.csv", "lon,lat\n1,2\n");
    let (out, err) = said(directory, "route --network map --pairs other.csv", 104);
    assert!(out.is_empty() && err.starts_with("error: other.csv: column from_lon is missing in the header"), "{err}");
}

#[test]
fn a_table_has_a_row_for_each_place() {
    let directory = small();
    let directory = directory.path();
    write(directory, "from.csv", "lon,lat\n-8.62,41.15\n-8.62,41.25\n");
    write(directory, "to.csv", "lat,lon\n41.15,-8.61\n41.25,-8.61\n0,0\n");
    let answer = json(directory, "table --network map --from from.csv --to to.csv --json");
    let row = |nth: usize| answer["durations_s"][nth].as_array().expect("a row").clone();
    assert!((row(0)[0].as_f64().expect("a number") - 83.7).abs() < 0.5, "{answer}");
    assert!(row(0)[1].is_null() && row(0)[2].is_null() && row(1)[0].is_null() && row(1)[1].is_number(), "{answer}");
    assert_eq!(answer["to"][0]["snapped"], serde_json::json!([-8.61, 41.15]));
    let (out, err) = said(directory, "table --network map --points from.csv", 0);
    assert!(out.contains("\n1  0.0    -\n2    -  0.0\nfrom 1  -8.62,41.15: 0 m from Rua A, at"), "{out}");
    assert!(err.is_empty(), "{err}");
    let (_, err) = said(directory, "table --network map --points to.csv", 0);
    assert_eq!(err, "no road within 500 m: 1 of the places\n");
    write(directory, "bad.csv", "lon,lat\n-8.62,41.15\n\n-8.62,141.15\n");
    let (out, err) = said(directory, "table --network map --points bad.csv --json", 104);
    assert_eq!(
        (out.as_str(), err.as_str()),
        ("", "error: bad.csv: line 4: lat 141.15 is not within -90..=90 degrees\n")
    );
    write(directory, "many.csv", &format!("lon,lat\n{}", "0,0\n".repeat(2_001)));
    let (out, err) = said(directory, "table --network map --points many.csv", 1);
    let says = "error: a table from 2001 places to 2001 has 4004001 travel times, at most 4000000\n";
    assert_eq!((out.as_str(), err.as_str()), ("", says));
}

#[test]
fn a_trace_is_answered_fix_by_fix_and_as_a_whole() {
    let directory = small();
    let directory = directory.path();
    // None is at a node: which of its two roads such a one is on, the next one has to say.
    let fix = |second: i32| format!("{},{},41.15\n", 1_700_000_000 + 10 * second, -8.6192 + 0.001 * f64::from(second));
    let trace: String = (0..15).map(fix).collect();
    write(directory, "trace.csv", &format!("unix_s,lon,lat\n{trace}"));
    let (out, err) = said(directory, "match --network map --trace trace.csv --out answer.jsonl", 0);
    assert_eq!(
        (out.as_str(), err.as_str()),
        ("", "15 fixes, 100.0 % matched\n1.17 km in 1 part, 0 breaks, 0 revisions\n")
    );
    let answer = std::fs::read_to_string(directory.join("answer.jsonl")).expect("is there");
    let answers = lines(&answer);
    assert_eq!((answers.len(), &answers[0]["type"], &answers[15]["type"]), (16, &"fix".into(), &"route".into()));
    assert_eq!(
        (&answers[5]["committed"]["edge"]["from"], &answers[5]["committed"]["edge"]["to"]),
        (&7.into(), &2.into())
    );
    assert_eq!(answers[15]["nodes"], serde_json::json!([1, 7, 2, 3]));
    said(directory, "import map -o small.network", 0);
    let (out, _) = said(directory, "match --network small.network --trace trace.csv --out -", 0);
    assert_eq!(out, answer);
    let (out, err) = said(directory, "match --network map --trace trace.csv --sampling 20 --lag 0 --out -", 0);
    assert!(lines(&out).len() == 9 && err.starts_with("8 fixes of 15, 100.0 % matched\n"), "{err}");
}

#[test]
fn a_trace_that_is_wrong_leaves_the_answer_before_as_it_was() {
    let directory = small();
    let directory = directory.path();
    write(directory, "answer.jsonl", "before");
    write(directory, "bad.csv", "unix_s,lon,lat\n1,-8.62,41.15\n2,-8.62,141.15\n");
    write(directory, "good.csv", "unix_s,lon,lat\n1,-8.62,41.15\n");
    for (args, exit, says) in [
        ("map --trace bad.csv --out answer.jsonl", 104, "bad.csv: line 3: lat is \"141.15\"; it must be degrees"),
        ("map --trace absent --out answer.jsonl", 104, "absent: cannot be read: "),
        ("absent --trace good.csv --out answer.jsonl", 104, "cannot read absent"),
        ("map --trace good.csv --out absent/x", 1, "absent/x: the answer cannot be written: "),
    ] {
        let (out, err) = said(directory, &format!("match --network {args}"), exit);
        assert!(out.is_empty() && err.starts_with(&format!("error: {says}")), "{args}: {err}");
    }
    assert_eq!(std::fs::read(directory.join("answer.jsonl")).expect("is there"), b"before");
    let (_, err) = said(directory, "match --network map --trace good.csv --out answer.jsonl --lag 33", 2);
    assert!(err.contains("within 0..=32"), "{err}");
}

#[test]
fn an_answer_is_never_written_over_what_it_is_made_of() {
    let directory = small();
    let directory = directory.path();
    let trace = "unix_s,lon,lat\n1,-8.62,41.15\n";
    write(directory, "a.csv", trace);
    said(directory, "import map -o small.network", 0);
    std::os::unix::fs::symlink("a.csv", directory.join("link.csv")).expect("a link");
    for (out, option, input) in [
        ("a.csv", "--trace", "a.csv"),
        ("map/../a.csv", "--trace", "a.csv"),
        ("link.csv", "--trace", "a.csv"),
        ("a.csv", "--trace", "link.csv"),
        ("./small.network", "--network", "small.network"),
        ("map/edges.csv", "--network", "map"),
    ] {
        let other = if option == "--trace" { "--network map" } else { "--trace a.csv" };
        let (answer, err) = said(directory, &format!("match {other} {option} {input} --out {out}"), 2);
        let says = format!("error: --out {out} is a file that {option} {input} is read from; it would be lost\n");
        assert_eq!((answer, err), (String::new(), says));
    }
    assert_eq!(std::fs::read(directory.join("a.csv")).expect("is there"), trace.as_bytes());
    said(directory, "match --network small.network --trace a.csv --out -", 0);
    said(directory, "match --network small.network --trace a.csv --out b.csv", 0);
    said(directory, "match --network small.network --trace a.csv --out b.csv", 0);
}

/// Pairs of places all over a network, as CSV.
fn pairs_in(network: &Network, count: u64) -> String {
    let (low, high) = network.bounds().expect("has roads");
    let share = |nth: u64| (nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1_u64 << 53) as f64;
    let lon = |nth| low.lon() + share(nth) * (high.lon() - low.lon());
    let lat = |nth| low.lat() + share(nth) * (high.lat() - low.lat());
    let line = |nth: u64| format!("{},{},{},{}\n", lon(4 * nth), lat(4 * nth + 1), lon(4 * nth + 2), lat(4 * nth + 3));
    (1..=count).map(line).fold("from_lon,from_lat,to_lon,to_lat\n".to_owned(), |text, line| text + &line)
}

#[test]
fn a_reader_who_leaves_is_no_failure() {
    let directory = tempfile::tempdir().expect("a directory");
    let city = SyntheticCity { nodes: 300, ..SyntheticCity::default() }.build();
    city.save(&directory.path().join("city.network")).expect("is written");
    // Far more than a pipe holds.
    write(directory.path(), "pairs.csv", &pairs_in(&city, 3_000));
    let mut program = Command::new(env!("CARGO_BIN_EXE_etaflow"));
    program.current_dir(directory.path()).args(["route", "--network", "city.network", "--pairs", "pairs.csv"]);
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program is there");
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("is a pipe"));
    out.read_line(&mut first).expect("is read");
    assert_eq!(lines(&first)[0]["line"], 2);
    drop(out);
    let mut err = String::new();
    child.stderr.take().expect("is a pipe").read_to_string(&mut err).expect("is read");
    assert_eq!((child.wait().expect("ends").code(), err.as_str()), (Some(0), ""));
}

/// Where real data is, if it is.
fn data() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("ETAFLOW_DATA").map_or_else(beside, PathBuf::from);
    let there = data.join("osm/monaco.osm.pbf").is_file();
    if !there {
        println!("skipped: no data");
    }
    there.then_some(data)
}

#[test]
fn a_real_track_is_followed_in_the_rows_of_its_nodes() {
    let Some(data) = data() else { return };
    let archive = data.join("kubicka/00000050.tar.gz");
    if !archive.is_file() {
        println!("skipped: no data");
        return;
    }
    let track = KubickaTrack::read(&archive).expect("is a track");
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let row = |fix: &Fix| format!("{} {} {}\n", fix.coord.lon(), fix.coord.lat(), fix.time.secs_f64());
    write(directory, "a.track", &track.fixes.iter().map(row).collect::<String>());
    let archive = archive.to_str().expect("is UTF-8");
    let (out, _) = said(directory, &format!("match --network {archive} --trace a.track --lag 10 --out -"), 0);
    let answers = lines(&out);
    assert_eq!(answers.len(), track.fixes.len() + 1);
    let parts = answers[track.fixes.len()]["parts"].as_array().expect("a list").clone();
    let id = |node: &Value| node.as_i64().expect("an id");
    let mut driven: BTreeMap<[i64; 2], f64> = BTreeMap::new();
    for part in &parts {
        let nodes = part["nodes"].as_array().expect("a list");
        for (pair, metres) in nodes.windows(2).zip(part["driven_m"].as_array().expect("a list")) {
            let arc = [id(&pair[0]), id(&pair[1])];
            assert!(!track.network.edges_between(arc[0], arc[1]).is_empty(), "{arc:?} is no arc");
            *driven.entry(arc).or_default() += metres.as_f64().expect("a number");
        }
    }
    let (right, all) =
        (track.route.iter().filter_map(|arc| driven.get(arc)).sum::<f64>(), driven.values().sum::<f64>());
    assert!(all > 5_000.0 && right > 0.9 * all, "{right} of {all} m are on the true route");
}

#[test]
fn a_real_city_is_imported_and_driven_through() {
    let Some(data) = data() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let map = data.join("osm/monaco.osm.pbf");
    let map = map.to_str().expect("is UTF-8");
    let imported = json(directory, &format!("import {map} -o monaco.network --json"));
    let network = open_network(&directory.join("monaco.network")).expect("is a network");
    assert_eq!(imported["edges"], network.edge_count());
    write(directory, "pairs.csv", &pairs_in(&network, 200));
    let (out, _) = said(directory, "route --network monaco.network --pairs pairs.csv --radius 5000", 0);
    let answers = lines(&out);
    assert_eq!(answers.len(), 200);
    let ways: Vec<&Value> = answers.iter().filter(|answer| answer["code"] == "Ok").collect();
    assert!(ways.len() > 190, "{} of 200", ways.len());
    for way in &ways {
        let nodes = way["nodes"].as_array().expect("a list");
        for pair in nodes.windows(2) {
            let pair = (pair[0].as_i64().expect("an id"), pair[1].as_i64().expect("an id"));
            assert!(!network.edges_between(pair.0, pair.1).is_empty(), "{pair:?} in {way}");
        }
    }
    // The map itself gives the same ways as the file made of it.
    let (from_map, _) = said(directory, &format!("route --network {map} --pairs pairs.csv --radius 5000"), 0);
    assert_eq!(from_map, out);
    let points = answers.iter().map(|answer| &answer["from"]["asked"]).take(20);
    let points: String = points.map(|at| format!("{},{}\n", at[0], at[1])).collect();
    write(directory, "points.csv", &format!("lon,lat\n{points}"));
    let table = json(directory, "table --network monaco.network --points points.csv --json");
    let rows = table["durations_s"].as_array().expect("rows");
    assert!(rows.len() == 20 && (0..20).all(|nth| rows[nth][nth] == 0.0 || table["from"][nth]["snapped"].is_null()));
}
