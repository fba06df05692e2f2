use proptest::prelude::*;

use super::super::forgetful::ForgetfulDisk;
use super::*;

const PATH: &str = "groups/billing";

fn mark(offset: u64) -> Mark {
    Mark { offset, within: offset % 3 }
}

fn open(disk: &ForgetfulDisk) -> MarkFile {
    MarkFile::open(Arc::new(disk.clone()), PATH).expect("a crash harms no mark")
}

proptest! {
    #[test]
    fn after_a_crash_it_is_as_it_was_or_as_it_was_to_be(
        seed in any::<u64>(),
        lives in prop::collection::vec((0_u64..40, 0_u64..4, 0_usize..12, any::<bool>()), 1..12),
    ) {
        let disk = ForgetfulDisk::new(seed);
        let (mut next, mut durable, mut begun) = (1, None, None);
        for (power, failures, sets, process_alone) in lives {
            let mut file = open(&disk);
            let found = file.mark();
            prop_assert!(found >= durable && found <= begun, "{found:?} between {durable:?} and {begun:?}");
            (durable, begun) = (found, found);
            disk.cut_power(power);
            disk.fail_syncs(failures);
            for _ in 0..sets {
                begun = Some(mark(next));
                if file.set(mark(next)).is_ok() {
                    durable = begun;
                    prop_assert_eq!(file.mark(), durable);
                }
                next += 1;
            }
            if process_alone { disk.restart() } else { disk.crash() }
        }
    }

    #[test]
    fn a_flipped_bit_costs_no_more_than_the_last_step(sets in 1_u64..5, bit in 0_u64..8 * (4_096 + 36)) {
        let disk = ForgetfulDisk::new(1);
        let mut file = open(&disk);
        (1..=sets).for_each(|nth| file.set(mark(nth)).expect("the disk is well"));
        disk.flip(PATH, bit);
        let found = MarkFile::read(&disk, PATH).expect("one place is whole").expect("it is there");
        prop_assert!(found == mark(sets) || found == mark(sets.saturating_sub(1).max(1)), "{found:?}");
    }
}

/// The process died when the file had its name, and the disk did not know of it yet.
#[test]
fn a_mark_whose_name_was_not_durable_is_made_so_before_it_is_set_again() {
    for seed in 0..100 {
        for power in 1..=6 {
            let disk = ForgetfulDisk::new(seed);
            disk.cut_power(power);
            open(&disk).set(mark(1)).expect_err("the power goes");
            disk.restart();
            open(&disk).set(mark(2)).expect("the disk is well");
            disk.crash();
            assert_eq!(open(&disk).mark(), Some(mark(2)));
        }
    }
}

#[test]
fn one_that_was_never_set_is_none_and_makes_no_file() {
    let disk = ForgetfulDisk::new(1);
    assert_eq!(open(&disk).mark(), None);
    assert_eq!(MarkFile::read(&disk, PATH), Ok(None));
    assert_eq!(disk.list("groups").expect("lists"), Vec::<String>::new());
}

#[test]
fn what_is_no_mark_is_named() {
    let disk = ForgetfulDisk::new(1);
    let file = disk.create("groups/note").expect("makes it");
    for (content, said) in [
        ("a shopping list", "groups/note is damaged, or no mark: remove it, and whose it is begins"),
        ("", "groups/note is damaged"),
        ("etamark7 and what comes then", "groups/note is of version 7, which is newer than this program's, 1"),
    ] {
        file.resize(0).expect("cuts it");
        file.write_at(content.as_bytes(), 0).expect("writes it");
        for error in
            [MarkFile::read(&disk, "groups/note").err(), MarkFile::open(Arc::new(disk.clone()), "groups/note").err()]
        {
            let error = error.expect("it is none").to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}

/// A whole place with a number after which none comes.
#[test]
fn a_place_that_could_not_be_followed_is_passed_over() {
    for last in [u64::MAX, u64::MAX - 1] {
        let disk = ForgetfulDisk::new(1);
        open(&disk).set(mark(7)).expect("the disk is well");
        let placed = Placed { place: 0, sequence: last, mark: mark(9) };
        disk.open(PATH, Access::Write).and_then(|file| file.write_at(&placed.encode(), 0)).expect("writes it");
        let mut file = open(&disk);
        assert_eq!(file.mark(), Some(mark(7)));
        (10..14).for_each(|offset| file.set(mark(offset)).expect("the disk is well"));
        assert_eq!(open(&disk).mark(), Some(mark(13)));
    }
}

/// As the first version wrote it.
#[test]
fn marks_of_old_are_read() {
    let mut bytes = vec![0; 4_132];
    let place = |sequence: u8, offset: u8, within: u8, checksum: [u8; 4]| {
        let mut place = b"etamark1".to_vec();
        for number in [sequence, offset, within] {
            place.extend([number, 0, 0, 0, 0, 0, 0, 0]);
        }
        place.extend(checksum);
        place
    };
    bytes[..36].copy_from_slice(&place(4, 77, 0, OLD[0]));
    bytes[4_096..].copy_from_slice(&place(5, 78, 2, OLD[1]));
    let disk = ForgetfulDisk::new(1);
    disk.create(PATH).and_then(|file| file.write_at(&bytes, 0)).expect("writes it");
    assert_eq!(MarkFile::read(&disk, PATH), Ok(Some(Mark { offset: 78, within: 2 })));
    disk.flip(PATH, 8 * 4_100);
    assert_eq!(MarkFile::read(&disk, PATH), Ok(Some(Mark { offset: 77, within: 0 })));
}

const OLD: [[u8; 4]; 2] = [[79, 178, 65, 112], [124, 234, 142, 75]];

#[test]
fn a_place_that_is_not_whole_is_found_beside_one_that_is() {
    let disk = ForgetfulDisk::new(1);
    open(&disk).set(mark(7)).expect("the disk is well");
    assert_eq!(MarkFile::damage(&disk, PATH), Ok(Vec::new()));
    for (place, at) in [(0, 0), (1, SECOND_AT)] {
        let placed = Placed { place, sequence: 5, mark: mark(7) };
        let put = |bytes: &[u8]| disk.open(PATH, Access::Write).and_then(|file| file.write_at(bytes, at));
        for byte in 0..PLACE_BYTES {
            let mut bytes = placed.encode();
            bytes[byte] ^= 4;
            put(&bytes).expect("writes it");
            assert_eq!(MarkFile::damage(&disk, PATH), Ok(vec![at]));
        }
        put(&placed.encode()).expect("writes it");
    }
}
