use std::collections::BTreeMap;
use std::sync::Arc;

use etaflow_road::{EdgeId, Network};

use crate::config::Config;
use crate::eta::{Calibration, Epoch, Residual};
use crate::event::RoadRef;
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
}

/// What all shards know together.
pub(super) struct Collective {
    traffic: Traffic,
    calibration: Calibration,
}

impl Collective {
    pub(super) fn new(network: Arc<Network>, config: &Config) -> Self {
        Self { traffic: Traffic::new(network, &config.traffic), calibration: Calibration::default() }
    }

    /// What is in force before anything is known.
    pub(super) fn first_epoch(&self) -> Epoch {
        Epoch {
            number: 0,
            metric: Arc::clone(self.traffic.metric()),
            quantiles: Arc::clone(self.calibration.quantiles()),
        }
    }

    /// Takes all shards' contributions, in any order.
    pub(super) fn on_tick(&mut self, tick: &Tick, contributions: &[Contribution]) -> Epoch {
        for contribution in contributions {
            self.traffic.add(tick, &contribution.traversals);
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
            quantiles: Arc::clone(self.calibration.on_tick(tick)),
        }
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
        }
        for ((pane, edge), evidence) in sums {
            let bytes = [pane.0 as u64, evidence.length_mm, evidence.duration_ms, u64::from(evidence.samples)];
            into.entity(b's', u64::from(edge.0), &bytes.map(u64::to_le_bytes).concat());
        }
        self.calibration.digest(into);
    }
}
