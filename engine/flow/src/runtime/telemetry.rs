//! The names of all metrics, and their values. They go to whatever recorder of the `metrics` facade is installed.

use etaflow_road::Span;
use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use super::accounts::Accounts;
use super::keeper::SnapshotReport;
use super::recovery::Recovery;
use crate::effect::SinkReport;
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
const UNKNOWN: &str = "etaflow_lag_unknown";
const LIVE: &str = "etaflow_live";
const RECOVERING: &str = "etaflow_recovering";
const TRIPS: &str = "etaflow_trips";
const RECOVERY_SECONDS: &str = "etaflow_recovery_seconds";
const RECOVERY_RECORDS: &str = "etaflow_recovery_records";
const RECOVERY_PASSED_OVER: &str = "etaflow_recovery_files_passed_over";
const TORN_BYTES: &str = "etaflow_log_torn_bytes";
const SNAPSHOTS: &str = "etaflow_snapshots_total";
const SNAPSHOTS_FAILED: &str = "etaflow_snapshots_failed_total";
const SNAPSHOT_BYTES: &str = "etaflow_snapshot_bytes";
const SNAPSHOT_SECONDS: &str = "etaflow_snapshot_seconds";
const SNAPSHOT_PAUSE_SECONDS: &str = "etaflow_snapshot_pause_seconds";
const EFFECTS_DELIVERED: &str = "etaflow_effects_delivered_total";
const EFFECTS_CONFLATED: &str = "etaflow_effects_conflated_total";
const EFFECTS_SUPPRESSED: &str = "etaflow_effects_suppressed_total";
const EFFECTS_GIVEN_UP: &str = "etaflow_effects_given_up_total";
const EFFECTS_FAILED: &str = "etaflow_effects_failed_total";
const EFFECTS_WAITING: &str = "etaflow_effects_waiting";
const SINK_RETRIES: &str = "etaflow_sink_retries_total";
const SINK_LAG_RECORDS: &str = "etaflow_sink_lag_records";
const SINK_LAG_SECONDS: &str = "etaflow_sink_lag_seconds";

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
    describe_gauge!(UNKNOWN, Unit::Count, "1 while what the metric says is not known: it has the last that was then");
    describe_gauge!(CATCH_UP_SECONDS, Unit::Seconds, "Predicted time until it is live");
    describe_gauge!(LIVE, Unit::Count, "1 if the engine is up to date, 0 while it catches up");
    describe_gauge!(RECOVERING, Unit::Count, "1 while the engine restores what it knew, 0 from then on");
    describe_gauge!(TRIPS, Unit::Count, "Trips that can be asked for");
    describe_gauge!(RECOVERY_SECONDS, Unit::Seconds, "Time that it took to restore what was known");
    describe_gauge!(RECOVERY_RECORDS, Unit::Count, "Records of the log that were to be taken again then");
    describe_gauge!(RECOVERY_PASSED_OVER, Unit::Count, "Newer files that were of no use then");
    describe_gauge!(TORN_BYTES, Unit::Bytes, "What was cut off the log's end when it was opened");
    describe_counter!(SNAPSHOTS, Unit::Count, "Snapshots that were written");
    describe_counter!(SNAPSHOTS_FAILED, Unit::Count, "Snapshots that could not be written");
    describe_gauge!(SNAPSHOT_BYTES, Unit::Bytes, "Length of the last snapshot");
    describe_gauge!(SNAPSHOT_SECONDS, Unit::Seconds, "Time that it took to write the last snapshot");
    describe_gauge!(SNAPSHOT_PAUSE_SECONDS, Unit::Seconds, "Longest time for which it held a shard up");
    describe_counter!(EFFECTS_DELIVERED, Unit::Count, "Effects that a sink took");
    describe_counter!(EFFECTS_CONFLATED, Unit::Count, "Effects replaced by a newer one of the same trip");
    describe_counter!(EFFECTS_SUPPRESSED, Unit::Count, "Effects that a replay told again, and a sink had taken");
    describe_counter!(EFFECTS_GIVEN_UP, Unit::Count, "Effects given up because too many waited for a sink");
    describe_counter!(
        EFFECTS_FAILED,
        Unit::Count,
        "Effects that a sink may have taken or not, and that must not come twice"
    );
    describe_gauge!(EFFECTS_WAITING, Unit::Count, "Effects that wait for a sink");
    describe_counter!(SINK_RETRIES, Unit::Count, "Failures of a sink, or of its mark, after which it was tried again");
    describe_gauge!(
        SINK_LAG_RECORDS,
        Unit::Count,
        "Records between the oldest that a sink waits for and the newest told"
    );
    describe_gauge!(SINK_LAG_SECONDS, Unit::Seconds, "Event time between the two");
}

/// Hands over how an engine has come back.
pub(super) fn report_recovery(recovery: &Recovery) {
    gauge!(RECOVERY_SECONDS).set(recovery.took.secs_f64());
    gauge!(RECOVERY_RECORDS).set(recovery.to_replay() as f64);
    gauge!(RECOVERY_PASSED_OVER).set(recovery.passed_over.len() as f64);
    gauge!(TORN_BYTES).set(recovery.torn.as_ref().map_or(0, |torn| torn.bytes) as f64);
}

/// Hands over what has become of the snapshots.
pub(super) fn report_snapshots(report: &SnapshotReport) {
    counter!(SNAPSHOTS).absolute(report.written);
    counter!(SNAPSHOTS_FAILED).absolute(report.failed);
    if let Some(last) = &report.last {
        gauge!(SNAPSHOT_BYTES).set(last.bytes as f64);
        gauge!(SNAPSHOT_SECONDS).set(last.took.secs_f64());
        gauge!(SNAPSHOT_PAUSE_SECONDS).set(last.pause_max.secs_f64());
    }
}

/// Hands over how the sinks get along.
pub(super) fn report_sinks(sinks: &[SinkReport]) {
    for sink in sinks {
        let name = || sink.name.clone();
        counter!(EFFECTS_DELIVERED, "sink" => name()).absolute(sink.delivered);
        counter!(EFFECTS_CONFLATED, "sink" => name()).absolute(sink.conflated);
        counter!(EFFECTS_SUPPRESSED, "sink" => name()).absolute(sink.suppressed);
        counter!(EFFECTS_GIVEN_UP, "sink" => name()).absolute(sink.given_up);
        counter!(EFFECTS_FAILED, "sink" => name()).absolute(sink.failed);
        gauge!(EFFECTS_WAITING, "sink" => name()).set(sink.waiting as f64);
        counter!(SINK_RETRIES, "sink" => name()).absolute(sink.retried);
        gauge!(SINK_LAG_RECORDS, "sink" => name()).set(sink.lag_records as f64);
        gauge!(SINK_LAG_SECONDS, "sink" => name()).set(sink.lag.secs_f64());
    }
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
    for (name, figure) in [
        (LAG_RECORDS, lag.records.map(|records| records as f64)),
        (LAG_SECONDS, lag.behind.map(Span::secs_f64)),
        (CATCH_UP_SECONDS, lag.catch_up.map(Span::secs_f64)),
    ] {
        if let Some(figure) = figure {
            gauge!(name).set(figure);
        }
        // A gauge cannot be taken back: that it says what was, and not what is, is said beside it.
        gauge!(UNKNOWN, "metric" => name).set(if figure.is_none() { 1.0 } else { 0.0 });
    }
    gauge!(LIVE).set(if lag.state == EngineState::Live { 1.0 } else { 0.0 });
    gauge!(RECOVERING).set(if lag.state == EngineState::Recovering { 1.0 } else { 0.0 });
    gauge!(TRIPS).set(trips as f64);
}
