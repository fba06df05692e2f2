use std::path::PathBuf;
use std::sync::Arc;

use etaflow_road::Timestamp;

use super::StartFrom;
use super::error::GroupError;
use crate::event::Offset;
use crate::log::LogError;
use crate::storage::directory::{GROUPS, is_mark_name};
use crate::storage::{Mark, MarkFile, Storage, StorageLock};

/// So often a group looks for its beginning again when the log has let go of it meanwhile.
const ATTEMPTS_MAX: usize = 8;

/// What there is of a log.
pub(super) trait Extent {
    /// The oldest record.
    fn oldest(&self) -> Result<Offset, LogError>;

    /// The offset after the last durable one.
    fn durable_end(&self) -> Result<Offset, LogError>;

    /// The first one that came in at `time` or later.
    fn first_at(&self, time: Timestamp) -> Result<Offset, LogError>;
}

/// How far a group has come. Nobody else has it meanwhile.
pub(super) struct Position {
    mark: MarkFile,
    committed: Offset,
    /// The first record that was not handed out.
    pub(super) next: Offset,
    /// From where it was to begin, as long as nothing was handed out.
    begun: Option<StartFrom>,
    _lock: StorageLock,
}

impl Position {
    /// That of the group of this name; a new one begins as `from` says, and so does every one that is to begin `anew`.
    pub(super) fn open(
        storage: &Arc<dyn Storage>,
        name: &str,
        from: StartFrom,
        anew: bool,
        extent: &dyn Extent,
    ) -> Result<Self, GroupError> {
        let lock = lock(&**storage, name)?;
        let mark = MarkFile::open(Arc::clone(storage), path(name))?;
        let known = mark.mark();
        let committed = Offset(known.map_or(0, |mark| mark.offset));
        let mut position = Self { mark, committed, next: committed, begun: None, _lock: lock };
        if known.is_some() && !anew {
            GroupError::check(position.path(), committed, extent.oldest()?, extent.durable_end()?)?;
            return Ok(position);
        }
        for _ in 0..ATTEMPTS_MAX {
            position.begin(from, extent)?;
            // From here on the log keeps what the mark needs; it may just have been letting go of it.
            if extent.oldest()? <= position.next {
                break;
            }
        }
        Ok(position)
    }

    fn begin(&mut self, from: StartFrom, extent: &dyn Extent) -> Result<(), GroupError> {
        let offset = match from {
            StartFrom::Earliest => extent.oldest()?,
            StartFrom::Latest => extent.durable_end()?,
            StartFrom::Time(time) => extent.first_at(time)?,
            StartFrom::Offset(offset) => {
                GroupError::check(self.path(), offset, extent.oldest()?, extent.durable_end()?)?;
                offset
            }
        };
        self.begun = Some(from);
        self.begin_at(offset)
    }

    fn begin_at(&mut self, offset: Offset) -> Result<(), GroupError> {
        self.mark.set(Mark { offset: offset.0, within: 0 })?;
        (self.committed, self.next) = (offset, offset);
        Ok(())
    }

    /// The log starts at `start` by now, after what was to be handed out next. Fine for a group that has just begun and did
    /// not ask for a certain record: it begins there.
    pub(super) fn overtaken(&mut self, start: Offset) -> Result<(), GroupError> {
        match self.begun {
            Some(StartFrom::Earliest | StartFrom::Time(_)) => self.begin_at(start),
            _ => Err(GroupError::Gone { path: self.path(), offset: self.next.0, start: start.0 }),
        }
    }

    /// All before `next` was handed out.
    pub(super) fn advance(&mut self, next: Offset) {
        self.next = next;
        self.begun = None;
    }

    pub(super) fn committed(&self) -> Offset {
        self.committed
    }

    pub(super) fn commit(&mut self, offset: Offset) -> Result<(), GroupError> {
        if offset > self.next {
            return Err(GroupError::NotRead { path: self.path(), offset: offset.0, next: self.next.0 });
        }
        if offset > self.committed {
            self.mark.set(Mark { offset: offset.0, within: 0 })?;
            self.committed = offset;
        }
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.mark.path()
    }
}

/// The file of a group.
pub(super) fn path(name: &str) -> String {
    format!("{GROUPS}/{name}")
}

/// Takes a group for oneself.
pub(super) fn lock(storage: &dyn Storage, name: &str) -> Result<StorageLock, GroupError> {
    if !is_mark_name(name) {
        return Err(GroupError::Name { name: name.to_owned() });
    }
    storage.create_folder(GROUPS).map_err(|error| GroupError::io(storage, GROUPS, "making it", &error))?;
    let file = format!("{}.lock", path(name));
    storage.lock(&file).map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => GroupError::Locked { path: storage.show(&file) },
        _ => GroupError::io(storage, &file, "locking it", &error),
    })
}
