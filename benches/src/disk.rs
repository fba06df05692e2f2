use std::fs;
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
}
