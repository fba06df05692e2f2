//! Where ways begin and end.

use etaflow_road::{EdgeId, INFINITY, Network, Position, Weight};

use super::dice::Dice;

/// One place, as the positions that it may be.
pub(super) type Place = Vec<Position>;

/// Draws places of a network under some travel times.
pub(super) struct Places<'a> {
    pub(super) network: &'a Network,
    pub(super) weights: &'a [Weight],
}

impl Places<'_> {
    /// Anywhere.
    pub(super) fn anywhere(&self, dice: &mut Dice) -> Place {
        let edge = if dice.chance(0.05) { self.closed(dice) } else { self.edge(dice) };
        self.around(edge, dice)
    }

    /// Where one may want to go from a place: anywhere, close by, or on the very edge, before or behind it.
    pub(super) fn from(&self, place: &[Position], dice: &mut Dice) -> Place {
        let start = *dice.pick(place);
        match dice.below(10) {
            0..4 => self.anywhere(dice),
            4..8 => {
                let steps = 1 + dice.below(40);
                let edge = self.walk(start.edge, steps, dice);
                self.around(edge, dice)
            }
            8 => vec![Position { offset_mm: self.offset(start.edge, dice), ..start }],
            _ => vec![start, Position { offset_mm: start.offset_mm.saturating_sub(1), ..start }],
        }
    }

    /// One position, the same on the other side of the road too, or several that have less to do with each other.
    fn around(&self, edge: EdgeId, dice: &mut Dice) -> Place {
        let first = Position { edge, offset_mm: self.offset(edge, dice) };
        let mut place = vec![first];
        match (dice.below(5), self.network.twin(edge)) {
            (0 | 1, Some(twin)) => {
                let offset_mm = self.network.length_mm(twin).saturating_sub(first.offset_mm);
                place.push(Position { edge: twin, offset_mm });
            }
            (2, _) => {
                for _ in 0..1 + dice.below(3) {
                    let edge = if dice.chance(0.7) { self.walk(edge, 3, dice) } else { self.edge(dice) };
                    place.push(Position { edge, offset_mm: self.offset(edge, dice) });
                }
            }
            _ => {}
        }
        place
    }

    fn edge(&self, dice: &mut Dice) -> EdgeId {
        EdgeId(dice.below(self.network.edge_count()) as u32)
    }

    /// A closed edge, if one is soon found.
    fn closed(&self, dice: &mut Dice) -> EdgeId {
        let mut edge = self.edge(dice);
        for _ in 0..200 {
            if self.weights[edge.index()] >= INFINITY {
                break;
            }
            edge = self.edge(dice);
        }
        edge
    }

    /// Where one is some turns on, closed edges or not.
    fn walk(&self, mut edge: EdgeId, steps: usize, dice: &mut Dice) -> EdgeId {
        for _ in 0..steps {
            let next: Vec<EdgeId> = self.network.successors(edge).map(|(next, _)| next).collect();
            if next.is_empty() {
                break;
            }
            edge = *dice.pick(&next);
        }
        edge
    }

    /// Somewhere along an edge, at one of its ends or past it.
    fn offset(&self, edge: EdgeId, dice: &mut Dice) -> u32 {
        let length = self.network.length_mm(edge);
        match dice.below(12) {
            0 => 0,
            1 => length,
            2 => length + 1,
            3 => u32::MAX,
            _ => dice.within(0..=length),
        }
    }
}
