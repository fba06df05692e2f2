//! Whoever comes first, the epochs are the same.

use std::sync::{LazyLock, Weak};

use etaflow_road::{EdgeId, Network, Span, SyntheticCity, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::config::Config;
use crate::eta::{Phase, Residual};
use crate::event::TripId;
use crate::pipeline::collective::Collective;
use crate::stream::{Pane, Panes};
use crate::traffic::Evidence;

static CITY: LazyLock<Arc<Network>> =
    LazyLock::new(|| Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build()));

const TICKS: u64 = 60;

/// What a tick brings: of which of many shards it is, an edge, and how fast it was driven along.
type Driven = Vec<Vec<(usize, u32, u64)>>;

fn tick(number: u64) -> Tick {
    let time = Timestamp::from_secs(1_000 + 7 * number as i64);
    Tick { number, time, watermark: time - Span::from_secs(5) }
}

/// What shard `shard` of `shards` brings at a tick.
fn contribution(driven: &Driven, number: u64, (shard, shards): (usize, usize)) -> Contribution {
    let mut contribution = Contribution::default();
    let panes = Panes::new(Config::default().traffic.pane);
    let mut sums: BTreeMap<(Pane, EdgeId), Evidence> = BTreeMap::new();
    for &(of, nth, speed) in driven[number as usize % driven.len()].iter().filter(|&&(of, ..)| of % shards == shard) {
        let edge = EdgeId(nth % CITY.edge_count() as u32);
        let length_mm = u64::from(CITY.length_mm(edge));
        let one = Evidence { samples: 1, length_mm: length_mm / 3, duration_ms: length_mm / speed };
        crate::stream::Aggregate::merge(sums.entry((panes.at(tick(number).time), edge)).or_default(), &one);
        let (forecast_ms, actual_ms) = (nth * 1_000, nth * 900);
        let phase = if of % 3 == 0 { Phase::Departure } else { Phase::EnRoute };
        contribution.residuals.push(Residual { trip: TripId(of as u32), phase, forecast_ms, actual_ms });
    }
    contribution.traversals = sums.into_iter().map(|((pane, edge), evidence)| (pane, edge, evidence)).collect();
    contribution
}

/// What each shard is given at each tick, if they come as `delays` has it.
fn epochs(driven: &Driven, shards: usize, delays: &[u32]) -> Vec<Vec<Arc<Epoch>>> {
    let mut collective = Collective::new(Arc::clone(&CITY), &Config::default());
    let exchange = Exchange::new(Arc::new(collective.first_epoch()), shards);
    let meet = |shard: usize| -> Vec<Arc<Epoch>> {
        let ticks = (0..TICKS).map(|number| {
            let delay = delays[(number as usize * shards + shard) % delays.len()];
            (0..delay).for_each(|_| std::thread::yield_now());
            exchange.meet(&tick(number), contribution(driven, number, (shard, shards))).expect("nobody fails").epoch
        });
        let epochs = ticks.collect();
        exchange.leave();
        epochs
    };
    let mut build = || {
        while let Some(Due { tick, contributions, .. }) = exchange.next_due() {
            let delay = delays[(tick.number as usize * 7) % delays.len()];
            (0..delay).for_each(|_| std::thread::yield_now());
            exchange.publish(&tick, Arc::new(collective.on_tick(&tick, &contributions)));
        }
    };
    let meet = &meet;
    std::thread::scope(|scope| {
        scope.spawn(&mut build);
        let threads: Vec<_> = (0..shards).map(|shard| scope.spawn(move || meet(shard))).collect();
        threads.into_iter().map(|thread| thread.join().expect("does not panic")).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn epochs_depend_neither_on_the_shards_nor_on_who_comes_first(
        driven in prop::collection::vec(prop::collection::vec((0_usize..24, 0_u32..3_000, 2_u64..30), 0..30), 1..20),
        delays in prop::collection::vec(prop_oneof![5 => Just(0_u32), 1 => 1_u32..20], 1..50),
    ) {
        let alone = epochs(&driven, 1, &[0]).remove(0);
        for (number, epoch) in alone.iter().enumerate() {
            prop_assert_eq!(epoch.number, (number as u64).saturating_sub(DELAY_TICKS), "in force two ticks later");
        }
        for shards in [2, 3, 5] {
            for (shard, of_shard) in epochs(&driven, shards, &delays).into_iter().enumerate() {
                for (epoch, expected) in of_shard.iter().zip(&alone) {
                    prop_assert_eq!(epoch.number, expected.number, "shard {} of {}", shard, shards);
                    prop_assert!(epoch.metric == expected.metric, "metric {}, shard {shard} of {shards}", epoch.number);
                    prop_assert_eq!(epoch.metric_number, expected.metric_number);
                    prop_assert_eq!(&epoch.quantiles, &expected.quantiles);
                }
            }
        }
    }
}

#[test]
fn nobody_waits_for_a_shard_that_has_failed() {
    let exchange = Exchange::new(Arc::new(Collective::new(Arc::clone(&CITY), &Config::default()).first_epoch()), 2);
    std::thread::scope(|scope| {
        let waiting = scope
            .spawn(|| (0..9).map(|number| exchange.meet(&tick(number), Contribution::default())).find_map(Result::err));
        let builder = scope.spawn(|| std::iter::from_fn(|| exchange.next_due()).count());
        exchange.meet(&tick(0), Contribution::default()).expect("nobody has failed");
        exchange.poison();
        assert!(waiting.join().expect("does not panic").is_some());
        assert!(builder.join().expect("does not panic") <= 1, "nothing more is to be made");
    });
    assert!(exchange.meet(&tick(2), Contribution::default()).is_err());
}

#[test]
fn two_ticks_go_by_before_anybody_waits_for_an_epoch() {
    let mut collective = Collective::new(Arc::clone(&CITY), &Config::default());
    let exchange = Exchange::new(Arc::new(collective.first_epoch()), 1);
    for number in 0..2 {
        exchange.meet(&tick(number), Contribution::default()).expect("nobody has failed");
    }
    std::thread::scope(|scope| {
        let third = scope.spawn(|| exchange.meet(&tick(2), Contribution::default()).map(|met| met.epoch.number));
        for number in 0..3 {
            let due = exchange.next_due().expect("the shard has not left");
            assert_eq!((due.tick.number, due.contributions.len()), (number, 1));
            exchange.publish(&due.tick, Arc::new(collective.on_tick(&due.tick, &due.contributions)));
        }
        assert_eq!(third.join().expect("does not panic").expect("nobody has failed"), 0);
    });
    exchange.leave();
    assert!(exchange.next_due().is_none());
}

/// What is large in a metric is made anew in the memory of one that nobody reads: there has to be one.
#[test]
fn an_epoch_is_let_go_of_once_all_shards_have_left_it() {
    let mut collective = Collective::new(Arc::clone(&CITY), &Config::default());
    let first = Arc::new(collective.first_epoch());
    let mut made: Vec<Weak<_>> = vec![Arc::downgrade(&first.metric)];
    let exchange = Exchange::new(Arc::clone(&first), 3);
    let follow = |shard: usize, mut epoch: Arc<Epoch>| {
        for number in 0..TICKS {
            assert!(epoch.number <= number);
            let driven = vec![vec![(0, number as u32 * 7, 1 + number % 2)]; TICKS as usize];
            epoch =
                exchange.meet(&tick(number), contribution(&driven, number, (shard, 3))).expect("nobody fails").epoch;
        }
        exchange.leave();
    };
    let follow = &follow;
    let mut readers = Vec::new();
    std::thread::scope(|scope| {
        for shard in 0..3 {
            let first = Arc::clone(&first);
            scope.spawn(move || follow(shard, first));
        }
        drop(first);
        while let Some(Due { tick, contributions, .. }) = exchange.next_due() {
            readers.extend(made.iter().rev().nth(3).map(Weak::strong_count));
            let epoch = Arc::new(collective.on_tick(&tick, &contributions));
            made.push(Arc::downgrade(&epoch.metric));
            exchange.publish(&tick, epoch);
        }
    });
    assert_eq!(collective.on_tick(&tick(TICKS), &[]).metric_number, TICKS, "another at each tick");
    assert_eq!(readers.len(), TICKS as usize - 3);
    // The traffic itself may hold on to it.
    assert!(readers.iter().all(|&readers| readers <= 1), "{readers:?}");
}

/// At which ticks each shard hears of a snapshot if there is a wish before some ticks, and one made takes some more.
fn cuts(wishes: &[u64], shards: usize, delays: &[u32]) -> Vec<Vec<u64>> {
    let exchange =
        Exchange::new(Arc::new(Collective::new(Arc::clone(&CITY), &Config::default()).first_epoch()), shards);
    let meet = |shard: usize| {
        let mut cuts = Vec::new();
        for number in 0..TICKS {
            let delay = delays[(number as usize * shards + shard) % delays.len()];
            (0..delay).for_each(|_| std::thread::yield_now());
            // Any shard's thread may be the one on which somebody wishes.
            if wishes.contains(&number) && number as usize % shards == shard {
                exchange.wish_cut();
            }
            let met = exchange.meet(&tick(number), Contribution::default()).expect("nobody fails");
            cuts.extend(met.cut.then_some(number));
        }
        exchange.leave();
        cuts
    };
    let build = || {
        let epoch = Arc::new(Collective::new(Arc::clone(&CITY), &Config::default()).first_epoch());
        let mut made_at = None;
        while let Some(due) = exchange.next_due() {
            // All shards have been there: it may be made two ticks later.
            made_at = if due.cut { Some(due.tick.number + 2) } else { made_at };
            if made_at == Some(due.tick.number) {
                exchange.end_cut();
            }
            exchange.publish(&due.tick, Arc::clone(&epoch));
        }
    };
    let meet = &meet;
    std::thread::scope(|scope| {
        scope.spawn(build);
        let threads: Vec<_> = (0..shards).map(|shard| scope.spawn(move || meet(shard))).collect();
        threads.into_iter().map(|thread| thread.join().expect("does not panic")).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn all_shards_hear_of_a_snapshot_at_the_same_tick(
        wishes in prop::collection::vec(0_u64..TICKS - 10, 1..12),
        delays in prop::collection::vec(prop_oneof![5 => Just(0_u32), 1 => 1_u32..20], 1..50),
        shards in 1_usize..5,
    ) {
        let cuts = cuts(&wishes, shards, &delays);
        prop_assert!(cuts.iter().all(|of_shard| *of_shard == cuts[0]), "{:?}", cuts);
        prop_assert!(!cuts[0].is_empty() && cuts[0].len() <= wishes.len(), "{:?} of {:?}", cuts[0], wishes);
        prop_assert!(cuts[0].windows(2).all(|pair| pair[1] - pair[0] > 2), "one at a time: {:?}", cuts[0]);
    }
}

#[test]
fn a_snapshot_that_nobody_wishes_is_not_cut() {
    assert_eq!(cuts(&[], 2, &[0]), vec![Vec::<u64>::new(); 2]);
}
