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
    /// What is in the file from `at` on: `count` bytes or more, or as many as there are.
    pub(super) fn bytes(&mut self, file: &dyn StorageFile, at: u64, count: usize) -> io::Result<&[u8]> {
        let inside = at.checked_sub(self.at).map(|skip| skip as usize).filter(|&skip| skip <= self.filled);
        let skip = inside.unwrap_or(self.filled);
        if inside.is_some() && self.filled - skip >= count {
            return Ok(&self.bytes[skip..self.filled]);
        }
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
