/// In place of a label, where there is none.
const NO_LABEL: u32 = u32::MAX;

/// A way from a state to the beginning of an edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) edge: u32,
    /// How long it is, with what turning back costs.
    pub(super) distance_mm: u32,
    /// How much less likely the state is than the likeliest one, as a length.
    pub(super) handicap_mm: u32,
    /// The label that it goes on from; else how it begins.
    pub(super) before: u32,
    /// Which state.
    pub(super) source: u8,
    /// Whether it is where a way begins: at the end of its edge then, and of no other way's concern.
    pub(super) is_start: bool,
}

impl Label {
    /// Whether no way that goes on from the other one can be better than the one that goes on from this.
    ///
    /// A way costs its handicap and what it is longer than the crow's. The difference of two that go on alike never falls
    /// if the other is the longer one, so that it is least where they part; else it is least where both are long.
    #[inline]
    fn is_no_worse(&self, other: &Self, crow_mm: u32) -> bool {
        let cost = |label: &Self, length_mm: u32| label.handicap_mm.saturating_add(length_mm);
        if self.distance_mm > other.distance_mm {
            return other.handicap_mm >= cost(self, self.distance_mm - other.distance_mm);
        }
        let over_mm = |label: &Self| label.distance_mm.saturating_sub(crow_mm);
        cost(other, over_mm(other)) >= cost(self, over_mm(self))
    }
}

/// The labels of one search by their edges.
///
/// A search looks at a few dozen edges out of hundreds of thousands: what it knows of them fits into the nearest cache,
/// where an array by edge would be a miss each time.
#[derive(Debug)]
pub(super) struct Labels {
    all: Vec<Linked>,
    /// By a hash of the edge, a power of two of them, at least twice as many as are taken.
    slots: Vec<Slot>,
    taken: Vec<u32>,
    crow_mm: u32,
}

#[derive(Debug, Clone, Copy)]
struct Linked {
    label: Label,
    /// Another one at the same edge.
    next: u32,
    /// Whether a later one at the same edge is no worse.
    is_replaced: bool,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    edge: u32,
    first: u32,
}

const FREE: Slot = Slot { edge: 0, first: NO_LABEL };

impl Labels {
    pub(super) fn new() -> Self {
        Self { all: Vec::new(), slots: vec![FREE; 256], taken: Vec::new(), crow_mm: 0 }
    }

    /// Forgets all of them. Ways that are not longer than `crow_mm` will all cost the same.
    pub(super) fn clear(&mut self, crow_mm: u32) {
        self.crow_mm = crow_mm;
        for &slot in &self.taken {
            self.slots[slot as usize] = FREE;
        }
        self.taken.clear();
        self.all.clear();
    }

    pub(super) fn get(&self, number: u32) -> &Label {
        &self.all[number as usize].label
    }

    /// Whether a label that came later makes this one useless.
    pub(super) fn is_replaced(&self, number: u32) -> bool {
        self.all[number as usize].is_replaced
    }

    /// Keeps where a way begins.
    pub(super) fn push_start(&mut self, label: Label) -> u32 {
        self.all.push(Linked { label, next: NO_LABEL, is_replaced: false });
        self.all.len() as u32 - 1
    }

    /// Keeps a label and says its number; unless one at the same edge is no worse, wherever it goes on from there.
    #[inline]
    pub(super) fn push(&mut self, label: Label) -> Option<u32> {
        let at = self.slot_of(label.edge);
        let first = self.slots[at].first;
        let mut other = first;
        while other != NO_LABEL {
            let Linked { label: known, next, is_replaced } = &mut self.all[other as usize];
            if known.is_no_worse(&label, self.crow_mm) {
                return None;
            }
            *is_replaced |= label.is_no_worse(known, self.crow_mm);
            other = *next;
        }
        let number = self.all.len() as u32;
        self.all.push(Linked { label, next: first, is_replaced: false });
        self.slots[at] = Slot { edge: label.edge, first: number };
        if first == NO_LABEL {
            self.taken.push(at as u32);
            if self.taken.len() * 2 > self.slots.len() {
                self.grow();
            }
        }
        Some(number)
    }

    /// Where an edge is, or would be.
    #[inline]
    fn slot_of(&self, edge: u32) -> usize {
        let mask = self.slots.len() - 1;
        // The golden ratio spreads numbers in a row far apart.
        let mut at = edge.wrapping_mul(0x9e37_79b9) as usize >> 7 & mask;
        while self.slots[at].first != NO_LABEL && self.slots[at].edge != edge {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let kept: Vec<Slot> = self.taken.iter().map(|&at| self.slots[at as usize]).collect();
        self.slots = vec![FREE; self.slots.len() * 2];
        self.taken.clear();
        for slot in kept {
            let at = self.slot_of(slot.edge);
            self.slots[at] = slot;
            self.taken.push(at as u32);
        }
    }
}
