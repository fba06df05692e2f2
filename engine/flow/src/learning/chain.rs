//! From sums to paces: each pace leans on one that more is known of.

use etaflow_road::{EdgeId, Network, RoadClass};

use super::config::ProfileConfig;
use super::sums::{Driven, ProfileSums};
use crate::event::Offset;
use crate::profile::{PAR, ProfileDraft, SpeedProfile, WeekBins, scaled};
use crate::traffic::Evidence;

/// One traversal, in fixed point.
const ONE: u64 = 256;

impl Driven {
    /// The pace, if so much driving at `prior` is added; held to what a profile can say.
    fn pace(self, prior: u64, prior_us: u64) -> u64 {
        let driven = u128::from(self.driven_us) * u128::from(PAR) + u128::from(prior_us) * u128::from(prior);
        let allowed = u128::from(self.allowed_us) + u128::from(prior_us);
        u64::try_from(driven / allowed.max(1)).map_or(u64::from(u16::MAX), |pace| scaled(pace, 1, 1).into())
    }
}

/// The profile that sums make, with the log read up to `upto`.
pub(super) fn learn(network: &Network, sums: &ProfileSums, config: &ProfileConfig, upto: Offset) -> SpeedProfile {
    let bins = *sums.bins();
    let classes = class_paces(sums, (config.class_prior_min * 60e6) as u64);
    let mut draft = ProfileDraft::new(network, bins, classes.clone());
    let prior = (config.prior_traversals * ONE as f64).round().max(1.0) as u64;
    let cells = sums.in_order();
    for of_edge in cells.chunk_by(|one, other| one.0 == other.0) {
        let edge = of_edge[0].0;
        let slots = usize::from(bins.slots());
        let class = &classes[network.class(edge) as usize * slots..][..slots];
        let prior_us = u64::from(network.free_flow(edge).max(1)) * 1_000 * prior / ONE;
        let own = Own { network, bins, class, prior_us };
        let (ratio, cells) = own.paces(of_edge);
        draft.edge(edge, ratio, &cells);
    }
    draft.finish(upto, sums.traversals())
}

/// The paces of all classes, slot by slot: each bin leans on the time of day, that on the class, that on all classes.
fn class_paces(sums: &ProfileSums, prior_us: u64) -> Vec<u16> {
    let bins = sums.bins();
    let (count, slots) = (bins.count(), bins.slots());
    let sum = |class: usize, of: &dyn Fn(u16) -> bool| {
        let mut sum = Driven::default();
        (0..count).filter(|&bin| of(bin)).for_each(|bin| sum.add(sums.class(class, bin)));
        sum
    };
    let mut all = Driven::default();
    (0..RoadClass::ALL.len()).for_each(|class| all.add(sum(class, &|_| true)));
    let all = all.pace(PAR, prior_us);
    let mut paces = Vec::with_capacity(RoadClass::ALL.len() * usize::from(slots));
    for class in 0..RoadClass::ALL.len() {
        let over_all = sum(class, &|_| true).pace(all, prior_us);
        let any_day: Vec<u64> = (0..bins.bins_per_day)
            .map(|time| sum(class, &|bin| bin % bins.bins_per_day == time).pace(over_all, prior_us))
            .collect();
        for slot in 0..slots {
            let any_day = any_day[usize::from(slot % bins.bins_per_day)];
            let own = slot < count && bins.days > 1;
            let pace = if own { sums.class(class, slot).pace(any_day, prior_us) } else { any_day };
            paces.push(scaled(pace, 1, 1));
        }
    }
    paces
}

/// What an edge's own paces are made with.
struct Own<'a> {
    network: &'a Network,
    bins: WeekBins,
    /// The paces of its class, by slot.
    class: &'a [u16],
    /// What a prior is worth.
    prior_us: u64,
}

impl Own<'_> {
    /// The edge's pace over all time relative to its class's, and its cells by slot, from its sums by bin.
    fn paces(&self, sums: &[(EdgeId, u16, Evidence)]) -> (u16, Vec<(u16, u16)>) {
        let class = |slot: u16| u64::from(self.class[usize::from(slot)]);
        let driven: Vec<(u16, Driven)> =
            sums.iter().map(|(edge, bin, evidence)| (*bin, Driven::on(self.network, *edge, evidence))).collect();
        let mut over_all = Driven::default();
        for &(bin, own) in &driven {
            // What it would have been if the edge was like its class.
            let expected_us = u128::from(own.allowed_us) * u128::from(class(bin)) / u128::from(PAR);
            over_all.add(Driven { driven_us: own.driven_us, allowed_us: expected_us as u64 });
        }
        let ratio = over_all.pace(PAR, self.prior_us);
        let like_class = |slot: u16| u64::from(scaled(class(slot), ratio, PAR));
        let (count, days_differ) = (self.bins.count(), self.bins.days > 1);
        let mut any_day: Vec<(u16, Driven)> = driven.iter().map(|&(bin, own)| (self.bins.any_day(bin), own)).collect();
        any_day.sort_by_key(|&(slot, _)| slot);
        let any_day: Vec<(u16, u16)> = any_day
            .chunk_by(|one, other| one.0 == other.0)
            .map(|same| {
                let mut sum = Driven::default();
                same.iter().for_each(|&(_, own)| sum.add(own));
                (same[0].0, sum.pace(like_class(same[0].0), self.prior_us) as u16)
            })
            .collect();
        if !days_differ {
            return (ratio as u16, any_day);
        }
        let mut cells: Vec<(u16, u16)> = Vec::with_capacity(driven.len() + any_day.len());
        for &(bin, own) in &driven {
            let slot = self.bins.any_day(bin);
            let at = any_day.binary_search_by_key(&slot, |&(slot, _)| slot).expect("it was made of this one, too");
            let prior = scaled(any_day[at].1.into(), class(bin), class(slot));
            cells.push((bin, own.pace(prior.into(), self.prior_us) as u16));
        }
        debug_assert!(cells.iter().all(|&(bin, _)| bin < count));
        cells.extend(any_day);
        (ratio as u16, cells)
    }
}
