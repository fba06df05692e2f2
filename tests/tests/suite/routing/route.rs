//! What a route must be.

use etaflow_road::{INFINITY, Metric, Network, Position, Route};

/// Drives a route and says what is wrong with it.
pub(super) fn fault(
    network: &Network,
    metric: &Metric,
    route: &Route,
    from: &[Position],
    to: &[Position],
) -> Option<String> {
    let Route { edges, source, target, .. } = route;
    if !from.contains(source) || !to.contains(target) {
        return Some("it begins or ends elsewhere".into());
    }
    if (edges.first(), edges.last()) != (Some(&source.edge), Some(&target.edge)) {
        return Some("its edges are not those of its ends".into());
    }
    if let Some(edge) = edges.iter().find(|&&edge| metric.weight(edge) >= INFINITY) {
        return Some(format!("edge {} is closed", edge.0));
    }
    for pair in edges.windows(2) {
        if network.head(pair[0]) != network.tail(pair[1]) {
            return Some(format!("edge {} does not lead to edge {}", pair[0].0, pair[1].0));
        }
        if network.turn_cost(pair[0], pair[1]) >= INFINITY {
            return Some(format!("the turn from edge {} to edge {} is forbidden", pair[0].0, pair[1].0));
        }
    }
    let offset = |at: &Position| u64::from(at.offset_mm.min(network.length_mm(at.edge)));
    if edges.len() == 1 && offset(source) > offset(target) {
        return Some("it goes backwards".into());
    }
    let duration = duration(network, metric, route);
    let whole: u64 = edges[..edges.len() - 1].iter().map(|&edge| u64::from(network.length_mm(edge))).sum();
    let length_mm = whole + offset(target) - offset(source);
    let said = (u64::from(route.duration), route.length_mm);
    ((duration, length_mm) != said).then(|| format!("it takes {duration} ms for {length_mm} mm"))
}

/// What is driven in milliseconds, summed where no sum overflows.
fn duration(network: &Network, metric: &Metric, route: &Route) -> u64 {
    let to_target = u64::from(metric.elapsed(network, route.target));
    let [_, inner @ .., _] = &route.edges[..] else {
        return to_target - u64::from(metric.elapsed(network, route.source));
    };
    let turns = route.edges.windows(2).map(|pair| u64::from(network.turn_cost(pair[0], pair[1])));
    let whole = inner.iter().map(|&edge| u64::from(metric.weight(edge)));
    u64::from(metric.remaining(network, route.source)) + turns.sum::<u64>() + whole.sum::<u64>() + to_target
}
