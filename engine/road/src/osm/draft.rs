use rustc_hash::{FxHashMap, FxHashSet};

use super::block::{Member, NodeView, Visitor};
use super::obstacle::Obstacle;
use super::profile::Profile;
use super::report::ImportReport;
use super::restriction::Restriction;
use super::road::{self, NoRoad, Road};
use super::tags::Tags;
use crate::geo::Coord;

/// What the first pass takes from a file, or from a part of it: car ways and turn restrictions.
#[derive(Debug)]
pub(super) struct Draft<'p> {
    profile: &'p Profile,
    pub(super) ways: Vec<CarWay>,
    /// The node ids of all ways, end to end.
    refs: Vec<i64>,
    pub(super) restrictions: Vec<Restriction>,
    pub(super) report: ImportReport,
}

/// A way that cars may use.
#[derive(Debug)]
pub(super) struct CarWay {
    pub(super) id: i64,
    pub(super) road: Road,
    pub(super) name: Box<str>,
    first_ref: usize,
    refs: usize,
}

/// The nodes that the car ways need, by ascending id, and what the second pass finds out about them.
#[derive(Debug)]
pub(super) struct Places {
    ids: Vec<i64>,
    coord: Vec<Option<Coord>>,
    obstacle: FxHashMap<u32, Obstacle>,
}

/// A node that the second pass found.
#[derive(Debug)]
pub(super) struct FoundNode {
    place: u32,
    coord: Option<Coord>,
    obstacle: Option<Obstacle>,
}

impl<'p> Draft<'p> {
    pub(super) fn new(profile: &'p Profile) -> Self {
        let report = ImportReport::default();
        Self { profile, ways: Vec::new(), refs: Vec::new(), restrictions: Vec::new(), report }
    }

    /// The node ids of a way.
    pub(super) fn refs(&self, way: &CarWay) -> &[i64] {
        &self.refs[way.first_ref..way.first_ref + way.refs]
    }

    /// Adds what a later part of the file holds.
    pub(super) fn append(&mut self, other: Draft<'_>) {
        let shift = self.refs.len();
        self.refs.extend_from_slice(&other.refs);
        self.ways.extend(other.ways.into_iter().map(|way| CarWay { first_ref: way.first_ref + shift, ..way }));
        self.restrictions.extend(other.restrictions);
        self.report.add(&other.report);
    }

    /// Drops ways that have the id of an earlier one: extracts that overlap were put together.
    pub(super) fn drop_duplicates(&mut self) {
        let mut seen = FxHashSet::default();
        let before = self.ways.len();
        self.ways.retain(|way| seen.insert(way.id));
        self.report.duplicate_ways = before - self.ways.len();
        self.report.car_ways = self.ways.len();
    }
}

impl Visitor for Draft<'_> {
    fn way(&mut self, id: i64, refs: &[i64], tags: &Tags<'_>) {
        self.report.ways += 1;
        let road = match Road::of(tags, self.profile, &mut self.report.invalid) {
            Ok(road) => road,
            Err(why) => {
                self.report.reversible_ways += usize::from(why == NoRoad::Reversible);
                return;
            }
        };
        self.report.conditional_ways += usize::from(road::is_conditional(tags, self.profile));
        let first_ref = self.refs.len();
        self.refs.extend_from_slice(refs);
        self.ways.push(CarWay { id, road, name: road::name(tags).into(), first_ref, refs: refs.len() });
    }

    fn relation(&mut self, _id: i64, members: &[Member<'_>], tags: &Tags<'_>) {
        self.report.relations += 1;
        self.restrictions.extend(Restriction::of(members, tags, &mut self.report.restrictions));
    }
}

impl Places {
    pub(super) fn needed_by(draft: &Draft<'_>) -> Self {
        let mut ids = draft.refs.clone();
        ids.sort_unstable();
        ids.dedup();
        let coord = vec![None; ids.len()];
        Self { ids, coord, obstacle: FxHashMap::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn id(&self, place: u32) -> i64 {
        self.ids[place as usize]
    }

    /// Where a node is; `None` if it is not in the file.
    pub(super) fn coord(&self, place: u32) -> Option<Coord> {
        self.coord[place as usize]
    }

    pub(super) fn obstacle(&self, place: u32) -> Option<&Obstacle> {
        self.obstacle.get(&place)
    }

    /// The number of a node, by its id. Ids mostly come in runs, so the place after `hint` is tried first.
    pub(super) fn find(&self, id: i64, hint: &mut usize) -> Option<u32> {
        let after = *hint;
        let found = if self.ids.get(after).is_some_and(|&known| known <= id) {
            // Double the step until past it, then search inside the last step.
            let mut step = 1;
            while self.ids.get(after + step).is_some_and(|&known| known <= id) {
                step *= 2;
            }
            let (low, high) = (after + step / 2, (after + step).min(self.ids.len()));
            self.ids[low..high].binary_search(&id).map(|at| low + at).map_err(|at| low + at)
        } else {
            self.ids[..after.min(self.ids.len())].binary_search(&id)
        };
        let (Ok(at) | Err(at)) = found;
        *hint = at.min(self.ids.len().saturating_sub(1));
        found.ok().map(|at| at as u32)
    }

    /// What a node's tags mean for who drives there.
    pub(super) fn judge(
        place: u32,
        node: NodeView,
        tags: &Tags<'_>,
        profile: &Profile,
        report: &mut ImportReport,
    ) -> FoundNode {
        let e7 = |nano: i64| i32::try_from(nano.saturating_add(nano.signum() * 50) / 100).ok();
        let coord = e7(node.lat_nano).zip(e7(node.lon_nano)).and_then(|(lat, lon)| Coord::from_e7(lat, lon).ok());
        report.bad_places += usize::from(coord.is_none());
        FoundNode { place, coord, obstacle: Obstacle::of(tags, profile, &mut report.invalid) }
    }

    /// Takes in what the second pass found; the first of two nodes with the same id counts.
    pub(super) fn fill(&mut self, found: Vec<FoundNode>) {
        for node in found {
            let place = &mut self.coord[node.place as usize];
            if place.is_some() {
                continue;
            }
            *place = node.coord;
            if let Some(obstacle) = node.obstacle.filter(|_| node.coord.is_some()) {
                self.obstacle.insert(node.place, obstacle);
            }
        }
    }

    /// Counts what was found.
    pub(super) fn count(&self, report: &mut ImportReport) {
        report.car_nodes = self.coord.iter().flatten().count();
        report.barriers = self.obstacle.values().filter(|obstacle| obstacle.blocked).count();
        report.signals = self.obstacle.values().filter(|obstacle| obstacle.signal.is_some()).count();
    }
}
