//! A share that is written in slices, beside one that is written at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::config::Config;
use crate::pipeline::collective::Collective;
use crate::pipeline::fixture::{CITY, Chance, INDEX, log};
use crate::pipeline::shard::Effects;

/// All entities of some parts, by kind and number.
fn entities(parts: &[Part]) -> BTreeMap<(u8, u64), Vec<u8>> {
    let mut all = BTreeMap::new();
    for part in parts {
        for entity in part.entities() {
            let (number, bytes) = entity.expect("it was just written");
            let before = all.insert((part.kind, number), bytes.to_vec());
            assert_eq!(before, None, "entity {number} of kind {} comes twice", char::from(part.kind));
        }
    }
    all
}

/// A shard that takes a log's records.
struct Follower {
    shard: Shard,
    epoch: Arc<crate::eta::Epoch>,
    effects: Effects,
}

impl Follower {
    fn new(shard: u32, shards: u32) -> Self {
        let config = Config { shards, ..Config::default() };
        let epoch = Arc::new(Collective::new(Arc::clone(&CITY), &config).first_epoch());
        let shard = Shard::new(&CITY, &INDEX, &config, Arc::clone(&epoch), shard).expect("within bounds");
        Self { shard, epoch, effects: Effects::default() }
    }

    fn take(&mut self, record: &Record) -> Option<Tick> {
        self.effects.clear();
        let Payload::Tick { watermark } = record.payload else {
            self.shard.on_record(record, &mut self.effects);
            return None;
        };
        let tick = Tick { number: record.id, time: record.time, watermark };
        self.shard.contribute();
        self.shard.on_tick(record, &tick, &self.epoch, &mut self.effects);
        Some(tick)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_share_written_in_slices_is_the_one_written_at_once(
        (seed, turns) in any::<(u64, u64)>(),
        (shard, shards) in prop::sample::select(vec![(0, 1), (0, 2), (1, 2), (2, 3)]),
        cut_at in 5_u64..40,
        slice_bytes in 1_usize..3_000,
        often in 1_usize..12,
    ) {
        let records = log(seed, 12, cut_at + 2);
        let mut follower = Follower::new(shard, shards);
        let mut turns = Chance(turns);
        let mut under_way: Option<(Cut, Vec<Part>)> = None;
        let mut expected = BTreeMap::new();
        for record in &records {
            if let Some((cut, parts)) = &mut under_way {
                if matches!(record.payload, Payload::Tick { .. }) {
                    prop_assert!(cut.write_slice(usize::MAX, &follower.shard));
                    break;
                }
                cut.before(record, &follower.shard);
                parts.extend(cut.take_full());
            }
            let tick = follower.take(record);
            if let Some(tick) = tick.filter(|tick| tick.number == cut_at) {
                let cut = || Cut::new(&follower.shard, Offset(record.offset.0 + 1), tick);
                let mut at_once = cut();
                prop_assert!(at_once.write_slice(usize::MAX, &follower.shard));
                expected = entities(&at_once.finish());
                prop_assert_eq!(at_once.entities, expected.len() as u64);
                under_way = Some((cut(), Vec::new()));
            }
            if let Some((cut, parts)) = &mut under_way
                && turns.below(often) == 0
            {
                cut.write_slice(1 + turns.below(slice_bytes), &follower.shard);
                parts.extend(cut.take_full());
            }
        }
        let (mut cut, mut parts) = under_way.expect("the log goes past it");
        parts.extend(cut.finish());
        prop_assert_eq!((cut.entities, cut.left_bytes()), (expected.len() as u64, 0));
        prop_assert!(!expected.is_empty());
        // The entities by themselves are long.
        let written = entities(&parts);
        for (key, bytes) in &expected {
            prop_assert_eq!(written.get(key), Some(bytes), "kind {}, number {}", char::from(key.0), key.1);
        }
        prop_assert_eq!(written.len(), expected.len(), "something came into being after the tick");
    }
}

#[test]
fn a_slice_is_about_as_long_as_was_asked_for_and_parts_are_closed() {
    let mut follower = Follower::new(0, 1);
    let mut last = None;
    for record in &log(1, 400, 8) {
        last = follower.take(record).map(|tick| (tick, record.offset)).or(last);
    }
    let (tick, offset) = last.expect("there are ticks");
    let mut cut = Cut::new(&follower.shard, offset, tick);
    let (mut slices, mut bytes) = (0, 0);
    let mut parts = Vec::new();
    loop {
        let whole = cut.write_slice(10_000, &follower.shard);
        parts.extend(cut.take_full());
        slices += 1;
        if whole {
            break;
        }
    }
    parts.extend(cut.finish());
    for part in &parts {
        assert!(part.bytes.len() < PART_BYTES + 100_000);
        bytes += part.bytes.len();
    }
    let expected = bytes / 10_000;
    assert!((expected * 8 / 10..=expected + 2).contains(&slices), "{slices} slices of {bytes} bytes");
}

#[test]
fn the_longest_pause_counts_and_pauses_of_one_lot_add_up() {
    let tick = Tick { number: 0, time: etaflow_road::Timestamp::MIN, watermark: etaflow_road::Timestamp::MIN };
    let mut cut = Cut::new(&Follower::new(0, 1).shard, Offset(0), tick);
    for lot in [[3, 4], [1, 1], [0, 5]] {
        lot.into_iter().for_each(|micros| cut.add_pause(Span::from_micros(micros)));
        cut.end_pause();
    }
    assert_eq!(cut.pause_max, Span::from_micros(7));
}
