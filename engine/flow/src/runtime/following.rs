use std::sync::Arc;
use std::thread::JoinHandle;

use etaflow_road::Network;

use super::accounts::Summary;
use super::config::FollowerConfig;
use super::failure::EngineError;
use super::monitor::{Monitor, Stop};
use super::recover::{Course, recover_and_go};
use super::recovery::Recovery;
use super::shared::{Footing, Shared};
use super::spawn;
use crate::effect::Sink;
use crate::event::Offset;
use crate::log::Log;
use crate::pipeline::Executor;
use crate::view::LagMeter;

/// The half that follows a log: the pipeline, and all that is made of what it says.
pub(super) struct Following {
    shared: Arc<Shared>,
    monitor: JoinHandle<()>,
    /// Recovers, and then does what goes on beside the pipeline.
    course: Option<JoinHandle<Result<(), EngineError>>>,
    ending: Ending,
}

/// Lets the threads end, also of one that is dropped without being joined.
struct Ending {
    shared: Arc<Shared>,
    /// The monitor's.
    stop: Arc<Stop>,
    /// The course's.
    halt: Arc<Stop>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        // Suspended, it would not make room in a full log for what is still to be taken in.
        self.shared.resume();
        self.halt.stop();
        self.stop.stop();
    }
}

impl Following {
    /// Answers questions, with nothing known; follows nothing yet.
    pub(super) fn new(network: Arc<Network>, config: FollowerConfig, footing: Footing) -> Self {
        let meter = LagMeter::new(config.live_max);
        let shared = Arc::new(Shared::new(network, config, footing));
        let (stop, halt) = (Arc::new(Stop::default()), Arc::new(Stop::default()));
        let monitor = Monitor { shared: Arc::clone(&shared), meter, stop: Arc::clone(&stop) };
        let ending = Ending { shared: Arc::clone(&shared), stop, halt };
        Self { shared, monitor: spawn("etaflow-monitor", move || monitor.run()), course: None, ending }
    }

    /// Follows a log from its first record on, with nothing known before.
    pub(super) fn begin(&self, log: &Arc<dyn Log>) -> Result<(), EngineError> {
        let prepared = self.shared.prepare(Offset(0).into())?;
        self.shared.begin(prepared, log, false, None);
        self.shared.set_recovered(Ok(Recovery::default()));
        Ok(())
    }

    /// Comes back to where it had ended, on a thread of its own, and then follows a course.
    pub(super) fn recover(&mut self, course: Box<dyn Course>, sinks: Vec<Box<dyn Sink>>) {
        let shared = Arc::clone(&self.shared);
        self.course = Some(spawn("etaflow-follow", move || {
            let directory = shared.directory().expect("it has one to recover from");
            recover_and_go(&shared, directory, course, sinks)
        }));
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Whether it follows no more, be it that it has not recovered or that something has failed since.
    pub(super) fn is_finished(&self) -> bool {
        self.shared.is_finished()
    }

    /// What tells its course to end.
    pub(super) fn halt(&self) -> &Arc<Stop> {
        &self.ending.halt
    }

    /// Waits for the end of the log, and for the sinks.
    pub(super) fn join(mut self) -> Result<Summary, EngineError> {
        self.shared.resume();
        let course = self.course.take().map(|course| course.join().expect("a course does not panic"));
        let report = self.shared.take_executor().map(Executor::join);
        self.shared.finish_deliveries();
        self.ending.stop.stop();
        self.monitor.join().expect("the monitor does not panic");
        self.shared.close();
        let report = match (report, course) {
            (Some(report), course) => {
                let report = report?;
                course.unwrap_or(Ok(()))?;
                report
            }
            (None, course) => return Err(course.and_then(Result::err).unwrap_or(EngineError::Interrupted)),
        };
        Ok(Summary {
            accounts: self.shared.accounts(),
            counts: report.counts,
            records: self.shared.applied().0,
            outputs: report.outputs,
            state_digest: report.state_digest,
            outputs_digest: report.outputs_digest,
        })
    }
}
