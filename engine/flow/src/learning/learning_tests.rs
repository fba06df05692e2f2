use std::sync::{Arc, LazyLock};

use etaflow_road::{EdgeId, MatcherConfig, Network, RoadClass, Span, SyntheticCity, Timestamp};
use proptest::prelude::*;

use super::chain::learn;
use super::*;
use crate::event::{DriverId, GpsFix, Offset, Payload, Record, SourceId};
use crate::log::{Log, LogError, MemoryLog, MemoryLogConfig};
use crate::profile::{PAR, WeekBin, WeekBins};
use crate::traffic::Traversal;

static CITY: LazyLock<Arc<Network>> =
    LazyLock::new(|| Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build()));

/// A Monday.
const MONDAY: Timestamp = Timestamp::from_secs(1_767_571_200);

/// The edge, the hour of the week, the share of its length in percent, how many times longer than the map says in percent.
type Drive = (u32, i64, u32, u32);

fn drives() -> impl Strategy<Value = Vec<Drive>> {
    prop::collection::vec((0..30_u32, 0..168_i64, 10..=100_u32, 40..400_u32), 0..200)
}

fn traversal(&(edge, hour, share, pace): &Drive) -> Traversal {
    let edge = EdgeId(edge);
    let length_mm = CITY.length_mm(edge) / 100 * share;
    let free_flow = f64::from(CITY.free_flow(edge)) * f64::from(length_mm) / f64::from(CITY.length_mm(edge));
    let duration_ms = (free_flow * f64::from(pace) / 100.0).max(1.0) as u32;
    Traversal { edge, length_mm, duration_ms, left_at: MONDAY + Span::from_secs(hour * 3_600 + 60) }
}

fn sums_of(drives: &[Drive], config: &ProfileConfig) -> ProfileSums {
    let mut sums = ProfileSums::new(config.bins, config.cells_max);
    drives.iter().for_each(|drive| sums.add(&CITY, &traversal(drive)));
    sums
}

/// What a profile must say, worked out anew for each question from all that was driven, in floating point.
struct Naive<'a> {
    drives: &'a [Drive],
    config: &'a ProfileConfig,
}

impl Naive<'_> {
    /// Time driven and time allowed, in milliseconds, of those drives that are meant.
    fn sum(&self, meant: impl Fn(EdgeId, u16) -> bool) -> (f64, f64) {
        let mut sum = (0.0, 0.0);
        for drive in self.drives {
            let Traversal { edge, length_mm, duration_ms, left_at } = traversal(drive);
            if meant(edge, self.config.bins.at(left_at).0) {
                sum.0 += f64::from(duration_ms);
                sum.1 += f64::from(length_mm) * f64::from(CITY.free_flow(edge)) / f64::from(CITY.length_mm(edge));
            }
        }
        sum
    }

    fn held(pace: f64) -> f64 {
        pace.clamp(1.0 / 3.0, 16.0)
    }

    fn leaning((driven, allowed): (f64, f64), on: f64, worth: f64) -> f64 {
        Self::held((driven + worth * on) / (allowed + worth))
    }

    /// A class's pace at a time of day, or in a bin of the week.
    fn class(&self, class: RoadClass, time: u16, bin: Option<u16>) -> f64 {
        let (worth, per_day) = (self.config.class_prior_min * 60_000.0, self.config.bins.bins_per_day);
        let of = |edge: EdgeId| CITY.class(edge) == class;
        let all = Self::leaning(self.sum(|_, _| true), 1.0, worth);
        let over_all = Self::leaning(self.sum(|edge, _| of(edge)), all, worth);
        let day = Self::leaning(self.sum(|edge, bin| of(edge) && bin % per_day == time), over_all, worth);
        bin.filter(|_| self.config.bins.days > 1)
            .map_or(day, |bin| Self::leaning(self.sum(|edge, other| of(edge) && other == bin), day, worth))
    }

    fn pace(&self, edge: EdgeId, bin: u16) -> f64 {
        let bins = &self.config.bins;
        let (class, time) = (CITY.class(edge), bin % bins.bins_per_day);
        let usual = |bin: u16| self.class(class, bin % bins.bins_per_day, Some(bin));
        let here = self.class(class, time, Some(bin));
        if self.sum(|other, _| other == edge).1 == 0.0 {
            return here;
        }
        let worth = f64::from(CITY.free_flow(edge)) * self.config.prior_traversals;
        let mut over_all = (0.0, 0.0);
        for bin in 0..bins.count() {
            let (driven, allowed) = self.sum(|other, of| other == edge && of == bin);
            over_all = (over_all.0 + driven, over_all.1 + allowed * if allowed > 0.0 { usual(bin) } else { 0.0 });
        }
        let ratio = Self::leaning(over_all, 1.0, worth);
        let at_time = self.sum(|other, of| other == edge && of % bins.bins_per_day == time);
        if at_time.1 == 0.0 {
            return Self::held(here * ratio);
        }
        let any_day = self.class(class, time, None);
        let day = Self::leaning(at_time, Self::held(any_day * ratio), worth);
        let own = self.sum(|other, of| other == edge && of == bin);
        let leans_on = Self::held(day * here / any_day);
        if own.1 == 0.0 || bins.days == 1 { leans_on } else { Self::leaning(own, leans_on, worth) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_profile_is_what_all_that_was_driven_says(drives in drives(), days in prop_oneof![Just(1_u8), Just(7)], prior in 0.5..9.0) {
        let bins = WeekBins { days, bins_per_day: 4, ..WeekBins::default() };
        let config = ProfileConfig { bins, prior_traversals: prior, ..ProfileConfig::default() };
        let profile = learn(&CITY, &sums_of(&drives, &config), &config, Offset(0));
        let naive = Naive { drives: &drives, config: &config };
        for edge in (0..32).map(EdgeId) {
            for bin in (0..bins.count()).step_by(3) {
                let found = profile.pace(edge, CITY.class(edge), WeekBin(bin)) as f64 / PAR as f64;
                let expected = naive.pace(edge, bin);
                // What a prior is worth is kept in 256ths, paces in 4,096ths.
                prop_assert!((found - expected).abs() <= 3e-3 * expected + 2e-3, "edge {} bin {bin}: {found}, {expected}", edge.0);
            }
        }
    }

    #[test]
    fn parts_add_up_to_the_whole_in_any_order(drives in drives(), cut in any::<prop::sample::Index>()) {
        let config = ProfileConfig::default();
        let whole = sums_of(&drives, &config);
        let cut = cut.index(drives.len() + 1);
        let mut parts = sums_of(&drives[cut..], &config);
        prop_assert!(parts.merge(&sums_of(&drives[..cut], &config)));
        prop_assert_eq!(&parts, &whole);
        let mut turned = drives;
        turned.reverse();
        let profile = |sums: &ProfileSums| learn(&CITY, sums, &config, Offset(9));
        prop_assert_eq!(profile(&sums_of(&turned, &config)).encode(), profile(&whole).encode());
    }
}

#[test]
fn few_samples_do_not_speak_loudly_and_many_do() {
    let config = ProfileConfig::default();
    let usual: Vec<Drive> = (0..400).map(|nth| (nth % 30, 8, 100, 100)).collect();
    let pace_after = |slow: usize| {
        let mut sums = sums_of(&usual, &config);
        (0..slow).for_each(|_| sums.add(&CITY, &traversal(&(31, 8, 100, 400))));
        let profile = learn(&CITY, &sums, &config, Offset(0));
        profile.pace(EdgeId(31), CITY.class(EdgeId(31)), WeekBin(16)) as f64 / PAR as f64
    };
    assert!((pace_after(0) - 1.0).abs() < 0.02, "{}", pace_after(0));
    assert!(pace_after(1) < 2.0, "{}", pace_after(1));
    assert!(pace_after(400) > 3.8, "{}", pace_after(400));
}

#[test]
fn what_is_more_than_there_is_room_for_counts_for_its_class() {
    let config = ProfileConfig { cells_max: 10, ..ProfileConfig::default() };
    let drives: Vec<Drive> = (0..30).map(|edge| (edge, 8, 100, 200)).collect();
    let sums = sums_of(&drives, &config);
    assert_eq!((sums.cells(), sums.left_out(), sums.traversals()), (10, 20, 30));
    let mut twice = ProfileSums::new(config.bins, 10);
    assert!(twice.merge(&sums) && twice.merge(&sums));
    assert_eq!((twice.cells(), twice.left_out(), twice.traversals()), (10, 40, 60));
    let roomy = learn(&CITY, &sums_of(&drives, &ProfileConfig::default()), &config, Offset(0));
    let class = CITY.class(EdgeId(29));
    let bound = learn(&CITY, &sums, &config, Offset(0));
    assert_eq!(bound.class_pace(class, WeekBin(16)), roomy.class_pace(class, WeekBin(16)));
    assert!(!twice.merge(&ProfileSums::new(WeekBins { days: 1, ..config.bins }, 10)));
}

/// Edges one after the other, from one on, without turning round but where the street ends.
fn way_from(edge: EdgeId) -> Vec<EdgeId> {
    let mut way = vec![edge];
    while way.len() < 40 {
        let last = *way.last().expect("there is one");
        let on = |round: bool| move |&next: &EdgeId| (CITY.twin(last) == Some(next)) == round;
        let successors = || CITY.successors(last).map(|(next, _)| next);
        let next = successors().find(on(false)).or_else(|| successors().find(on(true)));
        way.push(next.expect("one can go on from everywhere"));
    }
    way
}

/// A log of some drivers on their ways, a fix a second, with a tick each.
fn log_of(seconds: i64) -> Vec<Record> {
    let ways: Vec<Vec<EdgeId>> = CITY.edges().step_by(31).take(20).map(way_from).collect();
    let mut records: Vec<Record> = Vec::new();
    let mut push = |time: Timestamp, source: SourceId, payload: Payload| {
        let offset = Offset(records.len() as u64);
        records.push(Record { offset, time, ingest_time: time, waited_us: 0, source, id: offset.0, payload });
    };
    for second in 0..seconds {
        let now = MONDAY + Span::from_secs(second);
        for (driver, way) in (0..).zip(&ways) {
            let mut left = second as u32 * 8_000;
            let is_there = |edge: &EdgeId| {
                let is_there = left < CITY.length_mm(*edge);
                left -= if is_there { 0 } else { CITY.length_mm(*edge) };
                is_there
            };
            let edge = way.iter().copied().find(is_there).expect("the way is longer");
            let fix = GpsFix::at(CITY.coord_at(edge, left));
            push(now, SourceId(0), Payload::Location { driver: DriverId(driver), fix });
        }
        push(now, Record::TICKER, Payload::Tick { watermark: now });
    }
    records
}

#[test]
fn a_learner_follows_a_log_and_says_how_far_it_knows() {
    let records = log_of(120);
    let learner = || ProfileLearner::new(Arc::clone(&CITY), MatcherConfig::default(), &ProfileConfig::default());
    let log = MemoryLog::new(&MemoryLogConfig::default());
    let mut following = learner().expect("within bounds");
    for part in records.chunks(700) {
        log.append(part, &[]).expect("it goes on");
        following.follow(&log).expect("all is kept");
        assert_eq!(following.offset(), log.end());
    }
    assert!(following.sums().traversals() > 50, "{}", following.sums().traversals());
    let profile = following.learn();
    assert_eq!(profile.summary().upto, log.end());
    let all_at_once =
        learn_profile(records.iter().copied(), Arc::clone(&CITY), MatcherConfig::default(), &ProfileConfig::default());
    assert_eq!(all_at_once.expect("all is there").encode(), profile.encode());

    // What comes again changes nothing, and what is missing is noticed.
    following.take(&records[10..90]).expect("it had them");
    assert_eq!(following.learn().encode(), profile.encode());
    let mut gap = learner().expect("within bounds");
    gap.take(&records[5..10]).expect("a log need not begin at 0");
    assert_eq!(gap.take(&records[11..]), Err(LogError::Gap { found: 11, end: 10 }));
    assert_eq!(gap.offset(), Offset(10));
}
