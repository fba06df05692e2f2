use super::super::id::tests::{effect, update};
use super::*;

const NOW: Timestamp = Timestamp::from_secs(0);
const ALL: Offset = Offset(u64::MAX);

fn outbox(batch_max: usize, queue_max: usize, backlog_max: usize) -> Outbox {
    let config = DeliveryConfig { batch_max, queue_max, backlog_max, ..DeliveryConfig::default() };
    Outbox::new(&config, Mark::default())
}

/// Offers what the records tell of trips.
fn tell(outbox: &mut Outbox, told: &[(u64, u32)]) {
    told.iter().for_each(|&(offset, trip)| outbox.offer(effect(&update(offset, trip, false))));
}

/// Takes all that may go out, as offsets and trips.
fn take(outbox: &mut Outbox, now: Timestamp) -> Vec<(u64, u32)> {
    let mut all = Vec::new();
    while !outbox.next(now, false).is_empty() {
        all.extend(outbox.in_flight.iter().map(|effect| (effect.id.offset.0, effect.id.trip.0)));
        outbox.delivered();
    }
    all
}

#[test]
fn a_live_engine_tells_all_and_one_that_catches_up_the_newest_of_each_trip() {
    let told = [(1, 7), (2, 8), (3, 7), (4, 7), (4, 9)];
    let mut live = outbox(2, 9, 99);
    live.set_live(true);
    tell(&mut live, &told);
    live.settle(ALL);
    assert_eq!(take(&mut live, NOW), told);

    let mut behind = outbox(2, 9, 99);
    tell(&mut behind, &told);
    behind.settle(ALL);
    assert_eq!(take(&mut behind, NOW), [], "until it is live");
    behind.set_live(true);
    assert_eq!(take(&mut behind, NOW), [(2, 8), (4, 7), (4, 9)]);
    tell(&mut behind, &[(5, 7), (6, 7)]);
    behind.settle(ALL);
    assert_eq!(take(&mut behind, NOW), [(5, 7), (6, 7)], "all again, from then on");
}

#[test]
fn a_sink_that_falls_behind_gets_the_newest_of_each_trip() {
    let mut slow = outbox(9, 3, 99);
    slow.set_live(true);
    tell(&mut slow, &[(1, 7), (2, 8), (3, 7), (4, 7), (5, 7)]);
    slow.settle(ALL);
    assert_eq!(take(&mut slow, NOW), [(2, 8), (5, 7)]);
}

/// Else the power could take the newer one with the log's tail, when what came after the older one was marked already.
#[test]
fn one_that_is_durable_is_not_replaced_by_one_that_is_not() {
    let mut outbox = outbox(9, 1, 99);
    outbox.set_live(true);
    tell(&mut outbox, &[(1, 7), (2, 8), (3, 8), (4, 7)]);
    outbox.settle(Offset(4));
    assert_eq!(take(&mut outbox, NOW), [(1, 7), (3, 8)]);
}

#[test]
fn what_was_replaced_before_it_was_durable_lets_nothing_pass() {
    let mut outbox = outbox(9, 9, 4);
    outbox.set_live(true);
    tell(&mut outbox, &[(1, 7), (2, 8), (3, 7), (4, 7), (5, 7)]);
    // There are too many of them, and those that were replaced are gone. The newest of trip 7 is not durable.
    outbox.settle(Offset(4));
    assert_eq!(take(&mut outbox, NOW), []);
    outbox.settle(Offset(6));
    assert_eq!(take(&mut outbox, NOW), [(2, 8), (5, 7)]);
    assert_eq!(outbox.tally().given_up, 0);
}

#[test]
fn no_more_wait_than_may_and_the_oldest_go_first() {
    for durable in [Offset(0), ALL] {
        let mut outbox = outbox(9, 2, 10);
        for nth in 0..100 {
            tell(&mut outbox, &[(nth, nth as u32)]);
            outbox.settle(durable);
            assert!(outbox.len() <= 10);
        }
        assert_eq!(outbox.tally().given_up, 100 - outbox.len() as u64);
        assert_eq!(outbox.all().last().map(|last| last.id.trip), Some(TripId(99)));
    }
}

#[test]
fn an_engine_that_is_never_live_is_heard_of_in_the_end() {
    let mut outbox = outbox(1, 9, 99);
    tell(&mut outbox, &[(1, 7), (2, 8), (3, 7)]);
    outbox.settle(ALL);
    assert_eq!(take(&mut outbox, NOW), []);
    assert_eq!(outbox.held_until(), Some(NOW + Span::from_secs(30)));
    assert_eq!(take(&mut outbox, NOW + Span::from_secs(29)), []);
    tell(&mut outbox, &[(4, 9)]);
    outbox.settle(ALL);
    assert_eq!(take(&mut outbox, NOW + Span::from_secs(30)), [(2, 8), (3, 7), (4, 9)]);
    tell(&mut outbox, &[(5, 7)]);
    outbox.settle(ALL);
    assert_eq!(take(&mut outbox, NOW + Span::from_secs(59)), []);
    assert_eq!(take(&mut outbox, NOW + Span::from_secs(89)), [(5, 7)]);
}

#[test]
fn what_was_not_taken_is_given_again_or_what_has_replaced_it() {
    let mut outbox = outbox(2, 9, 99);
    tell(&mut outbox, &[(1, 7), (2, 8)]);
    outbox.settle(ALL);
    outbox.set_live(true);
    assert_eq!(outbox.next(NOW, false).len(), 2);
    tell(&mut outbox, &[(3, 7)]);
    outbox.settle(ALL);
    outbox.put_back();
    assert_eq!(take(&mut outbox, NOW), [(2, 8), (3, 7)]);
    let Tally { offered, delivered, conflated, .. } = outbox.tally();
    assert_eq!((offered, delivered, conflated), (3, 2, 1));
}

#[test]
fn nothing_is_remembered_of_what_waits_no_longer() {
    let mut outbox = outbox(2, 3, 6);
    for offset in 0..100 {
        tell(&mut outbox, &[(offset, offset as u32)]);
        outbox.settle(ALL);
    }
    assert_eq!((outbox.waiting.len(), outbox.newest.len(), outbox.tally().given_up), (6, 6, 94));
    outbox.learn(Some(Mark { offset: 97, within: 0 }));
    assert_eq!((outbox.waiting.len(), outbox.newest.len()), (3, 3));
}
