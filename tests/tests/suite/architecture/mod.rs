//! Holds the code to ARCHITECTURE.md: which room uses which, which crates it uses, and a few habits.

mod code;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use code::{Code, Target};
use table::{Row, Table};

/// A file that is longer hides a second noun.
const LINES_MAX: usize = 800;

/// Names of modules that say nothing.
const EMPTY_NAMES: [&str; 8] = ["utils", "common", "helpers", "models", "services", "types", "core", "manager"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All Rust files below a directory, in order, but for build output and hidden directories.
fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> =
        fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files.extend(rust_files(&path));
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files
}

/// The names by which a crate's dependencies are known in its code.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let section = manifest.split("\n[").find_map(|section| section.strip_prefix("dependencies]"));
    let lines = section.unwrap_or_default().lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let names = lines.filter_map(|line| line.split(['.', '=', ' ']).next().filter(|name| !name.is_empty()));
    names.map(|name| name.replace('-', "_")).collect()
}

/// What a file of a room must not use, in words.
fn violations(table: &Table, room: &str, code: &Code) -> Vec<String> {
    let Some(row) = table.row(room) else { return vec![format!("room {room} has no row in ARCHITECTURE.md")] };
    // The root names every room: it is there to show what they have.
    let is_root = room == "lib" || room == "main";
    let mut found = Vec::new();
    for used in &code.uses {
        let at = used.line;
        match &used.target {
            Target::Room(other) if other == room || row.rooms.contains(other) || is_root => {}
            Target::Room(other) if table.is_room(other) => found.push(format!("line {at}: {room} uses room {other}")),
            Target::Room(item) => found.push(format!("line {at}: {room} uses {item} by way of the root")),
            Target::Crate(name, item) => match row.crates.get(name) {
                None => found.push(format!("line {at}: {room} uses crate {name}")),
                Some(Some(items)) if !item.as_ref().is_some_and(|item| items.contains(item)) => {
                    let item = item.as_deref().unwrap_or("*");
                    found.push(format!("line {at}: {room} uses {name}::{item}"));
                }
                Some(_) => {}
            },
        }
    }
    found.dedup();
    found
}

/// A crate's source, by room: the files of each, with how deep they are below the crate's root.
fn rooms(source: &Path) -> BTreeMap<String, Vec<(PathBuf, usize)>> {
    let mut rooms: BTreeMap<String, Vec<(PathBuf, usize)>> = BTreeMap::new();
    for path in rust_files(source) {
        let inside = path.strip_prefix(source).expect("below it").with_extension("");
        let mut parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if parts.last().is_some_and(|last| last == "mod") {
            parts.pop();
        }
        let is_root = parts == ["lib"] || parts == ["main"];
        let depth = if is_root { 0 } else { parts.len() };
        rooms.entry(parts[0].clone()).or_default().push((path, depth));
    }
    rooms
}

#[test]
fn rooms_use_what_the_import_table_says_and_nothing_else() {
    let root = root();
    let tables = Table::read_all(&read(&root.join("ARCHITECTURE.md")));
    let crates: Vec<&str> = tables.iter().map(|table| table.source.as_str()).collect();
    let expected = ["engine/road/src", "engine/flow/src", "engine/serve/src", "simulator/src"];
    assert_eq!(crates, expected, "each crate has its table");
    let mut found = Vec::new();
    let mut uses = 0;
    for table in &tables {
        found.extend(table.disorder());
        let source = root.join(&table.source);
        let externs = dependencies(&read(&source.with_file_name("Cargo.toml")));
        let rooms = rooms(&source);
        for row in &table.rows {
            if !rooms.contains_key(&row.room) {
                found.push(format!("{}: there is no room {}", table.source, row.room));
            }
        }
        for (room, files) in &rooms {
            let tests: BTreeSet<PathBuf> =
                files.iter().flat_map(|(path, _)| code::test_modules(path, &read(path))).collect();
            let is_test = |path: &Path| tests.iter().any(|test| path.starts_with(test)) || code::is_named_as_test(path);
            for (path, depth) in files.iter().filter(|(path, _)| !is_test(path)) {
                let code = Code::parse(&read(path), *depth, &externs);
                uses += code.uses.len();
                let path = path.strip_prefix(&root).expect("below it").display();
                found.extend(violations(table, room, &code).into_iter().map(|what| format!("{path}: {what}")));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(uses > 500, "{uses} uses seen: the reader of code is blind");
}

#[test]
fn the_walls_stand_in_the_table_itself() {
    let tables = Table::read_all(&read(&root().join("ARCHITECTURE.md")));
    let [road, flow, serve, simulator] = &tables[..] else { panic!("four tables") };
    let using = |table: &Table, name: &str| -> Vec<String> {
        let using = table.rows.iter().filter(|row| row.crates.contains_key(name));
        using.map(|row| row.room.clone()).collect()
    };
    for name in ["etaflow", "etaflow_serve", "etaflow_simulator", "tokio", "async_channel", "futures"] {
        assert!(using(road, name).is_empty(), "road uses {name}");
    }
    for name in ["tokio", "tokio_stream", "async_channel", "futures"] {
        let rooms = using(flow, name);
        assert!(rooms.iter().all(|room| room == "bus" || room == "runtime"), "{name} is used by {rooms:?}");
    }
    for (table, name) in [(flow, "etaflow_serve"), (flow, "etaflow_simulator"), (serve, "etaflow_simulator")] {
        assert!(using(table, name).is_empty(), "{} uses {name}", table.source);
    }
    let world: &Row = simulator.row("world").expect("a room");
    assert_eq!(world.rooms, BTreeSet::from(["dice".to_owned()]));
    let items = world.crates["etaflow"].as_ref().expect("the world may name only some things of the engine");
    let public: BTreeSet<String> =
        ["DriverStatus", "Event", "EventData", "EventId", "GpsFix", "Key", "RoadRef", "Span", "Timestamp"]
            .map(str::to_owned)
            .into();
    assert!(items.is_subset(&public), "{items:?}");
}

#[test]
fn what_the_table_forbids_is_found() {
    let table = &Table::read_all(
        "## `made/up/src`\n| room | what it is | rooms | crates |\n|---|---|---|---|\n\
         | `low` | | | |\n| `side` | | | |\n| `high` | | `low` | `etaflow_road`, `etaflow`: `Event` `Key` |\n",
    )[0];
    let externs = BTreeSet::from(["etaflow", "etaflow_road", "tokio"].map(str::to_owned));
    let check = |text: &str, depth: usize, expected: &[&str]| {
        assert_eq!(violations(table, "high", &Code::parse(text, depth, &externs)), expected, "{text}");
    };
    check("use crate::low::Thing;\nuse super::other;\nuse std::fmt;", 2, &[]);
    check("use etaflow_road::Metres;\nuse etaflow::{Event, Key};", 2, &[]);
    check("// use tokio::time;\n/* tokio::spawn() */ const S: &str = \"tokio::spawn\";", 2, &[]);
    check(
        "const R: &[u8] = br#\"tokio::\"spawn()\"#;\nfn f<'a>(a: &'a u8) { a == &b'\\''; let r#use = '\\n'; }",
        2,
        &[],
    );
    check("#[cfg(test)]\nmod tests { use tokio::time; }\n#[cfg(test)]\nuse crate::side::X;", 2, &[]);
    check("use crate::low::Thing;\n\nuse crate::side::Thing;", 2, &["line 3: high uses room side"]);
    check("use crate::{low::Thing, side};", 2, &["line 1: high uses room side"]);
    check("fn f() { crate::side::g(); }", 2, &["line 1: high uses room side"]);
    check("use super::super::side::Thing;", 2, &["line 1: high uses room side"]);
    check("use super::side::Thing;", 1, &["line 1: high uses room side"]);
    check("use super::side::Thing;", 2, &[]);
    check("use crate::Thing;", 2, &["line 1: high uses Thing by way of the root"]);
    check("use tokio::sync::Mutex;", 2, &["line 1: high uses crate tokio"]);
    check("fn f() { ::tokio::spawn(()); }", 2, &["line 1: high uses crate tokio"]);
    check("use ::tokio::sync::Mutex;", 2, &["line 1: high uses crate tokio"]);
    check("use tokio;", 2, &["line 1: high uses crate tokio"]);
    check("use etaflow::{Event, Engine};", 2, &["line 1: high uses etaflow::Engine"]);
    check(
        "fn f() -> etaflow::Engine {}\nfn g(c: char) { c == '\"'; tokio::x() }",
        2,
        &["line 1: high uses etaflow::Engine", "line 2: high uses crate tokio"],
    );
    check("use etaflow as engine;", 2, &["line 1: high uses etaflow::*"]);
    assert_eq!(violations(table, "new", &Code::parse("", 2, &externs)), ["room new has no row in ARCHITECTURE.md"]);
}

#[test]
fn a_table_whose_rooms_go_round_in_a_circle_is_found() {
    let text = "## `made/up/src`\n| room | what it is | rooms | crates |\n|---|---|---|---|\n\
                | `one` | | `two` | |\n| `two` | | `one` | |\n";
    let disorder = Table::read_all(text)[0].disorder();
    assert_eq!(disorder, ["made/up/src: the row of one names two, which is not above it"]);
}

#[test]
fn files_are_of_a_readable_length_and_named_after_something() {
    let root = root();
    let mut found = Vec::new();
    for path in rust_files(&root) {
        let lines = read(&path).lines().count();
        let shown = path.strip_prefix(&root).expect("below it");
        if lines > LINES_MAX {
            found.push(format!("{} has {lines} lines, at most {LINES_MAX}", shown.display()));
        }
        let parts = shown.with_extension("");
        let empty = parts.iter().find(|part| EMPTY_NAMES.iter().any(|name| part == name));
        found.extend(empty.map(|part| format!("{}: {part:?} is no noun of the domain", shown.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
