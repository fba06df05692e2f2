use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use super::error::KubickaError;

/// More than any of the tracks has, in bytes: what is larger is something else.
const SIZE_MAX: u64 = 256 << 20;

/// How the names of the files end.
pub(super) const NODES: &str = ".nodes";
pub(super) const ARCS: &str = ".arcs";
pub(super) const TRACK: &str = ".track";
pub(super) const ROUTE: &str = ".route";

/// What the files of a track hold, as far as they are wanted.
pub(super) struct Files<const N: usize> {
    wanted: [&'static str; N],
    texts: [Option<String>; N],
}

impl<const N: usize> Files<N> {
    /// Reads those files of a folder, or of a gzipped tar archive of one, whose names end like that.
    pub(super) fn read(path: &Path, wanted: [&'static str; N]) -> Result<Self, KubickaError> {
        let mut files = Self { wanted, texts: [const { None }; N] };
        if path.is_dir() {
            for entry in path.read_dir()? {
                let path = entry?.path();
                if path.is_file()
                    && let Some(nth) = files.nth(&path)?
                {
                    files.take(nth, File::open(&path)?)?;
                }
            }
        } else {
            let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(File::open(path)?)));
            for entry in archive.entries()? {
                let entry = entry?;
                let path = entry.path()?.into_owned();
                if entry.header().entry_type().is_file()
                    && let Some(nth) = files.nth(&path)?
                {
                    files.take(nth, entry)?;
                }
            }
        }
        Ok(files)
    }

    /// The lines of a file that are not empty, with their numbers.
    pub(super) fn lines(&self, nth: usize) -> Result<impl Iterator<Item = (u64, &str)>, KubickaError> {
        let numbered = self.text(nth)?.lines().zip(1_u64..).map(|(line, number)| (number, line.trim()));
        Ok(numbered.filter(|(_, line)| !line.is_empty()))
    }

    /// What a file holds.
    pub(super) fn text(&self, nth: usize) -> Result<&str, KubickaError> {
        self.texts[nth].as_deref().ok_or(KubickaError::Missing(self.wanted[nth]))
    }

    /// Which of the wanted files a path is.
    fn nth(&self, path: &Path) -> Result<Option<usize>, KubickaError> {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        // Archives made elsewhere hold shadow files whose names begin with a dot.
        let is = |end: &&str| !name.starts_with('.') && name.ends_with(*end);
        match self.wanted.iter().position(is) {
            Some(nth) if self.texts[nth].is_some() => Err(KubickaError::Twice(self.wanted[nth])),
            nth => Ok(nth),
        }
    }

    fn take(&mut self, nth: usize, from: impl Read) -> Result<(), KubickaError> {
        let mut text = String::new();
        BufReader::new(from.take(SIZE_MAX + 1)).read_to_string(&mut text)?;
        if text.len() as u64 > SIZE_MAX {
            let error = format!("{} has more than {SIZE_MAX} bytes", self.wanted[nth]);
            return Err(std::io::Error::other(error).into());
        }
        self.texts[nth] = Some(text);
        Ok(())
    }
}
