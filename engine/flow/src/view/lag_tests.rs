use proptest::prelude::*;

use super::*;

/// A log and who follows it, millisecond by millisecond, and all that is true of them.
#[derive(Clone)]
struct World {
    now: usize,
    /// How many records had arrived after each millisecond.
    ends: Vec<u64>,
    applied: u64,
    start: u64,
}

impl World {
    fn new() -> Self {
        Self { now: 0, ends: vec![0], applied: 0, start: 0 }
    }

    fn end(&self) -> u64 {
        self.ends[self.now]
    }

    fn step(&mut self, arrive: u64, drain: u64) {
        self.ends.push(self.end() + arrive);
        self.now += 1;
        self.applied = (self.applied + drain).min(self.end());
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now as i64)
    }

    /// When the last record before an offset arrived.
    fn arrived(&self, offset: u64) -> Option<Timestamp> {
        (offset > 0).then(|| Timestamp::from_millis(self.ends.partition_point(|&end| end < offset) as i64))
    }

    fn behind(&self) -> Option<Span> {
        if self.end() == self.applied {
            return Some(Span::ZERO);
        }
        Some(self.arrived(self.end())?.since(self.arrived(self.applied)?))
    }

    fn standing(&self) -> Standing {
        Standing {
            start: Offset(self.start),
            end: Offset(self.end()),
            applied: Offset(self.applied),
            newest_at: self.arrived(self.end()),
            applied_at: self.arrived(self.applied),
        }
    }

    /// How long it takes to become live, if it goes on like this.
    fn until_live(&self, arrive: u64, drain: u64, live_max: Span) -> Option<Span> {
        let mut world = self.clone();
        while world.behind().is_none_or(|behind| behind > live_max) {
            if world.now - self.now > 60_000 {
                return None;
            }
            world.step(arrive, drain);
        }
        Some(world.time().since(self.time()))
    }
}

/// How long something goes on, and how many records arrive and drain each millisecond meanwhile.
fn phases() -> impl Strategy<Value = Vec<(usize, u64, u64)>> {
    let phase = prop_oneof![
        2 => (200_usize..4_000, 0_u64..60, Just(0_u64)),
        4 => (200_usize..4_000, 0_u64..60, 100_u64..900),
        1 => (200_usize..4_000, 0_u64..60, 1_u64..60),
        1 => (200_usize..4_000, Just(0_u64), Just(0_u64)),
    ];
    prop::collection::vec(phase, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_lag_is_the_truth(phases in phases(), looks in prop::collection::vec(1_usize..90, 16)) {
        let live_max = Span::from_secs(1);
        let (mut meter, mut world) = (LagMeter::new(live_max), World::new());
        let mut looks = looks.into_iter().cycle();
        let mut next_look = 0;
        // Since when it is catching up under the rates that hold, and when something was taken last.
        let mut drained = None;
        for (millis, arrive, drain) in phases {
            let mut catching_up = world.now;
            for _ in 0..millis {
                let before = world.applied;
                world.step(arrive, drain);
                if world.applied > before {
                    drained = Some(world.now);
                }
                if world.now < next_look {
                    continue;
                }
                next_look = world.now + looks.next().unwrap_or(50);
                let lag = meter.observe(world.time(), &world.standing());
                prop_assert_eq!(lag.records, Some(world.end() - world.applied));
                prop_assert_eq!(lag.behind, world.behind());
                let live = lag.behind.is_some_and(|behind| behind <= live_max);
                prop_assert_eq!(lag.state == EngineState::Live, live);
                prop_assert_eq!(lag.catch_up == Some(Span::ZERO), live);
                prop_assert!(lag.catch_up.is_none_or(|span| span >= Span::ZERO));
                if live {
                    catching_up = world.now;
                    continue;
                }
                // What is seen of it is up to 90 ms old.
                if drained.is_none_or(|at| world.now - at > 1_100) {
                    prop_assert_eq!(lag.catch_up, None, "nothing drains");
                }
                if world.now - catching_up < 1_100 || world.now % 8 != 0 {
                    continue;
                }
                match world.until_live(arrive, drain, live_max) {
                    Some(truth) if drain > arrive => {
                        let told = lag.catch_up.map(Span::secs_f64);
                        let (low, high) = (truth.secs_f64() * 0.75 - 0.1, truth.secs_f64() * 1.25 + 0.1);
                        prop_assert!(told.is_some_and(|told| (low..high).contains(&told)), "{:?}, {:?}", told, truth);
                    }
                    // It drains hardly faster than it fills: longer than the world was followed.
                    None if drain > arrive => {
                        prop_assert!(lag.catch_up.is_none_or(|told| told > Span::from_secs(44)), "{:?}", lag.catch_up);
                    }
                    _ => prop_assert_eq!(lag.catch_up, None),
                }
            }
        }
    }

    #[test]
    fn whatever_it_is_shown_nothing_is_nonsense(
        shown in prop::collection::vec((any::<i32>(), any::<u16>(), any::<u16>(), any::<u16>(), any::<Option<i16>>()), 1..50)
    ) {
        let mut meter = LagMeter::new(Span::from_millis(5));
        for (now, start, end, applied, at) in shown {
            let at = at.map(|at| Timestamp::from_millis(at.into()));
            let (start, end, applied) = (Offset(start.into()), Offset(end.into()), Offset(applied.into()));
            let standing = Standing { start, end, applied, newest_at: at, applied_at: Some(Timestamp::from_millis(3)) };
            let lag = meter.observe(Timestamp::from_millis(now.into()), &standing);
            prop_assert_eq!(lag.records, Some(end.0.saturating_sub(applied.0.max(start.0))));
            prop_assert!(lag.behind.is_none_or(|span| span >= Span::ZERO));
            prop_assert!(lag.catch_up.is_none_or(|span| span >= Span::ZERO));
        }
    }
}

#[test]
fn an_outage_of_half_a_minute_is_predicted_from_its_second_second_on() {
    let (mut meter, mut world) = (LagMeter::new(Span::from_secs(1)), World::new());
    for _ in 0..5_000 {
        world.step(50, 50);
        meter.observe(world.time(), &world.standing());
    }
    for _ in 0..30_000 {
        world.step(50, 0);
        meter.observe(world.time(), &world.standing());
    }
    assert_eq!(world.standing().end.0 - world.standing().applied.0, 1_500_000);
    // It begins slowly, and each tick takes its time.
    let drain = |milli: u64| if milli % 50 < 20 { 0 } else { [500, 900, 1_000][(milli / 300).min(2) as usize] };
    let (mut told, mut live_at) = (Vec::new(), None);
    for milli in 0..10_000 {
        world.step(50, drain(milli));
        let lag = meter.observe(world.time(), &world.standing());
        if lag.state == EngineState::Live {
            live_at = Some(milli);
            break;
        }
        told.push((milli, lag.catch_up));
    }
    let live_at = live_at.expect("it drains");
    assert!(live_at > 2_000, "live after {live_at} ms");
    for &(milli, told) in told.iter().filter(|(milli, _)| *milli >= 1_000) {
        let (truth, told) = ((live_at - milli) as f64 / 1e3, told.expect("it drains").secs_f64());
        // The last tick before it is live takes as long as it takes.
        assert!((told - truth).abs() <= 0.25 * truth + 0.03, "{told} s, {truth} s, after {milli} ms");
    }
}

#[test]
fn what_the_log_no_longer_has_is_not_behind() {
    let mut meter = LagMeter::new(Span::from_secs(1));
    let standing =
        Standing { start: Offset(90), end: Offset(100), applied: Offset(7), newest_at: None, applied_at: None };
    let lag = meter.observe(Timestamp::from_secs(1), &standing);
    assert_eq!(lag, Lag { records: Some(10), behind: None, catch_up: None, state: EngineState::CatchingUp });
}

#[test]
fn nobody_knows_when_it_ends_while_nothing_is_taken() {
    let mut meter = LagMeter::new(Span::from_secs(1));
    let mut at = |millis: i64, end: u64, applied: u64| {
        let (now, then) = (Timestamp::from_millis(millis), Timestamp::from_millis(millis - 5_000));
        let (start, end, applied) = (Offset(0), Offset(end), Offset(applied));
        let standing = Standing { start, end, applied, newest_at: Some(now), applied_at: Some(then) };
        meter.observe(now, &standing).catch_up
    };
    // It is catching up, and then it is out; nothing arrives either.
    for step in 0..20 {
        at(step * 50, 50_000, 1_000 * step as u64);
    }
    assert!(at(1_000, 50_000, 20_000).is_some());
    for step in 21..200 {
        let catch_up = at(step * 50, 50_000, 20_000);
        assert_eq!(catch_up.is_some(), step < 40, "after {} ms", step * 50 - 1_000);
    }
    // It goes on: what it stood still does not count.
    at(10_000, 50_000, 21_000);
    let left = at(10_050, 50_000, 22_000).expect("it drains").secs_f64();
    assert!((1.0..1.5).contains(&left), "{left} s for 28,000 records at 20,000 a second");
}
