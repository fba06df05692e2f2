use std::path::{Path, PathBuf};

use etaflow_road::Span;

use super::bound::{BoundLimit, BoundMetric};
use super::error::ScenarioError;
use super::limit::{span, within};
use super::overrides::Overrides;
use super::parts;
use super::raw::{RawClock, RawOutage, RawScenario};
use crate::cli::Rate;
use crate::fault::FaultConfig;
use crate::world::WorldConfig;

/// How long a run may be.
const DURATION_MAX_S: f64 = 86_400.0;

/// How many records the log of a scenario's engine holds, 256 MB: what may be behind at the end of an outage.
pub(crate) const LOG_RECORDS: usize = 4_000_000;

/// What is run, and the bounds that its run must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name, which is also that of the folder of its reports.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// The roads.
    pub network: NetworkSource,
    /// How time passes.
    pub clock: ClockMode,
    /// How long it lasts, in stream time.
    pub duration: Span,
    /// What the world and its faults follow from.
    pub seed: u64,
    /// Who drives on the roads.
    pub world: WorldConfig,
    /// How the engine is set up.
    pub engine: EngineSetup,
    /// What goes wrong.
    pub faults: FaultConfig,
    /// When the engine does not consume, in order, apart from each other, and over before the end.
    pub outages: Vec<OutagePlan>,
    /// What must hold, in the order of [`BoundMetric::ALL`](crate::BoundMetric::ALL).
    pub bounds: Vec<BoundLimit>,
    /// Where the reports go.
    pub out: PathBuf,
}

/// Where the roads come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkSource {
    /// A made-up city.
    City {
        /// About how many nodes it has.
        nodes: u32,
        /// What it follows from.
        seed: u64,
    },
    /// A file.
    File(PathBuf),
}

/// How time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockMode {
    /// As on the wall.
    Wall,
    /// As fast as the engine can.
    Max,
}

/// How the engine is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineSetup {
    /// How many shards work in parallel.
    pub shards: u32,
    /// The tick interval.
    pub tick: Span,
    /// What happens when the bus is full.
    pub bus: BusPolicy,
    /// Whose process it lives in.
    pub process: EngineProcess,
}

/// Whose process the engine lives in, and so what an outage of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineProcess {
    /// The world's, with the log in memory: in an outage it stops following the log.
    Shared,
    /// One of its own, which follows a log on the disk: an outage begins with its being killed, and ends with another being
    /// started.
    Apart,
}

/// What happens to what is offered when the bus is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusPolicy {
    /// The producer waits.
    Await,
    /// It is refused.
    Refuse,
    /// Of a driver's fixes that wait, the newest is kept.
    Conflate,
}

/// A time in which the engine does not consume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutagePlan {
    /// From the start of the run.
    pub at: Span,
    /// For how long.
    pub lasting: Span,
}

impl Scenario {
    /// Reads a scenario's file, and puts `overrides` in place of what it says.
    ///
    /// # Errors
    /// If the file cannot be read or is not a scenario.
    pub fn read(path: &Path, overrides: &Overrides) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ScenarioError::Unreadable { path: path.to_owned(), why: error.to_string() })?;
        Self::parse(&text, overrides)
    }

    /// Parses a scenario, and puts `overrides` in place of what it says.
    ///
    /// # Errors
    /// If a key is missing or unknown, or a value is of the wrong type or out of its range; the error names it.
    ///
    /// ```
    /// # use etaflow_simulator::{Overrides, Scenario};
    /// let text = "name = 'calm'\nduration_s = 10\n[world]\ndrivers = 100\ntrips_under_way = 10";
    /// assert_eq!(Scenario::parse(text, &Overrides::default())?.world.drivers, 100);
    /// let error = Scenario::parse("name = 'calm'\nduration_s = 0", &Overrides::default()).unwrap_err();
    /// assert_eq!(error.to_string(), "duration_s is 0, not within 0.1..=86400");
    /// # Ok::<(), etaflow_simulator::ScenarioError>(())
    /// ```
    pub fn parse(text: &str, overrides: &Overrides) -> Result<Self, ScenarioError> {
        let mut raw = RawScenario::parse(text)?;
        overrides.apply(&mut raw)?;
        let name = parts::name(raw.name)?;
        let duration_s = raw.duration_s.ok_or(ScenarioError::Missing { key: "duration_s" })?;
        let duration = span("duration_s", duration_s, 0.1, DURATION_MAX_S)?;
        let seed = raw.seed.unwrap_or(1);
        let world = parts::world(&raw.world.unwrap_or_default())?;
        let engine = parts::engine(raw.engine.unwrap_or_default())?;
        let outages = parts::outages(&raw.outage.unwrap_or_default(), duration)?;
        parts::outages_fit_the_log(&outages, &world, &engine)?;
        let clock = parts::clock(raw.clock.unwrap_or_default())?;
        parts::apart_is_by_the_wall(&engine, clock)?;
        Ok(Self {
            description: raw.description.unwrap_or_default(),
            network: parts::network(raw.network, raw.city, seed)?,
            clock,
            duration,
            seed,
            world,
            engine,
            faults: parts::faults(&raw.faults.unwrap_or_default())?,
            outages,
            bounds: BoundLimit::parse_all(&raw.bounds.unwrap_or_default())?,
            out: overrides.out.clone().unwrap_or_else(|| Path::new("target/runs").join(&name)),
            name,
        })
    }
}

/// How long it takes to set a world up, at least, and for so many drivers.
const SETUP_MIN: Span = Span::from_millis(1_500);
const SETUP_DRIVERS_PER_S: i64 = 15_000;

/// Until the last trips of the warm-up are under way.
const WARM_AFTER_S: f64 = 2.0;

impl Scenario {
    /// How long it takes to set the world up: a run by the wall begins that much later.
    pub(crate) fn setup_time(&self) -> Span {
        Span::from_micros(SETUP_MIN.micros() + i64::from(self.world.drivers) * 1_000_000 / SETUP_DRIVERS_PER_S)
    }

    /// How long after the start as many trips are under way as there shall be.
    pub(crate) fn warm_after(&self) -> Span {
        Span::from_secs((self.world.warm_up_s + WARM_AFTER_S) as i64)
    }
}

impl Overrides {
    fn apply(&self, raw: &mut RawScenario) -> Result<(), ScenarioError> {
        if let Some(network) = &self.network {
            (raw.network, raw.city) = (Some(network.clone()), None);
        }
        raw.seed = self.seed.or(raw.seed);
        if let Some(duration) = self.duration {
            let duration_s = duration.secs_f64();
            raw.duration_s = Some(duration_s);
            let is_over = |outage: &RawOutage| {
                outage.at_s.zip(outage.lasting_s).is_none_or(|(at_s, lasting_s)| at_s + lasting_s < duration_s)
            };
            if let Some(outages) = raw.outage.as_mut().filter(|outages| !outages.is_empty()) {
                outages.retain(is_over);
                if outages.is_empty() {
                    // There is nothing left to catch up with.
                    raw.bounds.iter_mut().for_each(|bounds| {
                        bounds.remove(BoundMetric::CatchUp.name());
                        bounds.remove(BoundMetric::CatchUpForecast.name());
                    });
                }
            }
        }
        let world = raw.world.get_or_insert_default();
        if let Some(drivers) = self.drivers {
            let defaults = WorldConfig::default();
            let before = world.drivers.unwrap_or(u64::from(defaults.drivers)).max(1);
            let trips = world.trips_under_way.unwrap_or(u64::from(defaults.trips_under_way));
            world.trips_under_way = Some((u128::from(trips) * u128::from(drivers) / u128::from(before)) as u64);
            world.drivers = Some(drivers);
        }
        match self.rate {
            None => {}
            Some(Rate::Max) => raw.clock = Some(RawClock { mode: Some("max".to_owned()) }),
            Some(Rate::PerSecond(rate)) => {
                let drivers = world.drivers.unwrap_or(u64::from(WorldConfig::default().drivers)).max(1);
                world.fix_rate_hz = Some(within("rate per driver", rate / drivers as f64, 0.01, 10.0)?);
                raw.clock = Some(RawClock { mode: Some("wall".to_owned()) });
            }
        }
        if self.shards.is_some() {
            raw.engine.get_or_insert_default().shards = self.shards;
        }
        Ok(())
    }
}
