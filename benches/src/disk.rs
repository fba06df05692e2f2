use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::{GroupError, Request};

/// Where it is measured: a folder that is removed in the end.
pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    pub(crate) fn new(request: &Request) -> Result<Self, GroupError> {
        let made = match &request.dir {
            Some(dir) => tempfile::tempdir_in(dir),
            None => tempfile::tempdir(),
        };
        let at = || request.dir.clone().unwrap_or_else(std::env::temp_dir);
        let folder = made.map_err(|source| GroupError::Folder { path: at(), source })?;
        request.tell(format_args!("in {}", folder.path().display()));
        Ok(Self { folder })
    }

    /// An empty folder of that name.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, GroupError> {
        let path = self.folder.path().join(name.replace([',', ' '], "-"));
        let emptied = if path.exists() { fs::remove_dir_all(&path) } else { Ok(()) };
        match emptied.and_then(|()| fs::create_dir(&path)) {
            Ok(()) => Ok(path),
            Err(source) => Err(GroupError::Folder { path, source }),
        }
    }

    /// Has the system take so much memory for files, and give it back: a virtual machine may have to ask for it first, which
    /// takes longer than to write it to the disk, and is nobody's doing who is measured.
    pub(crate) fn touch(&self, bytes: u64) -> Result<(), GroupError> {
        let path = self.folder.path().join("touched");
        let zeros = vec![0; 1 << 20];
        let touch = || {
            let mut file = File::create_new(&path)?;
            (0..bytes.div_ceil(zeros.len() as u64)).try_for_each(|_| file.write_all(&zeros))?;
            fs::remove_file(&path)
        };
        touch().map_err(|source| GroupError::Folder { path: path.clone(), source })
    }
}
