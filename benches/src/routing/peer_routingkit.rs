//! RoutingKit, through the crate `routingkit-cch`.
//!
//! Its questions of one to many come with the many pinned beforehand. It can give a perfect hierarchy, but the crate
//! does not. For several threads, the crate sorts the nodes into levels anew each time.

use etaflow_road::{INFINITY, Weight, Xy};
use routingkit_cch::{
    CCH, CCHManyToOne, CCHMetric, CCHMetricPartialUpdater, CCHOneToMany, CCHQuery, compute_order_inertial,
};

use super::{Changes, Customizer, Many, PathOf, RoadGraph, Searcher, least};

pub(super) const NAME: &str = "RoutingKit";

/// The order that it would use by itself.
pub(super) fn order(graph: &RoadGraph) -> Vec<u32> {
    let part = |of: fn(&Xy) -> f64| -> Vec<f32> { graph.place.iter().map(|at| of(at) as f32).collect() };
    let (north, east) = (part(|at| at.y), part(|at| at.x));
    compute_order_inertial(graph.node_count() as u32, &graph.tail, &graph.head, &north, &east)
}

/// The hierarchy of a graph. It stays for as long as the process, as all that refers to it does.
pub(super) fn hierarchy(graph: &RoadGraph, order: &[u32]) -> &'static CCH {
    Box::leak(Box::new(CCH::new(order, &graph.tail, &graph.head, |_| {}, false)))
}

/// Customizes.
pub(super) struct Ready {
    metric: CCHMetric<'static>,
    updater: CCHMetricPartialUpdater<'static>,
}

impl Ready {
    /// With the free-flow weights.
    pub(super) fn new(graph: &RoadGraph, hierarchy: &'static CCH) -> Self {
        let metric = CCHMetric::new(hierarchy, graph.weight.clone());
        Self { metric, updater: CCHMetricPartialUpdater::new(hierarchy) }
    }
}

impl Customizer for Ready {
    fn name(&self) -> &'static str {
        NAME
    }

    fn threads_max(&self) -> usize {
        usize::MAX
    }

    fn customize(&mut self, weights: &[Weight], threads: usize) {
        if threads == 1 {
            self.metric.reset(weights.to_vec());
        } else {
            self.metric.parallel_reset(weights.to_vec(), threads as u32);
        }
    }

    fn change(&mut self, changes: &Changes) -> bool {
        self.updater.apply(&mut self.metric, &changes.map);
        true
    }

    fn distance(&mut self, source: u32, target: u32) -> Weight {
        ask(&mut CCHQuery::new(&self.metric), source, target)
    }
}

fn ask(query: &mut CCHQuery<'_>, source: u32, target: u32) -> Weight {
    query.add_source(source, 0);
    query.add_target(target, 0);
    query.run().distance().unwrap_or(INFINITY)
}

/// Searches.
pub(super) struct Search {
    query: CCHQuery<'static>,
    from_kept: CCHManyToOne<'static>,
    to_kept: CCHOneToMany<'static>,
    to_row: CCHOneToMany<'static>,
    from_drivers: CCHManyToOne<'static>,
    drivers: Vec<u32>,
}

impl Search {
    /// Under the free-flow weights.
    pub(super) fn new(graph: &RoadGraph, hierarchy: &'static CCH) -> Self {
        let metric: &'static CCHMetric<'static> = Box::leak(Box::new(CCHMetric::new(hierarchy, graph.weight.clone())));
        Self {
            query: CCHQuery::new(metric),
            from_kept: CCHManyToOne::new(metric, &[0]),
            to_kept: CCHOneToMany::new(metric, &[0]),
            to_row: CCHOneToMany::new(metric, &[0]),
            from_drivers: CCHManyToOne::new(metric, &[0]),
            drivers: Vec::new(),
        }
    }
}

fn weights(found: Vec<Option<u32>>) -> impl Iterator<Item = Weight> {
    found.into_iter().map(|distance| distance.unwrap_or(INFINITY))
}

impl Searcher for Search {
    fn name(&self) -> &'static str {
        NAME
    }

    fn distance(&mut self, source: u32, target: u32) -> Weight {
        ask(&mut self.query, source, target)
    }

    fn path_of(&self) -> PathOf {
        PathOf::Arcs
    }

    fn path(&mut self, source: u32, target: u32, path: &mut Vec<u32>) {
        self.query.add_source(source, 0);
        self.query.add_target(target, 0);
        *path = self.query.run().arc_path();
    }
}

impl Many for Search {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keep_sources(&mut self, sources: &[u32]) {
        self.from_kept.repin_sources(sources);
    }

    fn many_to_one(&mut self, _sources: &[u32], target: u32, out: &mut Vec<Weight>) {
        out.clear();
        out.extend(weights(self.from_kept.distances_to(target)));
    }

    fn keep_targets(&mut self, targets: &[u32]) {
        self.to_kept.repin_targets(targets);
    }

    fn one_to_many(&mut self, source: u32, _targets: &[u32], out: &mut Vec<Weight>) {
        out.clear();
        out.extend(weights(self.to_kept.distances_from(source)));
    }

    fn table(&mut self, sources: &[u32], targets: &[u32], out: &mut Vec<Weight>) {
        out.clear();
        self.to_row.repin_targets(targets);
        for &source in sources {
            out.extend(weights(self.to_row.distances_from(source)));
        }
    }

    fn place_drivers(&mut self, drivers: &[u32]) {
        self.drivers = drivers.to_vec();
    }

    fn move_driver(&mut self, driver: usize, node: u32) {
        self.drivers[driver] = node;
        self.from_drivers.repin_sources(&self.drivers);
    }

    fn nearest(&mut self, node: u32, count: usize) -> Vec<(u32, Weight)> {
        let times: Vec<Weight> = weights(self.from_drivers.distances_to(node)).collect();
        least(&times, count)
    }
}
