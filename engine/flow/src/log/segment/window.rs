use std::io;

use crate::storage::StorageFile;

/// So much is read at once, first and later: who looks at one place needs little, who reads on needs much.
const READ_BYTES_MIN: usize = 64 << 10;
const READ_BYTES_MAX: usize = 256 << 10;

/// Reads a file from front to back in large pieces.
#[derive(Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
    filled: usize,
    /// Where in the file it begins.
    at: u64,
}

impl Window {
    /// What is in the file from `at` on: `count` bytes or more, or as many as there are. Takes no memory for more than that.
    pub(super) fn bytes(&mut self, file: &dyn StorageFile, at: u64, count: usize) -> io::Result<&[u8]> {
        let inside = at.checked_sub(self.at).map(|skip| skip as usize).filter(|&skip| skip <= self.filled);
        let skip = inside.unwrap_or(self.filled);
        if inside.is_some() && self.filled - skip >= count {
            return Ok(&self.bytes[skip..self.filled]);
        }
        let count = if count > READ_BYTES_MAX {
            usize::try_from(file.size()?.saturating_sub(at)).map_or(count, |left| count.min(left))
        } else {
            count
        };
        self.bytes.copy_within(skip..self.filled, 0);
        let kept = self.filled - skip;
        // Until it is read anew, it has nothing.
        self.filled = 0;
        self.at = at;
        let wanted = (2 * self.bytes.len()).clamp(READ_BYTES_MIN, READ_BYTES_MAX).max(count);
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        let read = file.read_at(&mut self.bytes[kept..], at + kept as u64)?;
        self.filled = kept + read;
        Ok(&self.bytes[..self.filled])
    }

    /// Forgets what was read.
    pub(super) fn clear(&mut self) {
        self.filled = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{SimulatedStorage, Storage};

    #[test]
    fn what_a_header_claims_takes_no_memory_that_the_file_has_not() {
        let disk = SimulatedStorage::new();
        let file = disk.create("a").expect("made");
        file.write_at(&[7; 100], 0).expect("written");
        let mut window = Window::default();
        assert_eq!(window.bytes(file.as_ref(), 40, 48).expect("readable").len(), 60);
        assert_eq!(window.bytes(file.as_ref(), 40, 256 << 20).expect("readable"), [7; 60]);
        assert!(window.bytes(file.as_ref(), 4 << 30, 256 << 20).expect("readable").is_empty());
        assert!(window.bytes.len() <= READ_BYTES_MAX, "{}", window.bytes.len());
        // What is there is read as a whole, however long.
        file.resize(1 << 20).expect("longer");
        assert_eq!(window.bytes(file.as_ref(), 50, 800 << 10).expect("readable").len(), 800 << 10);
    }
}
