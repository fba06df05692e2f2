use etaflow_road::{BreakReason, EdgeId, Joint, Network, Position, Step, Timestamp};

use super::reason;
use super::route_line::Part;
use crate::roads::{InputIds, Stretch};

/// Why a part begins where the vehicle turned back between two nodes.
const TURN_BACK: &str = "turn_back";

/// And where the trace went on, on a road that no way leads to.
const JUMPED: &str = "jumped";

/// Puts the steps of a vehicle together to the parts of its route.
#[derive(Debug, Default)]
pub(super) struct Way {
    parts: Vec<Part>,
    length_mm: u64,
    open: Option<Open>,
    /// Why the next part begins.
    begins: Option<&'static str>,
}

/// What is driven so far of a part.
#[derive(Debug)]
struct Open {
    begins: &'static str,
    edges: Vec<EdgeId>,
    begin: Position,
    begin_time: Timestamp,
    end: Position,
    end_time: Timestamp,
}

impl Way {
    /// A new trace begins.
    pub(super) fn on_break(&mut self, network: &Network, ids: InputIds, reason: BreakReason) {
        self.close(network, ids);
        self.begins = Some(reason::of_break(reason).unwrap_or("first"));
    }

    /// It went on.
    pub(super) fn on_step(&mut self, network: &Network, ids: InputIds, step: &Step<'_>) {
        let begins = match step.joint {
            Joint::Continues => None,
            Joint::TurnsBack => Some(TURN_BACK),
            Joint::Jumps => Some(JUMPED),
            Joint::Breaks(reason) => Some(reason::of_break(reason).unwrap_or("first")),
        };
        if let (Some(begins), Some(_)) = (begins, &self.open) {
            self.close(network, ids);
            self.begins.get_or_insert(begins);
        }
        let begins = self.begins.take();
        let open = self.open.get_or_insert_with(|| Open {
            begins: begins.unwrap_or("first"),
            edges: vec![step.from.edge],
            begin: step.from,
            begin_time: step.from_time,
            end: step.from,
            end_time: step.from_time,
        });
        // The edge that it is on is already there.
        open.edges.extend(step.path.iter().skip(1));
        (open.end, open.end_time) = (step.to, step.to_time);
    }

    /// All parts and their length in metres.
    pub(super) fn finish(mut self, network: &Network, ids: InputIds) -> (Vec<Part>, f64) {
        self.close(network, ids);
        (self.parts, self.length_mm as f64 / 1e3)
    }

    fn close(&mut self, network: &Network, ids: InputIds) {
        let Some(open) = self.open.take() else { return };
        match open.part(network, ids) {
            Some((part, length_mm)) => {
                self.parts.push(part);
                self.length_mm += length_mm;
            }
            // Who has not moved yet begins where he does.
            None => self.begins = Some(open.begins),
        }
    }
}

impl Open {
    /// With its length in millimetres; nothing if there is none.
    fn part(&self, network: &Network, ids: InputIds) -> Option<(Part, u64)> {
        let stretches = Stretch::all(network, ids, &self.edges, self.begin.offset_mm, self.end.offset_mm);
        let length_mm: u64 = stretches.iter().map(Stretch::length_mm).sum();
        let length = i64::try_from(length_mm).ok().filter(|&length| length > 0)?;
        // The nodes, and how far along the part each is: the first one at its start or before, the last at its end or after.
        let (mut nodes, mut along) = (Vec::new(), Vec::new());
        let mut driven = 0_i64;
        for stretch in &stretches {
            for node in stretch.nodes() {
                let at = driven + i64::from(node.offset_mm) - i64::from(stretch.begin_mm());
                if nodes.last() != Some(&node.id) || along.last() != Some(&at) {
                    nodes.push(node.id);
                    along.push(at);
                }
            }
            driven += stretch.length_mm() as i64;
        }
        let (first, last) = (*along.first()?, *along.last()?);
        let before_last = along[along.len().checked_sub(2)?];
        let metres = |mm: i64| mm as f64 / 1e3;
        let inside = |mm: i64| mm.clamp(0, length);
        let part = Part {
            begins: self.begins,
            begin_unix_s: self.begin_time.secs_f64(),
            end_unix_s: self.end_time.secs_f64(),
            length_m: metres(length),
            nodes,
            driven_m: along.windows(2).map(|pair| metres(inside(pair[1]) - inside(pair[0]))).collect(),
            start_offset_m: metres(-first),
            end_offset_m: metres(length - before_last),
            end_left_m: metres(last - length),
        };
        Some((part, length_mm))
    }
}
