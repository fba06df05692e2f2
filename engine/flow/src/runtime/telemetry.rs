//! The names of all metrics, and their values. They go to whatever recorder of the `metrics` facade is installed.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use super::accounts::Accounts;
use crate::view::{EngineState, Lag};

const OFFERED: &str = "etaflow_events_offered_total";
const ACCEPTED: &str = "etaflow_events_accepted_total";
const REFUSED: &str = "etaflow_events_refused_total";
const CONFLATED: &str = "etaflow_events_conflated_total";
const DUPLICATE: &str = "etaflow_events_duplicate_total";
const DEAD_LETTERED: &str = "etaflow_events_dead_lettered_total";
const TRAVERSALS: &str = "etaflow_edge_traversals_total";
const REVISIONS: &str = "etaflow_match_revisions_total";
const LAG_RECORDS: &str = "etaflow_lag_records";
const LAG_SECONDS: &str = "etaflow_lag_seconds";
const CATCH_UP_SECONDS: &str = "etaflow_catch_up_seconds";
const LIVE: &str = "etaflow_live";
const TRIPS: &str = "etaflow_trips";

/// Says what each metric means.
pub(super) fn describe() {
    describe_counter!(OFFERED, Unit::Count, "Events given to a publisher");
    describe_counter!(ACCEPTED, Unit::Count, "Events that were used");
    describe_counter!(REFUSED, Unit::Count, "Events that found no place on the bus");
    describe_counter!(CONFLATED, Unit::Count, "Fixes replaced by a newer one of the same driver");
    describe_counter!(DUPLICATE, Unit::Count, "Events that had come before");
    describe_counter!(DEAD_LETTERED, Unit::Count, "Events that could not be used, by reason");
    describe_counter!(TRAVERSALS, Unit::Count, "Edges that were seen driven along");
    describe_counter!(REVISIONS, Unit::Count, "Drivers' places that turned out to be on another edge than was said");
    describe_gauge!(LAG_RECORDS, Unit::Count, "Records in the log that are not taken yet");
    describe_gauge!(LAG_SECONDS, Unit::Seconds, "Time between the newest record and the last taken");
    describe_gauge!(CATCH_UP_SECONDS, Unit::Seconds, "Predicted time until the backlog is gone");
    describe_gauge!(LIVE, Unit::Count, "1 if the engine is up to date, 0 while it catches up");
    describe_gauge!(TRIPS, Unit::Count, "Trips that can be asked for");
}

/// Hands the present values over.
pub(super) fn report(accounts: &Accounts, lag: &Lag, trips: usize) {
    counter!(OFFERED).absolute(accounts.offered);
    counter!(ACCEPTED).absolute(accounts.accepted);
    counter!(REFUSED).absolute(accounts.refused);
    counter!(CONFLATED).absolute(accounts.conflated);
    counter!(DUPLICATE).absolute(accounts.duplicate);
    counter!(TRAVERSALS).absolute(accounts.traversals);
    counter!(REVISIONS).absolute(accounts.revisions);
    for (reason, &count) in &accounts.dead_lettered {
        counter!(DEAD_LETTERED, "reason" => reason.name()).absolute(count);
    }
    gauge!(LAG_RECORDS).set(lag.records as f64);
    // Only what is known is set: a gauge that was never set is absent, which is what unknown means there.
    if let Some(behind) = lag.behind {
        gauge!(LAG_SECONDS).set(behind.secs_f64());
    }
    if let Some(catch_up) = lag.catch_up {
        gauge!(CATCH_UP_SECONDS).set(catch_up.secs_f64());
    }
    gauge!(LIVE).set(if lag.state == EngineState::Live { 1.0 } else { 0.0 });
    gauge!(TRIPS).set(trips as f64);
}
