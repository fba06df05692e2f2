use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use etaflow::{
    Dictionary, DiskStorage, EffectId, EngineConfig, EtaUpdate, Executor, ExecutorReport, JournalSink, Key, Log,
    LogFiles, MemoryLog, MemoryLogConfig, Offset, Output, Outputs, Payload, Record, TripId,
};
use etaflow_road::Network;
use etaflow_serve::Ended;

/// All that is in a log.
pub(crate) struct ReadLog {
    pub(crate) segments: usize,
    records: Vec<Record>,
    names: Dictionary,
}

impl ReadLog {
    pub(crate) fn read(dir: &Path) -> Self {
        let storage = Arc::new(DiskStorage::open(dir).expect("it is there"));
        let files = LogFiles::open(storage).expect("it is a log");
        let (names, mut records) = (Dictionary::new(), Vec::new());
        let mut reader = files.reader(Offset(0)).expect("it begins with its first record");
        while let Some(entries) = reader.next().expect("it is whole") {
            names.absorb(&entries.notes).expect("names hold together");
            records.extend(entries.records);
        }
        Self { segments: files.segments().expect("they can be listed").len(), records, names }
    }

    /// Each event that was acknowledged is there, and each that is there is there once.
    pub(crate) fn check_events(&self, acknowledged: &[(Key, u64)]) {
        let mut counts = BTreeMap::<(String, u64), usize>::new();
        for record in self.records.iter().filter(|record| !matches!(record.payload, Payload::Tick { .. })) {
            let source = self.names.source_key(record.source).expect("every source has a name");
            *counts.entry((source.to_string(), record.id)).or_default() += 1;
        }
        let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "in the log more than once: {twice:?}");
        let is_there = |(source, id): &&(Key, u64)| counts.contains_key(&(source.to_string(), *id));
        let lost: Vec<_> = acknowledged.iter().filter(|event| !is_there(event)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        // All were, in the end.
        assert_eq!(counts.len(), acknowledged.len(), "events in the log, and acknowledged");
    }
}

/// What an engine says and knows that has never ended.
pub(crate) struct Truth {
    report: ExecutorReport,
    told: BTreeMap<EffectId, EtaUpdate>,
}

impl Truth {
    pub(crate) fn of(city: Arc<Network>, log: &ReadLog) -> Self {
        let memory = MemoryLog::new(&MemoryLogConfig { records_max: log.records.len().max(1_024) });
        memory.append(&log.records, &[]).expect("there is room");
        memory.close();
        let told = Arc::new(Mutex::new(BTreeMap::new()));
        let tell = Arc::clone(&told);
        let tap = move |outputs: &[Output]| {
            for output in outputs {
                if let Output::Eta(update) = output {
                    let before = tell.lock().expect("it is whole").insert(EffectId::of(update), *update);
                    assert_eq!(before, None, "an id is one effect's");
                }
            }
        };
        let outputs = Outputs { tap: Some(Box::new(tap)), ..Outputs::default() };
        let config = EngineConfig::default().pipeline;
        let executor = Executor::start(city, &config, Arc::new(memory), Offset(0).into(), outputs);
        let report = executor.expect("it can start").join().expect("nothing fails");
        let told = std::mem::take(&mut *told.lock().expect("it is whole"));
        Self { report, told }
    }

    /// The last follower has ended with the same.
    pub(crate) fn check_ended(&self, ended: &Ended) {
        let ExecutorReport { state_digest, outputs_digest, outputs, .. } = &self.report;
        assert_eq!(ended.outputs_digest, outputs_digest.to_string(), "what was said, in order");
        assert_eq!((&ended.state_digest, ended.outputs), (&state_digest.to_string(), *outputs));
    }

    /// The journal has nothing twice, nothing that is wrong, and of each trip what was said of it last.
    pub(crate) fn check_journal(&self, dir: &Path, name: &str, log: &ReadLog) {
        let storage = DiskStorage::open(dir).expect("it is there");
        let effects = JournalSink::read(&storage, name).expect("it is whole");
        let mut last_told = BTreeMap::<TripId, EtaUpdate>::new();
        for pair in effects.windows(2) {
            assert!(pair[0].id < pair[1].id, "told twice, or out of order: {:?} and then {:?}", pair[0], pair[1]);
        }
        for effect in &effects {
            assert_eq!(self.told.get(&effect.id), Some(&effect.update), "{effect:?}");
            assert_eq!(log.names.trip_key(effect.id.trip).as_ref(), Some(&effect.trip));
            last_told.insert(effect.id.trip, effect.update);
        }
        let last: BTreeMap<TripId, EtaUpdate> = self.told.iter().map(|(id, update)| (id.trip, *update)).collect();
        assert!(last.len() > 20, "{} trips are too few", last.len());
        for (trip, update) in &last {
            assert_eq!(last_told.get(trip), Some(update), "what {trip:?} was told last");
        }
        assert_eq!(last_told.len(), last.len(), "trips that were told of");
    }
}
