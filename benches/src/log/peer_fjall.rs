use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::keeper::{Failure, Keeper, Kept, Tally, encode};
use super::load::{INTERVAL, Load};

/// All that is kept fits into it, as the documentation recommends.
const CACHE_BYTES: u64 = 512 << 20;

/// fjall, in one of two ways. Each batch is written to the journal and the operating system by its commit, and a thread
/// of its own makes the journal durable after each interval. Keys are big-endian, so that they are in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fjall {
    /// A row a record; a write batch is a batch.
    Records,
    /// A row a batch.
    Batches,
}

fn database(folder: &Path) -> Result<(Database, Keyspace), Failure> {
    let database = Database::builder(folder).cache_size(CACHE_BYTES).open()?;
    let keyspace = database.keyspace("records", KeyspaceCreateOptions::default)?;
    Ok((database, keyspace))
}

/// Makes what is in the journal durable, again and again until the other end is dropped.
fn persist(database: &Database, over: mpsc::Receiver<()>) -> Result<(), Failure> {
    let interval = Duration::from_micros(INTERVAL.micros() as u64);
    while over.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
        database.persist(PersistMode::SyncData)?;
    }
    Ok(())
}

impl Fjall {
    fn write(self, database: &Database, keyspace: &Keyspace, load: &mut Load) -> Result<(), Failure> {
        let mut frames = Vec::new();
        while let Some(batch) = load.next_batch() {
            if self == Self::Batches {
                encode(batch, &mut frames);
                keyspace.insert(batch[0].offset.0.to_be_bytes(), frames.as_slice())?;
                continue;
            }
            let mut rows = database.batch();
            for record in batch {
                rows.insert(keyspace, record.offset.0.to_be_bytes(), record.encode());
            }
            rows.commit()?;
        }
        Ok(())
    }
}

impl Keeper for Fjall {
    fn name(&self) -> &'static str {
        match self {
            Self::Records => "fjall",
            Self::Batches => "fjall, a row a batch",
        }
    }

    fn append(&self, folder: &Path, load: &mut Load) -> Result<(), Failure> {
        let (database, keyspace) = database(folder)?;
        let (going_on, over) = mpsc::sync_channel(0);
        load.begin();
        thread::scope(|scope| {
            let persisting = scope.spawn({
                let database = &database;
                move || persist(database, over)
            });
            let written = self.write(&database, &keyspace, load);
            drop(going_on);
            let persisted = persisting.join().expect("does not panic");
            written.and(persisted)
        })?;
        database.persist(PersistMode::SyncData)?;
        load.end();
        Ok(())
    }

    fn open(&self, folder: &Path) -> Result<Box<dyn Kept>, Failure> {
        let (database, keyspace) = database(folder)?;
        Ok(Box::new(Opened { keyspace, _database: database }))
    }
}

struct Opened {
    keyspace: Keyspace,
    _database: Database,
}

impl Kept for Opened {
    fn scan(&self, mut tally: Tally) -> Result<Tally, Failure> {
        for row in self.keyspace.iter() {
            tally.take_frames(&row.value()?)?;
        }
        Ok(tally)
    }
}
