//! The crate `cch`, in Rust.
//!
//! It answers from one node to pinned ones; to one node from many is the same with the directions of all arcs swapped.
//! Pins cannot be changed, so new ones need a new query, with memory for each node. Its customization is made for
//! threads: one is a pool of one.

use cch::{Cch, CchView, Customizer as Maker, ElimTreeQuery, Metric, MetricView, PathQuery, distance, distance_matrix};
use etaflow_road::Weight;

use super::pools::{THREADS_MAX, pool};
use super::{Changes, Customizer, Many, PathOf, RoadGraph, Searcher, least};

pub(super) const NAME: &str = "cch";

/// The order that it would use by itself: the place among nodes at which each is contracted, least important first.
pub(super) fn order(graph: &RoadGraph) -> Vec<u32> {
    let part = |of: fn(&etaflow_road::Xy) -> f64| -> Vec<f32> { graph.place.iter().map(|at| of(at) as f32).collect() };
    let (north, east) = (part(|at| at.y), part(|at| at.x));
    cch::inertial_order(graph.node_count() as u32, &graph.tail, &graph.head, &north, &east)
}

/// The hierarchy of a graph. It stays for as long as the process, as all that refers to it does.
pub(super) fn hierarchy(graph: &RoadGraph, order: &[u32]) -> &'static Cch {
    let (first_out, head) = (graph.first_out.clone(), graph.head.clone());
    let theirs = cch::graph::Graph { first_out, head, weight: graph.weight.clone() };
    Box::leak(Box::new(Cch::build(&theirs, order)))
}

/// How much memory its arrays take, in bytes; RoutingKit has the same.
pub(super) fn bytes(hierarchy: &Cch) -> usize {
    let per_node = [&hierarchy.rank, &hierarchy.order, &hierarchy.elimination_tree_parent];
    let per_row = [&hierarchy.up_first_out, &hierarchy.down_first_out];
    let per_arc = [&hierarchy.up_head, &hierarchy.up_tail, &hierarchy.down_head, &hierarchy.down_to_up];
    let forward = [&hierarchy.forward_input_arc_of_cch, &hierarchy.first_extra_forward_input_arc_of_cch];
    let backward = [&hierarchy.backward_input_arc_of_cch, &hierarchy.first_extra_backward_input_arc_of_cch];
    let extra = [&hierarchy.extra_forward_input_arc_of_cch, &hierarchy.extra_backward_input_arc_of_cch];
    let all = per_node.iter().chain(&per_row).chain(&per_arc).chain(&forward).chain(&backward).chain(&extra);
    all.chain(&[&hierarchy.input_arc_to_cch_arc]).map(|array| array.len() * 4).sum()
}

/// Customizes.
pub(super) struct Ready {
    hierarchy: &'static Cch,
    maker: Maker<'static>,
    metric: Metric,
}

impl Ready {
    /// With the free-flow weights.
    pub(super) fn new(graph: &RoadGraph, hierarchy: &'static Cch) -> Self {
        let maker = hierarchy.customizer();
        let metric = pool(1).install(|| maker.customize(&graph.weight));
        Self { hierarchy, maker, metric }
    }
}

impl Customizer for Ready {
    fn name(&self) -> &'static str {
        NAME
    }

    fn threads_max(&self) -> usize {
        THREADS_MAX
    }

    fn customize(&mut self, weights: &[Weight], threads: usize) {
        pool(threads).install(|| self.maker.customize_into(weights, &mut self.metric));
    }

    fn change(&mut self, _changes: &Changes) -> bool {
        false
    }

    fn distance(&mut self, source: u32, target: u32) -> Weight {
        distance(&self.hierarchy.view(), &self.metric.view(), source, target)
    }
}

/// Searches.
pub(super) struct Search {
    view: &'static CchView<'static>,
    metric: MetricView<'static>,
    swapped: MetricView<'static>,
    path: PathQuery<'static>,
    from_kept: Option<ElimTreeQuery<'static>>,
    to_kept: Option<ElimTreeQuery<'static>>,
    drivers: Vec<u32>,
}

impl Search {
    /// Under the free-flow weights.
    pub(super) fn new(graph: &RoadGraph, hierarchy: &'static Cch) -> Self {
        let metric: &'static Metric = Box::leak(Box::new(hierarchy.customize(&graph.weight)));
        let view: &'static CchView<'static> = Box::leak(Box::new(hierarchy.view()));
        Self {
            view,
            metric: metric.view(),
            swapped: MetricView { forward: &metric.backward, backward: &metric.forward },
            path: PathQuery::new(view),
            from_kept: None,
            to_kept: None,
            drivers: Vec::new(),
        }
    }

    fn pinned(&self, nodes: &[u32]) -> ElimTreeQuery<'static> {
        let mut query = ElimTreeQuery::new(self.view);
        query.pin_targets(nodes);
        query
    }
}

fn ask(query: &mut ElimTreeQuery<'_>, metric: &MetricView<'_>, node: u32, count: usize, out: &mut Vec<Weight>) {
    out.clear();
    out.resize(count, 0);
    query.reset_source();
    query.add_source_and_run(metric, node);
    query.get_distances_to_targets(out);
}

impl Searcher for Search {
    fn name(&self) -> &'static str {
        NAME
    }

    fn distance(&mut self, source: u32, target: u32) -> Weight {
        distance(self.view, &self.metric, source, target)
    }

    fn path_of(&self) -> PathOf {
        PathOf::Nodes
    }

    fn path(&mut self, source: u32, target: u32, path: &mut Vec<u32>) {
        *path = self.path.path(&self.metric, source, target).unwrap_or_default();
    }
}

impl Many for Search {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keep_sources(&mut self, sources: &[u32]) {
        self.from_kept = Some(self.pinned(sources));
    }

    fn many_to_one(&mut self, sources: &[u32], target: u32, out: &mut Vec<Weight>) {
        let query = self.from_kept.as_mut().expect("sources are kept before");
        ask(query, &self.swapped, target, sources.len(), out);
    }

    fn keep_targets(&mut self, targets: &[u32]) {
        self.to_kept = Some(self.pinned(targets));
    }

    fn one_to_many(&mut self, source: u32, targets: &[u32], out: &mut Vec<Weight>) {
        let query = self.to_kept.as_mut().expect("targets are kept before");
        ask(query, &self.metric, source, targets.len(), out);
    }

    fn table(&mut self, sources: &[u32], targets: &[u32], out: &mut Vec<Weight>) {
        *out = distance_matrix(self.view, &self.metric, sources, targets);
    }

    fn place_drivers(&mut self, drivers: &[u32]) {
        self.drivers = drivers.to_vec();
    }

    fn move_driver(&mut self, driver: usize, node: u32) {
        self.drivers[driver] = node;
    }

    fn nearest(&mut self, node: u32, count: usize) -> Vec<(u32, Weight)> {
        let mut query = self.pinned(&self.drivers);
        let mut times = Vec::new();
        ask(&mut query, &self.swapped, node, self.drivers.len(), &mut times);
        least(&times, count)
    }
}
