use etaflow_road::{EdgeId, Network, RoadClass, Timestamp, Weight};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::week::{WeekBin, WeekBins};
use crate::event::{Offset, ProfileId};

/// A pace of one, in fixed point: as fast as the map says.
pub(crate) const PAR: u64 = 1 << 12;

/// No road is said to be faster than this, or slower than 16 times what the map says.
const FASTEST: u64 = PAR / 3;

/// How fast each edge usually is, by time of the week.
///
/// The pace of an edge in a bin is the first of these that is there: its own in that bin; its own at that time of day on
/// any day, shifted as its class's is on that day; its own over all time, relative to its class, times its class's in that
/// bin; its class's in that bin. A class's pace in a bin leans on its pace at that time of day, this on its pace over all
/// time, this on the pace of all classes, and this on the map's free flow: what little was driven moves little.
///
/// Paces are fixed point: 4,096 is as fast as the map says, twice that takes twice as long. Only edges that were driven on
/// take up memory: 10 bytes each, and 4 for each bin.
///
/// A profile never changes, and its id is the hash of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeedProfile {
    pub(super) id: ProfileId,
    pub(super) parts: Parts,
}

/// What a profile consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    /// The mark of the network.
    pub(super) network: u64,
    pub(super) edge_count: u32,
    pub(super) bins: WeekBins,
    pub(super) upto: Offset,
    pub(super) traversals: u64,
    /// By class, and within it by slot.
    pub(super) classes: Vec<u16>,
    /// The edges that were driven on, ascending.
    pub(super) edges: Vec<EdgeId>,
    /// Their pace over all time, relative to their class's.
    pub(super) ratios: Vec<u16>,
    /// Where the cells of each begin; one more than there are edges.
    pub(super) first: Vec<u32>,
    /// Of each cell: its slot, ascending within its edge,
    pub(super) slots: Vec<u16>,
    /// and its pace.
    pub(super) paces: Vec<u16>,
}

/// What a profile was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileSummary {
    /// The log was read up to this offset.
    pub upto: Offset,
    /// How many traversals were added up.
    pub traversals: u64,
    /// How many edges have a pace of their own.
    pub edges: usize,
    /// How many paces these have in all: in bins, and at times of day.
    pub cells: usize,
}

/// A profile that is being made: edge by edge, in order.
pub(crate) struct ProfileDraft {
    parts: Parts,
}

/// `pace` times `by / over`, held to what a profile can say.
pub(crate) fn scaled(pace: u64, by: u64, over: u64) -> u16 {
    (u128::from(pace) * u128::from(by) / u128::from(over.max(1))).clamp(FASTEST.into(), u16::MAX.into()) as u16
}

impl ProfileDraft {
    /// Of a network whose classes have these paces: for each class in its order, one for each slot.
    pub(crate) fn new(network: &Network, bins: WeekBins, classes: Vec<u16>) -> Self {
        debug_assert_eq!(classes.len(), RoadClass::ALL.len() * usize::from(bins.slots()));
        let parts = Parts {
            network: SpeedProfile::network_mark(network),
            edge_count: network.edge_count() as u32,
            bins,
            upto: Offset(0),
            traversals: 0,
            classes,
            edges: Vec::new(),
            ratios: Vec::new(),
            first: vec![0],
            slots: Vec::new(),
            paces: Vec::new(),
        };
        Self { parts }
    }

    /// Adds the next edge, with its cells by slot.
    pub(crate) fn edge(&mut self, edge: EdgeId, ratio: u16, cells: &[(u16, u16)]) {
        debug_assert!(self.parts.edges.last().is_none_or(|&last| last < edge));
        self.parts.edges.push(edge);
        self.parts.ratios.push(ratio);
        self.parts.slots.extend(cells.iter().map(|&(slot, _)| slot));
        self.parts.paces.extend(cells.iter().map(|&(_, pace)| pace));
        self.parts.first.push(self.parts.slots.len() as u32);
    }

    /// Made of so much.
    pub(crate) fn finish(mut self, upto: Offset, traversals: u64) -> SpeedProfile {
        (self.parts.upto, self.parts.traversals) = (upto, traversals);
        SpeedProfile::of(self.parts)
    }
}

impl SpeedProfile {
    /// The profile that says of every edge that it is as fast as the map says: to adopt it is to have no profile again.
    pub fn free_flow(network: &Network) -> Self {
        let bins = WeekBins { days: 1, bins_per_day: 1, ..WeekBins::default() };
        ProfileDraft::new(network, bins, vec![PAR as u16; RoadClass::ALL.len()]).finish(Offset(0), 0)
    }

    pub(super) fn of(parts: Parts) -> Self {
        let id = ProfileId(xxh3_64(&parts.encode()));
        Self { id, parts }
    }

    /// Its name.
    pub fn id(&self) -> ProfileId {
        self.id
    }

    /// How it cuts the week.
    pub fn bins(&self) -> &WeekBins {
        &self.parts.bins
    }

    /// What it was made of.
    pub fn summary(&self) -> ProfileSummary {
        let Parts { upto, traversals, ref edges, ref slots, .. } = self.parts;
        ProfileSummary { upto, traversals, edges: edges.len(), cells: slots.len() }
    }

    /// Whether it is of that network.
    pub fn is_of(&self, network: &Network) -> bool {
        self.parts.network == Self::network_mark(network)
    }

    /// What tells networks apart as far as profiles are concerned: a hash of all edges, with where they lead, how long they
    /// are, how fast, and of what class.
    pub fn network_mark(network: &Network) -> u64 {
        let mut hasher = Xxh3::new();
        for edge in network.edges() {
            let mut bytes = [0; 25];
            bytes[..8].copy_from_slice(&network.node_key(network.tail(edge)).to_le_bytes());
            bytes[8..16].copy_from_slice(&network.node_key(network.head(edge)).to_le_bytes());
            bytes[16..20].copy_from_slice(&network.length_mm(edge).to_le_bytes());
            bytes[20..24].copy_from_slice(&network.free_flow(edge).to_le_bytes());
            bytes[24] = network.class(edge) as u8;
            hasher.update(&bytes);
        }
        hasher.digest()
    }

    /// The pace of a road class in a bin.
    pub fn class_pace(&self, class: RoadClass, bin: WeekBin) -> u64 {
        self.class_slot(class, bin.0)
    }

    /// The pace of an edge of some class in a bin.
    pub fn pace(&self, edge: EdgeId, class: RoadClass, bin: WeekBin) -> u64 {
        match self.parts.edges.binary_search(&edge) {
            Ok(at) => self.own_pace(at, class, bin.0),
            Err(_) => self.class_pace(class, bin),
        }
    }

    /// How long an edge of the profile's network usually takes at a time, in milliseconds.
    pub fn travel_time(&self, network: &Network, edge: EdgeId, at: Timestamp) -> Weight {
        let pace = self.pace(edge, network.class(edge), self.parts.bins.at(at));
        (u64::from(network.free_flow(edge)) * pace / PAR).min((etaflow_road::INFINITY - 1).into()) as Weight
    }

    /// The paces of all edges of its network in a bin.
    pub(crate) fn paces(&self, network: &Network, bin: WeekBin) -> Vec<u16> {
        let mut paces: Vec<u16> =
            network.edges().map(|edge| self.class_pace(network.class(edge), bin) as u16).collect();
        for (at, &edge) in self.parts.edges.iter().enumerate() {
            paces[edge.index()] = self.own_pace(at, network.class(edge), bin.0) as u16;
        }
        paces
    }

    fn class_slot(&self, class: RoadClass, slot: u16) -> u64 {
        self.parts.classes[class as usize * usize::from(self.parts.bins.slots()) + usize::from(slot)].into()
    }

    /// The pace of the `at`-th of the edges that were driven on.
    fn own_pace(&self, at: usize, class: RoadClass, bin: u16) -> u64 {
        let cells = self.parts.first[at] as usize..self.parts.first[at + 1] as usize;
        let of = |slot| self.parts.slots[cells.clone()].binary_search(&slot).ok().map(|at| cells.start + at);
        let usual = self.class_slot(class, bin);
        if let Some(cell) = of(bin) {
            return self.parts.paces[cell].into();
        }
        let any_day = self.parts.bins.any_day(bin);
        match of(any_day) {
            Some(cell) => scaled(self.parts.paces[cell].into(), usual, self.class_slot(class, any_day)).into(),
            None => scaled(usual, self.parts.ratios[at].into(), PAR).into(),
        }
    }
}
