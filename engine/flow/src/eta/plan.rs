use std::cmp::Ordering;

use etaflow_road::{INFINITY, Metric, Network, Position, Query, Span, Timestamp, Weight};

use super::calibration::{Phase, Quantiles, Residual};
use super::epoch::Epoch;
use super::leg::Leg;
use super::stop::Stop;
use super::update::{Arrival, Promise};
use crate::event::{Offset, TripId};
use crate::trip::{Trip, TripStage};

/// A trip of this shard, with the way that is thought to lie ahead of it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) state: Trip,
    /// By which record it was made. A driver's plans are in the order of these.
    pub(super) made_by: Offset,
    /// Pickup and dropoff on the road; `None` if one is too far from it.
    pub(super) ends: Option<(Stop, Stop)>,
    /// From the driver to the pickup, as long as he is on his way there.
    pub(super) approach: Option<Leg>,
    /// From the pickup to the dropoff, or from the driver once the rider is on board.
    pub(super) ride: Option<Leg>,
    /// The driver's last place, and from when on the times ahead of it count: when he was seen there, or when he took
    /// the trip on if that was later.
    pub(super) seen: Option<(Position, Timestamp)>,
    /// When the driver was really seen last.
    pub(super) fix_at: Option<Timestamp>,
    /// How likely it was then that he headed the way that he was said to.
    pub(super) direction_confidence: Option<f32>,
    pub(super) told: Option<Promise>,
    /// The metric by which no way ahead was faster than the legs; `None` if that is not known of all of them.
    pub(super) best_by: Option<u64>,
    /// Whether the driver has moved on with the rider on board.
    pub(super) phase: Phase,
    pub(super) forecasts: Forecasts,
}

/// The forecasts of a ride that its end will be compared with: one for each phase and knot of the calibration.
#[derive(Debug, Default)]
pub(super) struct Forecasts {
    pub(super) made: Vec<(Timestamp, Phase, Weight)>,
    pub(super) next_at: Option<Timestamp>,
}

/// What a plan amounts to under some travel times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook {
    /// From when the times below count.
    pub(super) from: Timestamp,
    /// To the pickup, if that is still ahead.
    pub(super) approach: Option<Weight>,
    /// All driving and waiting to the dropoff; at least [`INFINITY`] if there is no way.
    pub(super) total: Weight,
    pub(super) phase: Phase,
}

impl Plan {
    pub(super) fn new(state: Trip, made_by: Offset, ends: Option<(Stop, Stop)>) -> Self {
        Self {
            state,
            made_by,
            ends,
            approach: None,
            ride: None,
            seen: None,
            fix_at: None,
            direction_confidence: None,
            told: None,
            best_by: None,
            phase: Phase::Departure,
            forecasts: Forecasts::default(),
        }
    }

    /// Plans all that is ahead: the ride from the pickup on, and from where the driver is if that is known.
    pub(super) fn plan_all(&mut self, query: &mut Query, epoch: &Epoch) {
        let metric = &epoch.metric;
        self.ride = self.ends.as_ref().and_then(|(pickup, dropoff)| route(query, metric, pickup.positions(), dropoff));
        if let Some((place, _)) = self.seen {
            self.plan_from(query, epoch, place);
        }
        self.best_by = Some(epoch.metric_number);
    }

    /// Plans anew from where the driver is: to the pickup, or to the dropoff once the rider is on board.
    pub(super) fn plan_from(&mut self, query: &mut Query, epoch: &Epoch, place: Position) {
        let Some((pickup, dropoff)) = &self.ends else { return };
        match self.state.stage {
            TripStage::Requested => {}
            // The ride that follows is as old as it was.
            TripStage::Assigned { .. } => self.approach = route(query, &epoch.metric, &[place], pickup),
            TripStage::OnBoard { .. } => {
                self.ride = route(query, &epoch.metric, &[place], dropoff);
                self.best_by = Some(epoch.metric_number);
            }
        }
    }

    /// Whether a faster way may have come up since there was none.
    pub(super) fn may_be_behind(&self, epoch: &Epoch) -> bool {
        self.best_by != Some(epoch.metric_number)
    }

    /// Whether the outside thinks that a way leads to the dropoff.
    pub(super) fn is_told_reachable(&self) -> bool {
        self.told.is_some_and(|told| told.arrival.is_some())
    }

    /// Compares what is left of each leg with the fastest way from there, and takes that where it is faster. Whether it
    /// was, for one of them. The legs must be timed by this epoch's travel times.
    ///
    /// Any faster way is taken, be it by a millisecond: what is told does not change by as much.
    pub(super) fn look_again(&mut self, query: &mut Query, epoch: &Epoch) -> bool {
        self.best_by = Some(epoch.metric_number);
        let (Some((pickup, dropoff)), metric) = (&self.ends, &*epoch.metric) else { return false };
        let place = self.seen.map(|(place, _)| place);
        match (self.state.stage, place) {
            (TripStage::OnBoard { .. }, Some(place)) => {
                take_faster(query, metric, &mut self.ride, Start::Driver(place), dropoff)
            }
            (TripStage::Assigned { .. }, Some(place)) => {
                let approach = take_faster(query, metric, &mut self.approach, Start::Driver(place), pickup);
                take_faster(query, metric, &mut self.ride, Start::Ahead(pickup), dropoff) || approach
            }
            _ => take_faster(query, metric, &mut self.ride, Start::Ahead(pickup), dropoff),
        }
    }

    pub(super) fn note_fix(&mut self, at: Timestamp, direction_confidence: Option<f32>) {
        (self.fix_at, self.direction_confidence) = (Some(at), direction_confidence);
    }

    /// The leg that the driver is on.
    fn current(&mut self) -> Option<&mut Leg> {
        match self.state.stage {
            TripStage::Requested => None,
            TripStage::Assigned { .. } => self.approach.as_mut(),
            TripStage::OnBoard { .. } => self.ride.as_mut(),
        }
    }

    /// Moves the driver on along his way. False if he has left it.
    pub(super) fn follow(&mut self, network: &Network, metric: &Metric, place: Position, at: Timestamp) -> bool {
        let before = self.seen.replace((place, at)).map(|(before, _)| before);
        let Some(leg) = self.current() else { return false };
        let farthest = leg.nth();
        let follows = leg.follow(network, metric, place).is_some();
        let came_back = match leg.nth().cmp(&farthest) {
            Ordering::Less => true,
            // He may have come to be before the end of his way again, where he had passed it.
            Ordering::Equal => before.is_some_and(|was| was.edge == place.edge && was.offset_mm > place.offset_mm),
            Ordering::Greater => false,
        };
        if follows && came_back {
            // From there another way may be faster than the one that was so from farther on.
            self.best_by = None;
        }
        follows
    }

    pub(super) fn refresh(&mut self, network: &Network, metric: &Metric) {
        for leg in self.approach.iter_mut().chain(&mut self.ride) {
            leg.refresh(network, metric);
        }
    }

    /// What lies ahead. `now` counts as long as no driver was seen.
    pub(super) fn outlook(&self, network: &Network, metric: &Metric, now: Timestamp, waits: &Waits) -> Outlook {
        let whole_ride = || self.ride.as_ref().map_or(INFINITY, |leg| leg.whole(network, metric));
        match (self.state.stage, self.seen) {
            (TripStage::Requested, _) => {
                let total = whole_ride().saturating_add(waits.pickup);
                Outlook { from: now, approach: Some(waits.pickup), total, phase: self.phase }
            }
            (TripStage::Assigned { .. }, Some((place, from))) => {
                let approach = self.approach.as_ref().map_or(INFINITY, |leg| leg.remaining(network, metric, place));
                let total = approach.saturating_add(waits.boarding).saturating_add(whole_ride());
                Outlook { from, approach: Some(approach), total, phase: self.phase }
            }
            (TripStage::Assigned { .. }, None) => {
                let total = waits.pickup.saturating_add(waits.boarding).saturating_add(whole_ride());
                Outlook { from: now, approach: Some(waits.pickup), total, phase: self.phase }
            }
            (TripStage::OnBoard { .. }, Some((place, from))) => {
                let total = self.ride.as_ref().map_or(INFINITY, |leg| leg.remaining(network, metric, place));
                Outlook { from, approach: None, total, phase: self.phase }
            }
            (TripStage::OnBoard { .. }, None) => {
                Outlook { from: now, approach: None, total: whole_ride(), phase: self.phase }
            }
        }
    }

    /// Puts a forecast of the ride by, if it is time for one.
    pub(super) fn note_forecast(&mut self, outlook: &Outlook, interval: Span) {
        let due = self.forecasts.next_at.is_none_or(|next| outlook.from >= next);
        if !matches!(self.state.stage, TripStage::OnBoard { .. }) || !due || outlook.total >= INFINITY {
            return;
        }
        self.forecasts.next_at = Some(outlook.from + interval);
        let slot = |phase: Phase, forecast: Weight| (phase, Quantiles::knot(forecast));
        let own = slot(outlook.phase, outlook.total);
        if self.forecasts.made.iter().all(|&(_, phase, forecast)| slot(phase, forecast) != own) {
            self.forecasts.made.push((outlook.from, outlook.phase, outlook.total));
        }
    }

    /// What the ride really took, beside what was forecast, now that it has ended.
    pub(super) fn residuals(&self, trip: TripId, ended_at: Timestamp) -> impl Iterator<Item = Residual> {
        self.forecasts.made.iter().map(move |&(at, phase, forecast_ms)| {
            let actual_ms = ended_at.since(at).millis().clamp(0, i64::from(u32::MAX)) as u32;
            Residual { trip, phase, forecast_ms, actual_ms }
        })
    }
}

/// How long is waited where nothing is known, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    pub(super) pickup: Weight,
    pub(super) boarding: Weight,
}

impl Outlook {
    pub(super) fn arrival(&self, quantiles: &Quantiles, not_before: Timestamp) -> Option<Arrival> {
        let reachable = self.total < INFINITY;
        reachable.then(|| Arrival::after(self.from, quantiles.of(self.phase, self.total)).not_before(not_before))
    }

    pub(super) fn pickup_at(&self, not_before: Timestamp) -> Option<Timestamp> {
        let approach = self.approach.filter(|&approach| approach < INFINITY)?;
        Some((self.from + Span::from_millis(i64::from(approach))).max(not_before))
    }
}

/// Where a leg begins.
#[derive(Debug, Clone, Copy)]
enum Start<'a> {
    /// Where the driver is, who is on it.
    Driver(Position),
    /// At a place where the driver has still to come to.
    Ahead(&'a Stop),
}

/// Replaces a leg by the fastest way, if that is faster, and forgets one that leads nowhere any more: where a driver comes
/// out of it, it need not be the fastest. True if a faster way was found.
fn take_faster(query: &mut Query, metric: &Metric, leg: &mut Option<Leg>, start: Start<'_>, to: &Stop) -> bool {
    let left = leg.as_ref().map_or(INFINITY, |leg| match start {
        Start::Driver(place) => leg.remaining(query.network(), metric, place),
        Start::Ahead(_) => leg.whole(query.network(), metric),
    });
    let from = match &start {
        Start::Driver(place) => std::slice::from_ref(place),
        Start::Ahead(stop) => stop.positions(),
    };
    let faster = query.duration(metric, from, to.positions()).is_some_and(|best| best < left);
    if faster {
        *leg = route(query, metric, from, to);
    } else if left >= INFINITY {
        *leg = None;
    }
    faster
}

fn route(query: &mut Query, metric: &Metric, from: &[Position], to: &Stop) -> Option<Leg> {
    let route = query.route(metric, from, to.positions())?;
    let start = *from.iter().find(|start| Some(&start.edge) == route.edges.first())?;
    let end = *to.positions().iter().find(|end| Some(&end.edge) == route.edges.last())?;
    Some(Leg::new(query.network(), metric, route, start, end))
}
