use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::check::Truth;
use super::comparisons::{Fan, Ready, Seeker, customizations, fans, questions};
use super::pools::THREADS_MAX;
use super::preparation::prepare;
use super::turns::{self, Turns};
use super::work::{CHANGED, Work};
use super::{Many, RoadGraph, Searcher, ours, peer_cch, peer_fast_paths};
use crate::{GroupError, Request, Row, measure};

/// Everybody, checked and then measured.
pub fn rows(request: &Request) -> Result<Vec<Row>, GroupError> {
    let network = Arc::new(request.network()?);
    let graph = Rc::new(RoadGraph::new(&network));
    let work = Rc::new(Work::new(&graph));
    request.tell(format_args!("{} nodes, {} arcs", graph.node_count(), graph.arc_count()));
    let (order, preparation) = prepare(&graph, &network);
    request.tell(format_args!("prepared"));
    let (all, perfect) = everybody(&graph, &order);
    let mut truth = Truth::new(&graph, &work);
    check(request, &mut truth, &all);
    let ours =
        Everybody { ready: Vec::new(), seekers: perfect.seekers[..1].to_vec(), fans: perfect.fans[..1].to_vec() };
    check(request, &mut truth, &ours);
    let [turns, perfect_turns] =
        [false, true].map(|is_perfect| Rc::new(Turns::new(Arc::clone(&network), &work, is_perfect)));
    request.tell(format_args!("checking turns"));
    turns.check(&graph);
    perfect_turns.check(&graph);
    let mut comparisons = customizations(&graph, &work, &all.ready);
    comparisons.extend(questions(&work, &all.seekers, ""));
    comparisons.extend(fans(&work, &all.fans, ""));
    comparisons.extend(questions(&work, &perfect.seekers, ", perfect"));
    comparisons.extend(fans(&work, &perfect.fans, ", perfect"));
    comparisons.extend(turns::customizations(&turns, &graph, &all.ready[0]));
    comparisons.extend(turns::questions(&turns, &all.seekers[0], &all.fans[0], ""));
    comparisons.extend(turns::questions(&perfect_turns, &perfect.seekers[0], &perfect.fans[0], ", perfect"));
    let mut rows: Vec<Row> = preparation.into_iter().filter(|row| request.wants(&row.operation)).collect();
    // A city that is too small has no local pairs.
    comparisons.retain(|comparison| comparison.count > 0 && request.wants(&comparison.operation));
    for comparison in comparisons {
        request.tell(format_args!("{}", comparison.operation));
        rows.extend(measure("routing", comparison, request.rounds));
    }
    Ok(rows)
}

/// Everybody who does something. Ours is the first of each, if there is one.
#[derive(Default)]
struct Everybody {
    ready: Vec<Ready>,
    seekers: Vec<Seeker>,
    fans: Vec<Fan>,
}

impl Everybody {
    fn searches<S: Searcher + Many + 'static>(&mut self, search: S) {
        let search = Rc::new(RefCell::new(search));
        self.seekers.push(Rc::clone(&search) as Seeker);
        self.fans.push(search);
    }
}

/// All, and those who leave out what shortest paths do not need, beside who is closest to them.
fn everybody(graph: &RoadGraph, order: &[u32]) -> (Everybody, Everybody) {
    let (mut all, mut perfect) = (Everybody::default(), Everybody::default());
    let hierarchy = ours::hierarchy(graph, order);
    all.ready.push(Rc::new(RefCell::new(ours::Ready::new(graph, &hierarchy))));
    all.searches(ours::Search::new(graph, &hierarchy, false));
    perfect.searches(ours::Search::new(graph, &hierarchy, true));
    #[cfg(feature = "routingkit")]
    {
        use super::peer_routingkit;
        let hierarchy = peer_routingkit::hierarchy(graph, order);
        all.ready.push(Rc::new(RefCell::new(peer_routingkit::Ready::new(graph, hierarchy))));
        all.searches(peer_routingkit::Search::new(graph, hierarchy));
    }
    let hierarchy = peer_cch::hierarchy(graph, order);
    all.ready.push(Rc::new(RefCell::new(peer_cch::Ready::new(graph, hierarchy))));
    all.searches(peer_cch::Search::new(graph, hierarchy));
    perfect.seekers.extend_from_slice(&all.seekers[1..]);
    perfect.fans.extend_from_slice(&all.fans[1..]);
    let (again, search) = peer_fast_paths::both(graph);
    all.ready.push(Rc::new(RefCell::new(again)));
    all.seekers.push(Rc::new(RefCell::new(search)));
    (all, perfect)
}

fn check(request: &Request, truth: &mut Truth<'_>, all: &Everybody) {
    for who in &all.ready {
        request.tell(format_args!("checking how {} customizes", who.borrow().name()));
        truth.check_customizer(&mut *who.borrow_mut(), THREADS_MAX, &CHANGED);
    }
    for who in &all.seekers {
        request.tell(format_args!("checking what {} finds", who.borrow().name()));
        truth.check_searcher(&mut *who.borrow_mut());
    }
    for who in &all.fans {
        request.tell(format_args!("checking what {} finds of many", who.borrow().name()));
        truth.check_many(&mut *who.borrow_mut());
    }
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
        assert!(rows.iter().all(|row| row.operation.contains("full customization, 1 thread")), "{rows:?}");
        assert!(rows.iter().all(|row| row.ours.is_some() && row.theirs.is_some()), "{rows:?}");
        let peers: Vec<_> = rows.iter().map(|row| row.peer).collect();
        assert!(peers.ends_with(&["cch", "fast_paths", turns::NO_TURNS]), "{peers:?}");
        assert_eq!(peers.contains(&"RoutingKit"), cfg!(feature = "routingkit"));
    }

    #[test]
    fn a_network_that_is_not_there_is_named() {
        let request = Request { rounds: 1, network: Some("no/such.osm.pbf".into()), ..Request::default() };
        let error = rows(&request).expect_err("there is none");
        assert!(error.to_string().contains("no/such.osm.pbf"), "{error}");
    }
}
