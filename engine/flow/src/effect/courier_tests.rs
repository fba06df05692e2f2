//! Any history of outputs, syncs, snapshots, failures and crashes, against what each [`Guarantee`] promises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use proptest::prelude::*;

use super::super::id::tests::{effect, update};
use super::super::lane::Lane;
use super::super::{Effect, backlog};
use super::*;
use crate::storage::Storage;
use crate::storage::forgetful::ForgetfulDisk;

const TRIPS: u32 = 5;

/// What happens next.
#[derive(Debug, Clone)]
enum Act {
    /// The log grows by a record that tells of some trips, a bit for each.
    Tell(u8),
    /// The log is durable further on, by so many records.
    Sync(u64),
    Live(bool),
    Pass(i64),
    Steps(u8),
    /// A snapshot is cut: now, or while the sink takes what it takes next.
    Snapshot {
        in_flight: bool,
    },
    /// How the sink's next calls end.
    Sink(Mood, u8),
    /// The power goes at the `after`-th change, or the process alone dies then; or either, when nothing is left to do. The
    /// `image`-th newest snapshot is the newest that is still whole.
    Crash {
        after: u64,
        process_alone: bool,
        image: u8,
        /// With the power go so many records that were taken for durable.
        lost: u8,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Fine,
    NotTaken,
    /// After so many of them.
    Unclear(u8),
    Panics,
}

fn act() -> impl Strategy<Value = Act> {
    let mood =
        prop_oneof![Just(Mood::Fine), Just(Mood::NotTaken), (0_u8..5).prop_map(Mood::Unclear), Just(Mood::Panics)];
    prop_oneof![
        8 => (1_u8..1 << TRIPS).prop_map(Act::Tell),
        4 => (0_u64..6).prop_map(Act::Sync),
        2 => any::<bool>().prop_map(Act::Live),
        1 => (0_i64..80).prop_map(Act::Pass),
        6 => (1_u8..6).prop_map(Act::Steps),
        3 => any::<bool>().prop_map(|in_flight| Act::Snapshot { in_flight }),
        2 => (mood, 0_u8..3).prop_map(|(mood, calls)| Act::Sink(mood, calls)),
        2 => (0_u64..9, any::<bool>(), 0_u8..4, prop_oneof![3 => Just(0_u8), 1 => 1_u8..6])
            .prop_map(|(after, process_alone, image, lost)| Act::Crash { after, process_alone, image, lost }),
    ]
}

/// The outside, which no crash of ours harms.
#[derive(Default)]
struct Outside {
    taken: Vec<Effect>,
    /// Stored with what was taken last.
    last: Option<EffectId>,
    /// Of what it is not known whether it was taken: calls that failed, and those during which the power went.
    doubtful: BTreeSet<EffectId>,
    /// Taken of records that were lost: the last of each such crash. What has the same id later cannot be told from it.
    ambiguous: BTreeSet<EffectId>,
    /// There was such a one, or may be: nobody can tell whether the sink speaks of what was lost or of what has taken its place.
    muddled: bool,
    /// The last call, until the next one begins.
    latest: BTreeSet<EffectId>,
    mood: Option<(Mood, u8)>,
    durable: Offset,
    /// A snapshot that is to be cut while it takes something.
    cut: Option<(Offset, Arc<Mailbox>)>,
    images: Vec<Image>,
}

struct ModelSink {
    guarantee: Guarantee,
    outside: Arc<Mutex<Outside>>,
    disk: ForgetfulDisk,
}

impl Sink for ModelSink {
    fn name(&self) -> &str {
        "model"
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    fn last_taken(&mut self) -> Result<Option<EffectId>, SinkError> {
        let (_, said) = self.disk.act();
        said.map_err(|error| SinkError::Unclear(error.to_string()))?;
        Ok(self.outside.lock().expect("no test panics with it").last)
    }

    fn take(&mut self, effects: &[Effect]) -> Result<(), SinkError> {
        let mut outside = self.outside.lock().expect("no test panics with it");
        assert!(effects.iter().all(|effect| effect.id.offset < outside.durable), "only what is durable");
        assert!(effects.is_sorted_by(|one, next| one.id < next.id), "in order");
        let ids: BTreeSet<EffectId> = effects.iter().map(|effect| effect.id).collect();
        let mood = match &mut outside.mood {
            Some((mood, left)) if *left > 0 => {
                *left -= 1;
                *mood
            }
            _ => Mood::Fine,
        };
        if mood == Mood::NotTaken {
            return Err(SinkError::NotTaken("not in the mood".to_owned()));
        }
        if let Some((before, mailbox)) = outside.cut.take() {
            let image = cut(before, &mailbox);
            outside.images.extend(image);
        }
        let (done, said) = self.disk.act();
        let taken = match (mood, self.guarantee) {
            _ if !done => 0,
            (Mood::Unclear(count), Guarantee::ExactlyOnce) => effects.len() * usize::from(count % 2),
            (Mood::Unclear(count), _) => effects.len().min(usize::from(count)),
            _ => effects.len(),
        };
        outside.latest = ids.clone();
        outside.taken.extend_from_slice(&effects[..taken]);
        if taken > 0 {
            outside.last = effects.last().map(|last| last.id);
        }
        if mood != Mood::Fine || said.is_err() {
            outside.doubtful.extend(ids);
        }
        drop(outside);
        match mood {
            Mood::Fine => said.map_err(|error| SinkError::Unclear(error.to_string())),
            Mood::Panics => panic!("as it is meant to"),
            _ => Err(SinkError::Unclear("the line went dead".to_owned())),
        }
    }
}

/// What waited when a snapshot was cut, and where that was.
type Image = (Offset, Vec<u8>);

fn cut(before: Offset, mailbox: &Mailbox) -> Option<Image> {
    let kept = mailbox.outbox().kept(before)?;
    Some((before, backlog::encode(&vec![("model".to_owned(), kept)])))
}

struct World {
    config: DeliveryConfig,
    guarantee: Guarantee,
    disk: ForgetfulDisk,
    outside: Arc<Mutex<Outside>>,
    /// What each record tells.
    log: Vec<Vec<Effect>>,
    durable: usize,
    now: Timestamp,
    live: bool,
    mailbox: Arc<Mailbox>,
    courier: Courier,
    /// At most once: may be missing after a crash.
    endangered: BTreeSet<EffectId>,
    /// Replaced by what was lost later, maybe.
    replaced: BTreeSet<EffectId>,
}

impl World {
    fn new(config: DeliveryConfig, guarantee: Guarantee, seed: u64) -> Self {
        let disk = ForgetfulDisk::new(seed);
        let outside = Arc::default();
        let (mailbox, courier) = begin(&config, guarantee, &disk, &outside, (&None, Offset(0)));
        let log = Vec::new();
        let now = Timestamp::from_secs(1_000);
        let (endangered, replaced) = Default::default();
        let (durable, live) = (0, false);
        Self { config, guarantee, disk, outside, log, durable, now, live, mailbox, courier, endangered, replaced }
    }

    fn tell(&mut self, trips: u8) {
        let offset = self.log.len() as u64;
        let told = (0..TRIPS).filter(|trip| trips >> trip & 1 == 1);
        // What comes instead of what a crash took is not the same, though its ids can be.
        let nonce = self.now.millis() as u64;
        let told = told.map(|trip| effect(&crate::eta::EtaUpdate { epoch: nonce, ..update(offset, trip, false) }));
        let told: Vec<Effect> = told.collect();
        let mut outside = self.outside.lock().expect("no test panics with it");
        outside.muddled |= told.iter().any(|effect| outside.ambiguous.contains(&effect.id));
        drop(outside);
        self.log.push(told);
        self.feed(offset as usize);
    }

    fn feed(&self, from: usize) {
        let mut outbox = self.mailbox.outbox();
        for effect in self.log[from..].iter().flatten() {
            if outbox.wants(effect.id) {
                outbox.offer(effect.clone());
            }
        }
        outbox.settle(Offset(self.durable as u64));
    }

    fn sync(&mut self, records: u64) {
        self.durable = self.log.len().min(self.durable.saturating_add(records as usize));
        self.outside.lock().expect("no test panics with it").durable = Offset(self.durable as u64);
        self.mailbox.outbox().settle(Offset(self.durable as u64));
    }

    /// Until nothing is to be done, or so many.
    fn steps(&mut self, count: usize) -> Next {
        for _ in 0..count {
            match self.courier.step(self.now, Offset(self.durable as u64)) {
                Next::Again => {}
                // Time passes while it waits to try again, but not when it waits for the engine.
                Next::Turned(wait) if self.live => self.now = self.now + wait,
                next => return next,
            }
        }
        Next::Again
    }

    fn snapshot(&mut self, in_flight: bool) {
        let before = Offset(self.log.len() as u64);
        let mut outside = self.outside.lock().expect("no test panics with it");
        if in_flight {
            outside.cut = Some((before, Arc::clone(&self.mailbox)));
        } else {
            outside.images.extend(cut(before, &self.mailbox));
        }
    }

    fn crash(&mut self, process_alone: bool, image: u8, lost: u8) {
        let outbox = self.mailbox.outbox();
        let ids = outbox.all().take(self.config.batch_max).map(|effect| effect.id);
        self.endangered.extend(ids);
        drop(outbox);
        let mut outside = self.outside.lock().expect("no test panics with it");
        let latest = std::mem::take(&mut outside.latest);
        outside.doubtful.extend(latest);
        outside.cut = None;
        // It dies before it has asked: what the sink took is found out when the log is as long again, maybe.
        let unasked = !self.courier.asked && outside.last.is_some_and(|last| outside.ambiguous.contains(&last));
        outside.muddled |= unasked;
        drop(outside);
        if process_alone {
            self.disk.restart();
            self.sync(u64::MAX);
        } else {
            self.disk.crash();
            self.durable = self.durable.saturating_sub(lost.into());
            self.lose();
        }
        let durable = Offset(self.durable as u64);
        let mut outside = self.outside.lock().expect("no test panics with it");
        outside.images.retain(|(before, _)| *before <= durable);
        let image = outside.images.iter().rev().nth(image.into()).cloned();
        drop(outside);
        let (config, guarantee) = (&self.config, self.guarantee);
        (self.mailbox, self.courier) = begin(config, guarantee, &self.disk, &self.outside, (&image, durable));
        (self.live, self.now) = (false, self.now + Span::from_millis(1));
        let from = image.map_or(0, |(before, _)| before.0 as usize);
        self.feed(from);
    }

    /// What was taken of records that are gone is no more to be judged by.
    fn lose(&mut self) {
        let lost = self.log.split_off(self.durable);
        for effect in lost.iter().flatten() {
            let before = self.log.iter().flatten().rfind(|before| before.id.trip == effect.id.trip);
            self.replaced.extend(before.map(|before| before.id));
        }
        let durable = Offset(self.durable as u64);
        let mut outside = self.outside.lock().expect("no test panics with it");
        outside.durable = durable;
        outside.taken.retain(|effect| effect.id.offset < durable);
        let last = outside.last.filter(|last| last.offset >= durable);
        outside.ambiguous.extend(last);
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Tell(trips) => self.tell(trips),
            Act::Sync(records) => self.sync(records),
            Act::Live(live) => {
                self.live = live;
                self.mailbox.set_live(live);
            }
            Act::Pass(millis) => self.now = self.now + Span::from_millis(millis),
            Act::Steps(count) => drop(self.steps(count.into())),
            Act::Snapshot { in_flight } => self.snapshot(in_flight),
            Act::Sink(mood, calls) => {
                self.outside.lock().expect("no test panics with it").mood = Some((mood, calls));
            }
            Act::Crash { after, process_alone, image, lost } => {
                self.disk.cut_power(after);
                self.steps(20);
                self.crash(process_alone, image, lost);
            }
        }
        let outbox = self.mailbox.outbox();
        let tally = outbox.tally();
        let accounted = tally.suppressed + tally.delivered + tally.conflated + tally.given_up + tally.failed;
        assert_eq!(tally.offered, accounted + outbox.len() as u64, "{tally:?}");
        assert_eq!(tally.given_up, 0);
    }

    fn end(&mut self) {
        self.sync(u64::MAX);
        self.mailbox.finish();
        assert_eq!(self.steps(10_000), Next::Ended);
        assert_eq!(self.mailbox.outbox().len(), 0);
    }
}

/// A life of the engine, from the snapshot that it begins with.
fn begin(
    config: &DeliveryConfig,
    guarantee: Guarantee,
    disk: &ForgetfulDisk,
    outside: &Arc<Mutex<Outside>>,
    (image, end): (&Option<Image>, Offset),
) -> (Arc<Mailbox>, Courier) {
    let sink = ModelSink { guarantee, outside: Arc::clone(outside), disk: disk.clone() };
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    let from = image.as_ref().map_or(Offset(0), |(before, _)| *before);
    let kept = image.as_ref().map(|(_, bytes)| backlog::decode(bytes).expect("as it was written"));
    let kept = kept.as_ref().map(|kept| &kept[0].1[..]);
    let (lane, courier) =
        Lane::open(Box::new(sink), &storage, kept, (from, LogEnd::Found(end)), config).expect("the disk is well");
    assert!(lane.gap.is_none());
    (lane.mailbox, courier)
}

fn check(acts: &[Act], guarantee: Guarantee, config: DeliveryConfig, seed: u64) -> Result<(), TestCaseError> {
    let mut world = World::new(config, guarantee, seed);
    acts.iter().for_each(|act| world.act(act));
    world.act(&Act::Sink(Mood::Fine, 0));
    world.end();
    let outside = world.outside.lock().expect("no test panics with it");
    if guarantee == Guarantee::ExactlyOnce && outside.muddled {
        return Ok(());
    }
    let mut newest = BTreeMap::new();
    newest.extend(world.log.iter().flatten().map(|effect| (effect.id.trip, effect.id)));
    let mut taken: BTreeSet<EffectId> = BTreeSet::new();
    for effect in &outside.taken {
        prop_assert!(world.log[effect.id.offset.0 as usize].contains(effect), "not of this log: {effect:?}");
        let grows = taken.last().is_none_or(|last| *last < effect.id);
        let late = outside.doubtful.contains(&effect.id) || world.replaced.contains(&effect.id);
        let again = guarantee == Guarantee::AtLeastOnce && late;
        prop_assert!(grows || again, "{:?} came after {:?}", effect.id, taken.last());
        taken.insert(effect.id);
    }
    for id in newest.values() {
        let excused = outside.doubtful.contains(id) || world.endangered.contains(id);
        let excused = guarantee == Guarantee::AtMostOnce && excused || world.replaced.contains(id);
        prop_assert!(taken.contains(id) || excused, "{id:?} is missing");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn each_guarantee_is_kept_across_any_crashes(
        acts in prop::collection::vec(act(), 1..80),
        guarantee in prop_oneof![
            Just(Guarantee::ExactlyOnce), Just(Guarantee::AtMostOnce), Just(Guarantee::AtLeastOnce)
        ],
        (batch_max, queue_max, backlog_max) in (1_usize..5, 1_usize..8, 2 * TRIPS as usize..40),
        seed in any::<u64>(),
    ) {
        let (retry_min, retry_max) = (Span::from_millis(1), Span::from_millis(8));
        let held_max = Span::from_millis(50);
        let config = DeliveryConfig { batch_max, queue_max, backlog_max, retry_min, retry_max, held_max, ..DeliveryConfig::default() };
        check(&acts, guarantee, config, seed)?;
    }
}

fn one_at_a_time(acts: &[Act], guarantee: Guarantee) {
    let config = DeliveryConfig { batch_max: 1, queue_max: 9, backlog_max: 99, ..DeliveryConfig::default() };
    check(acts, guarantee, config, 0).expect("the guarantee is kept");
}

fn power_cut(after: u64, lost: u8) -> Act {
    Act::Crash { after, process_alone: false, image: 0, lost }
}

#[test]
fn what_was_taken_before_records_were_lost_is_not_told_again() {
    let taken = [Act::Live(true), Act::Tell(1), Act::Tell(1), Act::Tell(1), Act::Sync(3), Act::Steps(9)];
    one_at_a_time(&[&taken[..], &[power_cut(0, 1)]].concat(), Guarantee::ExactlyOnce);
}

#[test]
fn what_has_come_since_records_were_lost_is_told_after_a_second_crash() {
    let taken = [Act::Live(true), Act::Tell(1), Act::Tell(1), Act::Tell(1), Act::Sync(3), Act::Steps(9)];
    // It asks the sink, and dies before it is live; then it loses even more.
    for lost in [0, 1] {
        let since = [power_cut(0, 2), Act::Tell(2), Act::Steps(9), Act::Sync(1), power_cut(0, lost), Act::Tell(4)];
        one_at_a_time(&[&taken[..], &since].concat(), Guarantee::ExactlyOnce);
    }
}
