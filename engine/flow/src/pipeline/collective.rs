use std::collections::BTreeMap;
use std::sync::Arc;

use etaflow_road::{EdgeId, Network};
use rustc_hash::FxHashMap;

use super::exchange::EPOCHS;
use super::start::{RestoreError, kind, only};
use crate::config::Config;
use crate::eta::{Calibration, Epoch, Residual};
use crate::event::{ProfileId, RoadRef};
use crate::profile::{ProfileError, Profiles, SpeedProfile};
use crate::snapshot::{Image, Part};
use crate::stream::{Aggregate, Pane, StateDigest, Tick};
use crate::traffic::{Evidence, Traffic};

/// What a shard adds to the collective at a tick.
#[derive(Debug, Default)]
pub struct Contribution {
    /// What its drivers' traversals add up to.
    pub traversals: Vec<(Pane, EdgeId, Evidence)>,
    /// What its trips really took.
    pub residuals: Vec<Residual>,
    /// Roads closed (true) and opened again, in the log's order; from one shard only.
    pub roads: Vec<(RoadRef, Vec<EdgeId>, bool)>,
    /// The speed profile that was adopted last, if one was; from one shard only.
    pub profile: Option<ProfileId>,
}

/// What all shards know together.
pub(super) struct Collective {
    traffic: Traffic,
    calibration: Calibration,
    profiles: Option<Profiles>,
}

impl Collective {
    pub(super) fn new(network: Arc<Network>, config: &Config) -> Self {
        let traffic = Traffic::new(network, &config.traffic);
        Self { traffic, calibration: Calibration::default(), profiles: None }
    }

    /// With the profiles that can be adopted.
    pub(super) fn with_profiles(self, profiles: Option<Profiles>) -> Self {
        Self { profiles, ..self }
    }

    /// What is in force before anything is known.
    pub(super) fn first_epoch(&self) -> Epoch {
        Epoch {
            number: 0,
            metric: Arc::clone(self.traffic.metric()),
            metric_number: self.traffic.metric_number(),
            quantiles: Arc::clone(self.calibration.quantiles()),
        }
    }

    /// Puts back the profile that was in force when this was written down. Comes before the first tick.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub(super) fn reinstate(&mut self) -> Result<(), ProfileError> {
        let Some(id) = self.traffic.awaited() else { return Ok(()) };
        let profile = self.find(id)?;
        self.traffic.reinstate(profile);
        Ok(())
    }

    /// Looks up the profile that is adopted at a tick, if one is, and takes it for usual from there on. Comes before
    /// [`on_tick`](Self::on_tick).
    ///
    /// # Errors
    /// If it cannot be had. It was there when the log was written, and to go on without it would be to differ from then.
    pub(super) fn adopt(&mut self, tick: &Tick, contributions: &[Contribution]) -> Result<(), ProfileError> {
        let Some(id) = contributions.iter().find_map(|contribution| contribution.profile) else { return Ok(()) };
        let profile = self.find(id)?;
        self.traffic.adopt(tick, profile);
        Ok(())
    }

    fn find(&self, id: ProfileId) -> Result<Arc<SpeedProfile>, ProfileError> {
        self.profiles.as_ref().ok_or(ProfileError::NotKept { id, kept: 0 })?.find(id)
    }

    /// Takes all shards' contributions, in any order.
    pub(super) fn on_tick(&mut self, tick: &Tick, contributions: &[Contribution]) -> Epoch {
        match contributions {
            [only] => self.traffic.add(tick, &only.traversals),
            several => self.traffic.add(tick, &summed_up(several)),
        }
        for contribution in contributions {
            self.calibration.add(&contribution.residuals);
            for (road, edges, closed) in &contribution.roads {
                if *closed {
                    self.traffic.close(edges, *road);
                } else {
                    self.traffic.reopen(edges, *road);
                }
            }
        }
        Epoch {
            number: tick.number,
            metric: Arc::clone(self.traffic.on_tick(tick)),
            metric_number: self.traffic.metric_number(),
            quantiles: Arc::clone(self.calibration.on_tick(tick)),
        }
    }

    /// All that is known after a tick, with the epochs in force from it on.
    pub(super) fn parts(&self, tick: &Tick, epochs: &[Arc<Epoch>; EPOCHS]) -> Vec<Part> {
        let (mut traffic, mut calibration) = (Part::new(kind::TRAFFIC), Part::new(kind::CALIBRATION));
        traffic.push(0, |out| {
            self.traffic.encode(out);
            true
        });
        calibration.push(0, |out| {
            self.calibration.encode(out);
            true
        });
        let epochs = (tick.number..).zip(epochs).map(|(from, epoch)| {
            let mut part = Part::new(kind::EPOCH);
            part.push(from, |out| {
                epoch.encode(out);
                true
            });
            part
        });
        epochs.chain([traffic, calibration]).collect()
    }

    /// What all shards knew together when a snapshot was cut, and the epochs in force from its tick on.
    pub(super) fn restored(
        network: &Arc<Network>,
        config: &Config,
        image: &Image,
    ) -> Result<(Self, [Arc<Epoch>; EPOCHS]), RestoreError> {
        let traffic = only(image, kind::TRAFFIC, "the travel times")?;
        let traffic = Traffic::restore(Arc::clone(network), &config.traffic, traffic)?;
        let calibration = Calibration::restore(only(image, kind::CALIBRATION, "the spreads")?)?;
        let mut written: Vec<_> = image.entities(kind::EPOCH).collect::<Result<_, _>>()?;
        written.sort_unstable();
        let expected = (0..EPOCHS as u64).map(|nth| image.tick.number.wrapping_add(nth));
        if written.iter().map(|&(from, _)| from).ne(expected) {
            return Err(RestoreError::Amount { what: "epochs in a row", found: written.len(), expected: EPOCHS });
        }
        let mut epochs: Vec<Arc<Epoch>> = Vec::with_capacity(EPOCHS);
        // The newest travel times are the traffic's own, and most others are near to them.
        let mut known = vec![(traffic.metric_number(), Arc::clone(traffic.metric()))];
        for (_, bytes) in written {
            let epoch = Epoch::decode(network, bytes, &known)?;
            known.push((epoch.metric_number, Arc::clone(&epoch.metric)));
            epochs.push(Arc::new(epoch));
        }
        let epochs = epochs.try_into().unwrap_or_else(|_| unreachable!("as many as were counted"));
        Ok((Self { traffic, calibration, profiles: None }, epochs))
    }

    pub(super) fn late(&self) -> u64 {
        self.traffic.late()
    }

    /// Adds the whole state, with what the shards have not contributed yet.
    pub(super) fn digest(&self, open: &[Contribution], into: &mut StateDigest) {
        self.traffic.digest(into);
        let mut sums: BTreeMap<(Pane, EdgeId), Evidence> = BTreeMap::new();
        for contribution in open {
            for (pane, edge, evidence) in &contribution.traversals {
                sums.entry((*pane, *edge)).or_default().merge(evidence);
            }
            for residual in &contribution.residuals {
                let bytes = [residual.forecast_ms.to_le_bytes(), residual.actual_ms.to_le_bytes()].concat();
                into.entity(b'r', u64::from(residual.trip.0), &bytes);
            }
            for (road, _, closed) in &contribution.roads {
                let bytes = [road.from_node.to_le_bytes(), road.to_node.to_le_bytes()].concat();
                into.entity(b'o', u64::from(*closed), &bytes);
            }
            if let Some(profile) = contribution.profile {
                into.entity(b'n', profile.0, &[]);
            }
        }
        for ((pane, edge), evidence) in sums {
            let bytes = [pane.0 as u64, evidence.length_mm, evidence.duration_ms, u64::from(evidence.samples)];
            into.entity(b's', u64::from(edge.0), &bytes.map(u64::to_le_bytes).concat());
        }
        self.calibration.digest(into);
    }
}

/// What all shards' traversals add up to. Traffic sees one sum for each pane and edge, as it does of one shard: what it
/// rounds, it rounds alike.
fn summed_up(contributions: &[Contribution]) -> Vec<(Pane, EdgeId, Evidence)> {
    let mut sums: FxHashMap<(Pane, EdgeId), Evidence> = FxHashMap::default();
    for (pane, edge, evidence) in contributions.iter().flat_map(|contribution| &contribution.traversals) {
        sums.entry((*pane, *edge)).or_default().merge(evidence);
    }
    sums.into_iter().map(|((pane, edge), evidence)| (pane, edge, evidence)).collect()
}

#[cfg(test)]
mod tests {
    use etaflow_road::{SyntheticCity, Timestamp};

    use super::*;

    #[test]
    fn a_sum_that_comes_in_parts_is_the_same_sum() {
        let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
        let edge = network.edges().find(|&edge| network.length_mm(edge) > 1_000).expect("a street");
        let length_mm = u64::from(network.length_mm(edge));
        // Thirds of a street: each is rounded where it is timed, and so is the whole.
        let part = Evidence { samples: 1, length_mm: length_mm / 3, duration_ms: 10_000 };
        let mut whole = part;
        whole.merge(&part);
        whole.merge(&part);
        let of = |parts: &[Evidence]| {
            let mut collective = Collective::new(Arc::clone(&network), &Config::default());
            let contribution =
                |&part| Contribution { traversals: vec![(Pane(1), edge, part)], ..Contribution::default() };
            let contributions: Vec<_> = parts.iter().map(contribution).collect();
            for number in 0..120 {
                let time = Timestamp::from_secs(30 + number as i64);
                let contributions = if number == 0 { &contributions[..] } else { &[] };
                collective.on_tick(&Tick { number, time, watermark: time }, contributions);
            }
            let mut digest = StateDigest::default();
            collective.digest(&[], &mut digest);
            digest.finish()
        };
        assert_eq!(of(&[whole]), of(&[part; 3]));
    }
}
