//! The slow and obvious answer: relax every turn until nothing changes (Bellman and Ford).

use super::metric::Metric;
use super::position::Position;
use crate::network::Network;
use crate::unit::{INFINITY, Weight};

/// The travel time from one position to another; `None` if there is no way.
pub(super) fn duration(network: &Network, metric: &Metric, from: Position, to: Position) -> Option<Weight> {
    let weight = |position: Position| u64::from(metric.weights()[position.edge.index()]);
    let closed = |position: Position| weight(position) >= u64::from(INFINITY);
    if closed(from) || closed(to) {
        return None;
    }
    let into = |position: Position| {
        let length = u64::from(network.length_mm(position.edge));
        weight(position) * u64::from(position.offset_mm).min(length) / length
    };
    if from.edge == to.edge && from.offset_mm <= to.offset_mm {
        return Some((into(to) - into(from)) as Weight);
    }
    // The time at the tail of each edge, after the turn into it.
    let mut time = vec![u64::MAX; network.edge_count()];
    for (next, turn) in network.successors(from.edge) {
        time[next.index()] = weight(from) - into(from) + u64::from(turn);
    }
    let mut changed = true;
    while changed {
        changed = false;
        for edge in network.edges() {
            let whole = metric.weights()[edge.index()];
            if time[edge.index()] == u64::MAX || whole >= INFINITY {
                continue;
            }
            for (next, turn) in network.successors(edge) {
                let later = time[edge.index()] + u64::from(whole) + u64::from(turn);
                if later < time[next.index()] {
                    time[next.index()] = later;
                    changed = true;
                }
            }
        }
    }
    let arrival = time[to.edge.index()].saturating_add(into(to));
    (arrival < u64::from(INFINITY)).then_some(arrival as Weight)
}

/// The least of all pairs.
pub(super) fn best(network: &Network, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Weight> {
    let pairs = from.iter().flat_map(|&source| to.iter().map(move |&target| (source, target)));
    pairs.filter_map(|(source, target)| duration(network, metric, source, target)).min()
}
