use proptest::prelude::*;

use super::super::id::tests::any_effects;
use super::*;
use crate::eta::Cause;
use crate::event::Key;
use crate::storage::SimulatedStorage;
use crate::storage::forgetful::ForgetfulDisk;

const PATH: &str = "told.journal";

fn open(disk: &ForgetfulDisk) -> JournalSink {
    JournalSink::open("told", Arc::new(disk.clone()), PATH).expect("a crash harms no journal")
}

proptest! {
    #[test]
    fn it_holds_what_it_says_that_it_took_after_any_crash(
        seed in any::<u64>(),
        effects in any_effects(0..60),
        lives in prop::collection::vec((0_u64..12, 0_u64..3, 1_usize..6, 0_usize..8, any::<bool>()), 1..8),
    ) {
        let disk = ForgetfulDisk::new(seed);
        for (power, failures, batch_max, calls, process_alone) in lives {
            let mut sink = open(&disk);
            let mut last = sink.last_taken().expect("the disk is well");
            disk.cut_power(power);
            disk.fail_syncs(failures);
            for _ in 0..calls {
                // As the courier does: it asks, and gives what follows.
                let Ok(taken) = sink.last_taken() else { continue };
                let next = effects.partition_point(|effect| Some(effect.id) <= taken);
                let batch = &effects[next..effects.len().min(next + batch_max)];
                if !batch.is_empty() && sink.take(batch).is_ok() {
                    last = batch.last().map(|last| last.id);
                    prop_assert_eq!(sink.last_taken(), Ok(last));
                }
            }
            if process_alone { disk.restart() } else { disk.crash() }
            let mut sink = open(&disk);
            let found = sink.last_taken().expect("the disk is well");
            prop_assert!(found >= last, "{last:?} was taken, {found:?} is left");
            let read = JournalSink::read(&disk, PATH).expect("it is whole");
            let taken = effects.partition_point(|effect| Some(effect.id) <= found);
            prop_assert_eq!(&read[..], &effects[..taken]);
        }
    }

    #[test]
    fn a_flipped_bit_is_found(
        effects in any_effects(1..9),
        call in 1_usize..4,
        bit in any::<prop::sample::Index>(),
    ) {
        let disk = ForgetfulDisk::new(1);
        let mut sink = open(&disk);
        effects.chunks(call).for_each(|call| sink.take(call).expect("the disk is well"));
        let size = disk.open(PATH, Access::Read).and_then(|file| file.size()).expect("it is there");
        disk.flip(PATH, bit.index(size as usize * 8) as u64);
        // It is told from what a crash can do, unless it is in the last call.
        match JournalSink::read(&disk, PATH) {
            Ok(read) => {
                let last_call = (effects.len() - 1) / call * call;
                prop_assert_eq!(read, &effects[..last_call]);
            }
            Err(error) => {
                let found = matches!(error, JournalError::Foreign { .. } | JournalError::Damaged { .. });
                prop_assert!(found, "{error}");
            }
        }
    }
}

#[test]
fn what_is_no_journal_is_named_and_left_alone() {
    let disk = ForgetfulDisk::new(1);
    disk.create(PATH).and_then(|file| file.write_at(b"a shopping list", 0)).expect("writes it");
    let error = JournalSink::open("told", Arc::new(disk.clone()), PATH).err().expect("it is none");
    let said = "told.journal is no journal of effects: it does not begin with \"etaflow effects, version 1\"";
    assert_eq!(error.to_string(), said);
    assert_eq!(disk.open(PATH, Access::Read).and_then(|file| file.size()).ok(), Some(15));
}

/// As the first version wrote it.
#[test]
fn journals_of_old_are_read() {
    let old = include_bytes!("journal_v1.txt");
    let disk = ForgetfulDisk::new(1);
    disk.create(PATH).and_then(|file| file.write_at(old, 0)).expect("writes it");
    let read = JournalSink::read(&disk, PATH).expect("it is whole");
    let told: Vec<_> =
        read.iter().map(|effect| (effect.id.offset.0, effect.trip.to_string(), effect.update.cause)).collect();
    let expected = [(12, "ride-1", Cause::Requested), (40, "ride-1", Cause::Assigned), (40, "9", Cause::Completed)];
    assert_eq!(told, expected.map(|(offset, trip, cause)| (offset, trip.to_owned(), cause)));
    assert_eq!(read[1].driver, Key::new("anna").ok());
    assert_eq!(read[1].update.direction_confidence, Some(0.75));
}

#[test]
fn a_journal_that_is_being_written_is_not_opened_and_cut_off() {
    let storage: Arc<dyn Storage> = Arc::new(SimulatedStorage::new());
    let open = || JournalSink::open("told", Arc::clone(&storage), PATH);
    let first = open().expect("nobody writes it");
    let path = storage.show(PATH);
    assert_eq!(open().err(), Some(JournalError::Locked { path }));
    drop(first);
    assert!(open().is_ok());
}
