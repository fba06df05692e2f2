use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use etaflow::Span;
use tempfile::TempDir;

use super::keeper::{Failure, Keeper, Tally};
use super::load::{Amount, Load};
use super::ours::Ours;
use super::peer_fjall::Fjall;
use super::peer_okaywal::OkayWal;
use super::peer_redb::Redb;
use crate::comparison::median;
use crate::{Comparison, GroupError, Request, Row, Run, Unit, measure};

const GROUP: &str = "log";
const RATE: Unit = Unit::MillionEventsPerSecond;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// How long everybody appends in a round.
    append: Span,
    /// How many records everybody reads.
    read: u64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { append: Span::from_secs(2), read: 1 << 21 }
    }
}

/// Everybody. The first is us.
fn keepers() -> Vec<Rc<dyn Keeper>> {
    vec![
        Rc::new(Ours),
        Rc::new(Redb::Records),
        Rc::new(Redb::Commits),
        Rc::new(Redb::Batches),
        Rc::new(Fjall::Records),
        Rc::new(Fjall::Batches),
        Rc::new(OkayWal),
    ]
}

/// Appending, reading back and reading, of ours and all peers.
pub fn rows(request: &Request) -> Result<Vec<Row>, GroupError> {
    measured(request, &Scale::default())
}

fn measured(request: &Request, scale: &Scale) -> Result<Vec<Row>, GroupError> {
    let disk = Disk::new(request)?;
    let mut rows = Vec::new();
    let append = "append, 64 bytes, batches of 64, durable within 5 ms";
    if request.wants(append) {
        rows.extend(appends(request, &disk, append, scale.append)?);
    }
    let read = "read all in order, checksums compared";
    if request.wants(read) {
        rows.extend(reads(request, &disk, read, scale.read)?);
    }
    Ok(rows)
}

/// Where it is measured: a folder that is removed in the end.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn new(request: &Request) -> Result<Self, GroupError> {
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
    fn folder(&self, name: &str) -> Result<PathBuf, GroupError> {
        let path = self.folder.path().join(name.replace([',', ' '], "-"));
        let emptied = if path.exists() { fs::remove_dir_all(&path) } else { Ok(()) };
        match emptied.and_then(|()| fs::create_dir(&path)) {
            Ok(()) => Ok(path),
            Err(source) => Err(GroupError::Folder { path, source }),
        }
    }
}

/// Appends and reads back; how many records, and how long the append took.
fn append(keeper: &dyn Keeper, folder: &Path, amount: Amount) -> Result<Load, GroupError> {
    let failed = |source: Failure| GroupError::Keeper { who: keeper.name(), source };
    let mut load = Load::new(amount);
    keeper.append(folder, &mut load).map_err(failed)?;
    let kept = keeper.open(folder).map_err(failed)?;
    kept.scan(Tally::comparing()).map_err(failed)?.check(load.records());
    Ok(load)
}

/// Everybody appends for the same time, one after the other; who begins changes from round to round.
fn appends(request: &Request, disk: &Disk, operation: &str, time: Span) -> Result<Vec<Row>, GroupError> {
    let keepers = keepers();
    let mut rates = vec![Vec::with_capacity(request.rounds); keepers.len()];
    for round in 0..=request.rounds {
        for turn in 0..keepers.len() {
            let who = (round + turn) % keepers.len();
            let keeper = &*keepers[who];
            let folder = disk.folder(keeper.name())?;
            let load = append(keeper, &folder, Amount::For(time))?;
            let rate = load.records() as f64 / load.elapsed().micros() as f64;
            request.tell(format_args!("{operation}, {}: {rate:.2} M events/s", keeper.name()));
            if round > 0 {
                rates[who].push(rate);
            }
            _ = fs::remove_dir_all(folder);
        }
    }
    let mut figures = rates.into_iter().map(median);
    let ours = figures.next();
    let row = |(keeper, theirs): (&Rc<dyn Keeper>, f64)| Row {
        group: GROUP,
        operation: operation.into(),
        peer: keeper.name(),
        unit: RATE.name(),
        ours,
        theirs: Some(theirs),
        speedup: ours.map(|ours| RATE.speedup(ours, theirs)),
    };
    Ok(keepers[1..].iter().zip(figures).map(row).collect())
}

/// Everybody has kept as many records, and reads all of them; they are in the operating system's memory.
fn reads(request: &Request, disk: &Disk, operation: &str, records: u64) -> Result<Vec<Row>, GroupError> {
    let mut runs = Vec::new();
    for keeper in keepers() {
        request.tell(format_args!("{operation}, {}", keeper.name()));
        let folder = disk.folder(keeper.name())?;
        append(&*keeper, &folder, Amount::Records(records))?;
        let kept = keeper.open(&folder).map_err(|source| GroupError::Keeper { who: keeper.name(), source })?;
        let run: Run = Box::new(move || {
            let tally = kept.scan(Tally::default()).expect("it was read before");
            tally.check(records);
        });
        runs.push((keeper.name(), run));
    }
    let (_, ours) = runs.remove(0);
    let comparison = Comparison {
        operation: operation.into(),
        unit: RATE,
        count: records,
        before: None,
        ours: Some(ours),
        peers: runs,
    };
    Ok(measure(GROUP, comparison, request.rounds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::BATCH;

    #[test]
    fn everybody_keeps_all_records_and_has_a_row() {
        let request = Request { rounds: 1, ..Request::default() };
        let scale = Scale { append: Span::from_millis(30), read: 100 * BATCH as u64 };
        let rows = measured(&request, &scale).expect("there is a folder for temporary files");
        let names: Vec<_> = keepers()[1..].iter().map(|keeper| keeper.name()).collect();
        let peers: Vec<_> = rows.iter().map(|row| row.peer).collect();
        assert_eq!(peers, [&names[..], &names[..]].concat());
        assert!(rows.iter().all(|row| row.speedup.is_some_and(|speedup| speedup > 0.0)), "{rows:?}");
    }
}
