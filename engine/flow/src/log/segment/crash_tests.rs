//! The log against a model of it, on a storage that fails by seed.
//!
//! `ETAFLOW_SEED=7` tries one seed, `ETAFLOW_SEEDS=1000000` so many; a seed that fails prints the command that repeats it.

use std::sync::Arc;

use etaflow_road::Span;

use super::samples::{notes, record};
use super::*;
use crate::event::{Entries, Note, Offset, Record};
use crate::log::{Log, LogError};
use crate::storage::simulated::seeds::{self, Dice};
use crate::storage::{Fault, SimulatedStorage, Storage};

const SEEDS: u64 = 2_000;

/// What the log must be.
#[derive(Default)]
struct Model {
    start: u64,
    records: Vec<Record>,
    notes: Vec<Note>,
    /// What outlives a crash of the system, and what the end of a process.
    promised_synced: u64,
    promised: u64,
    /// In which life they were appended: no life's records are taken for another's.
    life: u32,
}

impl Model {
    fn end(&self) -> u64 {
        self.records.len() as u64
    }

    fn append(&mut self, count: u64) -> (Vec<Record>, Vec<Note>) {
        let end = self.end();
        let records: Vec<Record> = (end..end + count)
            .map(|offset| {
                let mut record = record(offset);
                record.waited_us = self.life;
                // Time goes on between two lives, so that what is appended in place of what was lost is later.
                record.ingest_time = record.ingest_time + Span::from_secs(i64::from(self.life) * 60);
                record.id = record.id.wrapping_add(u64::from(self.life));
                record
            })
            .collect();
        let notes = notes(&records);
        self.records.extend(&records);
        self.notes.extend(notes.clone());
        (records, notes)
    }

    /// The log ends there now: what was after it was lost, and no promise was made of it.
    fn cut(&mut self, end: u64) {
        assert!(end >= self.promised_synced, "{} was on the disk, the log ends at {end}", self.promised_synced);
        assert!(end <= self.end(), "the log has more than was appended");
        self.records.truncate(end as usize);
        self.notes.retain(|note| note.offset.0 < end);
        (self.promised, self.promised_synced) = (end, end);
    }

    fn check(&self, from: u64, entries: &Entries) {
        let (from, to) = (from as usize, from as usize + entries.records.len());
        assert!(to <= self.records.len(), "more is read than was appended");
        assert_eq!(entries.records, self.records[from..to]);
        let within = |note: &&Note| (from..to).contains(&(note.offset.0 as usize));
        assert!(entries.notes.iter().eq(self.notes.iter().filter(within)), "notes");
    }
}

fn read_all(files: &LogFiles, from: u64) -> Result<Entries, LogError> {
    let mut reader = files.reader(Offset(from))?;
    let mut all = Entries::default();
    while let Some(entries) = reader.next()? {
        all.records.extend(entries.records);
        all.notes.extend(entries.notes);
    }
    Ok(all)
}

/// A life of the log: it is opened, compared, appended to, and ends somehow.
fn live(
    storage: &SimulatedStorage,
    config: &SegmentLogConfig,
    model: &mut Model,
    dice: &mut Dice,
) -> Result<(), LogError> {
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let (log, opened) = SegmentLog::open_stepwise(Arc::clone(&shared), config)?;
    model.cut(opened.end.0);
    assert!(opened.start.0 >= model.start && opened.damage.is_empty() && opened.foreign.is_empty(), "{opened:?}");
    model.start = opened.start.0;
    let files = LogFiles::open(shared)?;
    assert_eq!(files.durable()?, opened.end);
    model.check(model.start, &read_all(&files, model.start)?);
    for _ in 0..dice.below(60) {
        act(&log, &files, model, dice)?;
        assert!(log.durable().0 <= log.end().0 && log.end().0 <= model.end());
        model.promised = model.promised.max(log.durable().0).max(files.durable()?.0);
        if config.sync != SyncPolicy::Os {
            model.promised_synced = model.promised;
        }
        model.start = log.start().0;
    }
    Ok(())
}

fn act(log: &SegmentLog, files: &LogFiles, model: &mut Model, dice: &mut Dice) -> Result<(), LogError> {
    match dice.below(10) {
        0..=4 => {
            let (records, notes) = model.append(1 + dice.below(40));
            log.append(&records, &notes)?;
            if log.checkpoint_due() && dice.below(4) > 0 {
                let state = model.records[model.records.len() - 1].waited_us.to_le_bytes();
                log.put_checkpoint(log.end(), state.repeat(dice.below(50) as usize + 1));
            }
        }
        5 | 6 => {
            let synced = log.sync()?;
            assert_eq!(synced.0, model.end());
            model.promised_synced = model.promised_synced.max(synced.0);
        }
        7 => {
            let from = model.start + dice.below(model.end() - model.start + 1);
            if let Some(batch) = log.read(Offset(from))? {
                let entries = Entries { records: batch.records().to_vec(), notes: Vec::new() };
                assert_eq!(entries.records, model.records[from as usize..from as usize + entries.records.len()]);
            } else {
                assert_eq!(from, model.end());
            }
        }
        8 => {
            let durable = files.durable()?.0;
            let from = model.start + dice.below(durable - model.start + 1);
            model.check(from, &read_all(files, from)?);
        }
        _ => {
            let at = Offset(model.start + dice.below(model.end() - model.start + 1));
            if let Some((found, state)) = files.checkpoint_before(at)? {
                // It comes from the records that are there, and from none in their place that were lost.
                let last = model.records[found.0 as usize - 1].waited_us;
                assert!(found <= at && state.chunks(4).all(|chunk| chunk == last.to_le_bytes()));
            }
        }
    }
    Ok(())
}

fn run(seed: u64) {
    let mut dice = Dice::new(seed);
    let sync = [SyncPolicy::Sync, SyncPolicy::Interval(Span::from_millis(5)), SyncPolicy::Os][dice.below(3) as usize];
    let retention = Retention {
        bytes_max: (dice.below(3) == 0).then_some(20_000),
        age_max: (dice.below(4) == 0).then_some(Span::from_secs(5)),
    };
    let config = SegmentLogConfig { segment_bytes: 4 << 10, sync, tail_records: dice.below(200) as usize, retention };
    let storage = SimulatedStorage::new();
    let mut model = Model::default();
    for life in 0..dice.below(8) + 1 {
        model.life = life as u32;
        if dice.below(3) > 0 {
            let faults =
                [Fault::Power, Fault::LostSync, Fault::ShortWrite, Fault::Error(std::io::ErrorKind::StorageFull)];
            storage.fail_at(storage.changes() + dice.below(80), faults[dice.below(4) as usize]);
        }
        if let Err(error) = live(&storage, &config, &mut model, &mut dice) {
            let planned = matches!(error, LogError::Io { .. } | LogError::Failed(_));
            assert!(planned, "{error}");
        }
        if dice.below(2) == 0 {
            storage.crash(dice.below(u64::MAX));
        } else {
            model.promised_synced = model.promised_synced.max(model.promised);
            storage.kill();
        }
    }
    model.life = 100;
    if let Err(error) = live(&storage, &config, &mut model, &mut dice) {
        panic!("without a fault: {error}");
    }
    let mut findings = Vec::new();
    let files = LogFiles::open(Arc::new(storage)).expect("it was opened before");
    files.verify(|finding| findings.push(finding.to_string())).expect("can be read");
    assert!(findings.is_empty(), "{findings:?}");
    for _ in 0..8 {
        let Some(record) = model.records.get((model.start + dice.below(model.end() - model.start)) as usize) else {
            break;
        };
        let first =
            model.records[model.start as usize..].partition_point(|other| other.ingest_time < record.ingest_time);
        let found = files.offset_at(record.ingest_time).expect("can be read");
        let durable = files.durable().expect("can be read").0;
        assert_eq!(found.0, (model.start + first as u64).min(durable));
    }
}

#[test]
fn nothing_that_was_promised_is_lost_in_any_crash() {
    seeds::try_all("log::segment::crash_tests", 0..seeds::count().unwrap_or(SEEDS), run);
}

#[test]
fn a_crash_at_every_change_loses_nothing() {
    let config = SegmentLogConfig {
        segment_bytes: 4 << 10,
        sync: SyncPolicy::Interval(Span::from_millis(5)),
        retention: Retention { bytes_max: Some(12_000), age_max: None },
        ..SegmentLogConfig::default()
    };
    let script = |storage: &SimulatedStorage, model: &mut Model| -> Result<(), LogError> {
        let (log, opened) = SegmentLog::open_stepwise(Arc::new(storage.clone()), &config)?;
        model.cut(opened.end.0);
        for nth in 0..40 {
            let (records, notes) = model.append(20);
            log.append(&records, &notes)?;
            if log.checkpoint_due() {
                log.put_checkpoint(log.end(), vec![1; 100]);
            }
            if nth % 2 == 0 {
                model.promised_synced = log.sync()?.0;
            }
        }
        log.close();
        model.promised_synced = log.sync()?.0;
        model.start = log.start().0;
        Ok(())
    };
    let whole = SimulatedStorage::new();
    let mut model = Model::default();
    script(&whole, &mut model).expect("nothing is planned");
    assert!(model.start > 0, "nothing was let go of");
    assert!(whole.changes() > 100);
    for nth in 0..whole.changes() {
        for seed in 0..4 {
            let storage = SimulatedStorage::new();
            let mut model = Model::default();
            storage.fail_at(nth, Fault::Power);
            assert!(script(&storage, &mut model).is_err());
            storage.crash(seed);
            let (log, opened) = SegmentLog::open_stepwise(Arc::new(storage.clone()), &config)
                .unwrap_or_else(|error| panic!("change {nth}, seed {seed}: {error}"));
            model.cut(opened.end.0);
            let read = read_all(&log.files(), opened.start.0).expect("whole");
            model.check(opened.start.0, &read);
            assert_eq!(opened.start.0 + read.records.len() as u64, opened.end.0);
        }
    }
}
