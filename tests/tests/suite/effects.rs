//! What an engine does to the outside, across crashes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use etaflow::{
    Company, Delivery, Effect, EffectId, Engine, EngineConfig, EtaUpdate, Guarantee, JournalSink, Offset, Output,
    Policy, SimulatedStorage, Sink, SinkError, SinkReport, Span, Summary, TripId,
};
use etaflow_simulator::FaultConfig;

use crate::load::{Load, START, block_on, city, publish, scenario};

/// Small segments, and snapshots all the time.
fn config(shards: u32) -> EngineConfig {
    let mut config = scenario(shards);
    config.segments.segment_bytes = 64 << 10;
    config.snapshots.every = Some(Span::from_millis(10));
    // A storage that has crashed is not waited for.
    config.delivery.finish_max = Span::from_millis(200);
    // Less than there are trips under way, so that one call's worth is not everything.
    config.delivery.batch_max = 3;
    config
}

/// The outside: it goes on when the engine's process dies. It is given effects at least once, or at most once.
#[derive(Clone)]
struct Outside {
    guarantee: Guarantee,
    taken: Arc<Mutex<Vec<Effect>>>,
    /// Of the engine's process.
    alive: Arc<AtomicBool>,
}

impl Outside {
    fn new(guarantee: Guarantee) -> Self {
        Self { guarantee, taken: Arc::default(), alive: Arc::default() }
    }

    fn taken(&self) -> Vec<Effect> {
        self.taken.lock().expect("no test panics with it").clone()
    }
}

impl Sink for Outside {
    fn name(&self) -> &str {
        self.guarantee.name()
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    fn take(&mut self, effects: &[Effect]) -> Result<(), SinkError> {
        let mut taken = self.taken.lock().expect("no test panics with it");
        if !self.alive.load(Ordering::Acquire) {
            return Err(SinkError::Unclear("who is dead calls nobody".to_owned()));
        }
        taken.extend_from_slice(effects);
        Ok(())
    }
}

type Told = BTreeMap<EffectId, EtaUpdate>;

/// All that is told if nothing crashes.
fn all_told(load: &Load) -> (Told, Summary) {
    let mut outputs = None;
    let summary = load.run(&scenario(1), |step, engine| {
        if step == 0 {
            outputs = Some(engine.outputs("all", 1 << 20));
        }
    });
    let (mut outputs, mut told) = (outputs.expect("there was a step"), Told::new());
    while let Some(delivery) = block_on(outputs.recv()) {
        let Delivery::Item { item, .. } = delivery else { panic!("the group has room for all") };
        for output in item.iter() {
            if let Output::Eta(update) = *output {
                let id = EffectId { offset: update.offset, trip: update.trip };
                assert!(told.last_key_value().is_none_or(|(last, _)| *last < id), "ids grow");
                told.insert(id, update);
            }
        }
    }
    (told, summary)
}

/// Comes back when the sinks were told all of the records before `logged`.
fn wait_for_sinks(engine: &Engine, logged: Offset, told: &Told) {
    let before = EffectId { offset: logged, trip: TripId(0) };
    let Some((&last, _)) = told.range(..before).next_back() else { return };
    while engine.sinks().iter().any(|sink| sink.waiting > 0 || sink.done <= last.offset) {
        std::thread::yield_now();
    }
}

/// Goes through lives that end in a crash, but for the last one. What was not acknowledged is offered again.
fn live(
    (load, told): (&Load, &Told),
    seed: u64,
    outsides: &[Outside],
    journal: &SimulatedStorage,
) -> (Summary, Vec<SinkReport>) {
    let storage = SimulatedStorage::new();
    let (lives, steps) = (6, load.steps.len());
    let mut acknowledged = 0;
    for life in 0..lives {
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        let alive = Arc::new(AtomicBool::new(true));
        for outside in outsides {
            sinks.push(Box::new(Outside { alive: Arc::clone(&alive), ..outside.clone() }));
        }
        let journaling =
            JournalSink::open("journal", Arc::new(journal.clone()), "told").expect("a crash harms no journal");
        sinks.push(Box::new(journaling));
        let (config, company) = (config(1 + (seed as u32 + life) % 3), Company { sinks, ..Company::default() });
        let engine = Engine::open_with(city(), Arc::new(storage.clone()), &config, company).expect("it can be opened");
        engine.recovered_blocking().expect("nothing is damaged but by the crash");
        let mut publisher = engine.publisher(Policy::Await);
        for step in usize::saturating_sub(acknowledged, 1)..steps * (life as usize + 1) / lives as usize {
            let (until, due) = &load.steps[step];
            publish(&mut publisher, due);
            publisher.advance_to_blocking(*until).expect("the engine takes it in");
            if (seed as usize * 7 + step).is_multiple_of(9) {
                let logged = publisher.acknowledge_blocking().expect("the storage works");
                acknowledged = step + 1;
                // Now and then they are told all that there is; else they are behind, or the engine is.
                if step % 50 < 40 {
                    wait_for_sinks(&engine, logged, told);
                }
            }
        }
        if life + 1 == lives {
            let logged = publisher.acknowledge_blocking().expect("the storage works");
            wait_for_sinks(&engine, logged, told);
            let reports = engine.sinks();
            drop(publisher);
            return (engine.shutdown_blocking().expect("it ends well"), reports);
        }
        alive.store(false, Ordering::Release);
        match seed % 2 {
            0 => {
                storage.crash(seed * 100 + u64::from(life));
                journal.crash(seed * 100 + u64::from(life));
            }
            _ => {
                storage.kill();
                journal.kill();
            }
        }
        drop(publisher);
        // It ends, well or not: its files are no longer its own.
        _ = engine.shutdown_blocking();
    }
    unreachable!("the last life ends well")
}

/// Of each trip the last effect.
fn newest<'a>(ids: impl Iterator<Item = &'a EffectId>) -> BTreeMap<u32, EffectId> {
    ids.map(|id| (id.trip.0, *id)).collect()
}

#[test]
fn effects_come_as_often_as_is_promised_across_crashes() {
    let load = Load::new(60, FaultConfig::default(), 41, START, 60);
    let (told, expected) = all_told(&load);
    for seed in 0..6 {
        let outsides = [Guarantee::AtMostOnce, Guarantee::AtLeastOnce].map(Outside::new);
        let journal = SimulatedStorage::new();
        let (summary, reports) = live((&load, &told), seed, &outsides, &journal);
        assert_eq!(
            (summary.records, summary.outputs_digest),
            (expected.records, expected.outputs_digest),
            "seed {seed}"
        );
        for report in &reports {
            let SinkReport { offered, suppressed, delivered, conflated, given_up, failed, waiting, .. } = *report;
            assert_eq!(offered, suppressed + delivered + conflated + waiting, "{report:?}");
            assert_eq!((given_up, failed, report.gap, report.was_ahead), (0, 0, None, false), "{report:?}");
        }
        let journaled = JournalSink::read(&journal, "told").expect("it is whole");
        let [at_most, at_least] = outsides.map(|outside| outside.taken());
        for (name, taken) in [("exactly", &journaled), ("at most", &at_most), ("at least", &at_least)] {
            for effect in taken.iter() {
                assert_eq!(told.get(&effect.id), Some(&effect.update), "{name} once, seed {seed}");
            }
            let grow = taken.is_sorted_by(|one, next| one.id < next.id);
            assert!(grow || name == "at least", "{name} once, seed {seed}");
        }
        let all = newest(told.keys());
        assert!(journaled.len() > 2 * all.len(), "much was told when it was new, seed {seed}");
        assert_eq!(newest(journaled.iter().map(|effect| &effect.id)), all, "seed {seed}");
        let mut ids: Vec<_> = at_least.iter().map(|effect| effect.id).collect();
        let calls = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(newest(ids.iter()), all, "seed {seed}");
        // One call's worth in each of five crashes.
        let batch_max = config(1).delivery.batch_max;
        assert!(calls - ids.len() <= 5 * batch_max, "{} came twice, seed {seed}", calls - ids.len());
        let missing = newest(at_most.iter().map(|effect| &effect.id));
        let missing = all.iter().filter(|(trip, id)| missing.get(trip) != Some(id)).count();
        assert!(missing <= 5 * batch_max, "{missing} are missing, seed {seed}");
    }
}
