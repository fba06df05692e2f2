use super::estimator::{Estimator, Told, to_tell};
use super::plan::Plan;
use super::update::Cause;
use crate::bytes::ByteReader;
use crate::event::{Offset, TripId};
use crate::stream::{Entities, StateError, Tick};
use crate::trip::TripStage;

/// What an entity of this operator is called.
const PLAN: &str = "the plan of trip";

/// By trip, as it is after a tick: the epoch in force and the tick are given beside it.
impl Entities for Estimator {
    const KIND: u8 = b'a';

    fn next_entity(&self, from: u64) -> Option<u64> {
        let from = TripId(u32::try_from(from).ok()?);
        self.plans.range(from..).next().map(|(trip, _)| u64::from(trip.0))
    }

    fn encode_entity(&self, number: u64, out: &mut Vec<u8>) -> bool {
        let plan = u32::try_from(number).ok().and_then(|trip| self.plans.get(&TripId(trip)));
        plan.inspect(|plan| plan.encode(out)).is_some()
    }

    /// A plan begins with its trip, and that with who drives it.
    fn takes(&self, number: u64, bytes: &[u8]) -> bool {
        let stage = TripStage::decode(&mut ByteReader::new(bytes));
        match (u32::try_from(number), stage) {
            (Ok(trip), Ok(stage)) => self.owns(TripId(trip), stage.driver()),
            _ => true,
        }
    }

    fn decode_entity(&mut self, number: u64, bytes: &[u8]) -> Result<(), StateError> {
        let because = |why: &str| StateError::because(PLAN, number, why);
        let trip = u32::try_from(number).map(TripId).map_err(|_| because("the number is above all that are given"))?;
        let plan = Plan::decode(bytes, &self.network, &self.epoch.metric)
            .map_err(|error| StateError::of(PLAN, number, &error))?;
        let driver = plan.state.stage.driver();
        if !self.owns(trip, driver) {
            return Err(because("it is another shard's"));
        }
        if self.plans.contains_key(&trip) {
            return Err(because("it comes twice"));
        }
        if let Some(driver) = driver {
            let (plans, made) = (&self.plans, (plan.made_by, trip));
            let trips = self.by_driver.entry(driver).or_default();
            let before = |other: &TripId| plans.get(other).is_some_and(|plan| (plan.made_by, *other) < made);
            trips.insert(trips.partition_point(before), trip);
        }
        self.plans.insert(trip, plan);
        Ok(())
    }
}

impl Estimator {
    /// Goes on after a tick, which was the record at `offset`, with the plans that were read back. The epoch that was in
    /// force from that tick on is the one that it was made with.
    pub fn resume_after(&mut self, tick: &Tick, offset: Offset) {
        (self.ticked_at, self.tick_offset) = (Some(tick.time), offset);
    }

    /// What each plan amounts to at the tick that was the last one, in the order of the trips' numbers: what was told of
    /// it then, for those who have not heard of it. Nothing changes, and nothing is news.
    pub fn restate(&self, tick: &Tick) -> Vec<Told> {
        let (network, epoch, waits) = (&*self.network, &*self.epoch, self.waits());
        let restate = |(&trip, plan): (&TripId, &Plan)| {
            let outlook = plan.outlook(network, &epoch.metric, tick.time, &waits);
            let what = (trip, tick.time, self.tick_offset, Cause::Traffic);
            to_tell(plan, what, &outlook, epoch, &self.config)
        };
        self.plans.iter().map(restate).collect()
    }
}
