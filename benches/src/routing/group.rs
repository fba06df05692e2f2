use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use etaflow_road::{Network, SyntheticCity, open_network};

use super::check::Truth;
use super::comparisons::{Ready, Seeker, customizations, questions};
use super::preparation::prepare;
use super::turns::{self, Turns};
use super::work::{CHANGED, Work};
use super::{RoadGraph, ours, peer_cch, peer_fast_paths};
use crate::{GroupError, Request, Row, measure};

/// How many nodes the made-up city has if nothing else is said.
const NODES: usize = 20_000;

/// The network that a request is about.
pub(super) fn network(request: &Request) -> Result<Network, GroupError> {
    match &request.network {
        Some(path) => Ok(open_network(path)?),
        None => {
            let nodes = request.nodes.unwrap_or(NODES);
            Ok(SyntheticCity { nodes, ..SyntheticCity::default() }.build())
        }
    }
}

/// Everybody, checked and then measured.
pub fn rows(request: &Request) -> Result<Vec<Row>, GroupError> {
    let network = Arc::new(network(request)?);
    let graph = Rc::new(RoadGraph::new(&network));
    let work = Rc::new(Work::new(&graph));
    request.tell(format_args!("{} nodes, {} arcs", graph.node_count(), graph.arc_count()));
    let (order, preparation) = prepare(&graph);
    request.tell(format_args!("prepared"));
    let Everybody { ready, seekers, perfect } = everybody(&graph, &order);
    let mut truth = Truth::new(&graph, &work);
    for who in &ready {
        request.tell(format_args!("checking how {} customizes", who.borrow().name()));
        truth.check_customizer(&mut *who.borrow_mut(), 2, &CHANGED);
    }
    for who in seekers.iter().chain(&perfect[..1]) {
        request.tell(format_args!("checking what {} finds", who.borrow().name()));
        truth.check_searcher(&mut *who.borrow_mut());
    }
    let turns = Rc::new(Turns::new(network, &work));
    request.tell(format_args!("checking turns"));
    turns.check(&graph);
    let mut rows: Vec<Row> = preparation.into_iter().filter(|row| request.wants(&row.operation)).collect();
    let mut comparisons = customizations(&graph, &work, &ready);
    comparisons.extend(questions(&work, &seekers, ""));
    comparisons.extend(questions(&work, &perfect, ", perfect"));
    comparisons.extend(turns::comparisons(&turns, &graph, &ready[0], &seekers[0]));
    for comparison in comparisons {
        if request.wants(&comparison.operation) {
            request.tell(format_args!("{}", comparison.operation));
            rows.extend(measure("routing", comparison, request.rounds));
        }
    }
    Ok(rows)
}

/// Everybody who customizes and searches.
struct Everybody {
    /// Ours is the first.
    ready: Vec<Ready>,
    /// Ours is the first.
    seekers: Vec<Seeker>,
    /// Those who leave out what shortest paths do not need, and who is closest to them.
    perfect: Vec<Seeker>,
}

fn everybody(graph: &RoadGraph, order: &[u32]) -> Everybody {
    let hierarchy = ours::hierarchy(graph, order);
    let mut ready: Vec<Ready> = vec![Rc::new(RefCell::new(ours::Ready::new(graph, &hierarchy)))];
    let mut seekers: Vec<Seeker> = vec![Rc::new(RefCell::new(ours::Search::new(graph, &hierarchy, false)))];
    let mut perfect: Vec<Seeker> = vec![Rc::new(RefCell::new(ours::Search::new(graph, &hierarchy, true)))];
    #[cfg(feature = "routingkit")]
    {
        use super::peer_routingkit;
        let hierarchy = peer_routingkit::hierarchy(graph, order);
        ready.push(Rc::new(RefCell::new(peer_routingkit::Ready::new(graph, hierarchy))));
        let seeker: Seeker = Rc::new(RefCell::new(peer_routingkit::Search::new(graph, hierarchy)));
        seekers.push(Rc::clone(&seeker));
        perfect.push(seeker);
    }
    let hierarchy = peer_cch::hierarchy(graph, order);
    ready.push(Rc::new(RefCell::new(peer_cch::Ready::new(graph, hierarchy))));
    let seeker: Seeker = Rc::new(RefCell::new(peer_cch::Search::new(graph, hierarchy)));
    seekers.push(Rc::clone(&seeker));
    perfect.push(seeker);
    let (again, search) = peer_fast_paths::both(graph);
    ready.push(Rc::new(RefCell::new(again)));
    seekers.push(Rc::new(RefCell::new(search)));
    Everybody { ready, seekers, perfect }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_right_and_is_measured() {
        let request = Request {
            rounds: 1,
            only: Some("full customization, 1 thread".into()),
            nodes: Some(1_000),
            ..Request::default()
        };
        let rows = rows(&request).expect("a city needs no file");
        assert!(rows.iter().all(|row| row.operation == "full customization, 1 thread"));
        let peers: Vec<_> = rows.iter().map(|row| row.peer).collect();
        assert!(peers.ends_with(&["cch", "fast_paths"]), "{peers:?}");
        assert_eq!(peers.contains(&"RoutingKit"), cfg!(feature = "routingkit"));
    }

    #[test]
    fn a_network_that_is_not_there_is_named() {
        let request = Request { rounds: 1, network: Some("no/such.osm.pbf".into()), ..Request::default() };
        let error = rows(&request).expect_err("there is none");
        assert!(error.to_string().contains("no/such.osm.pbf"), "{error}");
    }
}
