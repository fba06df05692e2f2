use std::sync::Arc;

use etaflow_road::{EdgeId, Network, RoadClass, Timestamp};

use super::pace::PerClass;
use crate::event::ProfileId;
use crate::profile::{SpeedProfile, WeekBin};

/// The speed profile that is in force, in the bin of the week that it is.
pub(super) struct Profiled {
    profile: Arc<SpeedProfile>,
    bin: WeekBin,
    /// Per edge: its pace in that bin.
    paces: Vec<u16>,
}

impl Profiled {
    pub(super) fn at(network: &Network, profile: Arc<SpeedProfile>, time: Timestamp) -> Self {
        let bin = profile.bins().at(time);
        Self { paces: profile.paces(network, bin), profile, bin }
    }

    /// Goes on to the bin that `time` is in.
    pub(super) fn move_to(&mut self, network: &Network, time: Timestamp) {
        let bin = self.profile.bins().at(time);
        if bin != self.bin {
            (self.bin, self.paces) = (bin, self.profile.paces(network, bin));
        }
    }

    pub(super) fn id(&self) -> ProfileId {
        self.profile.id()
    }

    pub(super) fn pace(&self, edge: EdgeId) -> u64 {
        self.paces[edge.index()].into()
    }

    /// What it says of an edge of each class that it knows nothing else of.
    pub(super) fn class_paces(&self) -> PerClass<u64> {
        RoadClass::ALL.map(|class| self.profile.class_pace(class, self.bin))
    }
}
