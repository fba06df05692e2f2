use etaflow_road::{EdgeId, Network, Position, RoadClass, Span, Timestamp};

use super::congestion::Congestion;
use super::planner::Planner;
use super::signal::Signals;
use super::streets::Place;
use crate::dice::Dice;

/// In place of an edge where there is none.
const NONE: u32 = u32::MAX;
/// Who finds the way closed stands for this long before looking for another, seconds.
const BLOCKED_S: f32 = 5.0;
/// How likely one who cruises is to park at the end of a street, and for how long, seconds.
const PARK_CHANCE: f64 = 0.1;
const PARK_S: (f64, f64) = (60.0, 300.0);

/// A driver's vehicle: where it is and what it is about.
#[derive(Debug, Clone)]
pub(super) struct Vehicle {
    pub(super) edge: u32,
    /// The next edge, once it is chosen: the vehicle stands at the end of its edge and waits to turn.
    next: u32,
    /// The stretch of the edge's shape.
    pub(super) segment: u32,
    pub(super) offset_m: f32,
    /// How much longer it stands, seconds.
    wait_s: f32,
    /// The driver's speed relative to others'.
    pace: f32,
    /// Over the last step, metres per second.
    pub(super) speed_mps: f32,
    pub(super) task: Task,
    /// How far along its route the vehicle is: the index of its edge.
    pub(super) route_at: u32,
    /// Where on the route's last edge it ends, metres.
    target_m: f32,
    pub(super) moved_at: Timestamp,
    pub(super) place: Place,
    pub(super) gps_error: [f32; 2],
    /// The edges to go; kept for its memory between trips.
    pub(super) route: Vec<EdgeId>,
}

/// What a driver is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Drives around and waits for a trip.
    Cruise,
    /// Stands and waits for a trip, until then.
    Park(Timestamp),
    /// Drives to the rider of that trip.
    ToPickup(u32),
    /// Waits for that trip's rider to get in, until then.
    Board(u32, Timestamp),
    /// Drives that trip's rider.
    ToDropoff(u32),
}

/// What vehicles move in.
pub(super) struct Surroundings<'a> {
    pub(super) network: &'a Network,
    pub(super) congestion: &'a Congestion,
    pub(super) signals: &'a Signals,
    pub(super) planner: &'a Planner,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Somewhere on the way.
    Moved,
    /// At the end of the route.
    Arrived,
    /// In front of a closed road that the route goes through.
    Blocked,
}

impl Vehicle {
    pub(super) fn new(at: Position, pace: f32, gps_error: [f32; 2], now: Timestamp) -> Self {
        Self {
            edge: at.edge.0,
            next: NONE,
            segment: 0,
            offset_m: at.offset_mm as f32 / 1e3,
            wait_s: 0.0,
            pace,
            speed_mps: 0.0,
            task: Task::Cruise,
            route_at: 0,
            target_m: 0.0,
            moved_at: now,
            place: Place::default(),
            gps_error,
            route: Vec::new(),
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.task, Task::Cruise | Task::Park(_))
    }

    fn has_route(&self) -> bool {
        matches!(self.task, Task::ToPickup(_) | Task::ToDropoff(_))
    }

    pub(super) fn position(&self) -> Position {
        Position { edge: EdgeId(self.edge), offset_mm: (self.offset_m * 1e3) as u32 }
    }

    /// Follows `route`, whose first edge is the one that the vehicle is on.
    pub(super) fn follow(&mut self, route: Vec<EdgeId>, target_mm: u32) {
        debug_assert_eq!(route.first(), Some(&EdgeId(self.edge)));
        self.route = route;
        self.route_at = 0;
        self.target_m = target_mm as f32 / 1e3;
        self.next = NONE;
    }

    /// Puts the vehicle on its route: on the edge of that index, `share` of the way along it.
    pub(super) fn skip_to(&mut self, route_at: usize, share: f32, congestion: &Congestion) {
        self.route_at = route_at as u32;
        self.edge = self.route[route_at].0;
        let end_m = self.stop_m().unwrap_or_else(|| congestion.length_m(self.edge));
        (self.offset_m, self.segment) = (end_m * share, 0);
    }

    /// What is left of the route: the edges after the present one.
    pub(super) fn ahead(&self) -> &[EdgeId] {
        self.route.get(self.route_at as usize + 1..).unwrap_or(&[])
    }

    /// Where on its present edge the vehicle has to stop, metres; `None` if it drives on to the end.
    fn stop_m(&self) -> Option<f32> {
        (self.has_route() && self.ahead().is_empty()).then_some(self.target_m)
    }

    /// Seconds at present speeds to the end of the route, with the mean waits on the way.
    pub(super) fn remaining_s(&self, around: &Surroundings<'_>) -> f64 {
        let speed = |edge: u32| f64::from(around.congestion.speed_mps(edge) * self.pace);
        let ends_at = |edge: u32| f64::from(around.congestion.length_m(edge));
        let first_end = self.stop_m().map_or_else(|| ends_at(self.edge), f64::from);
        let mut sum = f64::from(self.wait_s) + (first_end - f64::from(self.offset_m)).max(0.0) / speed(self.edge);
        let mut from = EdgeId(self.edge);
        for (nth, &edge) in self.ahead().iter().enumerate() {
            // The wait for a turn that is chosen already has begun, and is in `wait_s`.
            if nth > 0 || self.next == NONE {
                sum += f64::from(around.network.turn_cost(from, edge)) / 1e3;
            }
            let is_last = nth + 1 == self.ahead().len();
            let end = if is_last { f64::from(self.target_m) } else { ends_at(edge.0) };
            sum += end / speed(edge.0);
            from = edge;
        }
        sum
    }

    /// Drives on until `now`, or until it cannot.
    pub(super) fn advance(&mut self, now: Timestamp, around: &Surroundings<'_>, dice: &mut Dice) -> Step {
        let span_s = now.since(self.moved_at).secs_f64() as f32;
        let started_at = std::mem::replace(&mut self.moved_at, now);
        if self.stands(now) || span_s <= 0.0 {
            self.speed_mps = 0.0;
            return Step::Moved;
        }
        let (mut left_s, mut driven_m) = (span_s, 0.0);
        let step = loop {
            if self.wait_s > 0.0 {
                let waited = self.wait_s.min(left_s);
                self.wait_s -= waited;
                left_s -= waited;
            }
            if left_s <= 0.0 {
                break Step::Moved;
            }
            if self.next != NONE {
                self.enter_next(around);
            }
            let speed = around.congestion.speed_mps(self.edge) * self.pace;
            let stop_m = self.stop_m();
            let end_m = stop_m.unwrap_or_else(|| around.congestion.length_m(self.edge));
            let rest_m = (end_m - self.offset_m).max(0.0);
            if speed * left_s < rest_m {
                self.offset_m += speed * left_s;
                driven_m += speed * left_s;
                break Step::Moved;
            }
            self.offset_m = self.offset_m.max(end_m);
            driven_m += rest_m;
            left_s -= rest_m / speed;
            if stop_m.is_some() {
                break Step::Arrived;
            }
            let reached_at = started_at + Span::from_micros(((span_s - left_s) * 1e6) as i64);
            match self.choose(reached_at, around, dice) {
                Choice::Turn => {}
                Choice::Park(until) => {
                    self.task = Task::Park(until);
                    break Step::Moved;
                }
                Choice::Blocked => {
                    self.wait_s = BLOCKED_S;
                    break Step::Blocked;
                }
            }
        };
        self.speed_mps = driven_m / span_s;
        step
    }

    /// Whether the task is to stand; who has parked for long enough moves again.
    fn stands(&mut self, now: Timestamp) -> bool {
        match self.task {
            Task::Park(until) if now >= until => {
                self.task = Task::Cruise;
                false
            }
            Task::Park(_) | Task::Board(..) => true,
            Task::Cruise | Task::ToPickup(_) | Task::ToDropoff(_) => false,
        }
    }

    /// Turns into the edge that was chosen, unless that was closed meanwhile.
    fn enter_next(&mut self, around: &Surroundings<'_>) {
        if around.planner.is_closed(self.next) {
            self.next = NONE;
            return;
        }
        self.edge = std::mem::replace(&mut self.next, NONE);
        (self.offset_m, self.segment) = (0.0, 0);
        if self.has_route() {
            self.route_at += 1;
        }
    }

    /// Decides where to turn at the end of the edge, and how long that takes.
    fn choose(&mut self, at: Timestamp, around: &Surroundings<'_>, dice: &mut Dice) -> Choice {
        let (next, turn_ms) = if self.has_route() {
            let next = self.ahead()[0];
            if around.planner.is_closed(next.0) {
                return Choice::Blocked;
            }
            (next, around.network.turn_cost(EdgeId(self.edge), next))
        } else {
            if around.network.class(EdgeId(self.edge)) >= RoadClass::Tertiary && dice.chance(PARK_CHANCE) {
                let stays = Span::from_secs(dice.between(PARK_S.0, PARK_S.1) as i64);
                return Choice::Park(at + stays);
            }
            match wander(EdgeId(self.edge), around, dice) {
                Some(choice) => choice,
                None => return Choice::Blocked,
            }
        };
        let node = around.network.head(EdgeId(self.edge)).0;
        let moving_ms = turn_ms.saturating_sub(around.signals.mean_wait_ms(node));
        self.wait_s = moving_ms as f32 / 1e3 + around.signals.wait_s(self.edge, node, at);
        self.next = next.0;
        Choice::Turn
    }
}

enum Choice {
    Turn,
    Park(Timestamp),
    Blocked,
}

/// Where one who looks for riders turns: rather on than off, rather to a bigger road, and back only where there is no
/// other way. `None` if all ways are closed.
fn wander(from: EdgeId, around: &Surroundings<'_>, dice: &mut Dice) -> Option<(EdgeId, u32)> {
    let network = around.network;
    let twin = network.twin(from);
    let appeal = |edge: EdgeId, turn_ms: u32| {
        // Nobody wanders to where there is no way back.
        if around.planner.is_closed(edge.0) || network.component(edge) != 0 {
            return 0.0;
        }
        let back = if twin == Some(edge) { 1e-6 } else { 1.0 };
        back * class_appeal(network.class(edge)) / (1.0 + f64::from(turn_ms) / 4e3)
    };
    let sum: f64 = network.successors(from).map(|(edge, turn_ms)| appeal(edge, turn_ms)).sum();
    let mut at = dice.unit() * sum;
    let mut last = None;
    for (edge, turn_ms) in network.successors(from) {
        let share = appeal(edge, turn_ms);
        if share > 0.0 {
            last = Some((edge, turn_ms));
            at -= share;
            if at < 0.0 {
                break;
            }
        }
    }
    last
}

fn class_appeal(class: RoadClass) -> f64 {
    match class {
        RoadClass::Motorway | RoadClass::Trunk => 0.5,
        RoadClass::Primary => 3.0,
        RoadClass::Secondary => 2.5,
        RoadClass::Tertiary => 2.0,
        RoadClass::Unclassified | RoadClass::Residential => 1.0,
        RoadClass::LivingStreet => 0.3,
        RoadClass::Service => 0.1,
        RoadClass::Track | RoadClass::Ferry => 0.01,
    }
}
