/// What an import found, used and left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// Nodes in the file.
    pub nodes: u64,
    /// Ways in the file.
    pub ways: u64,
    /// Relations in the file.
    pub relations: u64,
    /// Blobs of a type that is not known; they are passed over.
    pub unknown_blobs: u64,
    /// Strings that are not UTF-8; they are read as "".
    pub bad_strings: u64,
    /// Ways that are open to cars.
    pub car_ways: usize,
    /// Ways that have the id of an earlier one; they are passed over.
    pub duplicate_ways: usize,
    /// Roads left out because their one-way direction changes within the day (`oneway=reversible`).
    pub reversible_ways: usize,
    /// Car ways with conditional access, speed or direction (`*:conditional`); the condition is ignored.
    pub conditional_ways: usize,
    /// Different nodes that car ways use and that are in the file.
    pub car_nodes: usize,
    /// References from car ways to nodes that are not in the file.
    pub dangling_refs: usize,
    /// Car ways that lose a part because of them.
    pub cut_ways: usize,
    /// Nodes of car ways whose place is not on the globe; they count as dangling as well.
    pub bad_places: usize,
    /// Car ways of which nothing is left, having fewer than two nodes.
    pub empty_ways: usize,
    /// Nodes of car ways that cars cannot pass.
    pub barriers: usize,
    /// Nodes of car ways with traffic lights.
    pub signals: usize,
    /// Tags of car ways that make no sense; each is ignored.
    pub invalid: InvalidTags,
    /// Turn restrictions.
    pub restrictions: RestrictionReport,
}

/// How many tags of each kind have a value that means nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidTags {
    /// `maxspeed` and its kin.
    pub maxspeed: usize,
    /// `oneway` and its kin.
    pub oneway: usize,
    /// `access` and its kin.
    pub access: usize,
    /// `duration`.
    pub duration: usize,
}

/// What became of the turn restrictions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestrictionReport {
    /// In the file.
    pub found: usize,
    /// Taken into the network.
    pub applied: usize,
    /// Ignored: by way of a way instead of a node.
    pub via_way: usize,
    /// Ignored: only at certain times.
    pub conditional: usize,
    /// Ignored: not meant for cars.
    pub not_for_cars: usize,
    /// Ignored: members that are missing, doubled or of the wrong type, or a kind that is not known.
    pub malformed: usize,
    /// Ignored: a member is no car way, or is not in the file.
    pub no_road: usize,
    /// Ignored: the ways do not meet at the node, or not in a direction that is open.
    pub no_turn: usize,
    /// Ignored: the node is inside a member way, so it does not say from or to which side.
    pub ambiguous: usize,
}

impl InvalidTags {
    /// All of them.
    pub const fn total(&self) -> usize {
        self.maxspeed + self.oneway + self.access + self.duration
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.maxspeed += other.maxspeed;
        self.oneway += other.oneway;
        self.access += other.access;
        self.duration += other.duration;
    }
}

impl RestrictionReport {
    /// Those not taken into the network.
    pub const fn ignored(&self) -> usize {
        self.found - self.applied
    }

    fn add(&mut self, other: &Self) {
        self.found += other.found;
        self.applied += other.applied;
        self.via_way += other.via_way;
        self.conditional += other.conditional;
        self.not_for_cars += other.not_for_cars;
        self.malformed += other.malformed;
        self.no_road += other.no_road;
        self.no_turn += other.no_turn;
        self.ambiguous += other.ambiguous;
    }
}

impl ImportReport {
    /// Adds what the first pass over a part of the file found.
    pub(super) fn add(&mut self, other: &Self) {
        self.nodes += other.nodes;
        self.ways += other.ways;
        self.relations += other.relations;
        self.bad_strings += other.bad_strings;
        self.bad_places += other.bad_places;
        self.car_ways += other.car_ways;
        self.duplicate_ways += other.duplicate_ways;
        self.reversible_ways += other.reversible_ways;
        self.conditional_ways += other.conditional_ways;
        self.invalid.add(&other.invalid);
        self.restrictions.add(&other.restrictions);
    }
}
