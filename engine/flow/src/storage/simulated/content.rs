use super::dice::Dice;

/// A disk writes so many bytes or none of them.
const SECTOR_BYTES: usize = 512;

/// What is in a file: for those who read it, and on the disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    /// As it is read.
    pub(super) seen: Vec<u8>,
    /// As it surely is after a crash.
    durable: Vec<u8>,
    /// What has happened since, in order.
    changes: Vec<Change>,
}

#[derive(Debug, Clone)]
struct Change {
    what: What,
    /// A sync of it has failed: no later one makes it durable, and nobody says so.
    forgotten: bool,
}

#[derive(Debug, Clone)]
enum What {
    Written { at: usize, bytes: Vec<u8> },
    Resized(usize),
}

impl What {
    fn size(&self, before: usize) -> usize {
        match self {
            Self::Written { at, bytes } => before.max(at + bytes.len()),
            Self::Resized(size) => *size,
        }
    }

    /// Whether both are of the same bytes.
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Written { at, bytes }, Self::Written { at: other_at, bytes: others }) => {
                *at < other_at + others.len() && *other_at < at + bytes.len()
            }
            _ => true,
        }
    }

    fn apply(&self, to: &mut Vec<u8>) {
        to.resize(self.size(to.len()), 0);
        if let Self::Written { at, bytes } = self {
            to[*at..*at + bytes.len()].copy_from_slice(bytes);
        }
    }
}

impl Content {
    pub(super) fn write(&mut self, bytes: &[u8], at: u64) {
        self.change(What::Written { at: at as usize, bytes: bytes.to_vec() });
    }

    pub(super) fn resize(&mut self, size: u64) {
        self.change(What::Resized(size as usize));
    }

    fn change(&mut self, what: What) {
        what.apply(&mut self.seen);
        self.changes.push(Change { what, forgotten: false });
    }

    pub(super) fn sync(&mut self) {
        let mut kept: Vec<Change> = Vec::new();
        for change in std::mem::take(&mut self.changes) {
            if change.forgotten {
                kept.push(change);
            } else {
                change.what.apply(&mut self.durable);
                kept.retain(|earlier| !earlier.what.meets(&change.what));
            }
        }
        self.changes = kept;
    }

    /// A sync that fails: some of it may be on the disk, and the rest will never be, whatever later syncs say.
    pub(super) fn forget(&mut self) {
        self.changes.iter_mut().for_each(|change| change.forgotten = true);
    }

    /// Changes a byte, on the disk and for those who read.
    pub(super) fn flip(&mut self, at: usize, bits: u8) {
        for bytes in [&mut self.seen, &mut self.durable] {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= bits;
            }
        }
    }

    /// What a power failure leaves: of what was not synced all, nothing, the first part, or some sectors and not others.
    pub(super) fn crash(&mut self, dice: &mut Dice) {
        let changes = std::mem::take(&mut self.changes);
        match dice.below(4) {
            0 => {}
            1 => changes.iter().for_each(|change| change.what.apply(&mut self.durable)),
            2 => keep_first(&mut self.durable, &changes, dice),
            _ => keep_sectors(&mut self.durable, &changes, dice),
        }
        self.seen.clone_from(&self.durable);
    }
}

/// Changes as if the disk had stopped in the middle of one.
fn keep_first(durable: &mut Vec<u8>, changes: &[Change], dice: &mut Dice) {
    let whole = dice.below(changes.len() as u64 + 1) as usize;
    changes[..whole].iter().for_each(|change| change.what.apply(durable));
    if let Some(Change { what: What::Written { at, bytes }, .. }) = changes.get(whole) {
        // Up to the end of a sector of the file.
        let end = (at + dice.below(bytes.len() as u64 + 1) as usize) / SECTOR_BYTES * SECTOR_BYTES;
        let kept = end.saturating_sub(*at).min(bytes.len());
        What::Written { at: *at, bytes: bytes[..kept].to_vec() }.apply(durable);
    }
}

/// Changes as a disk makes them that writes in any order: each sector is as it was after any of them, and the file as long.
fn keep_sectors(durable: &mut Vec<u8>, changes: &[Change], dice: &mut Dice) {
    let mut sizes = vec![durable.len()];
    for change in changes {
        sizes.push(change.what.size(sizes[sizes.len() - 1]));
    }
    let size = sizes[dice.below(sizes.len() as u64) as usize];
    let longest = sizes.iter().copied().max().unwrap_or(0);
    let before = durable.clone();
    durable.resize(longest, 0);
    for start in (0..longest).step_by(SECTOR_BYTES) {
        let end = (start + SECTOR_BYTES).min(longest);
        let upto = if dice.chance(1, 2) { changes.len() } else { dice.below(changes.len() as u64) as usize };
        let mut sector = vec![0; end - start];
        let kept = before.len().clamp(start, end) - start;
        sector[..kept].copy_from_slice(&before[start.min(before.len())..start.min(before.len()) + kept]);
        for change in &changes[..upto] {
            match &change.what {
                What::Resized(size) => sector[size.clamp(&start, &end) - start..].fill(0),
                What::Written { at, bytes } => {
                    let (from, to) = ((*at).clamp(start, end), (at + bytes.len()).clamp(start, end));
                    if from < to {
                        sector[from - start..to - start].copy_from_slice(&bytes[from - at..to - at]);
                    }
                }
            }
        }
        durable[start..end].copy_from_slice(&sector);
    }
    durable.truncate(size);
}
