use std::sync::Arc;

use etaflow_road::{Coord, EdgeIndex, INFINITY, Metres, Metric, Network, Position, Query, Route, Snap, Weight};

use super::input_ids::InputIds;

/// A network with what it takes to ask it, and the memory that the searches need.
///
/// A place is the nearest road within a radius. Roads that cannot be reached from everywhere (a parking lot that the map
/// does not connect, a street that can only be left) count only where both ends are on the same such piece, or where
/// nothing else is within the radius; else it is the nearest road of the main network. Travel times are those of the
/// network when nothing is in the way.
#[derive(Debug)]
pub struct Router {
    network: Arc<Network>,
    ids: InputIds,
    index: EdgeIndex,
    metric: Metric,
    query: Query,
    radius: Metres,
}

impl Router {
    /// For a network; places farther than `radius` from any road are on none.
    ///
    /// # Panics
    /// If routing cannot be prepared for the network; see [`Network::turn_hierarchy`].
    pub fn new(network: Arc<Network>, radius: Metres) -> Self {
        let (index, metric) = (EdgeIndex::new(&network), Metric::free_flow(&network));
        let query = Query::new(Arc::clone(&network));
        let ids = InputIds::of(&network);
        Self { network, ids, index, metric, query, radius }
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Which of its shape points have ids.
    pub(crate) fn ids(&self) -> InputIds {
        self.ids
    }

    /// How far a place may be from a road.
    pub fn radius(&self) -> Metres {
        self.radius
    }

    /// The roads at both ends of a way, each `None` if it has none.
    pub(crate) fn snap_pair(&self, from: Coord, to: Coord) -> (Option<Snap>, Option<Snap>) {
        match self.index.snap_pair(&self.network, from, to, self.radius) {
            Some((from, to)) => (Some(from), Some(to)),
            None => (self.snap(from), self.snap(to)),
        }
    }

    /// The road at a place whose counterpart is on the main network.
    pub(crate) fn snap(&self, at: Coord) -> Option<Snap> {
        self.index.snap(&self.network, at, self.radius).or_else(|| self.snap_to_any(at))
    }

    /// The nearest road to a place and its component, if that is not the main one. A place on the same piece, and on
    /// another edge of it, is reached from there and not from [`snap`](Self::snap).
    pub(crate) fn snap_off_main(&self, at: Coord) -> Option<(u32, Snap)> {
        let snap = self.snap_to_any(at)?;
        let component = self.network.component(snap.positions()[0].edge);
        (component != 0).then_some((component, snap))
    }

    /// The nearest road, of whatever component.
    fn snap_to_any(&self, at: Coord) -> Option<Snap> {
        // A place is in the same component as itself, so that the index has no reason to look further.
        self.index.snap_pair(&self.network, at, at, self.radius).map(|(snap, _)| snap)
    }

    /// The fastest way.
    pub(crate) fn way(&mut self, from: &Snap, to: &Snap) -> Option<Route> {
        self.query.route(&self.metric, from.positions(), to.positions())
    }

    /// The travel time of the fastest way, in milliseconds.
    pub(crate) fn duration(&mut self, from: &Snap, to: &Snap) -> Option<Weight> {
        self.query.duration(&self.metric, from.positions(), to.positions())
    }

    /// The travel times from a place to many, in milliseconds, each as [`duration`](Self::duration) has it.
    pub(crate) fn durations(&mut self, from: &Snap, to: &[Option<Snap>]) -> Vec<Option<Weight>> {
        let positions: Vec<Position> = to.iter().flatten().flat_map(Snap::positions).copied().collect();
        let mut weights = Vec::new();
        self.query.one_to_many(&self.metric, from.positions(), &positions, INFINITY, &mut weights);
        let mut left = &weights[..];
        let mut soonest = |snap: &Snap| {
            let (alternatives, rest) = left.split_at(snap.positions().len());
            left = rest;
            alternatives.iter().copied().min().filter(|&weight| weight < INFINITY)
        };
        to.iter().map(|snap| soonest(snap.as_ref()?)).collect()
    }
}
