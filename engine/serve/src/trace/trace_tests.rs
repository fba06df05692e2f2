use std::path::PathBuf;

use etaflow_road::Fix;
use proptest::prelude::*;

use super::*;

fn fixes(text: &str) -> Vec<Fix> {
    parse_trace(text, "").unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn times(fixes: &[Fix]) -> Vec<f64> {
    fixes.iter().map(|fix| fix.time.secs_f64()).collect()
}

#[test]
fn the_same_fixes_are_read_whatever_they_are_kept_in() {
    let expected = fixes("unix_s,lon,lat\n1714552200.25,-8.61,41.15\n1714552201,-8.6,41.16\n");
    assert_eq!(times(&expected), [1_714_552_200.25, 1_714_552_201.0]);
    let gpx = "<?xml version=\"1.0\"?>\n<gpx version=\"1.1\" xmlns=\"http://www.topografix.com/GPX/1/1\">\n\
               <wpt lat=\"1\" lon=\"2\"/><trk><name>a &amp; b</name><trkseg>\n\
               <trkpt lat=\"41.15\" lon=\"-8.61\"><ele>7</ele><time>2024-05-01T08:30:00.25Z</time>\n\
               <extensions><x:speed xmlns:x=\"x\">fast</x:speed></extensions></trkpt></trkseg></trk>\n\
               <trk><trkseg/><trkseg><trkpt lat=\"41.16\" lon=\"-8.6\"><time> 2024-05-01T10:30:01+02:00\n</time></trkpt>\
               </trkseg></trk></gpx>";
    for text in [
        "\u{feff}unix_s,lon,lat\r\n1714552200.25,-8.61,41.15\r\n\r\n1714552201,-8.6,41.16",
        " lat ,heading_deg, \"lon\",unix_s\n41.15,,-8.61,1714552200.25\n \n41.16,, -8.6 ,\"1714552201\"\n",
        "\n\nunix_s,lon,lat\n1714552200.25,-8.61,41.15\n1714552201,-8.6,41.16\n",
        "-8.61 41.15 1714552200.25\r\n-8.6\t41.16 1714552201\r\n",
        gpx,
        &gpx.replace("08:30:00.25Z", "08:30:00.25"),
        &gpx.replace("<gpx version=\"1.1\" xmlns=\"http://www.topografix.com/GPX/1/1\">", "\u{feff}<gpx>")
            .replace("<?xml version=\"1.0\"?>\n", ""),
    ] {
        let text = text.strip_prefix("\u{feff}<").map_or(text.to_owned(), |rest| format!("\u{feff}<{rest}"));
        assert_eq!(fixes(&text), expected, "{text}");
    }
}

#[test]
fn track_points_elsewhere_than_in_a_tracks_segments_are_passed_over() {
    let point = |lat: u8| format!("<trkpt lat='{lat}' lon='2'><time>1970-01-01T00:00:0{lat}Z</time></trkpt>");
    let point_and_other = "<trkpt lat='1' lon='2'><time>1970-01-01T00:00:01Z</time><extensions><x:seen xmlns:x='x'>\
                           <x:trkpt/></x:seen></extensions></trkpt>";
    let other = format!("<extensions><trk><trkseg>{}</trkseg></trk><trkpt/></extensions>", point(7));
    let track = format!("<trk>{other}<trkseg>{point_and_other}{other}</trkseg><trkseg>{}</trkseg></trk>", point(2));
    let text = format!("<gpx>{other}{track}<rte>{}</rte><trk><trkseg>{}</trkseg></trk></gpx>", point(8), point(3));
    assert_eq!(times(&fixes(&text)), [1.0, 2.0, 3.0]);
    let error = parse_trace(&format!("<gpx>{other}</gpx>"), "").expect_err("has no track");
    assert_eq!(error.to_string(), "has no fixes");
}

#[test]
fn a_gpx_that_is_too_large_is_not_taken_apart() {
    let text = |bytes: u64| format!("<gpx>{}</gpx>", " ".repeat(bytes as usize - "<gpx></gpx>".len()));
    let says = |bytes| parse_trace(&text(bytes), "").expect_err("has no fixes").to_string();
    assert_eq!(says(GPX_BYTES_MAX), "has no fixes");
    assert_eq!(
        says(GPX_BYTES_MAX + 1),
        "is GPX of more than 67108864 bytes; cut the trace into several, or make it CSV"
    );
}

#[test]
fn what_else_is_known_of_a_fix_is_read() {
    let read = fixes("unix_s,lon,lat,accuracy_m,speed_mps,heading_deg\n1,2,3,0,,\n2,2,3,10000,7.5,359\n");
    assert_eq!((read[0].accuracy_m, read[0].speed_mps, read[0].heading_deg), (Some(0.0), None, None));
    assert_eq!((read[1].accuracy_m, read[1].speed_mps, read[1].heading_deg), (Some(1e4), Some(7.5), Some(359.0)));
    let point = "<gpx><trk><trkseg><trkpt lat='3' lon='2'><time>1970-01-01T00:00:02Z</time><course>90</course>\
                 <speed>7.5</speed></trkpt></trkseg></trk></gpx>";
    let read = fixes(point);
    assert_eq!((read[0].speed_mps, read[0].heading_deg, times(&read)), (Some(7.5), Some(90.0), vec![2.0]));
    // That times run backwards is for the matcher to say.
    assert_eq!(times(&fixes("unix_s,lon,lat\n5,2,3\n4,2,3\n4,2,3\n")), [5.0, 4.0, 4.0]);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let check = |text: &str, says: &str| {
        let error = parse_trace(text, "").expect_err(text).to_string();
        assert!(error.starts_with(says), "{text}: {error}");
    };
    let csv = |row: &str, says: &str| {
        let header = "unix_s,lon,lat,accuracy_m,speed_mps,heading_deg";
        check(&format!("{header}\n1,2,3,4,5,6\n\n{row}\n"), &format!("line 4: {says}"));
    };
    csv("1,NaN,3,4,5,6", "lon is \"NaN\"; it must be degrees within -180..=180");
    csv("1,2,91,4,5,6", "lat is \"91\"; it must be degrees within -90..=90");
    csv("inf,2,3,4,5,6", "unix_s is \"inf\"; it must be seconds since 1970-01-01T00:00:00Z within 0..=253402300799");
    csv("-1,2,3,4,5,6", "unix_s is \"-1\"");
    csv(",2,3,4,5,6", "unix_s is \"\"");
    csv("1,2,3,-4,5,6", "accuracy_m is \"-4\"; it must be metres within 0..=10000000");
    csv("1,2,3,4,x,6", "speed_mps is \"x\"; it must be metres per second within 0..=100000");
    csv("1,2,3,4,5,361", "heading_deg is \"361\"; it must be degrees within -360..=360");
    csv("1,2,3,4,5", "5 fields, and the header has 6");
    csv("1,2,3,4,5,6,7", "7 fields, and the header has 6");
    check("unix_s,lon\n", "line 1: column \"lat\" is missing; the columns are unix_s,lon,lat[,accuracy_m");
    check("\nunix_s,lon,lat,alt\n", "line 2: column \"alt\" is not known");
    check("unix_s,lon,lat,lon\n", "line 1: column \"lon\" is there twice");
    check("unix_s;lon;lat\n", "begins with \"unix_s;lon;lat\": no CSV");
    check("1 2 3\n1 2\n", ".track line 2");
    let gpx = |point: &str, says: &str| check(&format!("<gpx><trk>\n<trkseg>{point}</trkseg></trk></gpx>"), says);
    let time = "<time>2024-05-01T08:30:00Z</time>";
    gpx(&format!("<trkpt lon='2'>{time}</trkpt>"), "line 2: a track point has no lat");
    gpx("<trkpt lon='2' lat='3'/>", "line 2: a track point has no time");
    gpx(&format!("\n<trkpt lon='2' lat='93'>{time}</trkpt>"), "line 3: lat is \"93\"; it must be degrees");
    for bad in ["yesterday", "", "2024-13-01T08:30:00Z", "1969-12-31T23:59:59Z"] {
        let says = format!("line 2: time is \"{bad}\"; it must be a time from 1970 to 9999");
        gpx(&format!("<trkpt lon='2' lat='3'><time>{bad}</time></trkpt>"), &says);
    }
    gpx(
        &format!("<trkpt lon='2' lat='3'>{time}<speed>-1</speed></trkpt>"),
        "line 2: speed is \"-1\"; it must be metres",
    );
    check("<gpx><trk>", "is no XML: ");
    check("<kml/>", "is XML, and its root is \"kml\" instead of \"gpx\"");
    for empty in ["", " \r\n", "\u{feff}", "unix_s,lon,lat\n", "<gpx><wpt lat='1' lon='2'/></gpx>"] {
        check(empty, "has no fixes");
    }
}

#[test]
fn the_name_decides_where_the_text_does_not() {
    let says = |name: &str| parse_trace("hello", name).expect_err("is no trace").to_string();
    assert!(says("csv").starts_with("line 1: column \"hello\" is not known"));
    assert!(says("gpx").starts_with("is no XML"));
    assert!(says("track").starts_with(".track line 1"));
    assert!(says("txt").starts_with("begins with \"hello\""));
}

#[test]
fn a_file_that_is_no_text_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.csv");
    let says = |path: &PathBuf| read_trace(path).expect_err("is no trace").to_string();
    assert!(says(&path).starts_with("cannot be read: "));
    std::fs::write(&path, b"unix_s,lon,lat\n1,2,3\n1,2,\xe9\n").expect("writes");
    assert_eq!(says(&path), "line 3 is no UTF-8 text");
    let file = std::fs::File::create(&path).expect("creates");
    file.set_len(TRACE_BYTES_MAX + 1).expect("is sparse");
    assert_eq!(says(&path), "has more than 268435456 bytes; cut the trace into several");
}

proptest! {
    #[test]
    fn garbage_never_panics(
        head in prop::sample::select(vec!["", "unix_s,lon,lat\n", "1 2 3\n", "<gpx><trkpt lat='1' lon='2'>"]),
        tail in any::<String>(), extension in prop::sample::select(vec!["", "csv", "gpx", "track"]),
    ) {
        let _ = parse_trace(&format!("{head}{tail}"), extension);
    }

    #[test]
    fn what_is_written_is_read(
        rows in prop::collection::vec((0..4_000_000_000_000_000_i64, -1_800_000_000..=1_800_000_000, -900_000_000..=900_000_000), 1..20),
    ) {
        let mut text = "lon,unix_s,lat\n".to_owned();
        for &(micros, lon, lat) in &rows {
            let degrees = |e7: i32| f64::from(e7) / 1e7;
            text += &format!("{},{},{}\n", degrees(lon), micros as f64 / 1e6, degrees(lat));
        }
        let read = fixes(&text);
        prop_assert_eq!(read.len(), rows.len());
        for (fix, (micros, lon, lat)) in read.iter().zip(rows) {
            prop_assert_eq!((fix.coord.lon_e7(), fix.coord.lat_e7()), (lon, lat));
            prop_assert!((fix.time.micros() - micros).abs() <= 1);
        }
    }
}
