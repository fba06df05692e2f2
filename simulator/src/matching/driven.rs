use etaflow_road::{Committed, Joint, Network, Position};

use super::arcs::{ArcId, Arcs};

/// The route that was committed, as arcs in order.
pub(super) struct Driven<'a> {
    network: &'a Network,
    arcs: &'a Arcs,
    route: Vec<ArcId>,
    under_way: Option<UnderWay>,
}

/// The edge that has not been left yet.
#[derive(Clone, Copy)]
struct UnderWay {
    /// Where it was entered.
    from: Position,
    /// How far along it was driven.
    to_mm: u32,
}

impl<'a> Driven<'a> {
    pub(super) fn new(network: &'a Network, arcs: &'a Arcs) -> Self {
        Self { network, arcs, route: Vec::new(), under_way: None }
    }

    /// Goes on with what has become final.
    pub(super) fn take(&mut self, committed: Committed<'_>) {
        for step in committed.steps() {
            if step.joint != Joint::Continues {
                self.end_trace();
            }
            let mut edge = self.under_way.unwrap_or(UnderWay { from: step.from, to_mm: step.from.offset_mm });
            for &next in step.path.iter().skip(1) {
                self.drive(UnderWay { to_mm: self.network.length_mm(edge.from.edge), ..edge });
                edge = UnderWay { from: Position { edge: next, offset_mm: 0 }, to_mm: 0 };
            }
            self.under_way = Some(UnderWay { to_mm: step.to.offset_mm, ..edge });
        }
    }

    /// Ends a trace: the next one begins anywhere.
    pub(super) fn end_trace(&mut self) {
        if let Some(edge) = self.under_way.take() {
            self.drive(edge);
        }
    }

    /// All of it.
    pub(super) fn finish(mut self) -> Vec<ArcId> {
        self.end_trace();
        self.route
    }

    fn drive(&mut self, UnderWay { from, to_mm }: UnderWay) {
        self.route.extend(self.arcs.driven(from.edge, from.offset_mm, to_mm));
    }
}
