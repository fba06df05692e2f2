//! How far a trip's way is behind the fastest one, beside a router that is asked by all that was in force meanwhile.

use std::collections::VecDeque;

use super::*;

/// For how many ticks, one a second, a way may be that of the same travel times.
const PERIOD_TICKS: usize = 8;

/// A leg that lies ahead, with the places that it may begin at, and may lead to; `None` if no way was found.
struct Ahead<'a> {
    leg: Option<&'a Leg>,
    driver: Option<Position>,
    from: Vec<Position>,
    to: &'a [Position],
}

impl Ahead<'_> {
    /// Whether nothing is faster by some travel times.
    fn is_fastest(&self, query: &mut Query, metric: &Metric) -> bool {
        let left = self.leg.map_or(INFINITY, |leg| anew(leg, metric, self.driver));
        left <= query.duration(metric, &self.from, self.to).unwrap_or(INFINITY)
    }
}

fn ahead(plan: &Plan) -> Vec<Ahead<'_>> {
    let Some((pickup, dropoff)) = &plan.ends else { return Vec::new() };
    let (stage, place) = (plan.state.stage, plan.seen.map(|(place, _)| place));
    let from_pickup = || {
        let (leg, from) = (plan.ride.as_ref(), pickup.positions().to_vec());
        Ahead { leg, driver: None, from, to: dropoff.positions() }
    };
    let from_driver = |leg, place, to| Ahead { leg, driver: Some(place), from: vec![place], to };
    match (stage, place) {
        (TripStage::OnBoard { .. }, Some(place)) => {
            vec![from_driver(plan.ride.as_ref(), place, dropoff.positions())]
        }
        (TripStage::Assigned { .. }, Some(place)) => {
            vec![from_driver(plan.approach.as_ref(), place, pickup.positions()), from_pickup()]
        }
        _ => vec![from_pickup()],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_way_was_the_fastest_a_few_seconds_ago(
        seed in any::<u64>(),
        seconds in prop::collection::vec((prop::collection::vec(happening(), 0..4), any::<bool>()), 12..40),
    ) {
        let mut query = Query::new(Arc::clone(&CITY.0));
        let mut in_force = epoch(0, seed, false);
        let mut rig = Rig::new(&in_force);
        rig.step = Span::from_millis(100);
        // What came into force at the ticks of the last period, the newest first.
        let mut recent = VecDeque::from([Arc::clone(&in_force)]);
        for (nth, (happenings, changes)) in (1_i64..).zip(&seconds) {
            happenings.iter().for_each(|happening| drop(rig.happen(happening)));
            rig.now = START + Span::from_secs(nth);
            if *changes {
                in_force = epoch(nth as u64, seed.wrapping_add(nth as u64), true);
            }
            rig.tick(Arc::clone(&in_force));
            recent.push_front(Arc::clone(&in_force));
            recent.truncate(PERIOD_TICKS);
            // One who has come back is looked at when it is his turn.
            for (trip, plan) in rig.estimator.plans.iter().filter(|(_, plan)| plan.best_by.is_some()) {
                for (leg, ahead) in ahead(plan).iter().enumerate() {
                    let was_fastest = recent.iter().any(|epoch| ahead.is_fastest(&mut query, &epoch.metric));
                    prop_assert!(was_fastest, "second {nth}, leg {leg} of {trip:?}: {plan:?}");
                }
            }
        }
    }
}

#[test]
fn travel_times_rest_on_what_was_known_ten_seconds_ago_at_most() {
    let (every, in_force_after) = (EtaConfig::default().reroute_every, Span::from_secs(2));
    assert_eq!(every, Span::from_secs(PERIOD_TICKS as i64));
    assert!(every.micros() + in_force_after.micros() <= Span::from_secs(10).micros());
}

/// A street in the middle of the way is jammed, which closes nothing and moves nobody.
#[test]
fn a_jam_on_the_way_is_driven_round_though_nobody_has_left_it() {
    let free_flow = |number| {
        let metric = Arc::new(Metric::free_flow(&CITY.0));
        Arc::new(Epoch {
            number,
            metric,
            metric_number: number,
            quantiles: Arc::clone(Calibration::default().quantiles()),
        })
    };
    let mut rig = Rig::new(&free_flow(0));
    rig.happen(&Happening::Request(10, 900));
    rig.happen(&Happening::Advance(0));
    rig.happen(&Happening::Advance(0));
    rig.happen(&Happening::Seen(0, 0, true));
    let way = |rig: &Rig| rig.estimator.plans[&TripId(0)].ride.as_ref().map(|leg| leg.parts().0.to_vec());
    let before = way(&rig).expect("a way leads there");
    let mut weights = CITY.0.free_flow_weights().to_vec();
    let jammed = before[before.len() / 2];
    weights[jammed.index()] *= 20;
    let metric = Arc::new(Metric::new(&CITY.0, weights).expect("all are weights"));
    let jam = Arc::new(Epoch { number: 1, metric, metric_number: 1, ..(*free_flow(0)).clone() });
    let mut news = Vec::new();
    for _ in 0..PERIOD_TICKS {
        rig.now = rig.now + rig.step;
        let told = rig.tick(Arc::clone(&jam));
        news.extend(told.iter().filter(|told| told.news).map(|told| (told.update.cause, told.update.arrival)));
    }
    let after = way(&rig).expect("a way leads there");
    assert_eq!((after.first(), after.last()), (before.first(), before.last()));
    assert!(!after.contains(&jammed), "{jammed:?} is in {after:?}");
    let causes: Vec<Cause> = news.iter().map(|&(cause, _)| cause).collect();
    assert!(causes == [Cause::Traffic, Cause::Rerouted] || causes == [Cause::Rerouted], "{causes:?}");
}

#[test]
fn for_one_who_has_come_back_a_faster_way_is_looked_for() {
    let free_flow = Arc::new(Epoch { number: 0, metric_number: 0, ..(*epoch(0, 1, false)).clone() });
    let mut rig = Rig::new(&free_flow);
    rig.happen(&Happening::Request(10, 900));
    rig.happen(&Happening::Advance(0));
    rig.happen(&Happening::Advance(0));
    let behind = |rig: &Rig| rig.estimator.plans[&TripId(0)].may_be_behind(&free_flow);
    for (nth, is_behind) in [(0, false), (3, false), (3, false), (2, true), (5, true)] {
        rig.happen(&Happening::Seen(0, nth, true));
        assert_eq!(behind(&rig), is_behind, "on edge {nth} of his way");
    }
    for _ in 0..PERIOD_TICKS {
        rig.now = rig.now + rig.step;
        rig.tick(Arc::clone(&free_flow));
    }
    assert!(!behind(&rig), "it was his turn");
}
