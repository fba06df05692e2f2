//! One question at a time, asked of both.

use std::sync::Arc;

use etaflow_road::{Dijkstra, INFINITY, Metric, Position, Query, Weight};

use super::dice::Dice;
use super::fleet::Fleet;
use super::map::Map;
use super::place::Place;
use super::route::fault;

/// Asks `Query`, and knows from `Dijkstra` what it must say.
pub(super) struct Judge<'a> {
    pub(super) map: &'a Map,
    query: Query,
    dijkstra: Dijkstra,
    /// How many questions `Query` has answered.
    pub(super) asked: u64,
    /// Of how many durations and routes there was one.
    pub(super) reached: u64,
    /// The case, for who reads of a failure; said first, since the question may be long.
    pub(super) case: String,
}

impl<'a> Judge<'a> {
    pub(super) fn new(map: &'a Map) -> Self {
        let (query, dijkstra) = (Query::new(Arc::clone(&map.network)), Dijkstra::new(Arc::clone(&map.network)));
        Self { map, query, dijkstra, asked: 0, reached: 0, case: String::new() }
    }

    /// The travel times from one place to many, by one search of the reference.
    pub(super) fn truth(&mut self, metric: &Metric, from: &[Position], to: &[Place]) -> Vec<Option<Weight>> {
        let mut times = Vec::new();
        self.dijkstra.one_to_many(metric, from, &to.concat(), INFINITY, &mut times);
        least_of_each(&times, to)
    }

    pub(super) fn duration(&mut self, metric: &Metric, from: &[Position], to: &[Position], truth: Option<Weight>) {
        self.asked += 1;
        self.reached += u64::from(truth.is_some());
        let found = self.query.duration(metric, from, to);
        assert_eq!(found, truth, "{}: the duration from {from:?} to {to:?}", self.case);
    }

    pub(super) fn route(&mut self, metric: &Metric, from: &[Position], to: &[Position], truth: Option<Weight>) {
        self.asked += 1;
        self.reached += u64::from(truth.is_some());
        let route = self.query.route(metric, from, to);
        let found = route.as_ref().map(|route| route.duration);
        assert_eq!(found, truth, "{}: the duration of the route from {from:?} to {to:?}", self.case);
        if let Some(route) = route
            && let Some(fault) = fault(&self.map.network, metric, &route, from, to)
        {
            panic!("{}: {fault}: {route:?} from {from:?} to {to:?}", self.case);
        }
    }

    /// The reference by its other ways: from place to place.
    pub(super) fn reference(&mut self, metric: &Metric, from: &[Position], to: &[Position], truth: Option<Weight>) {
        let found = self.dijkstra.duration(metric, from, to);
        assert_eq!(found, truth, "{}: the reference's duration from {from:?} to {to:?}", self.case);
        let route = self.dijkstra.route(metric, from, to);
        assert_eq!(route.as_ref().map(|route| route.duration), truth, "{}: the reference's route", self.case);
        let fault = route.and_then(|route| fault(&self.map.network, metric, &route, from, to));
        assert_eq!(fault, None, "{}: the reference's route from {from:?} to {to:?}", self.case);
    }

    pub(super) fn one_to_many(&mut self, metric: &Metric, from: &[Position], to: &[Position], dice: &mut Dice) {
        let (mut truth, mut found) = (Vec::new(), vec![7]);
        self.dijkstra.one_to_many(metric, from, to, INFINITY, &mut truth);
        let limit = limit(&truth, dice);
        self.asked += 1;
        self.query.one_to_many(metric, from, to, limit, &mut found);
        let expected = within(&truth, limit);
        assert_eq!(found, expected, "{}: one to many from {from:?} to {to:?} within {limit} ms", self.case);
    }

    pub(super) fn many_to_one(&mut self, metric: &Metric, from: &[Position], to: &[Position], dice: &mut Dice) {
        let (mut truth, mut found) = (Vec::new(), vec![7]);
        self.dijkstra.many_to_one(metric, from, to, INFINITY, &mut truth);
        let limit = limit(&truth, dice);
        self.asked += 1;
        self.query.many_to_one(metric, from, to, limit, &mut found);
        let expected = within(&truth, limit);
        assert_eq!(found, expected, "{}: many to one from {from:?} to {to:?} within {limit} ms", self.case);
    }

    /// A table, asked for by rows and by columns.
    pub(super) fn table(&mut self, metric: &Metric, from: &[Place], to: &[Place]) {
        let truth: Vec<_> = from.iter().map(|source| self.truth(metric, source, to)).collect();
        let mut times = Vec::new();
        for (source, truth) in from.iter().zip(&truth) {
            self.asked += 1;
            self.query.one_to_many(metric, source, &to.concat(), INFINITY, &mut times);
            assert_eq!(least_of_each(&times, to), *truth, "{}: a row from {source:?} to {to:?}", self.case);
        }
        for (nth, target) in to.iter().enumerate() {
            self.asked += 1;
            self.query.many_to_one(metric, &from.concat(), target, INFINITY, &mut times);
            let truth: Vec<_> = truth.iter().map(|row| row[nth]).collect();
            assert_eq!(least_of_each(&times, from), truth, "{}: a column from {from:?} to {target:?}", self.case);
        }
    }

    pub(super) fn nearest(&mut self, metric: &Metric, fleet: &Fleet, to: &[Position], dice: &mut Dice) {
        let positions: Vec<Position> = fleet.at.values().copied().collect();
        let mut times = Vec::new();
        self.dijkstra.many_to_one(metric, &positions, to, INFINITY, &mut times);
        let limit = limit(&times, dice);
        let k = *dice.pick(&[0, 1, 2, 10, 10, fleet.at.len(), usize::MAX]);
        let mut truth: Vec<(u32, Weight)> = fleet.at.keys().copied().zip(times).collect();
        truth.retain(|&(_, time)| time < INFINITY && time <= limit);
        truth.sort_by_key(|&(id, time)| (time, id));
        truth.truncate(k);
        self.asked += 1;
        let what = |of: &Fleet| format!("the nearest {k} to {to:?} within {limit} ms of {:?}", of.at);
        let found = self.query.nearest(metric, &fleet.targets, to, k, limit);
        assert_eq!(found, truth, "{}: {}", self.case, what(fleet));
        let reference = self.dijkstra.nearest(metric, &fleet.targets, to, k, limit);
        assert_eq!(reference, truth, "{}: by the reference {}", self.case, what(fleet));
    }
}

/// The least time of each place's positions, whose times come one after the other.
fn least_of_each(times: &[Weight], places: &[Place]) -> Vec<Option<Weight>> {
    assert_eq!(times.len(), places.iter().map(Vec::len).sum::<usize>());
    let mut rest = times.iter();
    let least = |place: &Place| rest.by_ref().take(place.len()).copied().min().filter(|&time| time < INFINITY);
    places.iter().map(least).collect()
}

fn within(times: &[Weight], limit: Weight) -> Vec<Weight> {
    times.iter().map(|&time| if time <= limit { time } else { INFINITY }).collect()
}

/// None, nothing, or one that falls on or just short of one of the times.
fn limit(times: &[Weight], dice: &mut Dice) -> Weight {
    match dice.below(8) {
        0 => 0,
        1 => u32::MAX,
        2 if !times.is_empty() => *dice.pick(times),
        3 if !times.is_empty() => dice.pick(times).saturating_sub(1),
        _ => INFINITY,
    }
}
