use std::sync::{Arc, LazyLock};

use etaflow_road::{EdgeId, Network, RoadClass, Span, SyntheticCity, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::event::{EventSource, Key, Offset, ProfileId};
use crate::storage::{Access, DiskStorage, SimulatedStorage, Storage};

static CITY: LazyLock<Network> = LazyLock::new(|| SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());

fn bins() -> impl Strategy<Value = WeekBins> {
    (1_u8..=7, 1_u16..30, 1_i64..=86_400, -1.0..1.0).prop_map(|(days, bins_per_day, day_s, share)| {
        let day = Span::from_secs(day_s);
        WeekBins { days, bins_per_day, day, offset: Span::from_micros((day.micros() as f64 * share) as i64) }
    })
}

/// Any profile of the city, with cells for some of its edges.
fn profiles() -> impl Strategy<Value = SpeedProfile> {
    bins().prop_flat_map(|bins| {
        let slots = usize::from(bins.slots());
        let classes = prop::collection::vec(1_u16.., RoadClass::ALL.len() * slots);
        let cells = prop::collection::btree_map(0..bins.slots(), 1_u16.., 0..slots.min(12));
        let edges = prop::collection::btree_map(0..CITY.edge_count() as u32, (1_u16.., cells), 0..20);
        (Just(bins), classes, edges, any::<(u64, u64)>()).prop_map(|(bins, classes, edges, (upto, traversals))| {
            let mut draft = ProfileDraft::new(&CITY, bins, classes);
            for (edge, (ratio, cells)) in edges {
                draft.edge(EdgeId(edge), ratio, &cells.into_iter().collect::<Vec<_>>());
            }
            draft.finish(Offset(upto), traversals)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_profile_comes_back(profile in profiles()) {
        let bytes = profile.encode();
        let read = SpeedProfile::decode(&bytes).expect("it was written");
        prop_assert_eq!(&read, &profile);
        prop_assert_eq!(read.encode(), bytes);
        prop_assert_eq!(read.id(), profile.id());
        prop_assert!(read.is_of(&CITY));
    }

    #[test]
    fn no_bit_can_flip_and_no_byte_be_missing(profile in profiles(), at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut bytes = profile.encode();
        let at = at.index(bytes.len());
        prop_assert!(SpeedProfile::decode(&bytes[..at]).is_err());
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(SpeedProfile::decode(&bytes).is_err());
        bytes[at] ^= 1_u8 << bit;
        bytes.push(0);
        prop_assert!(SpeedProfile::decode(&bytes).is_err());
    }

    #[test]
    fn garbage_with_a_right_checksum_is_read_exactly_or_not_at_all(
        profile in profiles(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = profile.encode();
        bytes.truncate(bytes.len() - 4);
        for (at, byte) in damage {
            let at = 12 + at.index(bytes.len() - 12);
            bytes[at] = byte;
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        if let Ok(read) = SpeedProfile::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
            // Whatever it says, asking does no harm.
            for edge in CITY.edges() {
                _ = read.travel_time(&CITY, edge, Timestamp::from_secs(0));
            }
        }
    }

    #[test]
    fn all_edges_at_once_are_each_by_itself(profile in profiles(), at in any::<i64>()) {
        let bin = profile.bins().at(Timestamp::from_micros(at));
        let all = profile.paces(&CITY, bin);
        for edge in CITY.edges() {
            prop_assert_eq!(u64::from(all[edge.index()]), profile.pace(edge, CITY.class(edge), bin));
        }
    }

    #[test]
    fn bins_come_one_after_the_other_and_again(bins in bins(), at in -10_i64.pow(15)..10_i64.pow(15)) {
        let time = Timestamp::from_micros(at);
        let bin = bins.at(time);
        prop_assert!(bin.0 < bins.count());
        prop_assert_eq!(bins.at(time + Span::from_micros(bins.day.micros() * i64::from(bins.days))), bin);
        // A bin's width later, give or take what does not divide, is the bin after it or the next but one.
        let width = Span::from_micros(bins.day.micros() / i64::from(bins.bins_per_day) + 1);
        let ahead = (bins.at(time + width).0 + bins.count() - bin.0) % bins.count();
        prop_assert!(ahead == 1 || ahead == 2 % bins.count() || bins.count() == 1, "{} ahead", ahead);
    }
}

#[test]
fn a_week_begins_on_monday() {
    let bins = WeekBins::default();
    // 2026-01-05 was a Monday.
    let monday = Timestamp::from_secs(1_767_571_200);
    let at = |hours: i64| bins.at(monday + Span::from_secs(hours * 3_600));
    assert_eq!([at(0), at(8), at(24), at(167), at(168), at(-1)].map(|bin| bin.0), [0, 16, 48, 334, 0, 334]);
    let west = WeekBins { offset: Span::from_secs(-5 * 3_600), ..bins };
    assert_eq!(west.at(monday).0, 334 - 2 * 4);
}

/// How a pace is found, step by step.
#[test]
fn an_edge_falls_back_on_its_day_then_on_its_class() {
    let bins = WeekBins { days: 7, bins_per_day: 2, ..WeekBins::default() };
    let edge = CITY.edges().nth(3).expect("there are more");
    let class = CITY.class(edge);
    let mut classes = vec![PAR as u16; RoadClass::ALL.len() * usize::from(bins.slots())];
    let own = &mut classes[class as usize * usize::from(bins.slots())..][..usize::from(bins.slots())];
    // Mornings are slower by a half, and on Monday by twice.
    own[14] = 6_144;
    (0..14).step_by(2).for_each(|bin| own[bin] = 6_144);
    own[0] = 8_192;
    let with = |cells: &[(u16, u16)]| {
        let mut draft = ProfileDraft::new(&CITY, bins, classes.clone());
        draft.edge(edge, 2_048, cells);
        draft.finish(Offset(0), 1)
    };
    let pace = |profile: &SpeedProfile, bin: u16| profile.pace(edge, class, WeekBin(bin));
    let profile = with(&[(2, 5_000), (14, 9_000)]);
    assert_eq!(pace(&profile, 2), 5_000, "its own in that bin");
    assert_eq!(pace(&profile, 4), 9_000, "its own at that time of day");
    assert_eq!(pace(&profile, 0), 12_000, "the same, on a day that is slower for all");
    assert_eq!(pace(&profile, 1), 2_048, "half of its class's");
    assert_eq!(profile.pace(EdgeId(edge.0 + 1), class, WeekBin(0)), 8_192, "its class's alone");
    let third = u64::from(CITY.free_flow(edge)) * 5_000 / PAR;
    let tuesday = Timestamp::from_secs(1_767_571_200 + 90_000);
    assert_eq!(u64::from(profile.travel_time(&CITY, edge, tuesday)), third);
}

/// Version 1 of a profile's file. Written by hand from the layout; never to be changed.
const PROFILE_V1: &str = concat!(
    "6574616670726f66 01000000 01 0b 0200 0060d71d14000000 00a493d600000000 efcdab8967452301 09000000",
    "0700000000000000 0500000000000000 02000000 03000000",
    "00100018 00100018 00100018 00100018 00100018 00100018 00100018 00100018 00100018 00100018 00100018",
    "03000000 08000000 0010 0020 0200 0100 0000 0100 0100 0110 0210 0310",
);

#[test]
fn a_profile_of_version_1_is_read() {
    let mut bytes: Vec<u8> = PROFILE_V1.replace(' ', "").as_bytes().chunks(2).map(hex).collect();
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    let profile = SpeedProfile::decode(&bytes).expect("it is one");
    let day = Span::from_secs(86_400);
    assert_eq!(*profile.bins(), WeekBins { days: 1, bins_per_day: 2, day, offset: Span::from_secs(3_600) });
    assert_eq!(profile.summary(), ProfileSummary { upto: Offset(7), traversals: 5, edges: 2, cells: 3 });
    assert_eq!(profile.parts.network, 0x0123_4567_89ab_cdef);
    let pace = |edge: u32, bin: u16| profile.pace(EdgeId(edge), RoadClass::Ferry, WeekBin(bin));
    assert_eq!([pace(3, 0), pace(3, 1), pace(8, 0), pace(8, 1)], [0x1001, 0x1002, 0x2000, 0x1003]);
    assert_eq!([pace(4, 0), pace(4, 1)], [0x1000, 0x1800]);
    assert_eq!(profile.encode(), bytes);
    assert_eq!(profile.id().to_string(), "9dc5d415754da477");
}

fn hex(digits: &[u8]) -> u8 {
    u8::from_str_radix(std::str::from_utf8(digits).expect("digits"), 16).expect("digits")
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let profile = SpeedProfile::free_flow(&CITY);
    let bytes = profile.encode();
    let error = |bytes: &[u8]| SpeedProfile::decode(bytes).expect_err("it is none").to_string();
    assert_eq!(error(b"etaflow directory"), "is no speed profile: it does not begin with \"etafprof\"");
    assert_eq!(error(b""), "is no speed profile: it does not begin with \"etafprof\"");
    let mut newer = bytes.clone();
    newer[8] = 2;
    let newest =
        "is a speed profile of version 2, and 1 is the newest that is known here: read it with a newer program";
    assert_eq!(error(&newer), newest);
    let mut flipped = bytes.clone();
    flipped[30] ^= 1;
    assert!(error(&flipped).starts_with("is damaged: its checksum is "), "{}", error(&flipped));
    assert_eq!(error(&bytes[..14]), "is damaged: the checksum at byte 0 is cut short");
}

#[test]
fn profiles_are_kept_in_files_that_say_what_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::open(folder.path()).expect("it was made"));
    let profiles = Profiles::in_storage(&CITY, Arc::clone(&storage));
    let profile = SpeedProfile::free_flow(&CITY);
    let id = profile.id();
    assert_eq!(profiles.list(), Ok(Vec::new()));
    assert!(matches!(profiles.find(id), Err(ProfileError::Missing { .. })));
    let mut source = EventSource::new(Key::Number(1), 0);
    let event = profiles.adopt(&profile, &mut source, Timestamp::from_secs(1)).expect("there is room");
    assert_eq!(event.data, crate::EventData::ProfileAdopted { profile: id });
    assert_eq!(profiles.keep(&profile), Ok(id), "again");
    assert_eq!(profiles.list(), Ok(vec![id]));

    // Others who look find the file, and nothing but what it is named.
    let find = |network: &Network| Profiles::in_storage(network, Arc::clone(&storage)).find(id);
    assert_eq!(*find(&CITY).expect("it is there"), profile);
    let other = SyntheticCity { nodes: 1_000, seed: 2, ..SyntheticCity::default() }.build();
    assert!(matches!(find(&other), Err(ProfileError::OtherNetwork { .. })));
    let shown = storage.show(&Profiles::path(id));
    let file = storage.open(&Profiles::path(id), Access::Write).expect("it is there");
    file.write_at(&[0xff], 40).expect("it can be written");
    let damaged = find(&CITY).expect_err("it is damaged").to_string();
    assert!(damaged.contains(&*shown.to_string_lossy()) && damaged.contains("checksum"), "{damaged}");
    let stranger = ProfileId(id.0 ^ 1);
    profiles.keep(&profile).expect("it is written anew");
    storage.rename(&Profiles::path(id), &Profiles::path(stranger)).expect("it is there");
    assert!(matches!(
        Profiles::in_storage(&CITY, Arc::clone(&storage)).find(stranger),
        Err(ProfileError::Renamed { found, .. }) if found == id
    ));
    let missing = find(&CITY).expect_err("it is gone").to_string();
    assert!(missing.contains(&*shown.to_string_lossy()) && missing.contains(&id.to_string()), "{missing}");
}

#[test]
fn memory_keeps_so_many_and_lets_none_go() {
    let profiles = Profiles::in_memory(&CITY);
    let nth = |number: u64| {
        let classes = vec![PAR as u16; RoadClass::ALL.len()];
        let bins = WeekBins { days: 1, bins_per_day: 1, ..WeekBins::default() };
        ProfileDraft::new(&CITY, bins, classes).finish(Offset(number), 0)
    };
    for number in 0..64 {
        profiles.keep(&nth(number)).expect("there is room");
    }
    assert_eq!(profiles.keep(&nth(3)), Ok(nth(3).id()), "it is there");
    assert_eq!(profiles.keep(&nth(64)), Err(ProfileError::Full { id: nth(64).id(), max: 64 }));
    assert!((0..64).all(|number| profiles.find(nth(number).id()).is_ok()));
    assert_eq!(profiles.find(nth(64).id()), Err(ProfileError::NotKept { id: nth(64).id(), kept: 64 }));
}

#[test]
fn a_profile_that_was_kept_is_there_after_any_crash() {
    let profile = SpeedProfile::free_flow(&CITY);
    for seed in 0..60 {
        let storage = SimulatedStorage::new();
        let profiles = Profiles::in_storage(&CITY, Arc::new(storage.clone()));
        profiles.keep(&profile).expect("there is room");
        // Again, and torn: the one that is there stays.
        if seed % 2 == 1 {
            storage.set_space(Some(profile.encode().len() as u64 + 10));
            assert!(matches!(profiles.keep(&profile), Err(ProfileError::Io { .. })), "there is no room");
        }
        storage.crash(seed);
        let found = Profiles::in_storage(&CITY, Arc::new(storage)).find(profile.id());
        assert_eq!(found.as_deref(), Ok(&profile), "seed {seed}");
    }
}
