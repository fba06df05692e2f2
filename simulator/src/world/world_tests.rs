use std::sync::Arc;

use etaflow::{Clock, Event, EventData, EventId, Key, WallClock};
use etaflow_road::{Network, Span, SyntheticCity, Timestamp};

use super::testing::town;
use super::world::PACE;
use super::*;

const START: Timestamp = Timestamp::from_secs(1_700_000_000);

fn config() -> WorldConfig {
    WorldConfig { drivers: 400, trips_under_way: 80, incidents_per_min: 20.0, ..WorldConfig::default() }
}

fn world(network: &Arc<Network>, seed: u64) -> World {
    World::new(Arc::clone(network), config(), seed, START)
}

fn run(world: &mut World, seconds: i64) -> Vec<Emission> {
    let mut out = Vec::new();
    world.advance(START + Span::from_secs(seconds), &mut out);
    out
}

#[test]
fn the_same_seed_says_the_same_however_it_is_asked() {
    let network = Arc::new(town());
    let at_once = run(&mut world(&network, 5), 60);
    let mut in_steps = Vec::new();
    let mut other = world(&network, 5);
    for step in 1..=600 {
        other.advance(START + Span::from_millis(step * 100), &mut in_steps);
    }
    assert_eq!(at_once.len(), in_steps.len());
    assert!(at_once == in_steps);
    assert!(at_once != run(&mut world(&network, 6), 60));
}

#[test]
fn emissions_are_in_order_and_each_source_numbers_its_own() {
    let network = Arc::new(town());
    let out = run(&mut world(&network, 1), 120);
    assert!(out.windows(2).all(|pair| pair[0].due <= pair[1].due));
    let mut next = [0_u64; 5];
    for Emission { due, event } in &out {
        assert_eq!((event.time, event.due), (*due, Some(*due)));
        let (Key::Number(source), EventId::Sequence(id)) = (&event.source, &event.id) else {
            panic!("sources have numbers: {event:?}");
        };
        assert_eq!(*id, next[*source as usize]);
        next[*source as usize] += 1;
    }
    assert!(next.iter().all(|&count| count > 0));
}

#[test]
fn every_driver_says_where_it_is_once_a_second_unless_in_a_tunnel() {
    let network = Arc::new(town());
    let mut world = world(&network, 2);
    let out = run(&mut world, 60);
    let fixes = out.iter().filter(|emission| is_fix(&emission.event)).count() as u64;
    let counts = world.truth().counts();
    assert_eq!(counts.fixes, fixes);
    assert_eq!(counts.events, out.len() as u64);
    assert_eq!(counts.fixes + counts.hidden_fixes, 400 * 60);
    assert!(counts.hidden_fixes > 0);
}

fn is_fix(event: &Event) -> bool {
    matches!(event.data, EventData::LocationUpdated { .. })
}

#[test]
fn vehicles_keep_to_the_streets_and_to_their_speeds() {
    let network = Arc::new(town());
    let mut world = world(&network, 3);
    let mut out = Vec::new();
    let mut before: Vec<DriverTruth> = (0..400).map(|driver| world.truth().driver(driver).expect("exists")).collect();
    let mut entered = 0;
    // Steps much shorter than the shortest street is long, so that one driver passes one node at most.
    for step in 1..=240 {
        out.clear();
        world.advance(START + Span::from_secs(step), &mut out);
        for (driver, before) in before.iter_mut().enumerate() {
            let now = world.truth().driver(driver as u64).expect("exists");
            let (from, to) = (before.position, now.position);
            let fastest = network.edges().map(|edge| world.truth().speed_max(edge).0).fold(0.0, f64::max);
            assert!(now.speed.0 <= fastest * PACE.1 + 1e-3, "driver {driver}: {now:?}");
            if from.edge == to.edge {
                let limit = world.truth().speed_max(to.edge).0 * PACE.1;
                let driven = (f64::from(to.offset_mm) - f64::from(from.offset_mm)) / 1e3;
                assert!((-1e-3..=limit + 0.02).contains(&driven), "driver {driver}: {driven} m");
            } else {
                entered += 1;
                let follows = network.successors(from.edge).any(|(next, _)| next == to.edge);
                let over_one = network.successors(from.edge).any(|(next, _)| {
                    network.length_mm(next) < 20_000 && network.successors(next).any(|(after, _)| after == to.edge)
                });
                assert!(follows || over_one, "driver {driver} from {from:?} to {to:?}");
            }
            assert!(to.offset_mm <= network.length_mm(to.edge) + 1);
            *before = now;
        }
    }
    assert!(entered > 2_000, "{entered}");
}

#[test]
fn nobody_enters_a_closed_road() {
    let network = Arc::new(town());
    let mut world = world(&network, 4);
    let mut out = Vec::new();
    let mut closed_ever = 0;
    let mut closed: Vec<bool> = vec![false; network.edge_count()];
    let mut edge_of: Vec<_> =
        (0..400).map(|driver| world.truth().driver(driver).expect("exists").position.edge).collect();
    for step in 1..=300 {
        world.advance(START + Span::from_secs(step), &mut out);
        for (driver, edge_of) in edge_of.iter_mut().enumerate() {
            let edge = world.truth().driver(driver as u64).expect("exists").position.edge;
            // Closed before this step and still: who comes in now passed the barrier.
            if closed[edge.index()] && world.truth().is_closed(edge) {
                assert_eq!(edge, *edge_of, "driver {driver}");
            }
            *edge_of = edge;
        }
        for edge in network.edges() {
            closed[edge.index()] = world.truth().is_closed(edge);
        }
        closed_ever += closed.iter().filter(|&&closed| closed).count();
    }
    assert!(closed_ever > 0);
    let (mut shut, mut opened) = (0, 0);
    for Emission { event, .. } in &out {
        if let EventData::RoadClosed(road) | EventData::RoadReopened(road) = event.data {
            assert_eq!(network.edges_between(road.from_node, road.to_node).len(), 1);
            shut += u64::from(matches!(event.data, EventData::RoadClosed(_)));
            opened += u64::from(matches!(event.data, EventData::RoadReopened(_)));
        }
    }
    assert!(opened > 0);
    assert_eq!(shut - opened, world.truth().counts().closed_edges);
}

#[test]
fn trips_go_through_their_states_and_their_number_holds() {
    let network = Arc::new(town());
    let mut world = world(&network, 7);
    let mut out = Vec::new();
    for step in 1..=1_200 {
        world.advance(START + Span::from_secs(step), &mut out);
        let under_way = world.truth().counts().trips_under_way;
        if step >= 5 {
            assert!((56..=104).contains(&under_way), "{under_way} trips after {step} s");
        }
    }
    let (mut completed, mut cancelled) = (0, 0);
    for trip in world.truth().trips() {
        let times = [Some(trip.requested_at), trip.assigned_at, trip.picked_up_at, trip.completed_at];
        let known: Vec<_> = times.iter().flatten().collect();
        assert!(known.windows(2).all(|pair| pair[0] <= pair[1]), "{trip:?}");
        assert!(times.windows(2).all(|pair| pair[0].is_some() || pair[1].is_none()), "{trip:?}");
        assert!(trip.completed_at.is_none() || trip.cancelled_at.is_none());
        assert!(trip.cancelled_at.is_none() || trip.picked_up_at.is_none());
        completed += u64::from(trip.completed_at.is_some());
        cancelled += u64::from(trip.cancelled_at.is_some());
    }
    let counts = world.truth().counts();
    assert_eq!((completed, cancelled), (counts.completed, counts.cancelled));
    assert!(completed > 200 && cancelled > 0, "{counts:?}");
    let said = |kind: &str| out.iter().filter(|emission| emission.event.data.type_name() == kind).count() as u64;
    assert_eq!(said("trip.requested"), counts.requested);
    assert_eq!(said("trip.completed"), completed);
    assert_eq!(said("trip.cancelled"), cancelled);
    assert_eq!(counts.requested, completed + cancelled + counts.trips_under_way);
}

#[test]
fn a_trip_ends_where_its_rider_wants_to_go() {
    let network = Arc::new(town());
    let mut world = world(&network, 8);
    let (mut out, mut seen, mut checked) = (Vec::new(), 0, 0);
    for step in 1..=3_000 {
        world.advance(START + Span::from_millis(step * 100), &mut out);
        for Emission { event, .. } in &out[seen..] {
            if let EventData::TripCompleted { trip: Key::Number(trip) } = event.data {
                let truth = world.truth().trip(trip).expect("exists");
                let driver = world.truth().driver(truth.driver.expect("was assigned")).expect("exists");
                assert!(driver.coord.distance(truth.dropoff).0 < 1.0, "{truth:?} {driver:?}");
                checked += 1;
            }
        }
        seen = out.len();
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn what_remains_of_a_trip_is_about_what_it_takes() {
    let network = Arc::new(town());
    let calm = WorldConfig { congestion: 0.0, incidents_per_min: 0.0, ..config() };
    let mut world = World::new(network, calm, 9, START);
    let mut out = Vec::new();
    world.advance(START + Span::from_secs(30), &mut out);
    let forecast: Vec<_> = world.truth().trips().iter().map(|trip| world.truth().remaining(trip.trip)).collect();
    world.advance(START + Span::from_secs(1_500), &mut out);
    let (mut error, mut took, mut count) = (0.0, 0.0, 0);
    for (trip, forecast) in world.truth().trips().iter().zip(&forecast) {
        if let (Some(forecast), Some(completed)) = (forecast, trip.completed_at) {
            let truly = completed.since(START + Span::from_secs(30)).secs_f64();
            error += (forecast.secs_f64() - truly).abs();
            took += truly;
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
    assert!(error < 0.15 * took, "{error} of {took} s");
}

/// Prints how fast the world is: `cargo test --release -p etaflow-simulator --lib -- --ignored --nocapture world_rate`.
#[test]
#[ignore = "measures, and asserts nothing that a slow machine would fail"]
fn world_rate() {
    let network = Arc::new(SyntheticCity::default().build());
    let clock = WallClock::new();
    let lap = |since: &mut Timestamp| {
        let now = clock.now();
        now.since(std::mem::replace(since, now)).secs_f64()
    };
    let mut since = clock.now();
    let config = WorldConfig { drivers: 10_000, trips_under_way: 1_500, time_of_day_h: 7.0, ..WorldConfig::default() };
    let mut world = World::new(Arc::clone(&network), config, 1, START);
    println!("{} nodes, {} edges; made in {:.3} s", network.node_count(), network.edge_count(), lap(&mut since));
    let mut out = Vec::new();
    for step in 1..=12 {
        let mut said = 0;
        for tenth in 0..100 {
            out.clear();
            world.advance(START + Span::from_millis(step * 10_000 + tenth * 100), &mut out);
            said += out.len();
        }
        let took = lap(&mut since);
        let speeds = network.edges().map(|edge| world.truth().speed(edge).0 / network.free_flow_speed(edge).0);
        let share = speeds.sum::<f64>() / network.edge_count() as f64;
        println!("{said} events in {took:.3} s: {:.0} events/s; {share:.3} of free speed", said as f64 / took);
        println!("  {:?}", world.truth().counts());
    }
    assert!(world.truth().counts().completed > 0);
}

#[test]
fn a_world_can_live_in_a_thread_of_its_own() {
    fn assert_send<T: Send>() {}
    assert_send::<World>();
}

#[test]
fn fixes_are_as_far_from_the_truth_as_asked_for() {
    let network = Arc::new(town());
    let mut world = World::new(network, WorldConfig { gps_outlier_share: 0.0, ..config() }, 11, START);
    let (mut out, mut square, mut count) = (Vec::new(), 0.0, 0.0);
    for step in 1..=6_000 {
        out.clear();
        world.advance(START + Span::from_millis(step * 10), &mut out);
        for Emission { event, .. } in &out {
            if let EventData::LocationUpdated { driver: Key::Number(driver), fix } = &event.data {
                let truth = world.truth().driver(*driver).expect("exists");
                square += fix.coord().distance(truth.coord).0.powi(2);
                count += 1.0;
            }
        }
    }
    let sigma = (square / count / 2.0_f64).sqrt();
    assert!(count > 20_000.0 && (3.7..4.3).contains(&sigma), "{sigma} of {count}");
}
