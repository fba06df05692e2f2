use crate::event::DriverId;

/// How far a trip has come. A trip that has ended is no longer kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TripStage {
    /// Waits for a driver.
    Requested,
    /// A driver is on the way to the pickup.
    Assigned {
        /// Who.
        driver: DriverId,
    },
    /// On the way to the dropoff.
    OnBoard {
        /// With whom.
        driver: DriverId,
    },
}

/// What can happen to a trip after its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TripEvent {
    /// A driver was found, or another one.
    Assigned {
        /// Who.
        driver: DriverId,
    },
    /// The rider is on board.
    PickedUp,
    /// The rider has arrived.
    Completed,
    /// It does not take place, or not to its end.
    Cancelled,
    /// Nothing was heard of its end for too long.
    Abandoned,
}

/// Where an event takes a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Next {
    Stage(TripStage),
    End,
    Illegal,
}

impl TripStage {
    /// Who drives, or is on the way.
    pub fn driver(self) -> Option<DriverId> {
        match self {
            Self::Requested => None,
            Self::Assigned { driver } | Self::OnBoard { driver } => Some(driver),
        }
    }

    /// Where an event takes it.
    pub(super) fn on(self, event: TripEvent) -> Next {
        match (self, event) {
            (Self::Requested | Self::Assigned { .. }, TripEvent::Assigned { driver }) => {
                Next::Stage(Self::Assigned { driver })
            }
            (Self::Assigned { driver }, TripEvent::PickedUp) => Next::Stage(Self::OnBoard { driver }),
            (Self::OnBoard { .. }, TripEvent::Completed) => Next::End,
            (_, TripEvent::Cancelled | TripEvent::Abandoned) => Next::End,
            (Self::OnBoard { .. }, TripEvent::Assigned { .. } | TripEvent::PickedUp)
            | (Self::Requested, TripEvent::PickedUp)
            | (Self::Requested | Self::Assigned { .. }, TripEvent::Completed) => Next::Illegal,
        }
    }
}
