//! A case: all that is asked of one network for one seed.

use etaflow_road::{Metric, Weight};

use super::dice::Dice;
use super::fleet::Fleet;
use super::judge::Judge;
use super::map::Map;
use super::place::{Place, Places};
use super::traffic::Traffic;

/// How much a case asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// From how many places.
    pub(super) sources: usize,
    /// To how many from each.
    pub(super) targets: usize,
    /// Every how many of them for the route too.
    pub(super) route_every: usize,
    /// How many of each kind that a search of the reference is needed for: one to many, many to one, nearest.
    pub(super) searches: usize,
    /// How many places a table has at each side.
    pub(super) table: usize,
    /// How many points move about.
    pub(super) fleet: u32,
    /// How often some travel times change.
    pub(super) updates: usize,
    /// How much is asked after each change.
    pub(super) targets_after: usize,
}

/// How many edges change at once; the last are all.
const CHANGES: [usize; 4] = [1, 10, 1_000, usize::MAX];

/// What was asked under travel times, and what the answers were.
struct Asked {
    metric: Metric,
    from: Place,
    to: Vec<Place>,
    truth: Vec<Option<Weight>>,
}

/// Runs a case; how many questions were asked, and how many of them found a way.
pub(super) fn run(map: &Map, seed: u64, size: &Size) -> (u64, u64) {
    let network = &map.network;
    let (mut dice, traffic) = (Dice::new(seed), Traffic::of(seed));
    let case = format!("{}, seed {seed}, {traffic}", map.name);
    let mut judge = Judge::new(map);
    judge.case = case.clone();
    let mut weights = traffic.weights(network, &mut dice);
    let mut metric = Metric::new(network, weights.clone()).expect("weights within bounds");
    let mut fleet = Fleet::new(network, size.fleet);
    let places = Places { network, weights: &weights };
    fleet.stir(&places, size.fleet as usize, &mut dice);
    for _ in 0..size.sources {
        ask(&mut judge, &metric, &places, size.targets, size.route_every, &mut dice);
    }
    for _ in 0..size.searches {
        search(&mut judge, &metric, &places, &mut fleet, size.targets, &mut dice);
    }
    let table = |dice: &mut Dice| -> Vec<Place> { (0..size.table).map(|_| places.anywhere(dice)).collect() };
    judge.table(&metric, &table(&mut dice), &table(&mut dice));
    for update in 0..size.updates {
        let count = if update < CHANGES.len() { CHANGES[(update + seed as usize) % 4] } else { *dice.pick(&CHANGES) };
        judge.case = format!("{case}, update {update} of {} edges", count.min(network.edge_count()));
        let before = ask(
            &mut judge,
            &metric,
            &Places { network, weights: &weights },
            size.targets_after,
            size.route_every,
            &mut dice,
        );
        let changes = traffic.changes(network, &weights, count, &mut dice);
        changes.iter().for_each(|&(edge, weight)| weights[edge.index()] = weight);
        metric = metric.with_changes(&changes).expect("weights within bounds");
        after_update(&mut judge, before, (&metric, &weights), &mut fleet, size, &mut dice);
    }
    (judge.asked, judge.reached)
}

/// Asks from one place to some others.
fn ask(
    judge: &mut Judge<'_>,
    metric: &Metric,
    places: &Places<'_>,
    targets: usize,
    route_every: usize,
    dice: &mut Dice,
) -> Asked {
    let from = places.anywhere(dice);
    let to: Vec<Place> = (0..targets).map(|_| places.from(&from, dice)).collect();
    let truth = judge.truth(metric, &from, &to);
    for (nth, (place, &truth)) in to.iter().zip(&truth).enumerate() {
        judge.duration(metric, &from, place, truth);
        if nth % route_every == 0 {
            judge.route(metric, &from, place, truth);
        }
    }
    if let (Some(place), Some(&truth)) = (to.first(), truth.first()) {
        judge.reference(metric, &from, place, truth);
    }
    Asked { metric: metric.clone(), from, to, truth }
}

/// Asks what takes the reference a search each.
fn search(
    judge: &mut Judge<'_>,
    metric: &Metric,
    places: &Places<'_>,
    fleet: &mut Fleet,
    targets: usize,
    dice: &mut Dice,
) {
    let one = places.anywhere(dice);
    let many: Place = (0..targets).flat_map(|_| places.from(&one, dice)).collect();
    judge.one_to_many(metric, &one, &many, dice);
    judge.many_to_one(metric, &many, &one, dice);
    let moves = dice.below(8);
    fleet.stir(places, moves, dice);
    judge.nearest(metric, fleet, &one, dice);
}

/// After a change the new travel times count, as if they had been given all at once; and under the old ones nothing
/// has changed.
fn after_update(
    judge: &mut Judge<'_>,
    before: Asked,
    (metric, weights): (&Metric, &[Weight]),
    fleet: &mut Fleet,
    size: &Size,
    dice: &mut Dice,
) {
    let network = &*judge.map.network;
    let places = Places { network, weights };
    let fresh = Metric::new(network, weights.to_vec()).expect("weights within bounds");
    assert_eq!(metric.weights(), fresh.weights(), "{}", judge.case);
    let after = ask(judge, metric, &places, size.targets_after, size.route_every, dice);
    for (place, &truth) in after.to.iter().zip(&after.truth) {
        judge.duration(&fresh, &after.from, place, truth);
        judge.route(&fresh, &after.from, place, truth);
    }
    for (place, &truth) in before.to.iter().zip(&before.truth) {
        judge.duration(&before.metric, &before.from, place, truth);
    }
    let truth = judge.truth(metric, &before.from, &before.to);
    for (place, truth) in before.to.iter().zip(truth) {
        judge.duration(metric, &before.from, place, truth);
    }
    search(judge, metric, &places, fleet, size.targets_after, dice);
}
