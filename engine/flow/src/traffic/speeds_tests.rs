//! Traffic beside a slow twin, which keeps all evidence and works every edge out anew at every tick.

use std::sync::LazyLock;

use etaflow_road::{Position, Query, RoadClass, Route, Span, SyntheticCity, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::event::Offset;
use crate::profile::{ProfileDraft, WeekBins};

static CITY: LazyLock<Arc<Network>> =
    LazyLock::new(|| Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build()));

/// How many edges are driven on and closed.
const EDGES: u32 = 12;

fn edge(nth: u32) -> EdgeId {
    EdgeId(nth * 97 % CITY.edge_count() as u32)
}

#[derive(Debug, Clone)]
struct TickPlan {
    after_s: i64,
    /// The edge, how many panes ago, the share of its length in percent, the speed as a percentage of the map's.
    driven: Vec<(u32, i64, u64, u64)>,
    /// The road, and whether it is closed.
    roads: Vec<(u32, bool)>,
}

impl TickPlan {
    /// What is added at a tick within a pane.
    fn sums(&self, now: Pane) -> Vec<(Pane, EdgeId, Evidence)> {
        let sum = |&(nth, ago, share, speed): &(u32, i64, u64, u64)| {
            let edge = edge(nth);
            let length_mm = u64::from(CITY.length_mm(edge)) * share / 100;
            let duration_ms = u64::from(CITY.free_flow(edge)) * share / speed;
            (Pane(now.0 - ago), edge, Evidence { samples: 1, length_mm, duration_ms })
        };
        self.driven.iter().map(sum).collect()
    }
}

fn ticks() -> impl Strategy<Value = Vec<TickPlan>> {
    let driven = prop::collection::vec((0..EDGES, -1_i64..8, 5_u64..=100, 20_u64..300), 0..8);
    let roads = prop::collection::vec((0..EDGES, any::<bool>()), 0..2);
    let tick = (1_i64..25, driven, roads).prop_map(|(after_s, driven, roads)| TickPlan { after_s, driven, roads });
    prop::collection::vec(tick, 1..40)
}

fn config() -> impl Strategy<Value = TrafficConfig> {
    (5_i64..40, 1_usize..7, 0.1..5.0, 0.1..20.0, 60_i64..200).prop_map(
        |(pane, panes, prior, class_prior, half_life)| TrafficConfig {
            pane: Span::from_secs(pane),
            panes,
            prior_traversals: prior,
            class_prior_min: class_prior,
            class_half_life: Span::from_secs(half_life),
        },
    )
}

/// A road lies on two edges, and shares each with a neighbour.
fn road(nth: u32) -> (RoadRef, [EdgeId; 2]) {
    (RoadRef { from_node: i64::from(nth), to_node: -1 }, [edge(nth), edge((nth + 1) % EDGES)])
}

struct Naive {
    config: TrafficConfig,
    /// Pane, edge, length, time; all that ever came in time.
    evidence: Vec<(i64, EdgeId, f64, f64)>,
    /// By class, and last of all: time driven, and time that the map allows.
    sums: [[f64; 2]; RoadClass::ALL.len() + 1],
    halved_at: Option<f64>,
    paces: [f64; RoadClass::ALL.len()],
    newest: Option<i64>,
    closed: Vec<u32>,
    late: u64,
}

impl Naive {
    fn new(config: TrafficConfig) -> Self {
        Self {
            config,
            evidence: Vec::new(),
            sums: Default::default(),
            halved_at: None,
            paces: [1.0; RoadClass::ALL.len()],
            newest: None,
            closed: Vec::new(),
            late: 0,
        }
    }

    fn pane(&self, time_s: f64) -> i64 {
        (time_s / self.config.pane.secs_f64()).floor() as i64
    }

    fn add(&mut self, now_s: f64, sums: &[(Pane, EdgeId, Evidence)]) {
        let now = self.pane(now_s);
        let newest = *self.newest.get_or_insert(now);
        for (pane, edge, evidence) in sums {
            if pane.0 <= newest - self.config.panes as i64 {
                self.late += 1;
                continue;
            }
            let (length, time) = (evidence.length_mm as f64, evidence.duration_ms as f64);
            self.evidence.push((pane.0.min(newest), *edge, length, time));
            let allowed = length * f64::from(CITY.free_flow(*edge)) / f64::from(CITY.length_mm(*edge));
            for class in [CITY.class(*edge) as usize, RoadClass::ALL.len()] {
                self.sums[class][0] += time;
                self.sums[class][1] += allowed;
            }
        }
    }

    fn tick(&mut self, now_s: f64) {
        let halved_at = *self.halved_at.get_or_insert(now_s);
        if now_s - halved_at >= self.config.class_half_life.secs_f64() {
            self.sums.iter_mut().flatten().for_each(|sum| *sum /= 2.0);
            self.halved_at = Some(now_s);
        }
        let now = self.pane(now_s);
        if self.newest.is_some_and(|newest| now > newest) {
            self.newest = Some(now);
            let prior = self.config.class_prior_min * 60_000.0;
            let pace = |[driven, allowed]: [f64; 2], to: f64| (driven + prior * to) / (allowed + prior);
            let all = pace(self.sums[RoadClass::ALL.len()], 1.0);
            let last = self.paces;
            self.paces = std::array::from_fn(|class| {
                // Paces are kept in 4,096ths, and what is rounded away of one step would be missing at the next.
                let kept = |pace: f64| (pace * 4_096.0).floor() / 4_096.0;
                let (held, tenth) = (kept(pace(self.sums[class], all)), kept(last[class] / 10.0));
                held.clamp(kept(1.0 / 3.0), 10.0).clamp(last[class] - tenth, last[class] + tenth)
            });
        }
    }

    /// The travel time in milliseconds; `None` if it is closed.
    fn weight(&self, of: EdgeId) -> Option<f64> {
        if self.closed.iter().any(|&nth| road(nth).1.contains(&of)) {
            return None;
        }
        let (length, free_flow) = (f64::from(CITY.length_mm(of)), f64::from(CITY.free_flow(of)));
        let prior_time = free_flow * self.paces[CITY.class(of) as usize];
        let (newest, panes) = (self.newest.unwrap_or_default(), self.config.panes as i64);
        let (mut driven_length, mut driven_time) = (0.0, 0.0);
        for &(pane, edge, length, time) in &self.evidence {
            let age = newest - pane;
            if edge == of && age < panes {
                // A pane's weight is kept in 256ths.
                let weight = ((panes - age) as f64 / panes as f64 * 256.0).floor() / 256.0;
                driven_length += weight * length;
                driven_time += weight * time;
            }
        }
        // So is what the prior is worth.
        let prior = (self.config.prior_traversals * 256.0).round() / 256.0;
        let time = length * (driven_time + prior * prior_time) / (driven_length + prior * length);
        Some(time.clamp(free_flow / 3.0, free_flow * 30.0))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn traffic_is_what_all_evidence_says_worked_out_anew(config in config(), ticks in ticks()) {
        let mut traffic = Traffic::new(Arc::clone(&CITY), &config);
        let mut naive = Naive::new(config.clone());
        let panes = Panes::new(config.pane);
        let mut now = Timestamp::from_secs(10_000);
        for (number, plan) in ticks.into_iter().enumerate() {
            now = now + Span::from_secs(plan.after_s);
            let sums = plan.sums(panes.at(now));
            let tick = Tick { number: number as u64, time: now, watermark: now };
            traffic.add(&tick, &sums);
            naive.add(now.secs_f64(), &sums);
            for &(nth, closes) in &plan.roads {
                let (name, edges) = road(nth);
                naive.closed.retain(|&closed| closed != nth);
                if closes {
                    traffic.close(&edges, name);
                    naive.closed.push(nth);
                } else {
                    traffic.reopen(&edges, name);
                }
            }
            let (before, number_before) = (Arc::clone(traffic.metric()), traffic.metric_number());
            let metric = Arc::clone(traffic.on_tick(&tick));
            let changed = metric.weights() != before.weights();
            prop_assert_eq!(traffic.metric_number(), number_before + u64::from(changed));
            naive.tick(now.secs_f64());
            for edge in CITY.edges() {
                match naive.weight(edge) {
                    None => prop_assert_eq!(metric.weight(edge), INFINITY),
                    Some(expected) => {
                        let off = (f64::from(metric.weight(edge)) - expected).abs();
                        prop_assert!(off <= 2.0 + expected * 2e-3,
                            "edge {}: {} ms, {expected} ms by the slow way", edge.0, metric.weight(edge));
                    }
                }
            }
            prop_assert_eq!(traffic.late(), naive.late);
        }
    }
}

#[test]
fn states_that_go_on_differently_have_different_digests() {
    let digest_after = |closed: &[u32]| {
        let mut traffic = Traffic::new(Arc::clone(&CITY), &TrafficConfig::default());
        // All on one edge: it opens with the last of them.
        closed.iter().for_each(|&nth| traffic.close(&[edge(0)], road(nth).0));
        let time = Timestamp::from_secs(10_000);
        traffic.on_tick(&Tick { number: 0, time, watermark: time });
        let mut digest = StateDigest::default();
        traffic.digest(&mut digest);
        (traffic.metric().weight(edge(0)), digest.finish())
    };
    let (one, both) = (digest_after(&[1]), digest_after(&[1, 2]));
    assert_eq!((one.0, both.0), (INFINITY, INFINITY));
    assert_ne!(one.1, both.1);
    assert_ne!(one.1, digest_after(&[2]).1);
}

/// What is asked of a metric, and what has to follow from its weights alone.
fn ways(query: &mut Query, metric: &Metric) -> Vec<Option<Route>> {
    let at = |nth: u32| Position { edge: edge(nth), offset_mm: CITY.length_mm(edge(nth)) / 2 };
    (0..EDGES).map(|nth| query.route(metric, &[at(nth)], &[at(nth * 5 + 1)])).collect()
}

#[test]
fn a_metric_that_is_read_stays_as_it_is_and_few_are_kept_that_are_not() {
    let mut traffic = Traffic::new(Arc::clone(&CITY), &TrafficConfig::default());
    let mut query = Query::new(Arc::clone(&CITY));
    // Each reader holds on to what it was given, for as many ticks as its number says.
    let mut readers: Vec<(u32, Arc<Metric>, Metric)> = Vec::new();
    let mut changed_most = 0;
    for number in 0..60_u32 {
        let time = Timestamp::from_secs(10_000 + i64::from(number));
        let tick = Tick { number: u64::from(number), time, watermark: time };
        if number == 3 {
            // So that the window slides, and all edges' times change at once.
            let evidence = Evidence { samples: 9, length_mm: 900_000, duration_ms: 900_000 };
            traffic.add(&tick, &[(Panes::new(TrafficConfig::default().pane).at(time), edge(0), evidence)]);
        }
        if number % 2 == 0 {
            traffic.close(&[edge(number / 2 % EDGES)], road(1).0);
        } else {
            traffic.reopen(&[edge(number / 2 % EDGES)], road(1).0);
        }
        let before = Arc::clone(traffic.metric());
        let metric = Arc::clone(traffic.on_tick(&tick));
        let changed = before.weights().iter().zip(metric.weights()).filter(|(before, now)| before != now).count();
        changed_most = changed_most.max(changed);
        drop(before);
        readers.retain(|&(until, ..)| until > number);
        let until = number + [1, 4, 3, 20, 2][number as usize % 5];
        let fresh = Metric::new(&CITY, metric.weights().to_vec()).expect("all are weights");
        readers.push((until, metric, fresh));
        for (_, metric, fresh) in &readers {
            assert_eq!(metric.weights(), fresh.weights(), "tick {number}");
            assert_eq!(ways(&mut query, metric), ways(&mut query, fresh), "tick {number}");
        }
        assert!(traffic.retired.len() <= RETIRED_MAX, "{} at tick {number}", traffic.retired.len());
    }
    assert_eq!(traffic.metric_number(), 60);
    assert!(changed_most > CITY.edge_count() / 2, "{changed_most} edges");
    readers.clear();
    assert!(traffic.spare().is_some(), "nobody reads the oldest");
}

/// A profile of the city: mornings are slower by its class and its number.
fn profile() -> Arc<SpeedProfile> {
    let bins = WeekBins { days: 1, bins_per_day: 24, ..WeekBins::default() };
    let classes = RoadClass::ALL.iter().flat_map(|&class| (0..24).map(move |hour| 4_096 + hour * 100 + class as u16));
    let mut draft = ProfileDraft::new(&CITY, bins, classes.collect());
    for nth in (0..EDGES).filter(|nth| nth % 2 == 0) {
        draft.edge(edge(nth), 5_000, &[(2, 9_000), (3, 12_000)]);
    }
    Arc::new(draft.finish(Offset(0), 1))
}

fn tick_at(second: i64) -> Tick {
    let time = Timestamp::from_secs(second);
    Tick { number: second as u64, time, watermark: time }
}

#[test]
fn where_nobody_drives_roads_are_as_usual_at_that_time_of_day() {
    let (profile, mut traffic) = (profile(), Traffic::new(Arc::clone(&CITY), &TrafficConfig::default()));
    for second in (0..4 * 3_600).step_by(5) {
        let tick = tick_at(second);
        traffic.add(&tick, &[]);
        if second == 600 {
            traffic.adopt(&tick, Arc::clone(&profile));
        }
        let metric = traffic.on_tick(&tick);
        for edge in CITY.edges().step_by(if second % 900 == 0 { 1 } else { 97 }) {
            let usual = profile.travel_time(&CITY, edge, tick.time);
            let expected = if second < 600 { CITY.free_flow(edge) } else { usual };
            assert_eq!(metric.weight(edge), expected, "edge {} after {second} s", edge.0);
        }
    }
    assert_eq!(traffic.profile(), Some(profile.id()));
    // When the hour changes, and at the adoption itself.
    assert_eq!(traffic.metric_number(), 4);
}

/// Some driving, the same for all: a fleet that is slower than the map says by `percent`.
fn driving(second: i64, percent: u64) -> Vec<(Pane, EdgeId, Evidence)> {
    let pane = Panes::new(TrafficConfig::default().pane).at(Timestamp::from_secs(second));
    (0..40_u32)
        .map(|nth| EdgeId((second as u32 * 31 + nth * 101) % CITY.edge_count() as u32))
        .map(|edge| {
            let duration_ms = u64::from(CITY.free_flow(edge)) * percent / 100;
            (pane, edge, Evidence { samples: 1, length_mm: CITY.length_mm(edge).into(), duration_ms })
        })
        .collect()
}

#[test]
fn a_profile_that_says_nothing_changes_nothing() {
    let config = TrafficConfig::default();
    let mut traffic = [(); 2].map(|()| Traffic::new(Arc::clone(&CITY), &config));
    for second in 0..600 {
        let tick = tick_at(second);
        for (nth, traffic) in traffic.iter_mut().enumerate() {
            if nth == 1 && second == 200 {
                traffic.adopt(&tick, Arc::new(SpeedProfile::free_flow(&CITY)));
            }
            traffic.add(&tick, &driving(second, 160));
            traffic.on_tick(&tick);
        }
        assert_eq!(traffic[0].metric().weights(), traffic[1].metric().weights(), "after {second} s");
    }
    assert_eq!(traffic[0].metric_number(), traffic[1].metric_number());
}

#[test]
fn a_class_is_as_slow_after_an_adoption_as_before_and_slower_than_usual_if_it_is() {
    let unseen = CITY.edges().find(|&edge| CITY.class(edge) == RoadClass::Residential).expect("a city has some");
    let mut traffic = Traffic::new(Arc::clone(&CITY), &TrafficConfig { panes: 1, ..TrafficConfig::default() });
    let profile = profile();
    let usual = profile.travel_time(&CITY, unseen, Timestamp::from_secs(600));
    let mut run = |seconds: std::ops::Range<i64>, percent: u64| {
        for second in seconds {
            let tick = tick_at(second);
            if second == 600 {
                traffic.adopt(&tick, Arc::clone(&profile));
            }
            let mut driving = driving(second, percent);
            driving.retain(|&(_, edge, _)| edge != unseen);
            traffic.add(&tick, &driving);
            traffic.on_tick(&tick);
        }
        f64::from(traffic.metric().weight(unseen)) / f64::from(CITY.free_flow(unseen))
    };
    let before = run(0..600, 150);
    assert!((before - 1.5).abs() < 0.02, "{before}");
    let after = run(600..601, 150);
    assert!((after - before).abs() < 0.01, "{before}, then {after}");
    // As usual is not as the map says: the fleet is seen to be three times slower than the map, half of which is usual.
    let slow = run(601..3_500, 300);
    let free_flow = f64::from(CITY.free_flow(unseen));
    assert!((slow - 3.0).abs() < 0.1, "{slow}, usually {}", f64::from(usual) / free_flow);
}

#[test]
fn a_profile_is_part_of_the_state_and_can_be_put_back() {
    let run = |adopted: Option<Arc<SpeedProfile>>| {
        let mut traffic = Traffic::new(Arc::clone(&CITY), &TrafficConfig::default());
        for second in 0..100 {
            let tick = tick_at(second);
            if let Some(profile) = adopted.as_ref().filter(|_| second == 50) {
                traffic.adopt(&tick, Arc::clone(profile));
            }
            traffic.add(&tick, &driving(second, 120));
            traffic.on_tick(&tick);
        }
        let mut digest = StateDigest::default();
        traffic.digest(&mut digest);
        (traffic, digest.finish())
    };
    let (profile, free_flow) = (profile(), Arc::new(SpeedProfile::free_flow(&CITY)));
    let (mut with, digest) = run(Some(Arc::clone(&profile)));
    let (_, without) = run(None);
    let (_, with_nothing) = run(Some(free_flow));
    assert!(digest != without && without != with_nothing && digest != with_nothing);
    // Going on with what was read back is going on with what was there.
    let mut bytes = Vec::new();
    with.encode(&mut bytes);
    let mut again = Traffic::restore(Arc::clone(&CITY), &TrafficConfig::default(), &bytes).expect("it was written");
    assert_eq!((again.awaited(), again.profile()), (Some(profile.id()), Some(profile.id())));
    let mut awaiting = Vec::new();
    again.encode(&mut awaiting);
    assert_eq!(awaiting, bytes);
    again.reinstate(profile);
    assert_eq!(again.awaited(), None);
    for second in (100..7_300).step_by(7) {
        let tick = tick_at(second);
        for traffic in [&mut with, &mut again] {
            traffic.add(&tick, &driving(second, 120));
            traffic.on_tick(&tick);
        }
        assert_eq!(with.metric().weights(), again.metric().weights(), "after {second} s");
    }
}

#[path = "speeds/codec_tests.rs"]
mod codec;
