use std::collections::HashMap;

use etaflow::{Clock, Event, EventData, EventId, GpsFix, Key, WallClock};
use etaflow_road::{Coord, Span, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::world::Emission;

const START: Timestamp = Timestamp::from_secs(1_700_000_000);
const DRIVERS: u32 = 100;
const GATEWAYS: u32 = 4;

/// A fix a second of each driver for that many seconds, and a trip that is completed every second.
fn emissions(seconds: i64) -> Vec<Emission> {
    let mut next = [0; GATEWAYS as usize + 1];
    let mut out = Vec::new();
    let mut say = |source: usize, due, data| {
        let id = EventId::Sequence(next[source]);
        next[source] += 1;
        out.push(Emission {
            due,
            event: Event { source: Key::Number(source as u64), id, time: due, due: Some(due), data },
        });
    };
    let fix = GpsFix::at(Coord::from_degrees(41.15, -8.61).expect("on the globe")).with_speed_mps(9.0);
    for second in 0..seconds {
        for driver in 0..u64::from(DRIVERS) {
            let due = START + Span::from_millis(second * 1_000 + driver as i64 * 10);
            let data = EventData::LocationUpdated { driver: Key::Number(driver), fix };
            say((driver % u64::from(GATEWAYS)) as usize, due, data);
        }
        let due = START + Span::from_millis(second * 1_000 + 995);
        say(GATEWAYS as usize, due, EventData::TripCompleted { trip: Key::Number(second as u64) });
    }
    out
}

fn inject(config: &FaultConfig, seed: u64, seconds: i64, step_ms: i64) -> (Vec<Delivery>, FaultCounts) {
    let mut injector = FaultInjector::new(config.clone(), seed, START, DRIVERS, GATEWAYS);
    let mut out = Vec::new();
    let mut all = emissions(seconds).into_iter().peekable();
    let mut until = START;
    while all.peek().is_some() {
        until = until + Span::from_millis(step_ms);
        let mut batch = Vec::new();
        while let Some(emission) = all.next_if(|emission| emission.due <= until) {
            batch.push(emission);
        }
        injector.inject(&mut batch, until, &mut out);
        assert!(batch.is_empty());
        let counts = injector.counts();
        let garbage: u64 = counts.garbage.iter().sum();
        let waiting = injector.waiting() as u64;
        // A copy that waits was not emitted, and is not yet counted as delivered again.
        let ended = counts.delivered + counts.lost + counts.tunnel;
        let begun = counts.emitted + counts.twice + garbage;
        assert!(ended <= begun && begun <= ended + waiting);
    }
    injector.finish(&mut out);
    assert_eq!(injector.waiting(), 0);
    let counts = *injector.counts();
    let garbage: u64 = counts.garbage.iter().sum();
    assert_eq!(counts.emitted + counts.twice + garbage, counts.delivered + counts.lost + counts.tunnel);
    assert_eq!(counts.delivered, out.len() as u64);
    assert!(out.windows(2).all(|pair| pair[0].due <= pair[1].due));
    (out, counts)
}

fn every_fault() -> FaultConfig {
    FaultConfig {
        late: Some(Late { share: 0.02, mean_s: 3.0, max_s: 20.0 }),
        out_of_order: Some(OutOfOrder { share: 0.02, max_s: 0.5 }),
        twice: Some(Twice { share: 0.02, max_s: 5.0 }),
        lost: Some(Lost { share: 0.02 }),
        clock_skew: Some(ClockSkew { driver_share: 0.2, max_s: 2.0 }),
        tunnel: Some(Tunnel { per_driver_hour: 20.0, min_s: 5.0, max_s: 20.0 }),
        jump: Some(Jump { share: 0.01, min_m: 500.0, max_m: 5_000.0, fixes_max: 3 }),
        garbage: Some(Garbage { share: 0.03 }),
        burst: Some(Burst { every_s: 20.0, silent_s: 4.0 }),
    }
}

/// What happened, counted from the deliveries alone.
fn recount(out: &[Delivery]) -> FaultCounts {
    let mut counts = FaultCounts { delivered: out.len() as u64, ..FaultCounts::default() };
    let mut seen = HashMap::new();
    let truth = Coord::from_degrees(41.15, -8.61).expect("on the globe");
    for Delivery { due, what } in out {
        let Offered::Event(event) = what else {
            continue;
        };
        let EventData::LocationUpdated { fix, .. } = event.data else {
            continue;
        };
        if event.source == Key::Number(u64::from(GATEWAYS) + 1) {
            continue;
        }
        assert_eq!(event.due, Some(*due));
        let count = seen.entry((event.source.clone(), event.id.clone())).or_insert(0);
        *count += 1;
        counts.twice += u64::from(*count == 2);
        assert!(*count <= 2);
        if *count == 1 && fix.coord() != truth {
            counts.jumped += 1;
            let away = fix.coord().distance(truth).0;
            assert!((495.0..5_050.0).contains(&away), "{away}");
            assert_eq!(fix.speed_mps(), Some(9.0));
        }
    }
    counts
}

#[test]
fn nothing_goes_wrong_if_nothing_should() {
    let (out, counts) = inject(&FaultConfig::default(), 1, 20, 100);
    let expected: Vec<Delivery> = emissions(20)
        .into_iter()
        .map(|Emission { due, event }| Delivery { due, what: Offered::Event(event) })
        .collect();
    assert!(out == expected);
    assert_eq!(counts, FaultCounts { emitted: 2_020, delivered: 2_020, ..FaultCounts::default() });
}

#[test]
fn every_fault_is_counted_exactly_and_is_as_frequent_as_asked_for() {
    let (out, counts) = inject(&every_fault(), 1, 300, 100);
    let again = recount(&out);
    assert_eq!((again.twice, again.jumped), (counts.twice, counts.jumped));
    let fixes = 30_000.0;
    for (what, count, share) in [
        ("late", counts.late, 0.02),
        ("out of order", counts.out_of_order, 0.02),
        ("twice", counts.twice, 0.02),
        ("lost", counts.lost, 0.02),
        ("jumped", counts.jumped, 0.02),
        ("garbage", counts.garbage.iter().sum(), 0.03),
        // A gateway of four, for four seconds of twenty.
        ("burst", counts.burst, 0.05),
        ("tunnel", counts.tunnel, 20.0 * 12.5 / 3_600.0),
    ] {
        let found = count as f64 / fixes;
        assert!((0.65 * share..1.5 * share).contains(&found), "{what}: {found} instead of {share}");
    }
    assert!(counts.skewed > 0);
    assert_eq!(counts.not_delayed, 0);
    for kind in GarbageKind::ALL {
        assert!(counts.garbage_of(kind) > 50, "{kind:?}");
    }
}

#[test]
fn the_same_seed_does_the_same_however_it_is_cut() {
    let at_once = inject(&every_fault(), 9, 60, 60_000);
    assert!(at_once == inject(&every_fault(), 9, 60, 70));
    assert!(at_once != inject(&every_fault(), 10, 60, 70));
}

#[test]
fn delays_keep_to_their_bounds_and_leave_the_time_of_the_event() {
    let config = FaultConfig { late: Some(Late { share: 0.5, mean_s: 3.0, max_s: 4.0 }), ..FaultConfig::default() };
    let (out, counts) = inject(&config, 2, 100, 100);
    let mut late = 0;
    for Delivery { due, what } in &out {
        let Offered::Event(event) = what else { panic!("no garbage") };
        let delay = due.since(event.time);
        assert!(Span::ZERO <= delay && delay <= Span::from_secs(4));
        late += u64::from(delay > Span::ZERO);
    }
    assert_eq!(late, counts.late);
}

#[test]
fn a_wrong_clock_is_always_wrong_by_the_same() {
    let skew = Some(ClockSkew { driver_share: 0.3, max_s: 5.0 });
    let (out, counts) = inject(&FaultConfig { clock_skew: skew, ..FaultConfig::default() }, 3, 20, 100);
    let mut by_driver = HashMap::new();
    let mut skewed = 0;
    for Delivery { due, what } in &out {
        let Offered::Event(Event { time, data: EventData::LocationUpdated { driver, .. }, .. }) = what else {
            continue;
        };
        let skew = time.since(*due);
        assert!(skew.micros().abs() <= 5_000_000);
        assert_eq!(*by_driver.entry(driver.clone()).or_insert(skew), skew);
        skewed += u64::from(skew != Span::ZERO);
    }
    assert_eq!(skewed, counts.skewed);
    let wrong = by_driver.values().filter(|skew| **skew != Span::ZERO).count();
    assert!((18..45).contains(&wrong), "{wrong} of {DRIVERS}");
}

#[test]
fn a_silent_gateway_delivers_everything_at_once_and_in_order() {
    let burst = Some(Burst { every_s: 10.0, silent_s: 3.0 });
    let (out, counts) = inject(&FaultConfig { burst, ..FaultConfig::default() }, 4, 15, 100);
    assert_eq!(counts.burst, 75);
    let mut next = [0; GATEWAYS as usize + 1];
    for Delivery { due, what } in &out {
        let Offered::Event(Event { source: Key::Number(source), id: EventId::Sequence(id), time, .. }) = what else {
            panic!("no garbage")
        };
        assert_eq!(*id, next[*source as usize]);
        next[*source as usize] += 1;
        assert!(due == time || *due == START + Span::from_secs(13));
    }
}

/// A share of most kinds or none, and times that go together.
fn any_fault() -> impl Strategy<Value = FaultConfig> {
    let share = || proptest::option::of(0.0..0.16);
    let shares = (share(), share(), share(), share(), share(), share());
    let times = (0.0..30.0_f64, 0.0..30.0_f64, proptest::option::of(0.5..20.0_f64));
    (shares, times).prop_map(|((late, out_of_order, twice, lost, jump, garbage), (short_s, more_s, every_s))| {
        FaultConfig {
            late: late.map(|share| Late { share, mean_s: short_s, max_s: short_s + more_s }),
            out_of_order: out_of_order.map(|share| OutOfOrder { share, max_s: short_s }),
            twice: twice.map(|share| Twice { share, max_s: more_s }),
            lost: lost.map(|share| Lost { share }),
            clock_skew: Some(ClockSkew { driver_share: more_s / 30.0, max_s: short_s }),
            tunnel: Some(Tunnel { per_driver_hour: 100.0 * short_s, min_s: short_s, max_s: short_s + more_s }),
            jump: jump.map(|share| Jump { share, min_m: 500.0, max_m: 5_000.0, fixes_max: 4 }),
            garbage: garbage.map(|share| Garbage { share }),
            burst: every_s.map(|every_s| Burst { every_s, silent_s: every_s * more_s / 30.0 }),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// `inject` itself holds the accounts against what came out.
    #[test]
    fn whatever_goes_wrong_the_accounts_are_exact(config in any_fault(), seed: u64, step_ms in 10..5_000_i64) {
        let (out, counts) = inject(&config, seed, 10, step_ms);
        let again = recount(&out);
        prop_assert_eq!((again.twice, again.jumped), (counts.twice, counts.jumped));
        prop_assert_eq!(counts.not_delayed, 0);
    }
}

/// Prints how fast faults are: `cargo test --release -p etaflow-simulator --lib -- --ignored --nocapture fault_rate`.
#[test]
#[ignore = "measures, and asserts nothing that a slow machine would fail"]
fn fault_rate() {
    let mut all = emissions(5_000);
    let mut injector = FaultInjector::new(every_fault(), 1, START, DRIVERS, GATEWAYS);
    let (count, mut out) = (all.len(), Vec::with_capacity(all.len() * 2));
    let clock = WallClock::new();
    let began = clock.now();
    injector.inject(&mut all, START + Span::from_secs(10_000), &mut out);
    let took_s = clock.now().since(began).secs_f64();
    println!("{count} events in {took_s:.3} s: {:.0} events/s", count as f64 / took_s);
    assert!(out.len() > count / 2);
}
