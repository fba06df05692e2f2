use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

const HEADER: &str = "trip_id,taxi_id,start_unix_s,polyline_lonlat_15s\n";
const GOOD: &str = "7,20,1372636858,\"[[-8.618643,41.141412],[-8.6185,41.1414]]\"\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A row that is not used leaves the rows around it alone, and says what and where.
fn check_rejected(row: &str, reason: RejectReason, message: &str) {
    let text = format!("{HEADER}{GOOD}{row}\n8,20,1372640000,\"[[-8.6,41.1]]\"\n");
    let found = read_trips(text.as_bytes()).unwrap();
    let ids: Vec<_> = found.trips.iter().map(|trip| trip.trip_id).collect();
    assert_eq!(ids, [7, 8], "{row}");
    assert_eq!(found.rejected, BTreeMap::from([(reason, 1)]), "{row}");
    assert_eq!(found.rejected_rows[0].line, 3);
    let said = found.rejected_rows[0].to_string();
    assert!(said.contains(message), "\"{said}\" should say \"{message}\"");
}

#[test]
fn a_trip_is_read() {
    let found = read_trips(format!("{HEADER}{GOOD}").as_bytes()).unwrap();
    let points = [(41.141412, -8.618643), (41.1414, -8.6185)];
    let points = points.map(|(lat, lon)| Coord::from_degrees(lat, lon).unwrap()).into();
    let start = Timestamp::from_secs(1_372_636_858);
    assert_eq!(found.trips, [TaxiTrip { trip_id: 7, taxi_id: 20, start, points }]);
    assert_eq!(found.rejected_total(), 0);
}

#[test]
fn rows_that_cannot_be_used_are_named() {
    check_rejected("9,20,1", RejectReason::Columns, "line 3, column trip_id: the row has 3 columns, the header 4");
    check_rejected("-9,20,1,[]", RejectReason::Id, "column trip_id: \"-9\"");
    check_rejected("9,x,1,[]", RejectReason::Id, "column taxi_id: \"x\"");
    check_rejected("9,20,never,[]", RejectReason::Start, "column start_unix_s: \"never\"");
    check_rejected("9,20,99999999999,[]", RejectReason::Start, "from 0 to 4102444800");
    check_rejected("9,20,1,[]", RejectReason::NoPoints, "column polyline_lonlat_15s: it has no points");
    check_rejected("9,20,1,\"[[1,2],[3]]\"", RejectReason::Polyline, "no list of [longitude, latitude]");
    check_rejected("9,20,1,\"[[1,null]]\"", RejectReason::Polyline, "no list");
    check_rejected("9,20,1,\"[[0,0],[10,91]]\"", RejectReason::Coordinate, "point 1: latitude 91");
    check_rejected("9,20,1,\"[[-181,0]]\"", RejectReason::Coordinate, "point 0: longitude -181");
    check_rejected("7,21,1,\"[[1,2]]\"", RejectReason::Duplicate, "a trip 7 came before");
    let endless = format!("9,20,1,\"[{}[0,0]]\"", "[0,0],".repeat(POINTS_MAX));
    check_rejected(&endless, RejectReason::TooManyPoints, "it has 20001 points, at most 20000");
}

#[test]
fn bytes_that_are_no_text_are_one_bad_row() {
    let bytes = [HEADER.as_bytes(), b"\xff\xfe,20,1,[]\n", GOOD.as_bytes()].concat();
    let found = read_trips(bytes.as_slice()).unwrap();
    assert_eq!(found.rejected, BTreeMap::from([(RejectReason::Encoding, 1)]));
    assert_eq!(found.trips.len(), 1);
}

#[test]
fn columns_may_come_in_any_order_but_not_be_absent() {
    let swapped = "note,start_unix_s,polyline_lonlat_15s,taxi_id,trip_id\nx,5,\"[[1,2]]\",20,7\n";
    assert_eq!(read_trips(swapped.as_bytes()).unwrap().trips[0].taxi_id, 20);
    let error = read_trips("trip_id,taxi_id\n1,2\n".as_bytes()).unwrap_err().to_string();
    assert_eq!(error, "there is no column start_unix_s; the columns are \"trip_id,taxi_id\"");
    assert!(matches!(read_trips(io::empty()), Err(TaxiError::NoColumn { .. })));
}

#[test]
fn a_file_that_is_cut_off_is_an_error() {
    let packed = gzip(format!("{HEADER}{GOOD}").as_bytes());
    assert_eq!(read_trips(packed.as_slice()).unwrap().trips.len(), 1);
    let error = read_trips(&packed[..packed.len() - 9]).unwrap_err();
    assert!(matches!(error, TaxiError::Read { .. }), "{error}");
    let error = read_trips_file(Path::new("no/such/trips.csv")).unwrap_err().to_string();
    assert!(error.starts_with("cannot be opened: "), "{error}");
}

#[test]
fn a_file_without_end_is_an_error() {
    let error = read_csv(Bounded { file: format!("{HEADER}{GOOD}").as_bytes(), left: 60 }).unwrap_err();
    assert!(matches!(error, TaxiError::Read { .. }), "{error}");
}

#[test]
fn examples_are_bounded_and_counts_are_not() {
    let found = read_trips(format!("{HEADER}{}", "x,20,1,[]\n".repeat(1_000)).as_bytes()).unwrap();
    assert_eq!((found.rejected_rows.len(), found.rejected_total()), (REJECTED_KEPT, 1_000));
}

#[test]
fn a_file_without_a_single_trip_is_an_error_that_tells_of_the_first_row() {
    let not_empty = |rows: &str| read_trips(format!("{HEADER}{rows}").as_bytes()).unwrap().not_empty();
    assert_eq!(not_empty(GOOD).unwrap().trips.len(), 1);
    assert_eq!(not_empty("").unwrap_err().to_string(), "no trip that could be used, of 0 rows");
    let error = not_empty("x,20,1,[]\n7,20,1,[]\n").unwrap_err().to_string();
    assert_eq!(
        error,
        "no trip that could be used, of 2 rows; line 2, column trip_id: \"x\" is no whole number from 0 to 2^64 - 1"
    );
}

prop_compose! {
    fn trips()(
        rows in prop::collection::btree_map(
            any::<u64>(),
            (any::<u64>(), 0..=START_MAX_S, prop::collection::vec((-900_000_000..=900_000_000, any::<i32>()), 1..20)),
            0..20,
        )
    ) -> Vec<TaxiTrip> {
        let coord = |&(lat, lon): &(i32, i32)| Coord::from_e7(lat, lon % 1_800_000_000).unwrap();
        let mut trips: Vec<_> = rows.iter().map(|(&trip_id, (taxi_id, start, points))| TaxiTrip {
            trip_id,
            taxi_id: *taxi_id,
            start: Timestamp::from_secs(*start),
            points: points.iter().map(coord).collect(),
        }).collect();
        trips.sort_by_key(|trip| (trip.start, trip.trip_id));
        trips
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(trips in trips(), packed in any::<bool>()) {
        let mut text = HEADER.to_owned();
        for trip in &trips {
            let pairs: Vec<_> = trip.points.iter().map(|point| [point.lon(), point.lat()]).collect();
            let polyline = serde_json::to_string(&pairs).unwrap();
            let start_s = trip.start.micros() / 1_000_000;
            text += &format!("{},{},{start_s},\"{polyline}\"\n", trip.trip_id, trip.taxi_id);
        }
        let bytes = if packed { gzip(text.as_bytes()) } else { text.into_bytes() };
        let found = read_trips(bytes.as_slice()).unwrap();
        prop_assert_eq!(found.rejected_total(), 0);
        prop_assert_eq!(found.trips, trips);
    }

    #[test]
    fn garbage_never_panics(bytes in any::<Vec<u8>>(), after_header in any::<bool>(), packed in any::<bool>()) {
        let file = if after_header { [HEADER.as_bytes(), &bytes].concat() } else { bytes };
        let file = if packed { gzip(&file) } else { file };
        let _ = read_trips(file.as_slice());
    }

    #[test]
    fn every_row_is_used_or_counted(rows in prop::collection::vec("[0-9x,]{1,12}", 0..30)) {
        // Text without quotes: a line is a row.
        let found = read_trips(format!("{HEADER}{}\n", rows.join("\n")).as_bytes()).unwrap();
        prop_assert_eq!(found.trips.len() as u64 + found.rejected_total(), rows.len() as u64);
    }
}
