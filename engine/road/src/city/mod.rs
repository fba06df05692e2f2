//! A city that never was: a road network from a seed, for tests, examples and simulations that need a whole city and
//! have no map.

mod assembly;
mod cells;
#[cfg(test)]
mod city_tests;
mod draft;
mod fabric;
mod motorway;
mod name;
mod random;
mod roundabout;
mod skeleton;
mod streets;
mod terrain;

use crate::geo::Coord;
use crate::network::{Network, TurnModel};

/// What a made-up city is made from; the same gives the same network.
///
/// On every platform, too, as far as the streets go: nothing that is decided or measured here depends on the last bit
/// of a sine. (What turns cost does, and is rounded to milliseconds.)
///
/// A river with few bridges; a motorway around the city and some out of it, with ramps to the roads that pass over;
/// radial and ring roads; districts of blocks, of old winding streets and of closes; one-way streets in the centre;
/// towns and farms around it; traffic lights, roundabouts and forbidden turns. Built in time that grows about linearly.
///
/// ```
/// use etaflow_road::SyntheticCity;
///
/// let city = SyntheticCity { seed: 7, nodes: 2_000, ..SyntheticCity::default() }.build();
/// assert!((1_500..2_500).contains(&city.node_count()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SyntheticCity {
    /// What all random decisions follow from.
    pub seed: u64,
    /// About how many nodes there shall be, give or take a quarter; held to 1,000 to 4,000,000.
    pub nodes: usize,
    /// Where its middle is. It must be some 100 km from the poles.
    pub anchor: Coord,
    /// What turning costs.
    pub turns: TurnModel,
}

impl Default for SyntheticCity {
    /// Seed 1, 7,000 nodes on about 15 km, in the Atlantic off Porto.
    fn default() -> Self {
        let anchor = Coord::from_e7(411_500_000, -95_000_000).expect("in range");
        Self { seed: 1, nodes: 7_000, anchor, turns: TurnModel::default() }
    }
}

impl SyntheticCity {
    /// Builds the network. Nodes have keys from 1; the points of shapes have the keys after the last of theirs.
    pub fn build(&self) -> Network {
        let terrain = terrain::Terrain::new(self);
        let skeleton = skeleton::Skeleton::new(&terrain, self.seed);
        let mut draft = skeleton.draft(&terrain, self.seed);
        fabric::fill(&mut draft, &skeleton.sites, &terrain, self.seed);
        draft.keep_largest();
        draft.merge_bends();
        let streets = streets::characterise(&mut draft, &terrain, self.seed);
        roundabout::build(&mut draft, &terrain, self.seed);
        motorway::build(&mut draft, &terrain);
        let names = name::Names::new(streets, self.seed);
        let globe = assembly::Globe::at(self.anchor);
        let builder = assembly::assemble(&draft, &names, &terrain, &globe, self.seed);
        builder.build(&self.turns).expect("a city has streets, and fewer than 32-bit numbers can address")
    }

    /// The node count within bounds.
    fn node_count(&self) -> usize {
        self.nodes.clamp(1_000, 4_000_000)
    }
}
