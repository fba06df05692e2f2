use etaflow::{Event, EventData, GpsFix, Key};
use etaflow_road::{LocalFrame, Span, Timestamp, Xy};

use super::config::FaultConfig;
use super::delivery::{Delay, Delivery, Offered, Waiting};
use super::garbage::{GarbageKind, GarbageMaker};
use crate::dice::{Dice, hash_unit};
use crate::world::Emission;

/// How many deliveries can wait; what comes on top is not delayed, and counted.
const WAITING_MAX: usize = 4_000_000;

/// What the injector did so far. Delays and copies count when they are delivered, everything else when it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FaultCounts {
    /// Emissions that came in.
    pub emitted: u64,
    /// Deliveries that went out.
    pub delivered: u64,
    /// Delivered late.
    pub late: u64,
    /// Delivered after others that came after them.
    pub out_of_order: u64,
    /// Delivered again.
    pub twice: u64,
    /// Delivered after their gateway's silence.
    pub burst: u64,
    /// Never delivered.
    pub lost: u64,
    /// Never delivered, because their driver was in a tunnel.
    pub tunnel: u64,
    /// With a time by a wrong clock.
    pub skewed: u64,
    /// Somewhere else.
    pub jumped: u64,
    /// Garbage, by [`GarbageKind::ALL`]'s order.
    pub garbage: [u64; GarbageKind::ALL.len()],
    /// Should have waited, but too many did.
    pub not_delayed: u64,
}

impl FaultCounts {
    /// How much garbage of a kind was delivered.
    pub fn garbage_of(&self, kind: GarbageKind) -> u64 {
        self.garbage[kind as usize]
    }
}

/// Stands between the world and the engine, and lets go wrong what [`FaultConfig`] says.
///
/// Fixes are delayed, lost, doubled and moved; what the dispatch service says comes through as it is, so that trips
/// keep their order. What comes later than it was due is due when it comes: the latency that an engine is judged by
/// does not count what happened on the way to it.
///
/// Conservation: `emitted + twice + garbage = delivered + lost + tunnel`, once nothing waits any more.
#[derive(Debug)]
pub struct FaultInjector {
    config: FaultConfig,
    seed: u64,
    gateways: u64,
    drivers: Vec<Driver>,
    waiting: Waiting,
    garbage: GarbageMaker,
    counts: FaultCounts,
    silence: Silence,
    tunnel_at: Timestamp,
    dice: Dice,
}

/// What goes wrong with a driver now.
#[derive(Debug, Clone, Copy)]
struct Driver {
    silent_until: Timestamp,
    jump_fixes: u32,
    jump: Xy,
}

/// Which gateway is silent, from when to when.
#[derive(Debug, Clone, Copy)]
struct Silence {
    gateway: u64,
    from: Timestamp,
    until: Timestamp,
}

impl FaultInjector {
    /// For a world with that many drivers and gateways, whose keys are numbers from 0; what other drivers and gateways
    /// say comes through as it is.
    pub fn new(config: FaultConfig, seed: u64, start: Timestamp, drivers: u32, gateways: u32) -> Self {
        let driver = Driver { silent_until: Timestamp::MIN, jump_fixes: 0, jump: Xy::default() };
        let mut injector = Self {
            config,
            seed,
            gateways: u64::from(gateways),
            drivers: vec![driver; drivers as usize],
            waiting: Waiting::default(),
            garbage: GarbageMaker::new(u64::from(gateways) + 1),
            counts: FaultCounts::default(),
            silence: Silence { gateway: 0, from: start, until: start },
            tunnel_at: start,
            // Apart from the world's streams, so that a fault more or less does not change the world.
            dice: Dice::new(seed, 1_000),
        };
        injector.schedule_silence(start);
        injector.schedule_tunnel(start);
        injector
    }

    /// Takes the `emissions`, all of which are due at `until` or before and after those of the last call, out of their
    /// vector, and adds to `out` what is due until then, in the order in which it is due.
    pub fn inject(&mut self, emissions: &mut Vec<Emission>, until: Timestamp, out: &mut Vec<Delivery>) {
        for Emission { due, event } in emissions.drain(..) {
            self.release(due, out);
            self.counts.emitted += 1;
            self.on_time(due);
            self.on_event(due, event, out);
        }
        self.release(until, out);
    }

    /// Adds everything that still waits to `out`, in the order in which it is due.
    pub fn finish(&mut self, out: &mut Vec<Delivery>) {
        while let Some((due, delay, event)) = self.waiting.pop(Timestamp::from_micros(i64::MAX)) {
            self.deliver_delayed(due, delay, event, out);
        }
    }

    /// What was done so far.
    pub fn counts(&self) -> &FaultCounts {
        &self.counts
    }

    /// How many deliveries are yet to come.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn release(&mut self, until: Timestamp, out: &mut Vec<Delivery>) {
        while let Some((due, delay, event)) = self.waiting.pop(until) {
            self.deliver_delayed(due, delay, event, out);
        }
    }

    fn deliver_delayed(&mut self, due: Timestamp, delay: Delay, mut event: Event, out: &mut Vec<Delivery>) {
        match delay {
            Delay::Late => self.counts.late += 1,
            Delay::OutOfOrder => self.counts.out_of_order += 1,
            Delay::Twice => self.counts.twice += 1,
            Delay::Burst => self.counts.burst += 1,
        }
        event.due = Some(due);
        self.deliver(due, Offered::Event(event), out);
    }

    fn deliver(&mut self, due: Timestamp, what: Offered, out: &mut Vec<Delivery>) {
        self.counts.delivered += 1;
        out.push(Delivery { due, what });
    }

    fn on_event(&mut self, due: Timestamp, mut event: Event, out: &mut Vec<Delivery>) {
        if let EventData::TripCompleted { trip } = &event.data {
            self.garbage.on_completed(trip);
        }
        let Some(driver) = self.phone_of(&event) else {
            return self.deliver(due, Offered::Event(event), out);
        };
        self.skew(driver, &mut event);
        let EventData::LocationUpdated { fix, .. } = event.data else {
            return self.pass(due, event, out);
        };
        if due < self.drivers[driver].silent_until {
            self.counts.tunnel += 1;
            return;
        }
        if self.drivers[driver].jump_fixes > 0 {
            self.jump(driver, fix, &mut event);
            return self.pass(due, event, out);
        }
        self.roll(due, driver, fix, event, out);
    }

    /// One throw decides which of the exclusive faults befalls a fix, if any.
    fn roll(&mut self, due: Timestamp, driver: usize, fix: GpsFix, mut event: Event, out: &mut Vec<Delivery>) {
        let mut left = self.dice.unit();
        let mut is = |share: f64| {
            left -= share;
            left < 0.0
        };
        if let Some(late) = self.config.late.filter(|late| is(late.share)) {
            let delay = self.dice.exponential(late.mean_s).min(late.max_s);
            return self.delay(due, delay, Delay::Late, event, out);
        }
        if let Some(out_of_order) = self.config.out_of_order.filter(|out_of_order| is(out_of_order.share)) {
            let delay = self.dice.between(0.0, out_of_order.max_s);
            return self.delay(due, delay, Delay::OutOfOrder, event, out);
        }
        if let Some(twice) = self.config.twice.filter(|twice| is(twice.share)) {
            if self.waiting.len() < WAITING_MAX {
                let again = due + seconds(self.dice.between(0.0, twice.max_s));
                self.waiting.add(again, Delay::Twice, event.clone());
            } else {
                self.counts.not_delayed += 1;
            }
            return self.pass(due, event, out);
        }
        if self.config.lost.is_some_and(|lost| is(lost.share)) {
            self.counts.lost += 1;
            return;
        }
        if let Some(jump) = self.config.jump.filter(|jump| is(jump.share)) {
            let (angle, away) =
                (self.dice.between(0.0, std::f64::consts::TAU), self.dice.between(jump.min_m, jump.max_m));
            let fixes = 1 + self.dice.below(jump.fixes_max.max(1) as usize) as u32;
            let state = &mut self.drivers[driver];
            (state.jump, state.jump_fixes) = (Xy { x: away * angle.cos(), y: away * angle.sin() }, fixes);
            self.jump(driver, fix, &mut event);
            return self.pass(due, event, out);
        }
        if self.config.garbage.is_some_and(|garbage| is(garbage.share)) {
            let key = Key::Number(driver as u64);
            let (kind, offered) = self.garbage.make(&key, fix, due, &mut self.dice);
            self.counts.garbage[kind as usize] += 1;
            self.pass(due, event, out);
            return self.deliver(due, offered, out);
        }
        self.pass(due, event, out);
    }

    /// Delivers at once, unless the gateway is silent.
    fn pass(&mut self, due: Timestamp, event: Event, out: &mut Vec<Delivery>) {
        let silence = self.silence;
        let silent = silence.from <= due && due < silence.until && event.source == Key::Number(silence.gateway);
        if silent && self.waiting.len() < WAITING_MAX {
            return self.waiting.add(silence.until, Delay::Burst, event);
        }
        self.counts.not_delayed += u64::from(silent);
        self.deliver(due, Offered::Event(event), out);
    }

    fn delay(&mut self, due: Timestamp, delay_s: f64, delay: Delay, event: Event, out: &mut Vec<Delivery>) {
        if self.waiting.len() < WAITING_MAX {
            return self.waiting.add(due + seconds(delay_s), delay, event);
        }
        self.counts.not_delayed += 1;
        self.deliver(due, Offered::Event(event), out);
    }

    /// The number of the driver whose phone says the event, if it is one of the world's.
    fn phone_of(&self, event: &Event) -> Option<usize> {
        let from_gateway = matches!(event.source, Key::Number(source) if source < self.gateways);
        let (EventData::LocationUpdated { driver, .. } | EventData::StatusChanged { driver, .. }) = &event.data else {
            return None;
        };
        match driver {
            Key::Number(driver) if from_gateway && *driver < self.drivers.len() as u64 => Some(*driver as usize),
            _ => None,
        }
    }

    fn skew(&mut self, driver: usize, event: &mut Event) {
        let Some(skew) = self.config.clock_skew else {
            return;
        };
        let number = driver as u64;
        if hash_unit(self.seed ^ number.rotate_left(32)) < skew.driver_share {
            let by_s = (2.0 * hash_unit(!self.seed ^ number.rotate_left(16)) - 1.0) * skew.max_s;
            event.time = event.time + seconds(by_s);
            self.counts.skewed += 1;
        }
    }

    fn jump(&mut self, driver: usize, fix: GpsFix, event: &mut Event) {
        let state = &mut self.drivers[driver];
        state.jump_fixes -= 1;
        let mut moved = GpsFix::at(LocalFrame::at(fix.coord()).to_coord(state.jump));
        if let Some(accuracy) = fix.accuracy_m() {
            moved = moved.with_accuracy_m(f64::from(accuracy));
        }
        if let Some(speed) = fix.speed_mps() {
            moved = moved.with_speed_mps(f64::from(speed));
        }
        if let Some(heading) = fix.heading_deg() {
            moved = moved.with_heading_deg(f64::from(heading));
        }
        if let EventData::LocationUpdated { fix, .. } = &mut event.data {
            *fix = moved;
        }
        self.counts.jumped += 1;
    }

    /// Begins the silences and tunnels whose time has come.
    fn on_time(&mut self, now: Timestamp) {
        while self.config.burst.is_some() && now >= self.silence.until {
            self.schedule_silence(self.silence.from);
        }
        while let Some(tunnel) = self.config.tunnel.filter(|_| now >= self.tunnel_at) {
            if self.drivers.is_empty() {
                return;
            }
            let driver = self.dice.below(self.drivers.len());
            let lasting = seconds(self.dice.between(tunnel.min_s, tunnel.max_s));
            self.drivers[driver].silent_until = self.tunnel_at + lasting;
            self.schedule_tunnel(self.tunnel_at);
        }
    }

    fn schedule_silence(&mut self, last: Timestamp) {
        if let Some(burst) = self.config.burst {
            let from = last + seconds(burst.every_s);
            let gateway = self.dice.below(self.gateways.max(1) as usize) as u64;
            self.silence = Silence { gateway, from, until: from + seconds(burst.silent_s.min(burst.every_s)) };
        }
    }

    fn schedule_tunnel(&mut self, last: Timestamp) {
        if let Some(tunnel) = self.config.tunnel {
            let mean_s = 3_600.0 / (tunnel.per_driver_hour * self.drivers.len() as f64).max(1e-6);
            self.tunnel_at = last + seconds(self.dice.exponential(mean_s));
        }
    }
}

/// At least a microsecond forwards, so that what is scheduled moves on.
fn seconds(seconds: f64) -> Span {
    let micros = (seconds * 1e6) as i64;
    Span::from_micros(if micros == 0 { 1 } else { micros })
}
