use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;

/// Which files and folders there are: for those who look, and on the disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) seen: Tree,
    durable: Tree,
    changes: Vec<NameChange>,
}

/// Paths, and the numbers of files.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) files: BTreeMap<String, usize>,
    folders: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub(super) enum NameChange {
    Folder(String),
    Made(String, usize),
    Renamed(String, String, usize),
    Removed(String),
}

/// The folder that a path is in.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl NameChange {
    /// A renaming is within a folder.
    fn folder(&self) -> &str {
        match self {
            Self::Folder(path) | Self::Made(path, _) | Self::Renamed(_, path, _) | Self::Removed(path) => {
                folder_of(path)
            }
        }
    }
}

impl Tree {
    pub(super) fn has_folder(&self, folder: &str) -> bool {
        folder.is_empty() || self.folders.contains(folder)
    }

    fn apply(&mut self, change: &NameChange) {
        match change {
            NameChange::Folder(path) => {
                self.folders.insert(path.clone());
            }
            NameChange::Made(path, file) => {
                self.files.insert(path.clone(), *file);
            }
            NameChange::Renamed(from, to, file) => {
                // What it comes after may have been lost.
                if self.files.get(from) == Some(file) {
                    self.files.remove(from);
                }
                self.files.insert(to.clone(), *file);
            }
            NameChange::Removed(path) => {
                self.files.remove(path);
            }
        }
    }
}

impl Names {
    pub(super) fn change(&mut self, change: NameChange) {
        self.seen.apply(&change);
        self.changes.push(change);
    }

    pub(super) fn sync(&mut self, folder: &str) {
        for change in self.changes.extract_if(.., |change| change.folder() == folder) {
            self.durable.apply(&change);
        }
    }

    /// Of what was not synced some is kept: all, nothing, the first part, or any.
    pub(super) fn crash(&mut self, dice: &mut Dice) {
        let changes = std::mem::take(&mut self.changes);
        let first = dice.below(changes.len() as u64 + 1) as usize;
        let how = dice.below(4);
        for (nth, change) in changes.iter().enumerate() {
            let kept = match how {
                0 => false,
                1 => true,
                2 => nth < first,
                _ => dice.chance(1, 2),
            };
            if kept {
                self.durable.apply(change);
            }
        }
        let lost = |path: &str| !self.durable.has_folder(folder_of(path));
        let gone: Vec<String> = self.durable.files.keys().filter(|path| lost(path)).cloned().collect();
        gone.iter().for_each(|path| {
            self.durable.files.remove(path);
        });
        self.seen = self.durable.clone();
    }
}
