use proptest::prelude::*;

use super::*;

/// The words of a file, each of a sector, are told by their first byte.
fn sectors(count: usize, byte: u8) -> Vec<u8> {
    vec![byte; count * 512]
}

#[test]
fn what_was_synced_outlives_a_crash_and_the_rest_may_not() {
    let mut lost = 0;
    let mut kept = 0;
    let mut torn = 0;
    for seed in 0..200 {
        let storage = SimulatedStorage::new();
        storage.create_folder("a").expect("made");
        storage.sync_folder("").expect("synced");
        let file = storage.create("a/b").expect("made");
        storage.sync_folder("a").expect("synced");
        file.write_at(&sectors(8, 1), 0).expect("written");
        file.sync().expect("synced");
        file.write_at(&sectors(16, 2), 0).expect("written");
        storage.crash(seed);
        assert!(file.size().is_err(), "it was opened before the crash");
        let found = storage.contents("a/b").expect("its name was synced");
        assert!(found.len() >= 8 * 512);
        assert!(found[..8 * 512].iter().all(|&byte| byte == 1 || byte == 2));
        assert!(found[8 * 512..].iter().all(|&byte| byte == 0 || byte == 2));
        for sector in found.chunks(512) {
            assert!(sector.iter().all(|&byte| byte == sector[0]), "a sector is never torn");
        }
        match &found {
            found if *found == sectors(8, 1) => lost += 1,
            found if *found == sectors(16, 2) => kept += 1,
            _ => torn += 1,
        }
    }
    assert!(lost > 20 && kept > 20 && torn > 20, "{lost} {kept} {torn}");
}

#[test]
fn names_that_were_not_synced_may_be_lost() {
    let (mut old, mut new, mut both) = (0, 0, 0);
    for seed in 0..200 {
        let storage = SimulatedStorage::new();
        storage.put("a", b"old");
        storage.put("b", b"new");
        storage.rename("b", "a").expect("renamed");
        assert_eq!(storage.paths(), ["a"]);
        storage.crash(seed);
        match storage.contents("a").as_deref() {
            Some(b"old") => old += 1,
            Some(b"new") => new += 1,
            other => panic!("{other:?}"),
        }
        both += usize::from(storage.contents("b").is_some());
    }
    assert!(old > 20 && new > 20 && both == old, "{old} {new} {both}");
}

#[test]
fn a_lost_sync_is_lost_whatever_later_syncs_say() {
    let mut lost = 0;
    for seed in 0..50 {
        let storage = SimulatedStorage::new();
        let file = storage.create("a").expect("made");
        storage.sync_folder("").expect("synced");
        file.write_at(b"one", 0).expect("written");
        storage.fail_at(storage.changes(), Fault::LostSync);
        file.sync().expect_err("planned");
        file.write_at(b"two", 3).expect("written");
        file.sync().expect("says so");
        storage.kill();
        assert_eq!(storage.contents("a").as_deref(), Some(&b"onetwo"[..]), "it is read all the same");
        storage.crash(seed);
        let found = storage.contents("a").expect("its name was synced");
        assert_eq!(&found[3..], b"two");
        lost += usize::from(&found[..3] != b"one");
    }
    assert!(lost > 5, "{lost}");
}

#[test]
fn faults_come_where_they_are_planned() {
    let storage = SimulatedStorage::new();
    storage.fail_at(1, Fault::Error(io::ErrorKind::PermissionDenied));
    storage.fail_at(2, Fault::ShortWrite);
    let file = storage.create("a").expect("made");
    assert_eq!(file.write_at(b"x", 0).expect_err("planned").kind(), io::ErrorKind::PermissionDenied);
    assert_eq!(file.size().expect("open"), 0);
    file.write_at(&[7; 1_000], 0).expect_err("planned");
    assert!(file.size().expect("open") < 1_000);
    storage.set_space(Some(1_500));
    file.write_at(&[8; 1_000], 0).expect("fits");
    assert_eq!(file.write_at(&[9; 1_000], 1_000).expect_err("no space").kind(), io::ErrorKind::StorageFull);
    assert_eq!(file.size().expect("open"), 1_500);
    storage.flip_read_at(storage.reads());
    let mut bytes = [0; 1_000];
    file.read_at(&mut bytes, 0).expect("open");
    assert_eq!(bytes.iter().map(|byte| (byte ^ 8).count_ones()).sum::<u32>(), 1);
    file.read_at(&mut bytes, 0).expect("open");
    assert_eq!(bytes, [8; 1_000]);
    assert!(storage.flip("a", 3, 1) && !storage.flip("a", 1_500, 1) && !storage.flip("b", 0, 1));
    assert_eq!(storage.contents("a").expect("there")[3], 9);
}

#[test]
fn a_lock_is_held_by_one_and_let_go_with_its_process() {
    let storage = SimulatedStorage::new();
    let lock = storage.lock("lock").expect("free");
    assert_eq!(storage.lock("lock").map(|_| ()).expect_err("held").kind(), io::ErrorKind::WouldBlock);
    storage.kill();
    let second = storage.lock("lock").expect("free");
    drop(lock);
    assert!(storage.lock("lock").is_err(), "the one who died does not let go of another's");
    drop(second);
    storage.lock("lock").map(|_| ()).expect("free");
}

#[test]
fn syncs_wait_while_the_disk_stalls() {
    let storage = SimulatedStorage::new();
    let file = storage.create("a").expect("made");
    let stall = storage.stall();
    std::thread::scope(|scope| {
        let syncing = scope.spawn(|| file.sync());
        // Everything else goes on meanwhile.
        file.write_at(b"x", 0).expect("written");
        assert!(!syncing.is_finished());
        drop(stall);
        syncing.join().expect("no panic").expect("synced");
    });
}

proptest! {
    /// A sector is never anything but what it was after some of the writes, in any crash; and everything synced is there.
    #[test]
    fn sectors_are_as_they_once_were(
        writes in prop::collection::vec((0_usize..4_000, 1_usize..3_000, any::<bool>()), 1..12),
        seed: u64,
    ) {
        let storage = SimulatedStorage::new();
        let file = storage.create("a")?;
        storage.sync_folder("")?;
        let mut history = vec![vec![]];
        let mut synced = 0;
        for (nth, (at, length, sync)) in writes.iter().enumerate() {
            file.write_at(&vec![nth as u8 + 1; *length], *at as u64)?;
            history.push(storage.contents("a").expect("there"));
            if *sync {
                file.sync()?;
                synced = history.len() - 1;
            }
        }
        storage.crash(seed);
        let found = storage.contents("a").expect("synced");
        prop_assert!(found.len() >= history[synced].len(), "cut off");
        for start in (0..found.len()).step_by(512) {
            let sector = &found[start..found.len().min(start + 512)];
            let was = |then: &Vec<u8>| (0..sector.len()).all(|at| sector[at] == then.get(start + at).copied().unwrap_or(0));
            prop_assert!(history[synced..].iter().any(was), "sector {}", start / 512);
        }
    }
}
