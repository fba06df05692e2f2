//! Falling behind and catching up, and those who ask and listen meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etaflow::{
    Applied, Cause, Delivery, DriverId, EdgeId, Engine, EngineState, FleetChange, Key, Lag, LogError, Observer, Offset,
    OutputBatch, Policy, Publisher, QueryError, Seconds, Span,
};
use etaflow_road::{Coord, Metres, Metric, Position, Query};
use etaflow_simulator::FaultConfig;
use futures::StreamExt;

use crate::load::{Load, START, city, publish, scenario};

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..4_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not within 20 s: {what}");
}

/// Who can take a trip, and under which travel times, as an observer sees it.
#[derive(Default)]
struct Watch {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    available: BTreeMap<DriverId, Position>,
    metric: Option<(u64, Arc<Metric>)>,
}

impl Observer for Watch {
    fn on_applied(&self, applied: &Applied<'_>) {
        let mut seen = self.seen.lock().expect("nobody panics");
        for change in &applied.effects.fleet {
            match *change {
                FleetChange::Available { driver, position, .. } => _ = seen.available.insert(driver, position),
                FleetChange::Unavailable { driver } | FleetChange::Forgotten { driver } => {
                    seen.available.remove(&driver);
                }
            }
        }
        if seen.metric.as_ref().is_none_or(|(number, _)| *number < applied.epoch.number) {
            seen.metric = Some((applied.epoch.number, Arc::clone(&applied.epoch.metric)));
        }
    }
}

/// Offers a part of the load.
fn offer(publisher: &mut Publisher, load: &Load, steps: std::ops::Range<usize>) {
    for (until, due) in &load.steps[steps] {
        publish(publisher, due);
        publisher.advance_to_blocking(*until).expect("the engine takes it in");
    }
}

/// Waits until the engine has come as far as the load's step before `step`, and says so.
async fn drained(engine: &Engine, load: &Load, step: usize) {
    let time = load.steps[step - 1].0;
    until("the engine has caught up", || {
        let lag = engine.view().lag();
        let taken = engine.applied() == engine.log().end() && engine.view().edge_speed(EdgeId(0)).as_of == time;
        taken && (lag.records, lag.behind) == (Some(0), Some(Span::ZERO))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_seen_while_it_lasts_and_caught_up_with() {
    let load = Load::new(200, FaultConfig::default(), 9, START, 60);
    let engine = Engine::start(city(), &scenario(2)).expect("the configuration is valid");
    let view = engine.view().clone();
    let live = Lag { records: Some(0), behind: Some(Span::ZERO), catch_up: Some(Span::ZERO), state: EngineState::Live };
    assert_eq!(view.lag(), live, "nothing has come yet");
    let mut publisher = engine.publisher(Policy::Await);
    offer(&mut publisher, &load, 0..100);
    drained(&engine, &load, 100).await;
    assert_eq!(view.lag(), live);
    let mut known = (0..40).map(Key::Number).filter_map(|trip| Some((view.trip(&trip)?, trip)));
    let under_way = |cause| !matches!(cause, Cause::Completed | Cause::Cancelled);
    let (before, trip) = known.find(|(known, _)| under_way(known.value.cause)).expect("a trip is under way");
    assert!(before.value.arrival.is_some(), "{before:?}");
    assert_eq!((before.state, before.as_of), (EngineState::Live, START + Span::from_secs(20)));

    engine.suspend();
    let mut last = Some(0);
    for part in [100..150, 150..200, 200..250] {
        offer(&mut publisher, &load, part);
        until("the lag has grown", || view.lag().records > last.map(|last| last + 1_000)).await;
        last = view.lag().records;
    }
    let lag = view.lag();
    assert_eq!(lag.state, EngineState::CatchingUp);
    let behind = lag.behind.expect("it is known").secs_f64();
    assert!((27.0..=30.0).contains(&behind), "{behind} s behind after an outage of 30 s");
    // A drain of nothing never catches up.
    until("it is unknown when it ends", || view.lag().catch_up.is_none()).await;
    let during = view.trip(&trip).expect("still known");
    assert_eq!(during.state, EngineState::CatchingUp);
    assert_eq!((during.as_of, during.value.arrival), (before.as_of, before.value.arrival), "time stands");

    engine.resume();
    drained(&engine, &load, 250).await;
    assert_eq!(view.lag(), live);
    offer(&mut publisher, &load, 250..300);
    drop(publisher);
    let log = Arc::clone(engine.log());
    let summary = engine.shutdown().await.expect("the engine ends well");
    assert!(summary.accounts.balance() && summary.accounts.offered == load.len(), "{:?}", summary.accounts);
    assert_eq!(view.lag().records, Some(0));
    assert_eq!(log.end().0, summary.records);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_nearest_is_who_is_soonest_of_all() {
    let load = Load::new(300, FaultConfig::default(), 13, START, 90);
    let watch = Arc::new(Watch::default());
    let observer: Arc<dyn Observer> = Arc::clone(&watch) as _;
    let engine = Engine::start_observed(city(), &scenario(2), Some(observer)).expect("the configuration is valid");
    let mut publisher = engine.publisher(Policy::Await);
    offer(&mut publisher, &load, 0..load.steps.len());
    drained(&engine, &load, load.steps.len()).await;

    let network = city();
    let mut query = Query::new(Arc::clone(&network));
    let (available, (epoch, metric)) = {
        let seen = watch.seen.lock().expect("nobody panics");
        (seen.available.clone(), seen.metric.clone().expect("there were ticks"))
    };
    assert!(available.len() > 50 && epoch > 80, "{} available at epoch {epoch}", available.len());
    assert_ne!(*metric, Metric::free_flow(&network), "nothing was learned");
    let view = engine.view();
    for nth in 0..40 {
        let edge = network.edges().nth(nth * 53 % network.edge_count()).expect("within");
        let at = network.coord_at(edge, network.length_mm(edge) / 3);
        let snap = view.index().snap(&network, at, Metres(1_000.0)).expect("on a road");
        let mut all: Vec<(u32, String)> = available
            .iter()
            .filter_map(|(&driver, &position)| {
                let time = query.duration(&metric, &[position], snap.positions())?;
                Some((time, engine.dictionary().driver_key(driver)?.to_string()))
            })
            .collect();
        all.sort();
        let within = Seconds(300.0);
        let answer = view.nearest(at, 10, within).expect("a road is near");
        assert_eq!((answer.epoch, answer.state), (epoch, EngineState::Live));
        let times: Vec<u32> = answer.value.iter().map(|nearby| (nearby.travel.0 * 1e3).round() as u32).collect();
        let expected: Vec<u32> = all.iter().map(|&(time, _)| time).filter(|&time| time <= 300_000).take(10).collect();
        assert_eq!(times, expected, "at {at:?}");
        for nearby in &answer.value {
            let time = (nearby.travel.0 * 1e3).round() as u32;
            assert!(all.contains(&(time, nearby.driver.to_string())), "{nearby:?}");
            assert!(answer.as_of.since(nearby.seen_at) <= Span::from_secs(120), "{nearby:?}");
        }
    }
    let sea = Coord::from_degrees(0.0, -30.0).expect("on the globe");
    assert!(matches!(view.nearest(sea, 1, Seconds(60.0)), Err(QueryError::NoRoad { .. })));
    assert!(matches!(view.nearest(sea, 1_001, Seconds(60.0)), Err(QueryError::TooMany { max: 1_000, .. })));
    drop(publisher);
    engine.shutdown().await.expect("the engine ends well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_hears_of_a_trip_until_it_has_ended() {
    let load = Load::new(200, FaultConfig::default(), 9, START, 200);
    let engine = Engine::start(city(), &scenario(2)).expect("the configuration is valid");
    // Before anybody has heard of them.
    let streams: Vec<_> =
        (0..30_u64).map(|trip| engine.subscribe(&Key::Number(trip)).expect("there is room")).collect();
    let listeners: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(stream.collect::<Vec<_>>())).collect();
    let mut publisher = engine.publisher(Policy::Await);
    offer(&mut publisher, &load, 0..load.steps.len());
    drained(&engine, &load, load.steps.len()).await;
    let ended = engine.subscribe(&Key::Number(1 << 40)).expect("there is room");
    drop(publisher);
    let dictionary = Arc::clone(engine.dictionary());
    engine.shutdown().await.expect("the engine ends well");
    assert_eq!(ended.collect::<Vec<_>>().await, [], "nobody's trip");
    let mut completed = 0;
    for (trip, listener) in listeners.into_iter().enumerate() {
        let updates = listener.await.expect("listeners do not panic");
        let last = updates.last().unwrap_or_else(|| panic!("nothing of trip {trip}"));
        assert!(updates.windows(2).all(|pair| pair[0].offset < pair[1].offset), "{updates:?}");
        assert!(updates.iter().all(|update| update.trip == last.trip));
        assert_eq!(dictionary.trip_key(last.trip), Some(Key::Number(trip as u64)));
        let is_end = |cause| matches!(cause, Cause::Completed | Cause::Cancelled);
        assert!(updates[..updates.len() - 1].iter().all(|update| !is_end(update.cause)), "{updates:?}");
        if last.cause == Cause::Completed {
            completed += 1;
            let arrival = last.arrival.expect("it has arrived");
            assert_eq!((arrival.p10, arrival.p50, arrival.p90), (last.as_of, last.as_of, last.as_of));
        }
        for arrival in updates.iter().filter_map(|update| Some((update.as_of, update.arrival?))) {
            let (as_of, arrival) = arrival;
            assert!(as_of <= arrival.p10 && arrival.p10 <= arrival.p50 && arrival.p50 <= arrival.p90);
        }
    }
    assert!(completed >= 10, "{completed} of 30 trips were completed");
}

/// How many outputs a group has got and how many batches it has missed, and the position after the last.
fn take_all(reader: &mut etaflow::OutputReader, from: u64) -> (u64, u64, u64) {
    let (mut got, mut missed, mut next) = (0, 0, from);
    while let Some(delivery) = reader.recv_blocking() {
        match delivery {
            Delivery::<OutputBatch>::Item { position, item } => {
                assert_eq!(position, next);
                (got, next) = (got + item.len() as u64, position + 1);
            }
            Delivery::Gap { from, missed: count } => {
                assert_eq!(from, next);
                (missed, next) = (missed + count, from + count);
            }
        }
    }
    (got, missed, next)
}

#[test]
fn a_slow_group_is_told_what_it_missed_and_a_late_one_begins_where_it_joins() {
    let load = Load::new(200, FaultConfig::default(), 9, START, 60);
    let engine = Engine::start(city(), &scenario(2)).expect("the configuration is valid");
    let (mut fast, mut slow) = (engine.outputs("fast", 1 << 20), engine.outputs("slow", 2));
    let mut witness = engine.outputs("witness", 1 << 20);
    let mut publisher = engine.publisher(Policy::Await);
    let half = load.steps.len() / 2;
    offer(&mut publisher, &load, 0..half);
    // Late is who joins after something has been told.
    assert!(witness.recv_blocking().is_some());
    let mut late = engine.outputs("late", 1 << 20);
    let joined_at = engine.log().end();
    offer(&mut publisher, &load, half..load.steps.len());
    drop(publisher);
    let log = Arc::clone(engine.log());
    let (early, middle) = (engine.records(Offset(0)), engine.records(joined_at));
    let summary = engine.shutdown_blocking().expect("the engine ends well");

    let (got, missed, batches) = take_all(&mut fast, 0);
    assert_eq!((got, missed), (summary.outputs, 0));
    let (got_slow, missed, next) = take_all(&mut slow, 0);
    assert!(missed > 0 && got_slow < got, "{missed} of {batches} were missed");
    assert_eq!(next, batches, "what it got and what it missed is all there was");
    let first = match late.recv_blocking() {
        Some(Delivery::Item { position, item }) => {
            assert!(position > 0 && !item.is_empty());
            (position, item.len() as u64)
        }
        other => panic!("{other:?}"),
    };
    let (got_late, missed, next) = take_all(&mut late, first.0 + 1);
    assert_eq!((missed, next), (0, batches));
    assert!(got_late + first.1 < got);

    for (mut reader, from) in [(early, 0), (middle, joined_at.0)] {
        let mut next = from;
        while let Some(batch) = reader.next_blocking().expect("is kept") {
            for record in batch.records() {
                assert_eq!(record.offset.0, next);
                next += 1;
            }
        }
        assert_eq!(next, summary.records);
        assert_eq!((reader.behind(), reader.next_offset()), (0, log.end()));
    }
    let past = etaflow::LogReader::new(log, Offset(summary.records + 1)).poll().map(|_| ());
    assert_eq!(past, Err(LogError::PastEnd { from: summary.records + 1, end: summary.records }));
}
