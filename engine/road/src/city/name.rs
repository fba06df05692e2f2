use super::random::Random;
use crate::network::{EdgeFlags, RoadClass};

const FIRST: [&str; 48] = [
    "Alder", "Amber", "Anchor", "Apple", "Ash", "Baker", "Barley", "Bell", "Birch", "Bishop", "Brewer", "Bridge",
    "Canal", "Castle", "Cedar", "Chapel", "Cherry", "Clover", "Cooper", "Copper", "Crane", "Elm", "Falcon", "Fern",
    "Fisher", "Forge", "Garden", "Granary", "Harbour", "Hazel", "Heron", "Hill", "Juniper", "Lantern", "Linden",
    "Market", "Meadow", "Mill", "Miner", "Orchard", "Pilot", "Potter", "Quarry", "Rope", "Saddler", "Tanner",
    "Thistle", "Weaver",
];
const SECOND: [&str; 24] = [
    "", "bank", "brook", "by", "court", "croft", "dale", "end", "field", "ford", "gate", "ham", "hurst", "ley", "mere",
    "moor", "mount", "ridge", "side", "stead", "stone", "ton", "wick", "wood",
];
const PART: [&str; 8] = ["", "", "", "", "Upper ", "Lower ", "Old ", "New "];

/// A name for each street; streets far apart may share one, as in life.
#[derive(Debug)]
pub(super) struct Names {
    name: Vec<(usize, usize, usize)>,
}

impl Names {
    pub(super) fn new(streets: u32, seed: u64) -> Self {
        let mut random = Random::new(seed, 7);
        let draw = |_| (random.below(PART.len()), random.below(FIRST.len()), random.below(SECOND.len()));
        Self { name: (0..streets).map(draw).collect() }
    }

    /// What a link of a street is called, "" if nothing.
    pub(super) fn of(&self, street: u32, class: RoadClass, flags: EdgeFlags) -> String {
        if flags.contains(EdgeFlags::LINK) {
            return String::new();
        }
        if class == RoadClass::Motorway {
            return "Motorway".to_owned();
        }
        let Some(&(part, first, second)) = self.name.get(street as usize) else { return String::new() };
        let kinds: &[&str] = match class {
            RoadClass::Motorway | RoadClass::Trunk | RoadClass::Primary => &["Avenue", "Parade", "Boulevard"],
            RoadClass::Secondary => &["Avenue", "Road"],
            RoadClass::Tertiary | RoadClass::Unclassified => &["Road", "Street"],
            RoadClass::LivingStreet => &["Close", "Court", "Mews"],
            RoadClass::Service => return String::new(),
            _ => &["Street", "Lane", "Row", "Street", "Way"],
        };
        format!("{}{}{} {}", PART[part], FIRST[first], SECOND[second], kinds[(first + second) % kinds.len()])
    }
}
