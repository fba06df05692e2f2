use std::ops::Bound;
use std::path::{Path, PathBuf};

use etaflow::Record;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

use super::keeper::{Failure, Keeper, Kept, Tally, encode};
use super::load::Load;

/// A record by its offset.
const RECORDS: TableDefinition<u64, &[u8; Record::FRAME_BYTES]> = TableDefinition::new("records");
/// A batch of records by the offset of its first.
const BATCHES: TableDefinition<u64, &[u8]> = TableDefinition::new("batches");

/// redb, in one of three ways. Rows are inserted in order through a cursor at the table's end, which its documentation
/// calls the fastest for sorted keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Redb {
    /// A row a record; a transaction, durable, is what comes in an interval.
    Records,
    /// A row a record; a transaction for each batch, so that it can be read at once. One in each interval is durable.
    Commits,
    /// A row a batch; transactions as with `Records`.
    Batches,
}

/// Why a transaction takes in no more.
enum Full {
    /// It has its batch.
    Batch,
    /// The interval is over.
    Interval,
    /// There is no more.
    End,
}

impl Redb {
    fn file(folder: &Path) -> PathBuf {
        folder.join("records.redb")
    }

    /// Takes in batches until the transaction is to be committed.
    fn fill(self, load: &mut Load, mut insert: impl FnMut(&[Record]) -> Result<(), Failure>) -> Result<Full, Failure> {
        while let Some(batch) = load.next_batch() {
            insert(batch)?;
            if load.sync_due() {
                return Ok(Full::Interval);
            }
            if self == Self::Commits {
                return Ok(Full::Batch);
            }
        }
        Ok(Full::End)
    }

    fn write(self, transaction: &WriteTransaction, load: &mut Load) -> Result<Full, Failure> {
        if self == Self::Batches {
            let mut table = transaction.open_table(BATCHES)?;
            let mut end = table.upper_bound_mut(Bound::<u64>::Unbounded)?;
            let mut frames = Vec::new();
            let full = self.fill(load, |batch| {
                encode(batch, &mut frames);
                Ok(end.insert_before(batch[0].offset.0, frames.as_slice())?)
            })?;
            end.close()?;
            return Ok(full);
        }
        let mut table = transaction.open_table(RECORDS)?;
        let mut end = table.upper_bound_mut(Bound::<u64>::Unbounded)?;
        let full = self.fill(load, |batch| {
            for record in batch {
                end.insert_before(record.offset.0, &record.encode())?;
            }
            Ok(())
        })?;
        end.close()?;
        Ok(full)
    }
}

impl Keeper for Redb {
    fn name(&self) -> &'static str {
        match self {
            Self::Records => "redb",
            Self::Commits => "redb, a commit a batch",
            Self::Batches => "redb, a row a batch",
        }
    }

    fn append(&self, folder: &Path, load: &mut Load) -> Result<(), Failure> {
        let database = Database::create(Self::file(folder))?;
        load.begin();
        loop {
            let mut transaction = database.begin_write()?;
            let full = self.write(&transaction, load)?;
            let durability = if matches!(full, Full::Batch) { Durability::None } else { Durability::Immediate };
            transaction.set_durability(durability)?;
            transaction.commit()?;
            if matches!(full, Full::End) {
                load.end();
                return Ok(());
            }
        }
    }

    fn open(&self, folder: &Path) -> Result<Box<dyn Kept>, Failure> {
        let database = Database::open(Self::file(folder))?;
        Ok(Box::new(Opened { redb: *self, database }))
    }
}

struct Opened {
    redb: Redb,
    database: Database,
}

impl Kept for Opened {
    fn scan(&self, mut tally: Tally) -> Result<Tally, Failure> {
        let transaction = self.database.begin_read()?;
        if self.redb == Redb::Batches {
            for row in transaction.open_table(BATCHES)?.iter()? {
                tally.take_frames(row?.1.value())?;
            }
        } else {
            for row in transaction.open_table(RECORDS)?.iter()? {
                tally.take_frames(row?.1.value())?;
            }
        }
        Ok(tally)
    }
}
