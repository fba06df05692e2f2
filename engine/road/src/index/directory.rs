use std::ops::Range;

/// In place of a cell where there is none; no cell has this number.
const VACANT: u64 = u64::MAX;

/// Where the entries of each cell are: a hash table with open addressing, at most half full.
#[derive(Debug)]
pub(super) struct Directory {
    slots: Vec<Slot>,
    shift: u32,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    cell: u64,
    first: u32,
    end: u32,
}

impl Directory {
    /// From the cells and how many entries each has; the entries are laid out in that order.
    pub(super) fn new(counts: &[(u64, u32)]) -> Self {
        let size = (counts.len() * 2).next_power_of_two().max(2);
        let vacant = Slot { cell: VACANT, first: 0, end: 0 };
        let mut directory = Self { slots: vec![vacant; size], shift: u64::BITS - size.ilog2() };
        let mut first = 0;
        for &(cell, count) in counts {
            let slot = directory.slot(cell);
            directory.slots[slot] = Slot { cell, first, end: first + count };
            first += count;
        }
        directory
    }

    /// The entries of a cell; empty if it has none.
    #[inline]
    pub(super) fn get(&self, cell: u64) -> Range<usize> {
        let slot = &self.slots[self.slot(cell)];
        slot.first as usize..slot.end as usize
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.slots[..])
    }

    #[inline]
    fn slot(&self, cell: u64) -> usize {
        // Fibonacci hashing: neighbouring cells are spread over the table.
        let mut slot = (cell.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        while self.slots[slot].cell != cell && self.slots[slot].cell != VACANT {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }
}
