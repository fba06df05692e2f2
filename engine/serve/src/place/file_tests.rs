use proptest::prelude::*;

use super::*;

fn pairs(text: &[u8]) -> Vec<(u64, String)> {
    let lines = PlaceFile::pairs(text).expect("the header is right").map(|line| line.expect("is read"));
    let said = lines.map(|line| (line.line, line.places.map_or_else(|error| error.to_string(), |_| "ok".to_owned())));
    said.collect()
}

#[test]
fn a_bad_line_is_named_and_the_rest_is_read() {
    let long = "9".repeat(3 * LINE_MAX);
    let text = format!(
        "from_lon,from_lat,to_lon,to_lat\r\n1,2,3,4\r\n\r\n \n181,2,3,4\n1,2,3,-90.5\n1,2,3\n1,2,3,4,5\n\"1\",\"2\",3,4\n\
         \"1,2,3,4\n1,2,x,4\n{long}\n1,2,,4\n1, 2 ,3,4"
    );
    let expected = [
        (2, "ok"),
        (5, "from_lon 181 is not within -180..=180 degrees"),
        (6, "to_lat -90.5 is not within -90..=90 degrees"),
        (7, "3 fields, and the header has 4"),
        (8, "5 fields, and the header has 4"),
        (9, "ok"),
        (10, "from_lon \"\\\"1\" is no number; it must be degrees within -180..=180"),
        (11, "to_lon \"x\" is no number; it must be degrees within -180..=180"),
        (12, "longer than 4096 bytes"),
        (13, "to_lon \"\" is no number; it must be degrees within -180..=180"),
        (14, "ok"),
    ];
    assert_eq!(pairs(text.as_bytes()), expected.map(|(line, says)| (line, says.to_owned())));
}

#[test]
fn a_line_may_be_as_long_as_is_said_and_no_longer() {
    for (spaces, ok) in [(LINE_MAX - 3, true), (LINE_MAX - 2, false)] {
        for end in ["", "\n", "\n7,8\n"] {
            let text = format!("lon,lat\n1,{}2{end}", " ".repeat(spaces));
            let lines: Vec<_> =
                PlaceFile::points(text.as_bytes()).expect("opens").map(|line| line.expect("is read")).collect();
            assert_eq!(lines[0].places.is_ok(), ok, "{spaces}");
            assert_eq!(lines.len(), 1 + usize::from(end.len() > 1));
            assert!(lines.iter().skip(1).all(|line| line.line == 3 && line.places.is_ok()));
        }
    }
}

#[test]
fn columns_are_found_by_name() {
    let text = "\u{feff}id, to_lat,\"to_lon\",from_lat,from_lon\n7,4,3,2,1\n";
    let mut lines = PlaceFile::pairs(text.as_bytes()).expect("the header is right");
    let [from, to] = lines.next().expect("a line").expect("is read").places.expect("is right");
    assert_eq!((from.lon(), from.lat(), to.lon(), to.lat()), (1.0, 2.0, 3.0, 4.0));
    assert!(lines.next().is_none());
}

#[test]
fn a_file_that_cannot_be_used_says_why() {
    let check = |text: &[u8], says: &str| {
        let error = read_places(text).expect_err(says).to_string();
        assert_eq!(error, says);
    };
    check(b"", "column lon is missing in the header \"\"; it must have lon,lat");
    check(b"-8.61,41.15\n", "column lon is missing in the header \"-8.61,41.15\"; it must have lon,lat");
    check(b"lon;lat\n", "column lon is missing in the header \"lon;lat\"; it must have lon,lat");
    check(b"lon,lat,lat\n", "column lat is there twice in the header \"lon,lat,lat\"; it must have lon,lat");
    check(b"lon,lat\n\n", "has no places");
    check(b"lon,lat\n1,2\n\n1,\xff\n", "line 4: lat \"\u{fffd}\" is no number; it must be degrees within -90..=90");
    assert_eq!(read_places(&b"lon,lat\n1,2\n3,4"[..]).expect("is right").len(), 2);
}

proptest! {
    #[test]
    fn each_line_that_is_not_empty_is_answered_for(lines in prop::collection::vec("[0-9,.x\" -]{0,20}", 0..30)) {
        let text = format!("from_lon,from_lat,to_lon,to_lat\n{}", lines.join("\n"));
        let expected = (2..).zip(&lines).filter(|(_, line)| !line.trim().is_empty());
        let found = pairs(text.as_bytes());
        prop_assert_eq!(
            found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), expected.map(|(line, _)| line).collect::<Vec<u64>>()
        );
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_places(&bytes[..]);
        let _ = read_places(&[b"lon,lat\n", &bytes[..]].concat()[..]);
    }
}
