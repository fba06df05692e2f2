use std::sync::Arc;

use etaflow_road::{EdgeId, INFINITY, Metric, Network, Position, Query, Span, Timestamp, Weight};

use super::congestion::Congestion;
use crate::dice::hash_normal;

/// How many ways there are of seeing the city; each driver has one of them.
const VIEWS: usize = 3;
/// How old a view of the traffic becomes before it is renewed.
const STALE: Span = Span::from_secs(60);
/// How wrong the idea is that one has of an edge: the standard deviation of the logarithm of its travel time.
const MISJUDGED: f64 = 0.15;

/// Finds routes as drivers do: the fastest by what they know, which is old and not quite right.
#[derive(Debug)]
pub(super) struct Planner {
    network: Arc<Network>,
    query: Query,
    views: [View; VIEWS],
    closed: Vec<bool>,
}

#[derive(Debug)]
struct View {
    /// Per edge: what its travel time is taken times.
    misjudged: Vec<f32>,
    metric: Arc<Metric>,
    fresh_until: Timestamp,
}

impl Planner {
    pub(super) fn new(network: &Arc<Network>, seed: u64) -> Self {
        let free_flow = Arc::new(Metric::free_flow(network));
        let view = |nth: usize| View {
            misjudged: (0..network.edge_count() as u64)
                .map(|edge| {
                    (MISJUDGED * hash_normal(seed ^ (edge * VIEWS as u64 + nth as u64 + 1).rotate_left(20))).exp()
                })
                .map(|factor| factor as f32)
                .collect(),
            metric: Arc::clone(&free_flow),
            fresh_until: Timestamp::MIN,
        };
        Self {
            network: Arc::clone(network),
            query: Query::new(Arc::clone(network)),
            views: std::array::from_fn(view),
            closed: vec![false; network.edge_count()],
        }
    }

    pub(super) fn is_closed(&self, edge: u32) -> bool {
        self.closed[edge as usize]
    }

    /// Closes or reopens an edge; everybody hears of it with the next plan.
    pub(super) fn set_closed(&mut self, edge: EdgeId, closed: bool) {
        self.closed[edge.index()] = closed;
        for view in &mut self.views {
            view.fresh_until = Timestamp::MIN;
        }
    }

    /// The edges from one place to another as `driver` would go at `now`, and how long the driver thinks that takes;
    /// `None` if every way is closed. Who stands on an edge that was closed meanwhile can leave it at its end.
    pub(super) fn route(
        &mut self,
        driver: u32,
        congestion: &Congestion,
        from: Position,
        to: Position,
        now: Timestamp,
    ) -> Option<(Vec<EdgeId>, Weight)> {
        let nth = driver as usize % VIEWS;
        self.renew(nth, congestion, now);
        let metric = Arc::clone(&self.views[nth].metric);
        if !self.closed[from.edge.index()] {
            let route = self.query.route(&metric, &[from], &[to])?;
            return Some((route.edges, route.duration));
        }
        let exits: Vec<Position> =
            self.network.successors(from.edge).map(|(edge, _)| Position { edge, offset_mm: 0 }).collect();
        let route = self.query.route(&metric, &exits, &[to])?;
        let mut edges = vec![from.edge];
        edges.extend(route.edges);
        Some((edges, route.duration))
    }

    fn renew(&mut self, nth: usize, congestion: &Congestion, now: Timestamp) {
        let view = &mut self.views[nth];
        if now < view.fresh_until {
            return;
        }
        let weight = |edge: usize| {
            if self.closed[edge] {
                return INFINITY;
            }
            let known = congestion.travel_time(edge as u32) as f32 * view.misjudged[edge];
            (known as Weight).clamp(1, INFINITY - 1)
        };
        let weights = (0..view.misjudged.len()).map(weight).collect();
        if let Ok(metric) = Metric::new(&self.network, weights) {
            view.metric = Arc::new(metric);
        }
        view.fresh_until = now + STALE;
    }
}
