mod codec;

use std::collections::VecDeque;
use std::sync::Arc;

use etaflow_road::{EdgeId, INFINITY, MetresPerSecond, Metric, MetricCustomizer, Network, RoadClass, Weight};

use super::closure::Closures;
use super::config::TrafficConfig;
use super::evidence::Evidence;
use super::pace::{APPLIED_MAX, APPLIED_MIN, ClassPace, PAR, PerClass};
use super::profiled::Profiled;
use crate::event::{ProfileId, RoadRef};
use crate::profile::SpeedProfile;
use crate::stream::{Pane, Panes, SlidingWindow, StateDigest, Tick};

/// One traversal, and the weight of a fresh pane, in fixed point.
const ONE: u64 = 256;

/// The bounds of an edge's travel time, as parts and multiples of its free-flow time.
const FASTEST_DIVISOR: Weight = 3;
const SLOWEST_FACTOR: u64 = 30;

/// How many metrics that others have replaced are held on to. A shard may be in an epoch as old as three ticks when the
/// next is made: of metrics that are replaced at each tick, the third newest is read by nobody.
const RETIRED_MAX: usize = 3;

/// If more than one edge in so many changes, as when the window slides, the metric is customized as a whole. Changing it
/// would come to that in the end, after a copy and after each change was looked up.
const CHANGED_FEW: usize = 8;

/// The travel times of all edges, kept up to date from tick to tick.
///
/// A deterministic function of the sums that the shards send, however many shards there are.
pub struct Traffic {
    network: Arc<Network>,
    panes: Panes,
    window_panes: usize,
    /// What the prior is worth, in traversals of weight [`ONE`] each.
    prior: u64,
    window: Option<SlidingWindow<Evidence>>,
    pace: ClassPace,
    /// The paces that are in force; they follow `pace` when the window slides.
    applied: PerClass<u64>,
    /// What is usual at this time of the week, if there is a profile: `pace` is then relative to that.
    profiled: Option<Profiled>,
    /// The one that was when this was written down, until it is put back.
    awaited: Option<ProfileId>,
    /// Whether all edges are to be looked at again at the next tick.
    all_dirty: bool,
    closures: Closures,
    /// Per edge: what was driven on it within the window.
    driven: Vec<Driven>,
    weights: Vec<Weight>,
    metric: Arc<Metric>,
    customizer: MetricCustomizer,
    /// How many came before it.
    metric_number: u64,
    /// Those that came before it, the oldest first, until nobody reads them any more.
    retired: VecDeque<Arc<Metric>>,
    /// Edges to look at again at the next tick.
    dirty: Vec<EdgeId>,
    /// Edges whose travel time is another than in the metric.
    changes: Vec<(EdgeId, Weight)>,
}

/// What was driven on an edge within the window, each pane by its weight.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Driven {
    /// Millimetres, times the weight.
    length: u64,
    /// Milliseconds, times the weight.
    time: u64,
}

impl Driven {
    fn add(&mut self, evidence: &Evidence, age: usize, panes: usize) {
        let weight = ONE * (panes - age) as u64 / panes as u64;
        self.length += weight * evidence.length_mm;
        self.time += weight * evidence.duration_ms;
    }
}

/// What is known of the speed on an edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EdgeSpeed {
    /// The speed that arrival times rest on; 0 where the road is closed.
    pub speed: MetresPerSecond,
    /// The speed when nothing is in the way.
    pub free_flow: MetresPerSecond,
}

impl EdgeSpeed {
    /// What `metric` says of `edge`.
    pub fn of(network: &Network, metric: &Metric, edge: EdgeId) -> Self {
        let weight = metric.weight(edge);
        let speed = if weight >= INFINITY { 0.0 } else { f64::from(network.length_mm(edge)) / f64::from(weight) };
        Self { speed: MetresPerSecond(speed), free_flow: network.free_flow_speed(edge) }
    }
}

impl Traffic {
    /// Nobody has driven yet: free flow everywhere.
    pub fn new(network: Arc<Network>, config: &TrafficConfig) -> Self {
        Self {
            panes: Panes::new(config.pane),
            window_panes: config.panes,
            prior: prior_of(config),
            window: None,
            pace: ClassPace::new(config.class_prior_min, config.class_half_life),
            applied: [PAR; RoadClass::ALL.len()],
            profiled: None,
            awaited: None,
            all_dirty: false,
            closures: Closures::default(),
            driven: vec![Driven::default(); network.edge_count()],
            weights: network.free_flow_weights().to_vec(),
            metric: Arc::new(Metric::free_flow(&network)),
            customizer: MetricCustomizer::new(&network),
            metric_number: 0,
            retired: VecDeque::with_capacity(RETIRED_MAX),
            dirty: Vec::new(),
            changes: Vec::new(),
            network,
        }
    }

    /// The metric that is the newest.
    pub fn metric(&self) -> &Arc<Metric> {
        &self.metric
    }

    /// How many others came before the newest metric.
    pub fn metric_number(&self) -> u64 {
        self.metric_number
    }

    /// Adds what a shard's traversals add up to. Those too late for the window are counted and left out.
    pub fn add(&mut self, tick: &Tick, sums: &[(Pane, EdgeId, Evidence)]) {
        let newest = self.panes.at(tick.time);
        let window = self.window.get_or_insert_with(|| SlidingWindow::new(self.window_panes, newest));
        for &(pane, edge, ref evidence) in sums {
            if window.add(pane, edge.0, evidence) {
                let age = (window.newest().0 - pane.0).max(0) as usize;
                self.driven[edge.index()].add(evidence, age, self.window_panes);
                self.dirty.push(edge);
                let usual = u64::from(self.network.free_flow(edge)) * pace_of(self.profiled.as_ref(), edge) / PAR;
                self.pace.add(self.network.class(edge), evidence, self.network.length_mm(edge), usual);
            }
        }
    }

    /// Takes what a profile of this network says for usual, from the tick that comes next on, in place of what the map or
    /// another profile says. How much slower than usual the classes are is what it was, in sum: that takes some panes to
    /// be worked out anew.
    pub fn adopt(&mut self, tick: &Tick, profile: Arc<SpeedProfile>) {
        let newest = self.panes.at(tick.time);
        let window = self.window.get_or_insert_with(|| SlidingWindow::new(self.window_panes, newest));
        let time = self.panes.start(window.newest());
        let before = class_paces(self.profiled.as_ref());
        let now = class_paces(Some(self.profiled.insert(Profiled::at(&self.network, profile, time))));
        self.pace.rebase(&before, &now);
        let rebased = |class: usize| (self.applied[class] * before[class] / now[class]).clamp(APPLIED_MIN, APPLIED_MAX);
        self.applied = std::array::from_fn(rebased);
        self.awaited = None;
        self.all_dirty = true;
    }

    /// The profile that has to be [put back](Self::reinstate) before the next tick: it was in force when this was written
    /// down, and is not written with it.
    pub fn awaited(&self) -> Option<ProfileId> {
        self.awaited
    }

    /// Puts back the profile that is awaited.
    pub fn reinstate(&mut self, profile: Arc<SpeedProfile>) {
        debug_assert_eq!(self.awaited, Some(profile.id()));
        let newest = self.window.as_ref().map_or(Pane(0), SlidingWindow::newest);
        self.profiled = Some(Profiled::at(&self.network, profile, self.panes.start(newest)));
        self.awaited = None;
    }

    /// The profile that says what is usual, if one does.
    pub fn profile(&self) -> Option<ProfileId> {
        self.profiled.as_ref().map(Profiled::id).or(self.awaited)
    }

    /// Closes a stretch of road, which lies on `edges`.
    pub fn close(&mut self, edges: &[EdgeId], road: RoadRef) {
        for &edge in edges {
            self.closures.close(edge, road);
            self.dirty.push(edge);
        }
    }

    /// Opens a stretch of road again, which lies on `edges`.
    pub fn reopen(&mut self, edges: &[EdgeId], road: RoadRef) {
        for &edge in edges {
            self.closures.reopen(edge, road);
            self.dirty.push(edge);
        }
    }

    /// The travel times now that all shards have sent what they had up to this tick; the very same ones if no edge's
    /// time has changed.
    pub fn on_tick(&mut self, tick: &Tick) -> &Arc<Metric> {
        debug_assert_eq!(self.awaited, None, "what was in force is to be put back first");
        self.pace.on_tick(tick.time);
        let newest = self.panes.at(tick.time);
        let mut dirty = std::mem::take(&mut self.dirty);
        let slides = self.window.as_ref().is_some_and(|window| newest > window.newest());
        if slides {
            self.slide(newest);
        } else if self.all_dirty {
            self.set_all();
        } else {
            dirty.sort_unstable();
            dirty.dedup();
            for &edge in &dirty {
                self.set(edge, self.estimate(edge));
            }
        }
        if !self.changes.is_empty() {
            let metric = self.changed();
            self.retired.push_back(std::mem::replace(&mut self.metric, Arc::new(metric)));
            self.metric_number += 1;
        }
        self.changes.clear();
        self.all_dirty = false;
        dirty.clear();
        self.dirty = dirty;
        &self.metric
    }

    /// The newest metric with the changes, in the memory of one that nobody reads any more, if there is one.
    fn changed(&mut self) -> Metric {
        let spare = self.spare();
        if self.changes.len() * CHANGED_FEW > self.weights.len() {
            let mut metric = spare.unwrap_or_else(|| Metric::clone(&self.metric));
            self.customizer.customize(&mut metric, &self.weights).expect("an estimate is a weight");
            return metric;
        }
        let mut metric = match spare {
            Some(mut metric) => {
                metric.clone_from(&self.metric);
                metric
            }
            None => Metric::clone(&self.metric),
        };
        self.customizer.change(&mut metric, &self.changes).expect("an estimate is a weight");
        metric
    }

    /// The oldest metric, if nobody reads it any more. One that is read for long is left to its readers.
    fn spare(&mut self) -> Option<Metric> {
        match Arc::try_unwrap(self.retired.pop_front()?) {
            Ok(metric) => Some(metric),
            Err(read) => {
                if self.retired.len() + 1 < RETIRED_MAX {
                    self.retired.push_front(read);
                }
                None
            }
        }
    }

    /// Makes `newest` the newest pane: every pane is a step older, some edges lose their last evidence, and the priors
    /// move, so that all edges are estimated anew.
    fn slide(&mut self, newest: Pane) {
        let Some(window) = &mut self.window else { return };
        window.slide_to(newest);
        self.applied = self.pace.paces(&self.applied);
        if let Some(profiled) = &mut self.profiled {
            profiled.move_to(&self.network, self.panes.start(newest));
        }
        // Pane by pane, not edge by edge: the sums do not depend on the order.
        self.driven.fill(Driven::default());
        window.for_each(|age, edge, evidence| self.driven[edge as usize].add(evidence, age, self.window_panes));
        self.set_all();
    }

    fn set_all(&mut self) {
        for edge in self.network.edges() {
            self.set(edge, self.estimate(edge));
        }
    }

    fn set(&mut self, edge: EdgeId, weight: Weight) {
        if std::mem::replace(&mut self.weights[edge.index()], weight) != weight {
            self.changes.push((edge, weight));
        }
    }

    /// The travel time of an edge: `l (T + k t) / (L + k l)` for an edge of length `l` and prior time `t` on which `L`
    /// was driven in `T`, where the prior counts as `k` traversals. Without a prior it is the harmonic mean speed's.
    fn estimate(&self, edge: EdgeId) -> Weight {
        if self.closures.is_closed(edge) {
            return INFINITY;
        }
        let (prior_time, driven) = (self.prior_time(edge), self.driven[edge.index()]);
        if driven.length == 0 {
            return self.held(edge, prior_time);
        }
        let length = u128::from(self.network.length_mm(edge));
        let prior = u128::from(self.prior);
        let time = u128::from(driven.time) + prior * u128::from(prior_time);
        self.held(edge, (length * time / (u128::from(driven.length) + prior * length)) as u64)
    }

    /// The travel time of an edge that nothing is known of but what is usual, and its class.
    fn prior_time(&self, edge: EdgeId) -> u64 {
        let pace = pace_of(self.profiled.as_ref(), edge) * self.applied[self.network.class(edge) as usize];
        (u128::from(self.network.free_flow(edge)) * u128::from(pace) / u128::from(PAR * PAR)) as u64
    }

    /// A travel time, held to its bounds.
    fn held(&self, edge: EdgeId, time: u64) -> Weight {
        let free_flow = self.network.free_flow(edge);
        let fastest = u64::from((free_flow / FASTEST_DIVISOR).max(1));
        let slowest = (u64::from(free_flow) * SLOWEST_FACTOR).min(u64::from(INFINITY - 1));
        time.clamp(fastest, slowest) as Weight
    }

    /// How many sums came too late for the window.
    pub fn late(&self) -> u64 {
        self.window.as_ref().map_or(0, SlidingWindow::late)
    }

    /// Adds the whole state to `digest`.
    pub fn digest(&self, digest: &mut StateDigest) {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        digest.entity(b'p', 0, &bytes);
    }
}

/// The usual pace of an edge: as the map says, if there is no profile.
fn pace_of(profiled: Option<&Profiled>, edge: EdgeId) -> u64 {
    profiled.map_or(PAR, |profiled| profiled.pace(edge))
}

/// The usual paces of the classes.
fn class_paces(profiled: Option<&Profiled>) -> PerClass<u64> {
    profiled.map_or([PAR; RoadClass::ALL.len()], Profiled::class_paces)
}

fn prior_of(config: &TrafficConfig) -> u64 {
    (config.prior_traversals * ONE as f64).round().max(1.0) as u64
}

#[cfg(test)]
#[path = "speeds_tests.rs"]
mod tests;
