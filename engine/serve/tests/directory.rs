//! An engine's directory on the command line, as a shell sees it.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use etaflow::{Clock, EventSource, GpsFix, Key, Span, WallClock};
use etaflow_road::Coord;
use serde_json::Value;
use tempfile::TempDir;

const NODES: &str = "id,lat,lon\n1,41.15,-8.62\n2,41.15,-8.61\n3,41.15,-8.60\n";
const EDGES: &str = "from,to,speed_kmh,name,via\n1,2,36,Rua A,\n2,3,36,Rua B,\n";

fn start(directory: &Path, args: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_etaflow"))
        .current_dir(directory)
        .args(args.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program is there")
}

/// What it says on stdout and on stderr when it has read `input`, and ends as it should.
fn said_to(directory: &Path, args: &str, input: &str, exit: i32) -> (String, String) {
    let mut child = start(directory, args);
    // Who does not want to read does not.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("is UTF-8");
    let (out, err) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(exit), "etaflow {args}\n{out}{err}");
    assert!(!err.contains("panicked"), "etaflow {args}\n{err}");
    (out, err)
}

fn said(directory: &Path, args: &str, exit: i32) -> (String, String) {
    said_to(directory, args, "", exit)
}

fn json(directory: &Path, args: &str, exit: i32) -> Value {
    serde_json::from_str(&said(directory, args, exit).0).expect("is JSON")
}

/// That it fails, and what it says then: nothing on stdout, and this on stderr.
fn check_fails(directory: &Path, args: &str, exit: i32, says: &str) {
    let (out, err) = said(directory, args, exit);
    assert!(out.is_empty() && err.starts_with(&format!("error: {says}")), "etaflow {args}\n{out}{err}");
}

/// A directory with a street as CSV in `map`.
fn street() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("map")).expect("a directory");
    write(directory.path(), "map/nodes.csv", NODES);
    write(directory.path(), "map/edges.csv", EDGES);
    directory
}

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(name), text).expect("is written");
}

/// A driver on the street and his trip, as lines of JSON: seven events.
fn events() -> String {
    let coord = |lon| Coord::from_degrees(41.15, lon).expect("is a place");
    let key = |name| Key::new(name).expect("is a name");
    let (mut gateway, start) = (EventSource::new(key("gateway"), 0), WallClock::new().now() - Span::from_secs(20));
    let at = |seconds| start + Span::from_secs(seconds);
    let (anna, trip) = (key("anna"), key("t-1"));
    let events = [
        gateway.location(at(0), anna.clone(), GpsFix::at(coord(-8.619))),
        gateway.requested(at(1), trip.clone(), coord(-8.615), coord(-8.602)),
        gateway.assigned(at(2), trip.clone(), anna.clone()),
        gateway.location(at(4), anna.clone(), GpsFix::at(coord(-8.6185))),
        gateway.picked_up(at(6), trip.clone()),
        gateway.location(at(8), anna, GpsFix::at(coord(-8.618))),
        gateway.completed(at(10), trip),
    ];
    events.iter().map(|event| event.to_json().expect("it can be said") + "\n").collect()
}

/// The one file of a log.
fn segment(directory: &Path) -> PathBuf {
    directory.join("d/log/00000000000000000000.seg")
}

#[test]
fn help_names_what_there_is() {
    let directory = tempfile::tempdir().expect("a directory");
    for (args, names) in [
        ("--help", &["ingest", "follow", "log"][..]),
        ("log --help", &["inspect", "verify", "tail", "as-of", "replay"]),
        ("log as-of --help", &["--time <TIME>", "--trip <ID>", "--network <FILE>"]),
        ("log replay --help", &["--group <NAME>", "--from <WHERE>"]),
        ("ingest --help", &["--dir <DIR>", "--sync <WHEN>", "[default: 5ms]", "--form <FORM>", "json", "frames"]),
        ("follow --help", &["--network <FILE>", "--effects <NAME>", "--snapshot-every <TIME>", "--until-eof"]),
        ("log tail --help", &["--from <WHERE>", "--count <N>", "--follow", "--json"]),
        ("log verify --help", &["--dir <DIR>", "--json"]),
    ] {
        let (out, _) = said(directory.path(), args, 0);
        names.iter().for_each(|name| assert!(out.contains(name), "etaflow {args} lacks {name}\n{out}"));
    }
}

#[test]
fn events_are_acknowledged_once_they_are_there_and_count_once() {
    let directory = street();
    let directory = directory.path();
    let events = events();
    let input = format!("{events}nonsense\n\n{}\n", "x".repeat(100_000));
    let (out, err) = said_to(directory, "ingest --dir d", &input, 0);
    let last: Value = serde_json::from_str(out.lines().last().expect("it says something")).expect("is JSON");
    assert_eq!(last["events"], 9, "{out}");
    assert!(err.contains("9 events: 7 accepted, 2 malformed"), "{err}");
    let (_, err) = said_to(directory, "ingest --dir d", &events, 0);
    assert!(err.contains("7 events: 0 accepted, 7 duplicate"), "{err}");

    let inspection = json(directory, "log inspect --dir d --json", 0);
    assert_eq!((&inspection["start"], &inspection["segments"][0]["sealed"]), (&0.into(), &false.into()));
    let (out, _) = said(directory, "log tail --dir d --from earliest --json", 0);
    let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).expect("is JSON"));
    let lines: Vec<Value> = lines.filter(|line| line["is"] != "tick").collect();
    assert_eq!(lines.len(), 7);
    assert_eq!(
        (&lines[2]["is"], &lines[2]["trip"], &lines[2]["driver"], &lines[2]["source"]),
        (&"trip.assigned".into(), &"t-1".into(), &"anna".into(), &"gateway".into())
    );
    assert_eq!(lines[1]["place"], serde_json::json!([-8.615, 41.15]));
    let (out, _) = said(directory, "log tail --dir d --from 3 --count 1", 0);
    assert!(out.starts_with("3 ") && out.contains(" driver anna from gateway at -8.6185,41.15\n"), "{out}");
    check_fails(directory, "log tail --dir d --from 1000", 1, "offset 1000 is past the end of the log, ");
}

#[test]
fn a_line_that_is_one_byte_too_long_is_not_the_end_of_the_next() {
    let directory = street();
    let directory = directory.path();
    let events = events();
    let longest = "x".repeat(etaflow_serve::LINE_BYTES_MAX);
    for line in [&longest[1..], &longest, &format!("{longest}x")] {
        let (out, err) = said_to(directory, "ingest --dir d", &format!("{line}\n{events}"), 0);
        assert!(out.lines().last().is_some_and(|last| last.contains("\"events\":8")), "{out}");
        assert!(err.contains("8 events: ") && err.contains(" 1 malformed"), "{err}");
    }
}

#[test]
fn what_is_at_the_beginning_of_a_line_that_is_too_long_is_no_event() {
    let directory = street();
    let directory = directory.path();
    let events = events();
    let (blank, first) = (" ".repeat(70_000), events.lines().next().expect("there are some"));
    let lines = format!("{first}{blank}nonsense\n{blank}{first}\n");
    let (out, err) = said_to(directory, "ingest --dir d", &lines, 0);
    assert!(out.lines().last().is_some_and(|last| last.contains("\"events\":2")), "{out}");
    assert!(err.contains("2 events: 0 accepted, 2 malformed"), "{err}");
    assert!(err.contains("not used: malformed: a line is longer than 65536 bytes"), "{err}");
}

#[cfg(unix)]
#[test]
fn who_is_told_to_end_ends_with_what_was_whole() {
    let directory = street();
    let directory = directory.path();
    let mut child = start(directory, "ingest --dir d");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(format!("{}{{\"half\": ", events()).as_bytes()).expect("it reads");
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it says something");
    assert!(line.contains("\"events\":7"), "{line}");
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().expect("it is there").success());
    let Output { status, stderr, .. } = child.wait_with_output().expect("it ends");
    let err = String::from_utf8(stderr).expect("is UTF-8");
    assert!(status.success() && err.contains("7 events: 7 accepted; "), "{status}: {err}");
}

#[test]
fn who_follows_until_the_input_ends_takes_what_is_there() {
    let directory = street();
    let directory = directory.path();
    said_to(directory, "ingest --dir d", &events(), 0);
    let durable = json(directory, "log inspect --dir d --json", 0)["durable"].clone();
    // Its input ends before it has begun to follow.
    let (out, _) = said(directory, "follow --dir d --network map --until-eof --json", 0);
    let last: Value = serde_json::from_str(out.lines().last().expect("it says something")).expect("is JSON");
    assert_eq!((&last["is"], &last["records"]), (&"ended".into(), &durable), "{out}");
}

#[test]
fn a_name_cannot_look_like_a_line() {
    let directory = street();
    let directory = directory.path();
    let event = events().lines().next().expect("there are some").replace("\"anna\"", "\"an\\nna\\u001b[31m\"");
    said_to(directory, "ingest --dir d", &event, 0);
    let (out, _) = said(directory, "log tail --dir d --from 0 --count 1", 0);
    assert!(out.lines().count() == 1 && out.contains(" driver an\\nna\\u{1b}[31m from"), "{out:?}");
}

#[test]
fn a_log_is_kept_as_long_as_it_is_to_be() {
    let directory = street();
    let directory = directory.path();
    let mut phone = EventSource::new(Key::new("phone").expect("is a name"), 0);
    let (anna, place) = (Key::new("anna").expect("is a name"), Coord::from_degrees(41.15, -8.61).expect("is a place"));
    for _ in 0..6 {
        let now = WallClock::new().now();
        let mut line =
            || phone.location(now, anna.clone(), GpsFix::at(place)).to_json().expect("it can be said") + "\n";
        let lines: String = (0..100).map(|_| line()).collect();
        said_to(directory, "ingest --dir d --segment-bytes 4096 --keep-bytes 8192", &lines, 0);
    }
    let inspection = json(directory, "log inspect --dir d --json", 0);
    assert!(inspection["start"].as_u64() > Some(0), "{inspection}");
    assert!(!inspection["checkpoints"].as_array().expect("a list").is_empty(), "{inspection}");
    let (out, _) = said(directory, "log inspect --dir d", 0);
    assert!(out.contains(".ckpt: goes on at offset "), "{out}");
    check_fails(directory, "log tail --dir d --from 0", 1, "offset 0 is no longer kept, the log starts at ");
    said(directory, "log verify --dir d", 0);
}

#[test]
fn what_follows_from_a_log_is_said_and_told_once() {
    let directory = street();
    let directory = directory.path();
    said_to(directory, "ingest --dir d", "", 0);
    let follow = "follow --dir d --network map --effects told --until-eof --json";
    // A sink begins where the log ends when it is first there.
    said(directory, follow, 0);
    said_to(directory, "ingest --dir d", &events(), 0);
    let mut digests = Vec::new();
    for _ in 0..2 {
        let (out, _) = said(directory, follow, 0);
        let last: Value = serde_json::from_str(out.lines().last().expect("it says something")).expect("is JSON");
        assert_eq!((&last["is"], &last["accepted"]), (&"ended".into(), &7.into()), "{out}");
        digests.push((last["state_digest"].clone(), last["outputs_digest"].clone()));
    }
    assert_eq!(digests[0], digests[1]);
    let told = std::fs::read_to_string(directory.join("d/told")).expect("is there");
    assert_eq!(told.matches("\"cause\":\"completed\"").count(), 1, "{told}");
    let verified = json(directory, "log verify --dir d --json", 0);
    assert_eq!((&verified["whole"], &verified["journals"]), (&true.into(), &1.into()));
    let inspection = json(directory, "log inspect --dir d --json", 0);
    assert_eq!((&inspection["sinks"][0]["name"], &inspection["sinks"][1]), (&"told".into(), &Value::Null));
    assert_eq!(inspection["groups"], serde_json::json!([]), "{inspection}");
    let offset = inspection["sinks"][0]["offset"].as_u64().expect("its mark is whole");
    let (out, _) = said(directory, "log inspect --dir d", 0);
    assert!(out.contains(&format!("\nsink told: done up to offset {offset}, ")), "{out}");
}

#[test]
fn what_was_known_and_told_is_said_as_of_any_time() {
    let directory = street();
    let directory = directory.path();
    let events = events();
    let events: Vec<&str> = events.lines().collect();
    for part in [&events[..5], &events[5..]] {
        said_to(directory, "ingest --dir d", &format!("{}\n", part.join("\n")), 0);
    }
    let (out, _) = said(directory, "log tail --dir d --from earliest --json", 0);
    let came = |what: &str| {
        let mut lines = out.lines().map(|line| serde_json::from_str::<Value>(line).expect("is JSON"));
        let record = lines.find(|line| line["is"] == what).expect("it came in");
        record["ingest_unix_s"].as_f64().expect("a number")
    };
    let (picked_up, completed) = (came("trip.picked_up"), came("trip.completed"));
    let ask = |trip: &str, time: f64| format!("log as-of --dir d --network map --trip {trip} --time {time:.6}");

    let then = json(directory, &format!("{} --json", ask("t-1", picked_up)), 0);
    assert_eq!((&then["eta"]["cause"], &then["driver"]["driver"]), (&"picked_up".into(), &"anna".into()), "{then}");
    let place = then["driver"]["place"][0].as_f64().expect("a number");
    assert!((place + 8.6185).abs() < 2e-4, "{then}");
    let distance = then["route"]["distance_m"].as_f64().expect("a number");
    assert!((distance - 1_382.0).abs() < 30.0 && then["route"]["nodes"] == serde_json::json!([2]), "{then}");
    let causes = |answer: &Value| -> Vec<String> {
        let told = answer["told"].as_array().expect("a list");
        told.iter().map(|promise| promise["cause"].as_str().expect("a text").to_owned()).collect()
    };
    let told = causes(&then);
    assert_eq!((&told[0][..], &told[1][..], &told[told.len() - 1][..]), ("requested", "assigned", "picked_up"));
    assert!(then["told"][0]["arrival_unix_s"][1].is_number(), "{then}");

    let end = json(directory, &format!("{} --json", ask("t-1", completed)), 0);
    assert_eq!((&end["eta"]["cause"], &end["route"]), (&"completed".into(), &Value::Null), "{end}");
    assert!(causes(&end).starts_with(&told), "what was told stays told: {end}");
    let (out, _) = said(directory, &ask("t-1", picked_up), 0);
    assert!(out.starts_with("trip t-1 at ") && out.contains("\ndriver anna at -8.6185,41.15, last seen "), "{out}");

    check_fails(directory, &ask("t-2", completed), 1, "no trip t-2 had been asked for by ");
    let (_, err) = said(directory, &ask("t-1", picked_up - 1e6), 1);
    assert!(err.contains("is not kept any more: ask for "), "{err}");
    let (_, err) = said(directory, &ask("t-1", completed + 1e6), 1);
    assert!(err.contains("cannot be told yet: ask for "), "{err}");
}

#[test]
fn a_profile_is_learned_from_what_is_new_and_kept() {
    let directory = street();
    let directory = directory.path();
    said_to(directory, "ingest --dir d", &events(), 0);
    let replay = "log replay --dir d --network map --group speeds";
    let learned = json(directory, &format!("{replay} --json"), 0);
    let path = learned["path"].as_str().expect("a path");
    let id = learned["profile"].as_str().expect("an id");
    assert!(id.len() == 16 && path == format!("d/profiles/{id}.profile"), "{learned}");
    assert!(directory.join(path).exists() && learned["from"] == 0, "{learned}");
    let (out, _) = said(directory, replay, 0);
    assert_eq!(out, format!("nothing new for speeds since offset {}\n", learned["to"]));
    // All of it again gives the same again.
    assert_eq!(json(directory, &format!("{replay} --from earliest --json"), 0), learned);
    let verified = json(directory, "log verify --dir d --json", 0);
    assert_eq!((&verified["groups"], &verified["profiles"]), (&1.into(), &1.into()), "{verified}");
    let inspection = json(directory, "log inspect --dir d --json", 0);
    let group = serde_json::json!({"name": "speeds", "offset": learned["to"], "lag_records": 0});
    assert_eq!(inspection["groups"], serde_json::json!([group]));
    // Nothing came in after this year.
    let late = json(directory, &format!("{replay} --from 9000-01-01T00:00:00Z --json"), 0);
    assert_eq!((&late["from"], &late["profile"]), (&learned["to"], &Value::Null));
    check_fails(directory, "log replay --dir d --network map --group A/b", 1, "\"A/b\" is no name of a group");

    let mut bytes = std::fs::read(directory.join(path)).expect("is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(directory.join(path), &bytes).expect("is written");
    let verified = json(directory, "log verify --dir d --json", 1);
    assert_eq!(verified["findings"][0]["path"], path, "{verified}");
}

#[test]
fn a_directory_that_cannot_be_used_is_named_and_what_to_do() {
    let directory = street();
    let directory = directory.path();
    std::fs::create_dir(directory.join("foreign")).expect("a directory");
    write(directory, "foreign/photo", "");
    std::fs::create_dir(directory.join("newer")).expect("a directory");
    write(directory, "newer/etaflow", "etaflow directory, version 2\n");
    write(directory, "file", "");
    for (dir, says) in [
        (
            "foreign",
            "foreign: is no log, since there are files in it, but none is named `etaflow`; take an empty directory",
        ),
        (
            "newer",
            "newer/etaflow: is of version 2, and at most 1 is known here; read it with the program that wrote it",
        ),
        ("file", "file: "),
        ("file/below", "file/below: "),
    ] {
        for command in ["ingest", "follow --network map", "log inspect", "log verify", "log tail"] {
            check_fails(directory, &format!("{command} --dir {dir}"), 1, says);
        }
    }
    for command in ["follow --network map", "log inspect", "log verify", "log tail"] {
        check_fails(
            directory,
            &format!("{command} --dir absent"),
            1,
            "absent: there is no such directory: etaflow ingest",
        );
    }
    said(directory, "ingest --dir d", 0);
    check_fails(directory, "follow --dir d --network absent", 104, "cannot read absent: ");
    for name in ["a/b", "told.txt", "", "Told", "sinks", "etaflow"] {
        let (_, err) = said(directory, &format!("follow --dir d --network map --effects={name}"), 2);
        assert!(err.contains(&format!("{name:?} is no name of a sink")), "{err}");
    }
}

#[cfg(unix)]
#[test]
fn a_directory_that_must_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;

    let directory = street();
    let directory = directory.path();
    said(directory, "ingest --dir d", 0);
    let set = |mode| std::fs::set_permissions(directory.join("d"), std::fs::Permissions::from_mode(mode));
    set(0o000).expect("it is ours");
    // Nothing is forbidden to the superuser.
    if std::fs::read_dir(directory.join("d")).is_err() {
        for command in ["ingest", "follow --network map", "log inspect", "log verify", "log tail"] {
            let (_, err) = said(directory, &format!("{command} --dir d"), 1);
            assert!(err.contains("d") && err.contains("ermission denied"), "{command}: {err}");
        }
    }
    set(0o755).expect("it is ours");
}

#[test]
fn two_cannot_have_the_same_part() {
    let directory = street();
    let directory = directory.path();
    said(directory, "ingest --dir d", 0);
    let follow = "follow --dir d --network map --until-eof --json";
    for (args, lock) in [("ingest --dir d", "writer.lock"), (follow, "engine.lock")] {
        let mut first = start(directory, args);
        // It has the directory as soon as it says how it has come back.
        wait_for_line(&mut first, args == follow);
        check_fails(directory, args, 1, &format!("d/{lock}: another process, or another engine of this one, has the"));
        drop(first.stdin.take());
        assert!(first.wait().expect("it ends").success());
    }
}

/// Waits for the first line that one says, on stdout or on stderr, and reads all others.
fn wait_for_line(child: &mut Child, on_stdout: bool) {
    use std::io::{BufRead, BufReader, Read};

    let stderr = child.stderr.take().expect("it is piped");
    let stdout = child.stdout.take().expect("it is piped");
    let mut lines: BufReader<Box<dyn Read + Send>> =
        BufReader::new(if on_stdout { Box::new(stdout) } else { Box::new(stderr) });
    let mut line = String::new();
    lines.read_line(&mut line).expect("it says something");
    assert!(line.contains("recover"), "{line}");
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
}

#[test]
fn damage_is_named_with_file_and_byte() {
    let directory = street();
    let directory = directory.path();
    said_to(directory, "ingest --dir d", &events(), 0);
    said(directory, "follow --dir d --network map --effects told --until-eof", 0);
    assert_eq!(json(directory, "log verify --dir d --json", 0)["findings"], serde_json::json!([]));

    // One of two places: the other one counts, but it is said.
    let sink = directory.join("d/sinks/told");
    let whole = std::fs::read(&sink).expect("is there");
    let mut bytes = whole.clone();
    bytes[10] ^= 1;
    std::fs::write(&sink, &bytes).expect("is written");
    let verified = json(directory, "log verify --dir d --json", 1);
    assert_eq!(
        (&verified["findings"][0]["path"], &verified["findings"][0]["byte"]),
        (&"d/sinks/told".into(), &0.into())
    );
    std::fs::write(&sink, &whole).expect("is written");
    write(directory, "d/groups/broken", "x");
    let mut bytes = std::fs::read(segment(directory)).expect("is there");
    bytes[150] ^= 1;
    std::fs::write(segment(directory), &bytes).expect("is written");
    let verified = json(directory, "log verify --dir d --json", 1);
    assert_eq!(verified["whole"], false);
    let findings = verified["findings"].as_array().expect("a list");
    assert_eq!((&findings[0]["is"], &findings[0]["offset"]), (&"damage".into(), &0.into()), "{verified}");
    assert!(findings[0]["byte"].as_u64().is_some_and(|byte| (64..=150).contains(&byte)), "{verified}");
    assert!(findings.iter().any(|finding| finding["path"] == "d/groups/broken"), "{verified}");
    let (out, _) = said(directory, "log verify --dir d", 1);
    assert!(out.starts_with("damaged: d/log/00000000000000000000.seg: byte "), "{out}");
    assert!(out.contains("\ndamaged: d/groups/broken is damaged") && out.ends_with("; 2 damaged\n"), "{out}");
    check_fails(directory, "log tail --dir d --from earliest", 1, "d/log/00000000000000000000.seg: byte ");
}
