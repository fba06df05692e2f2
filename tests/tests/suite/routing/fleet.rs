//! Points that move between queries.

use std::collections::BTreeMap;

use etaflow_road::{Network, Position, Targets};

use super::dice::Dice;
use super::place::Places;

/// Targets, and a plain map that says where they must be.
pub(super) struct Fleet {
    pub(super) targets: Targets,
    pub(super) at: BTreeMap<u32, Position>,
    /// The ids are below.
    ids: u32,
}

impl Fleet {
    pub(super) fn new(network: &Network, ids: u32) -> Self {
        Self { targets: Targets::new(network), at: BTreeMap::new(), ids }
    }

    /// Some appear or move, some vanish; some come to stand exactly where another one is.
    pub(super) fn stir(&mut self, places: &Places<'_>, moves: usize, dice: &mut Dice) {
        for _ in 0..moves {
            let id = dice.within(0..=self.ids - 1);
            if dice.chance(0.2) {
                assert_eq!(self.targets.remove(id), self.at.remove(&id));
                continue;
            }
            let other = self.at.range(dice.within(0..=self.ids - 1)..).next().map(|(_, &position)| position);
            let position = match other {
                Some(position) if dice.chance(0.3) => position,
                _ => places.anywhere(dice)[0],
            };
            assert_eq!(self.targets.insert(id, position), self.at.insert(id, position));
        }
        assert_eq!(self.targets.len(), self.at.len());
    }
}
