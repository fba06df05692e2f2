use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

use etaflow_road::{Span, Timestamp};

use super::*;
use crate::event::{Offset, Reason};

/// The `number`th item of a publisher; replaceable if it has a driver.
#[derive(Debug, Clone, PartialEq)]
struct Ping {
    publisher: usize,
    number: u64,
    driver: Option<Key>,
}

impl BusItem for Ping {
    fn conflation_key(&self) -> Option<&Key> {
        self.driver.as_ref()
    }
}

fn ping(publisher: usize, number: u64) -> Ping {
    Ping { publisher, number, driver: None }
}

/// A bus that waits for full batches for as long as it may.
fn small(capacity_batches: usize, batch_max: usize) -> (Bus<Ping>, Intake<Ping>) {
    bus_of(BusConfig { capacity_batches, batch_max, flush: Span::from_secs(1), ..BusConfig::default() })
}

fn batch<T: std::fmt::Debug + BusItem>(intake: &mut Intake<T>) -> Vec<T> {
    match intake.recv_blocking() {
        Some(Incoming::Events(items)) => items,
        other => panic!("{other:?} is no batch"),
    }
}

/// Polls a future once, and drops it if it is not ready.
fn cancel<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Every event of every publisher is accounted for, and each publisher's come in order.
fn check_accounting(policy: Policy, single: bool) {
    const PUBLISHERS: usize = 6;
    const EACH: u64 = 20_000;
    let config = BusConfig { capacity_batches: 4, batch_max: 16, flush: Span::from_millis(1), conflate_max: 8 };
    let (bus, mut intake) = bus_of::<Ping>(config);
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|publisher| {
            let mut outlet = bus.publisher(policy);
            thread::spawn(move || {
                let mut refused = 0;
                let mut number = 0;
                while number < EACH {
                    let size = if single { 1 } else { 1 + (number * 7) % 40 }.min(EACH - number);
                    // Each tenth must not be replaced; the others are of 12 drivers, 4 more than can be held.
                    let driver = |number| (number % 10 != 0).then_some(Key::Number(number % 12));
                    let items = number..number + size;
                    let mut items: Vec<_> =
                        items.map(|number| Ping { publisher, number, driver: driver(number) }).collect();
                    number += size;
                    let result = match items.pop() {
                        Some(item) if single => outlet.publish_blocking(item),
                        Some(item) => {
                            items.push(item);
                            outlet.publish_batch_blocking(items)
                        }
                        None => Ok(()),
                    };
                    match result {
                        Ok(()) => {}
                        Err(PublishError::Full { offered, refused: more, capacity_batches }) => {
                            assert_eq!((policy, capacity_batches), (Policy::Refuse, 4));
                            assert!(more >= 1 && more <= offered && offered as u64 == size);
                            refused += more as u64;
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                refused
            })
        })
        .collect();
    let counts = bus.clone();
    drop(bus);
    let closer = thread::spawn(move || {
        let refused: u64 = publishers.into_iter().map(|publisher| publisher.join().unwrap()).sum();
        (refused, counts.counts())
    });
    let (mut delivered, mut next) = (0, BTreeMap::new());
    let mut unreplaceable = 0;
    while let Some(incoming) = intake.recv_blocking() {
        let Incoming::Events(items) = incoming else { panic!("only events were published") };
        assert!((1..=16).contains(&items.len()));
        for item in items {
            let next = next.entry((item.publisher, item.driver.clone())).or_insert(0);
            assert!(item.number >= *next, "{item:?} comes after {next}");
            *next = item.number + 1;
            delivered += 1;
            unreplaceable += u64::from(item.driver.is_none());
            if delivered % 64 == 0 {
                thread::yield_now();
            }
        }
    }
    let (refused, counts) = closer.join().unwrap();
    assert_eq!(counts.offered, PUBLISHERS as u64 * EACH);
    assert_eq!(counts.refused, refused);
    assert_eq!(counts.offered, delivered + counts.refused + counts.conflated);
    match policy {
        Policy::Await => assert_eq!((counts.refused, counts.conflated), (0, 0)),
        Policy::Refuse => assert_eq!(counts.conflated, 0),
        Policy::Conflate => {
            assert_eq!(counts.refused, 0);
            assert_eq!(unreplaceable, PUBLISHERS as u64 * EACH / 10);
            // The newest fix of each driver came through.
            let last = |driver: u64| (0..EACH).rev().find(|number| number % 10 != 0 && number % 12 == driver).unwrap();
            for (publisher, driver) in (0..PUBLISHERS).flat_map(|p| (0..12).map(move |driver| (p, driver))) {
                assert_eq!(next[&(publisher, Some(Key::Number(driver)))], last(driver) + 1);
            }
        }
    }
}

#[test]
fn every_event_is_accounted_for() {
    for policy in [Policy::Await, Policy::Refuse, Policy::Conflate] {
        for single in [true, false] {
            check_accounting(policy, single);
        }
    }
}

#[test]
fn events_join_the_batch_that_waits() {
    let (bus, mut intake) = small(4, 8);
    let mut publisher = bus.publisher(Policy::Await);
    for number in 0..11 {
        publisher.publish_blocking(ping(0, number)).unwrap();
    }
    assert_eq!(bus.queued_batches(), 2);
    assert_eq!(batch(&mut intake).len(), 8);
    // The second waits for more, until its publisher says that there is none.
    assert_eq!(intake.try_recv(), None);
    publisher.publish_batch_blocking(vec![ping(0, 11), ping(0, 12)]).unwrap();
    publisher.flush_blocking().unwrap();
    assert_eq!(batch(&mut intake), (8..13).map(|number| ping(0, number)).collect::<Vec<_>>());
    publisher.publish_batch_blocking((13..33).map(|number| ping(0, number)).collect()).unwrap();
    drop((publisher, bus));
    let sizes = std::iter::from_fn(|| intake.recv_blocking()).map(|incoming| match incoming {
        Incoming::Events(items) => items.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [8, 8, 4]);
}

#[test]
fn a_quiet_publisher_is_heard() {
    let (bus, mut intake) = bus_of(BusConfig { flush: Span::from_millis(1), ..BusConfig::default() });
    let mut publisher = bus.publisher(Policy::Await);
    publisher.publish_blocking(ping(0, 1)).unwrap();
    assert_eq!(batch(&mut intake), [ping(0, 1)]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    publisher.publish_blocking(ping(0, 2)).unwrap();
    assert_eq!(runtime.block_on(intake.recv()), Some(Incoming::Events(vec![ping(0, 2)])));
}

#[test]
fn the_clock_keeps_its_place() {
    let (bus, mut intake) = small(8, 8);
    let (mut one, mut two) = (bus.publisher(Policy::Await), bus.publisher(Policy::Refuse));
    let noon = Timestamp::from_secs(43_200);
    one.publish_blocking(ping(1, 0)).unwrap();
    two.publish_blocking(ping(2, 0)).unwrap();
    one.advance_to_blocking(noon).unwrap();
    // Both batches could take more, but these come after the clock.
    two.publish_blocking(ping(2, 1)).unwrap();
    one.publish_blocking(ping(1, 1)).unwrap();
    assert_eq!(batch(&mut intake), [ping(1, 0)]);
    assert_eq!(batch(&mut intake), [ping(2, 0)]);
    assert_eq!(intake.recv_blocking(), Some(Incoming::AdvanceTo(noon)));
    drop((one, two));
    assert_eq!(batch(&mut intake), [ping(2, 1)]);
    assert_eq!(batch(&mut intake), [ping(1, 1)]);
    assert_eq!(bus.counts(), BusCounts { offered: 4, ..BusCounts::default() });
}

#[test]
fn what_cannot_be_read_keeps_its_place() {
    let (bus, mut intake) = small(8, 8);
    let mut publisher = bus.publisher(Policy::Await);
    publisher.publish_blocking(ping(0, 0)).unwrap();
    blocking::wait_for(publisher.publish_undecodable(Reason::Malformed, "no JSON".into())).unwrap();
    publisher.publish_blocking(ping(0, 1)).unwrap();
    drop(publisher);
    assert_eq!(batch(&mut intake), [ping(0, 0)]);
    assert_eq!(intake.recv_blocking(), Some(Incoming::Undecodable(Reason::Malformed, "no JSON".into())));
    assert_eq!(batch(&mut intake), [ping(0, 1)]);
    assert_eq!(bus.counts().offered, 3);
}

#[test]
fn a_full_bus_refuses_what_has_no_place() {
    let (bus, mut intake) = small(2, 4);
    let mut publisher = bus.publisher(Policy::Refuse);
    publisher.publish_batch_blocking(vec![ping(0, 0)]).unwrap();
    let error = publisher.publish_batch_blocking((1..12).map(|number| ping(0, number)).collect()).unwrap_err();
    assert_eq!(error, PublishError::Full { offered: 11, refused: 4, capacity_batches: 2 });
    assert_eq!(error.to_string(), "the bus is full at 2 batches: 4 of 11 events refused");
    assert_eq!(bus.counts(), BusCounts { offered: 12, refused: 4, conflated: 0 });
    drop(publisher);
    assert_eq!([batch(&mut intake), batch(&mut intake)].concat(), (0..8).map(|n| ping(0, n)).collect::<Vec<_>>());
}

#[test]
fn the_newest_fix_is_held() {
    let (bus, mut intake) = small(1, 1);
    let fix = |number, driver| Ping { driver: Some(Key::Number(driver)), ..ping(0, number) };
    let mut publisher = bus.publisher(Policy::Conflate);
    for (number, driver) in [(0, 7), (1, 7), (2, 8), (3, 7), (4, 8)] {
        publisher.publish_blocking(fix(number, driver)).unwrap();
    }
    assert_eq!(bus.counts(), BusCounts { offered: 5, refused: 0, conflated: 2 });
    // A trip's event waits for the fixes before it.
    assert_eq!(cancel(publisher.publish(ping(0, 5))), None);
    assert_eq!(bus.counts().refused, 1);
    assert_eq!(batch(&mut intake), [fix(0, 7)]);
    assert_eq!(batch(&mut intake), [fix(3, 7)]);
    assert_eq!(cancel(publisher.publish(ping(0, 6))), Some(Ok(())));
    // What is held when a publisher is dropped still comes.
    publisher.publish_blocking(fix(7, 9)).unwrap();
    drop((publisher, bus));
    assert_eq!(batch(&mut intake), [fix(4, 8)]);
    assert_eq!(batch(&mut intake), [ping(0, 6)]);
    assert_eq!(batch(&mut intake), [fix(7, 9)]);
    assert_eq!(intake.recv_blocking(), None);
}

#[test]
fn a_cancelled_publish_is_counted() {
    let (bus, mut intake) = small(1, 2);
    let mut publisher = bus.publisher(Policy::Await);
    assert_eq!(cancel(publisher.publish_batch((0..5).map(|number| ping(0, number)).collect())), None);
    assert_eq!(bus.counts(), BusCounts { offered: 5, refused: 3, conflated: 0 });
    assert_eq!(cancel(publisher.publish(ping(0, 5))), None);
    assert_eq!(batch(&mut intake), [ping(0, 0), ping(0, 1)]);
    assert_eq!(cancel(publisher.publish(ping(0, 6))), Some(Ok(())));
    // A receive that is cancelled while it waits for more has taken nothing.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let entered = runtime.enter();
    assert_eq!(cancel(intake.recv()), None);
    assert_eq!(cancel(publisher.publish(ping(0, 7))), Some(Ok(())));
    assert_eq!(cancel(intake.recv()), Some(Some(Incoming::Events(vec![ping(0, 6), ping(0, 7)]))));
    assert_eq!(cancel(intake.recv()), None);
    drop(entered);
    // Without a timer nothing waits for more.
    assert_eq!(cancel(publisher.publish(ping(0, 8))), Some(Ok(())));
    assert_eq!(cancel(intake.recv()), Some(Some(Incoming::Events(vec![ping(0, 8)]))));
    assert_eq!(bus.counts(), BusCounts { offered: 9, refused: 4, conflated: 0 });
}

#[test]
fn a_closed_bus_drains() {
    let (bus, mut intake) = small(4, 4);
    let mut publisher = bus.publisher(Policy::Await);
    publisher.publish_blocking(ping(0, 0)).unwrap();
    bus.close();
    assert_eq!(publisher.publish_blocking(ping(0, 1)), Err(PublishError::Closed { refused: 1 }));
    assert_eq!(publisher.advance_to_blocking(Timestamp::default()), Err(PublishError::Closed { refused: 0 }));
    assert_eq!(batch(&mut intake), [ping(0, 0)]);
    assert_eq!(intake.recv_blocking(), None);
    assert_eq!(bus.counts(), BusCounts { offered: 2, refused: 1, conflated: 0 });
}

#[test]
fn a_dropped_intake_frees_its_publishers() {
    for policy in [Policy::Await, Policy::Refuse, Policy::Conflate] {
        let (bus, intake) = small(1, 2);
        let mut publisher = bus.publisher(policy);
        let worker = thread::spawn(move || {
            let mut number = 0;
            loop {
                let item = Ping { driver: (number % 3 > 0).then_some(Key::Number(number)), ..ping(0, number) };
                match publisher.publish_blocking(item) {
                    Err(PublishError::Closed { .. }) => return,
                    _ => number += 1,
                }
            }
        });
        while bus.counts().offered < 3 {
            thread::yield_now();
        }
        drop(intake);
        worker.join().unwrap();
        let counts = bus.counts();
        assert_eq!(counts.offered, counts.refused + counts.conflated, "{policy:?}");
    }
}

#[test]
fn settings_out_of_bounds_are_named() {
    let error = BusConfig { batch_max: 4_097, ..BusConfig::default() }.validate().unwrap_err();
    assert_eq!(error.to_string(), "batch_max is 4097, must be 1 to 4096");
    BusConfig::default().validate().unwrap();
}

#[test]
fn a_dead_group_stalls_nobody() {
    const ITEMS: u64 = 100_000;
    let fanout = Fanout::new();
    let dead = fanout.join("dead", 4);
    // Two members share one group, a third is a group alone; its queue takes everything.
    let workers: Vec<_> = [("pair", 64), ("pair", 64), ("all", ITEMS as usize)]
        .map(|(group, capacity)| {
            let mut member = fanout.join(group, capacity);
            thread::spawn(move || {
                let (mut seen, mut missed) = (Vec::new(), Vec::new());
                while let Some(delivery) = member.recv_blocking() {
                    match delivery {
                        Delivery::Item { position, item } => {
                            assert_eq!(position, item);
                            seen.push(item);
                        }
                        Delivery::Gap { from, missed: count } => missed.extend(from..from + count),
                    }
                }
                assert!(seen.is_sorted());
                (seen, missed)
            })
        })
        .into_iter()
        .collect();
    for item in 0..ITEMS {
        fanout.publish(item);
    }
    let counts = fanout.groups();
    assert_eq!(
        counts[0],
        GroupCounts { group: "dead".into(), published: ITEMS, missed: ITEMS - 4, queued: 4, members: 1 }
    );
    drop(fanout);
    let mut results = workers.into_iter().map(|worker| worker.join().unwrap());
    let (one, two, all) = (results.next().unwrap(), results.next().unwrap(), results.next().unwrap());
    assert_eq!(all, ((0..ITEMS).collect(), vec![]));
    assert_eq!((one.1.len() + two.1.len()) as u64, counts[1].missed);
    let mut together = [one.0, one.1, two.0, two.1].concat();
    together.sort_unstable();
    assert_eq!(together, (0..ITEMS).collect::<Vec<_>>());
    drop(dead);
}

#[test]
fn a_gap_is_told_before_the_next_item() {
    let fanout = Fanout::new();
    let mut member = fanout.join("slow", 2);
    for item in 0..5 {
        fanout.publish(item);
    }
    let item = |position| Some(Delivery::Item { position, item: position });
    assert_eq!(member.try_recv(), item(0));
    assert_eq!(member.try_recv(), item(1));
    fanout.publish(5);
    fanout.publish(6);
    fanout.publish(7);
    assert_eq!(member.try_recv(), Some(Delivery::Gap { from: 2, missed: 3 }));
    assert_eq!(member.try_recv(), item(5));
    // A gap at the end is told too, even after the close.
    drop(fanout);
    assert_eq!(member.recv_blocking(), Some(Delivery::Gap { from: 6, missed: 2 }));
    assert_eq!(member.recv_blocking(), None);
}

#[test]
fn groups_join_and_leave() {
    let fanout = Fanout::new();
    fanout.publish(0);
    let mut first = fanout.join("a", 8);
    fanout.publish(1);
    let mut late = fanout.join("b", 8);
    drop(fanout.join("a", 1));
    fanout.publish(2);
    assert_eq!(first.try_recv(), Some(Delivery::Item { position: 1, item: 1 }));
    assert_eq!(late.try_recv(), Some(Delivery::Item { position: 2, item: 2 }));
    assert_eq!(first.group(), "a");
    drop(first);
    assert_eq!(fanout.groups().len(), 1);
    // A group that comes back begins anew.
    let mut again = fanout.join("a", 8);
    assert_eq!((again.try_recv(), fanout.published()), (None, 3));
    let (told, hears) = mpsc::sync_channel(1);
    let worker = thread::spawn(move || told.send(again.recv_blocking()));
    fanout.close();
    assert_eq!(hears.recv(), Ok(None));
    worker.join().unwrap().unwrap();
    assert_eq!(fanout.join("c", 8).recv_blocking(), None);
}

#[test]
fn json_is_published_or_said_to_be_none() {
    let (bus, mut intake) = bus(BusConfig { flush: Span::from_secs(1), ..BusConfig::default() });
    let mut publisher = bus.publisher(Policy::Await);
    let event = |number: u64| Event {
        source: Key::Number(1),
        id: crate::event::EventId::Sequence(number),
        time: Timestamp::from_secs(1),
        due: None,
        data: EventData::TripPickedUp { trip: Key::Number(number) },
    };
    let text = |number| event(number).to_json().unwrap();
    let batch_text = format!(" [{},{},7,{}]", text(1), text(2), text(3));
    for text in [text(0), batch_text, "[".into(), "{".into()] {
        blocking::wait_for(publisher.publish_json(text.as_bytes())).unwrap();
    }
    drop(publisher);
    assert_eq!(batch(&mut intake), [event(0), event(1), event(2)]);
    let undecodable = |intake: &mut Intake| match intake.recv_blocking() {
        Some(Incoming::Undecodable(Reason::Malformed, detail)) => detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(undecodable(&mut intake), "not a CloudEvents JSON object: a number");
    assert_eq!(batch(&mut intake), [event(3)]);
    assert!(undecodable(&mut intake).starts_with("not a JSON array"));
    assert!(undecodable(&mut intake).starts_with("not a CloudEvents JSON object: EOF"));
    assert_eq!(bus.counts().offered, 7);
}

#[test]
fn a_question_comes_behind_all_that_its_publisher_has_published() {
    for policy in [Policy::Await, Policy::Refuse, Policy::Conflate] {
        let (bus, mut intake) = small(8, 4);
        let (mut one, mut other) = (bus.publisher(policy), bus.publisher(policy));
        one.publish_blocking(ping(0, 0)).unwrap();
        other.publish_blocking(ping(1, 0)).unwrap();
        let asking = thread::spawn(move || {
            let answer = one.acknowledge_blocking();
            (one, answer)
        });
        assert_eq!(batch(&mut intake), [ping(0, 0)]);
        // The other one's batch may still wait for more; the question does not seal it.
        assert_eq!(batch(&mut intake), [ping(1, 0)]);
        let Some(Incoming::Barrier(barrier)) = intake.recv_blocking() else { panic!("there is a question") };
        assert!(!barrier.is_abandoned());
        barrier.answer(Ok(Offset(7)));
        barrier.answer(Err("too late".to_owned()));
        let (mut one, answer) = asking.join().unwrap();
        assert_eq!(answer, Ok(Offset(7)));
        assert_eq!(bus.counts().offered, 2, "a question is no event");

        let asking = thread::spawn(move || (one.acknowledge_blocking(), one.acknowledge_blocking()));
        let Some(Incoming::Barrier(barrier)) = intake.recv_blocking() else { panic!("there is a question") };
        barrier.answer(Err("the disk is full".to_owned()));
        // Nobody answers the second one.
        drop(intake);
        let (failed, closed) = asking.join().unwrap();
        assert_eq!(failed, Err(PublishError::NotDurable { why: "the disk is full".to_owned() }));
        assert_eq!(closed, Err(PublishError::Closed { refused: 0 }));
    }
}

#[test]
fn who_no_longer_waits_for_an_answer_has_lost_nothing() {
    let (bus, mut intake) = small(8, 4);
    let mut publisher = bus.publisher(Policy::Await);
    publisher.publish_blocking(ping(0, 0)).unwrap();
    assert!(cancel(publisher.acknowledge()).is_none());
    publisher.publish_blocking(ping(0, 1)).unwrap();
    drop((publisher, bus));
    assert_eq!(batch(&mut intake), [ping(0, 0)]);
    let Some(Incoming::Barrier(barrier)) = intake.recv_blocking() else { panic!("there is a question") };
    assert!(barrier.is_abandoned());
    barrier.answer(Ok(Offset(1)));
    assert_eq!(batch(&mut intake), [ping(0, 1)]);
    assert_eq!(intake.recv_blocking(), None);
}
