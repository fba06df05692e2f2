use etaflow_road::{EdgeId, Network};
use rustc_hash::FxHashMap;

use crate::bytes::{ByteReader, BytesError};
use crate::event::RoadRef;

/// Which edges are closed, and by which stretches: an edge closed in two places opens with the last of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Closures {
    stretches: FxHashMap<EdgeId, Vec<RoadRef>>,
}

impl Closures {
    pub(super) fn close(&mut self, edge: EdgeId, road: RoadRef) {
        let stretches = self.stretches.entry(edge).or_default();
        if !stretches.contains(&road) {
            stretches.push(road);
        }
    }

    pub(super) fn reopen(&mut self, edge: EdgeId, road: RoadRef) {
        if let Some(stretches) = self.stretches.get_mut(&edge) {
            stretches.retain(|&closed| closed != road);
            if stretches.is_empty() {
                self.stretches.remove(&edge);
            }
        }
    }

    pub(super) fn is_closed(&self, edge: EdgeId) -> bool {
        self.stretches.contains_key(&edge)
    }

    /// Appends all that are closed, in the order of their numbers, and by which stretches in the order of their closing.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut edges: Vec<(&EdgeId, &Vec<RoadRef>)> = self.stretches.iter().collect();
        edges.sort_unstable_by_key(|&(edge, _)| *edge);
        out.extend((edges.len() as u32).to_le_bytes());
        for (edge, stretches) in edges {
            out.extend(edge.0.to_le_bytes());
            out.extend((stretches.len() as u32).to_le_bytes());
            for road in stretches {
                out.extend(road.from_node.to_le_bytes());
                out.extend(road.to_node.to_le_bytes());
            }
        }
    }

    pub(super) fn decode(reader: &mut ByteReader<'_>, network: &Network) -> Result<Self, BytesError> {
        let mut closures = Self::default();
        let mut last = None;
        for _ in 0..reader.u32("the number of closed edges")? {
            let edge = reader.edge_of("a closed edge", network)?;
            if last.replace(edge).is_some_and(|last| last >= edge) {
                return Err(reader.error("a closed edge", "is out of order"));
            }
            let count = reader.u32("the number of stretches")?;
            for _ in 0..count {
                let from_node = reader.i64("a stretch's begin")?;
                closures.close(edge, RoadRef { from_node, to_node: reader.i64("a stretch's end")? });
            }
            if closures.stretches.get(&edge).map_or(0, Vec::len) != count as usize || count == 0 {
                return Err(reader.error("the stretches of a closed edge", "are none, or some are the same"));
            }
        }
        Ok(closures)
    }
}
