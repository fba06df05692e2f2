//! What the fleet's own movement says of the roads changes the ways of trips, though their drivers say nothing.

use std::sync::Arc;

use etaflow::{
    Cause, Coord, EdgeId, Engine, EngineConfig, EventSource, GpsFix, Key, Network, Policy, Publisher, Span, Time,
    Timestamp, View,
};
use etaflow_road::{BuilderNode, NetworkBuilder, NewEdge, RoadClass, TurnModel};

const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// How many cars are in the jam, and how fast they are.
const CARS: u32 = 10;
const CREEP_MPS: f64 = 2.0;

/// How often is looked whether a tick has come into force: many thousand times as often as it takes.
const LOOKS_MAX: usize = 100_000_000;

/// A street of about 2 km in parts of 0.4 km, and another that leads round its middle part and is 0.3 km longer.
struct Town {
    network: Arc<Network>,
    /// The middle part.
    jammed: EdgeId,
}

fn at(north: f64, east: f64) -> Coord {
    Coord::from_degrees(41.15 + north / 111_200.0, -8.6 + east / 83_730.0).expect("on the globe")
}

fn town() -> Town {
    let mut builder = NetworkBuilder::new();
    let mut key = 0;
    let mut node = |north, east| {
        key += 1;
        builder.node(key, at(north, east))
    };
    let street: Vec<BuilderNode> = (0..6).map(|nth| node(0.0, 400.0 * f64::from(nth))).collect();
    let round = [node(150.0, 800.0), node(150.0, 1_200.0)];
    let ways = [vec![street[0], street[1], street[2], street[3], street[4], street[5]], {
        vec![street[2], round[0], round[1], street[3]]
    }];
    for way in &ways {
        for pair in way.windows(2) {
            builder.street(NewEdge::straight(pair[0], pair[1], RoadClass::Primary, 14.0), "");
        }
    }
    let network = builder.build(&TurnModel::default()).expect("is a network");
    let jammed = network.edges_between(3, 4)[0];
    Town { network: Arc::new(network), jammed }
}

/// How a trip with its rider on board went on while a jam came up ahead of its driver, who says nothing any more.
struct Ride {
    /// After how many seconds the fastest way led round the jam, by the travel times in force.
    round_it_at: i64,
    /// After how many seconds the trip was said to have another way.
    rerouted_at: Option<i64>,
    /// How much later than before the jam the arrival was in the end, in seconds.
    later_s: f64,
}

fn ride(town: &Town, reroute_every: Span) -> Ride {
    let mut config = EngineConfig { time: Time::Scenario { start: START }, ..EngineConfig::default() };
    config.pipeline.shards = 2;
    config.pipeline.eta.reroute_every = reroute_every;
    // All is told, and one road says nothing of another.
    config.pipeline.eta.change_min = Span::ZERO;
    config.pipeline.traffic.class_prior_min = 10_000.0;
    let engine = Engine::start(Arc::clone(&town.network), &config).expect("the configuration is valid");
    let (from, to) = (at(0.0, 50.0), at(0.0, 1_950.0));
    let (trip, driver) = (Key::Number(1), Key::Number(1_000));
    let mut app = EventSource::new(Key::Number(1), 0);
    let mut publisher = engine.publisher(Policy::Await);
    let publish = |publisher: &mut Publisher, event| publisher.publish_blocking(event).expect("it is open");
    publish(&mut publisher, app.location(START, driver.clone(), GpsFix::at(from).with_heading_deg(90.0)));
    publish(&mut publisher, app.requested(START, trip.clone(), from, to));
    publish(&mut publisher, app.assigned(START, trip.clone(), driver));
    publish(&mut publisher, app.picked_up(START, trip.clone()));
    let (mut before, mut round_it_at, mut rerouted_at, mut last) = (None, None, None, None);
    for second in 1..=90 {
        let now = START + Span::from_secs(second);
        for car in 0..CARS {
            let east = 805.0 + f64::from(car) * 20.0 + CREEP_MPS * second as f64;
            let fix = GpsFix::at(at(0.0, east)).with_heading_deg(90.0);
            publish(&mut publisher, app.location(now, Key::Number(u64::from(car)), fix));
        }
        publisher.advance_to_blocking(now).expect("the engine takes it in");
        let (known, leads_by_jam) = in_force(engine.view(), now, &trip, (from, to), town.jammed);
        if !leads_by_jam {
            round_it_at = round_it_at.or(Some(second));
        }
        if known.0 == Cause::Rerouted {
            rerouted_at = rerouted_at.or(Some(second));
        }
        before = before.or(Some(known.1));
        last = Some(known.1);
    }
    drop(publisher);
    let summary = engine.shutdown_blocking().expect("the engine ends well");
    assert_eq!(summary.accounts.accepted, 4 + 90 * u64::from(CARS), "{:?}", summary.accounts);
    let later = last.zip(before).map(|(last, before)| last.since(before).secs_f64());
    Ride {
        round_it_at: round_it_at.expect("the jam is worth a way round"),
        rerouted_at,
        later_s: later.expect("there were ticks"),
    }
}

/// Once a tick is in force: why a trip's arrival time is what it is, and when; and whether the fastest way is by an edge.
fn in_force(
    view: &View,
    tick: Timestamp,
    trip: &Key,
    (from, to): (Coord, Coord),
    edge: EdgeId,
) -> ((Cause, Timestamp), bool) {
    // The shard of the trip has to have come to it, and some shard first of all.
    let is_so =
        || view.edge_speed(edge).as_of >= tick && view.trip(trip).is_some_and(|known| known.value.as_of >= tick);
    let mut looks = std::iter::repeat_with(|| (is_so(), std::thread::yield_now()).0).take(LOOKS_MAX);
    assert!(looks.any(|is_so| is_so), "{tick:?} has not come into force");
    let known = view.trip(trip).expect("it is under way").value;
    let arrival = known.arrival.expect("a way leads there");
    let fastest = view.route(from, to).expect("on roads").value.expect("a way leads there");
    ((known.cause, arrival.p50), fastest.edges.contains(&edge))
}

#[test]
fn a_jam_that_only_the_fleet_tells_of_is_driven_round_within_ten_seconds() {
    let town = town();
    let ride_on = ride(&town, Span::from_secs(3_600));
    assert_eq!(ride_on.rerouted_at, None, "nobody has left his way, and no road is closed");
    let rerouted = ride(&town, Span::from_secs(8));
    assert_eq!(rerouted.round_it_at, ride_on.round_it_at);
    // What is in force rests on what was known two ticks before.
    let after = rerouted.rerouted_at.map(|at| at - rerouted.round_it_at + 2);
    assert!(after.is_some_and(|after| (2..=10).contains(&after)), "{after:?} s after it was known");
    assert!(rerouted.later_s > 10.0, "{} s later by the way round", rerouted.later_s);
    assert!(ride_on.later_s > rerouted.later_s + 10.0, "{} s later through the jam", ride_on.later_s);
}
