use etaflow_road::{Coord, LocalFrame, NetworkBuilder, NewEdge, NodeId, RoadClass, Span, SyntheticCity, TurnModel, Xy};

use super::*;
use crate::event::{GpsFix, Offset, SourceId};
use crate::pipeline::collective::Collective;

#[test]
fn nothing_is_kept_of_a_driver_who_was_forgotten() {
    let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let (index, config) = (Arc::new(EdgeIndex::new(&network)), Config::default());
    let epoch = Arc::new(Collective::new(Arc::clone(&network), &config).first_epoch());
    let mut shard = Shard::new(&network, &index, &config, Arc::clone(&epoch), 0).expect("within bounds");
    let mut effects = Effects::default();
    let start = Timestamp::from_secs(1_000);
    let record = |number: u32, payload: Payload| {
        let (offset, id) = (Offset(u64::from(number)), u64::from(number));
        Record { offset, time: start, ingest_time: start, waited_us: 0, source: SourceId(0), id, payload }
    };
    let off_the_map = Coord::from_degrees(-60.0, 170.0).expect("in range");
    for (number, coord) in [(0, network.coord(NodeId(0))), (1, off_the_map)] {
        let location = Payload::Location { driver: DriverId(number), fix: GpsFix::at(coord) };
        shard.on_record(&record(number, location), &mut effects);
    }
    assert_eq!((shard.counts.accepted, shard.counts.dead_lettered[&Reason::OffMap]), (1, 1));
    assert_eq!(shard.matching.operator().len(), 2, "the newest fix of each is remembered");
    let time = start + config.fleet.forgotten_after + Span::from_secs(1);
    let tick = Tick { number: 0, time, watermark: time };
    shard.on_tick(&record(2, Payload::Tick { watermark: time }), &tick, &epoch, &mut effects);
    assert_eq!((shard.matching.operator().len(), shard.fleet.operator().len()), (0, 0));
}

#[test]
fn one_who_can_take_a_trip_is_found_where_he_must_have_come_to() {
    let mouth = Coord::from_degrees(41.15, -8.61).expect("in range");
    let at = |east: f64| LocalFrame::at(mouth).to_coord(Xy { x: east, y: 0.0 });
    let mut builder = NetworkBuilder::new();
    let (begin, end) = (builder.node(0, at(0.0)), builder.node(1, at(1_500.0)));
    builder.street(NewEdge::straight(begin, end, RoadClass::Primary, 20.0), "");
    let network = Arc::new(builder.build(&TurnModel::default()).expect("builds"));
    let (index, config) = (Arc::new(EdgeIndex::new(&network)), Config::default());
    let epoch = Arc::new(Collective::new(Arc::clone(&network), &config).first_epoch());
    let mut shard = Shard::new(&network, &index, &config, Arc::clone(&epoch), 0).expect("within bounds");
    let record = |second: i64, payload: Payload| {
        let (time, id) = (Timestamp::from_secs(second), second as u64);
        Record { offset: Offset(id), time, ingest_time: time, waited_us: 0, source: SourceId(0), id, payload }
    };
    let mut effects = Effects::default();
    // One who has not moved, and has a trip at once: it is open which way he heads.
    let (fix, trip) = (GpsFix::at(at(700.0)), TripId(1));
    shard.on_record(&record(0, Payload::Location { driver: DriverId(1), fix }), &mut effects);
    shard.on_record(&record(0, Payload::Requested { trip, pickup: at(800.0), dropoff: at(10.0) }), &mut effects);
    shard.on_record(&record(0, Payload::Assigned { trip, driver: DriverId(1) }), &mut effects);
    let at_start = effects.arrivals.last().and_then(|update| update.direction_confidence);
    assert!(at_start.is_some_and(|confidence| (0.5..0.6).contains(&confidence)), "{at_start:?}");
    for second in 0..=10 {
        let fix = GpsFix::at(at(20.0 * second as f64));
        shard.on_record(&record(second, Payload::Location { driver: DriverId(0), fix }), &mut effects);
    }
    let tick = |shard: &mut Shard, second: i64| {
        let (time, watermark) = (Timestamp::from_secs(second), Timestamp::from_secs(second - 5));
        let mut effects = Effects::default();
        let tick = Tick { number: second as u64, time, watermark };
        shard.on_tick(&record(second, Payload::Tick { watermark }), &tick, &epoch, &mut effects);
        effects.fleet
    };
    assert_eq!(tick(&mut shard, 15), []);
    let changes = tick(&mut shard, 40);
    let [FleetChange::Available { position, seen_at, direction_confidence, .. }] = changes[..] else {
        panic!("{changes:?}")
    };
    assert!((780_000..=820_000).contains(&position.offset_mm), "{position:?}");
    assert_eq!(seen_at, Timestamp::from_secs(10), "he was not seen since");
    assert!(direction_confidence > 0.95, "{direction_confidence}");
    // With a trip he is on a way whose times go on by themselves.
    let trip = TripId(0);
    shard.on_record(&record(41, Payload::Requested { trip, pickup: at(1_400.0), dropoff: at(100.0) }), &mut effects);
    shard.on_record(&record(42, Payload::Assigned { trip, driver: DriverId(0) }), &mut effects);
    let assigned = effects.arrivals.last().expect("its arrival is told");
    assert_eq!(assigned.direction_confidence, Some(direction_confidence));
    let pickup_at = assigned.pickup_at.expect("a way leads there");
    // From 800 m on, where he must be, and not from 200 m, where he was seen.
    let approach_s = pickup_at.since(Timestamp::from_secs(42)).secs_f64();
    assert!((29.0..=31.0).contains(&approach_s), "{approach_s} s");
    assert_eq!(tick(&mut shard, 50), [], "he can take no other");
}
