use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use etaflow::{
    Clock, Engine, EngineConfig, Event, Policy, PublishError, Publisher, Reason, Span, Time, Timestamp, WallClock,
};
use etaflow_road::open_network;

use super::failure::Failure;
use super::forecasts::{CAPACITY, Forecasts};
use super::interrupt::interrupt;
use super::latency::LatencyGauge;
use super::pace::{Pace, Passed};
use super::report::{accounting, setting};
use super::samples::Sampler;
use super::start::Finished;
use crate::cli::{ReplayArgs, Speed};
use crate::report::{Machine, Progress, ProgressStyle, Report, Summary};
use crate::score::{Prediction, PredictionWriter, score};
use crate::taxi::{TaxiEvents, TaxiTrip, read_trips_file};

/// How long before the first event time begins: the engine has ticked once.
const LEAD: Span = Span::from_secs(2);

/// Replays real trips on a real network, and holds what the engine says of each against when it arrived.
pub(super) async fn run(args: &ReplayArgs) -> Result<Finished, Failure> {
    let predictions = args.predictions.as_deref().map(open_predictions).transpose()?;
    let clock = WallClock::new();
    let opened = clock.now();
    let network = Arc::new(open_network(&args.network)?);
    let import = clock.now().since(opened);
    let file = read_trips_file(&args.trips).map_err(|source| Failure::Trips { path: args.trips.clone(), source })?;
    let events = TaxiEvents::new(&file.trips);
    let (total, split) = (events.total(), events.drivers_split());
    let first = file.trips.iter().map(|trip| trip.start).min().unwrap_or_default();
    let start = first - LEAD;

    let mut config = EngineConfig { time: Time::Scenario { start }, ..EngineConfig::default() };
    config.pipeline.shards = args.output.shards.map_or(1, u32::from);
    let engine = Engine::start(Arc::clone(&network), &config)?;
    let forecasts = Forecasts::collect(engine.outputs("forecasts", CAPACITY), Arc::clone(engine.dictionary()), true)?;
    let begun = clock.now();
    let pace = match args.speed {
        Speed::Times(times) => Some(Pace::wall(clock.clone(), begun, start, times)),
        Speed::Max => None,
    };
    let gauge = LatencyGauge::new(clock.clone(), config.pipeline.shards);
    let mut sampler = Sampler::new(Span::from_millis(250));
    let mut progress = Progress::new(ProgressStyle::of_stderr(), "replay", None);
    if let Some(row) = file.rejected_rows.first() {
        progress.note(&format!("{} rows were not used, the first: {row}", file.rejected_total()));
    }
    let mut publisher = engine.publisher(Policy::Await);
    let mut interrupted_by = interrupt()?;
    let mut moments = Moments { events: events.peekable(), pace, reached: start };
    let interrupted = loop {
        let moment = tokio::select! {
            biased;
            () = &mut interrupted_by => break true,
            moment = moments.next() => moment,
        };
        let Some((time, events)) = moment else { break false };
        // What happens at a moment comes in at that moment, and not before.
        if let Err(error) = offer(&mut publisher, time, events).await {
            return Err(Failure::of(engine, error).await);
        }
        let passed = Passed { stream: time.since(first), wall: clock.now().since(begun) };
        if let Some(sample) = sampler.step(&engine, &gauge, passed, engine.view().trips() as u64) {
            progress.update(passed.wall, sample);
        }
    };
    if let Err(error) = offer(&mut publisher, moments.reached + LEAD, Vec::new()).await {
        return Err(Failure::of(engine, error).await);
    }
    drop(publisher);
    progress.finish();

    let ended = engine.shutdown().await?;
    let wall = clock.now().since(begun);
    let forecast = forecasts.join().expect("collecting does not panic");
    let truth: Vec<_> = file.trips.iter().map(TaxiTrip::truth).collect();
    let score = score(&truth, &forecast.predictions);
    if let (Some(path), Some(writer)) = (&args.predictions, predictions) {
        write_predictions(path, writer, &forecast.predictions)?;
    }
    let accounts = &ended.accounts;
    let (lag_max_events, samples) = sampler.finish();
    let off_map = accounts.dead_lettered.get(&Reason::OffMap).copied().unwrap_or_default();
    let words = if off_map * 2 > accounts.offered {
        format!("\n! {off_map} of {} events are off the map: is it that of these trips?\n", accounts.offered)
    } else {
        String::new()
    };
    let summary = Summary {
        scenario: "replay".to_owned(),
        description: format!("{} real trips on {} edges", file.trips.len(), network.edge_count()),
        duration_s: moments.reached.since(first).secs_f64().max(0.0),
        wall_s: wall.secs_f64(),
        accounting: accounting(accounts),
        events_per_s: accounting(accounts).taken() as f64 / wall.secs_f64().max(1e-9),
        lag_max_events,
        eta: forecast.eta(),
        score: Some(score),
        state_digest: ended.state_digest.to_string(),
        outputs_digest: ended.outputs_digest.to_string(),
        configuration: vec![
            setting("network", args.network.display()),
            setting("import", format!("{:.2} s", import.secs_f64())),
            setting("nodes", network.node_count()),
            setting("edges", network.edge_count()),
            setting("trips", args.trips.display()),
            setting("trips read", file.trips.len()),
            setting("rows that were not used", file.rejected_total()),
            setting("drivers who were on two trips at once", split),
            setting("events", total),
            setting("predictions", forecast.predictions.len()),
            setting("output batches that came too fast to be scored", forecast.missed),
            setting("edge traversals seen", accounts.traversals),
            setting("shards", config.pipeline.shards),
        ],
        machine: Machine::here(),
        ..Summary::default()
    };
    Ok(Finished { report: Report { summary, samples }, words, interrupted })
}

async fn offer(publisher: &mut Publisher, time: Timestamp, events: Vec<Event>) -> Result<(), PublishError> {
    publisher.advance_to(time).await?;
    publisher.publish_batch(events).await
}

/// The events by the moments at which they happen, when their time has come.
struct Moments<'a> {
    events: std::iter::Peekable<TaxiEvents<'a>>,
    /// `None` as fast as it can.
    pace: Option<Pace>,
    reached: Timestamp,
}

impl Moments<'_> {
    async fn next(&mut self) -> Option<(Timestamp, Vec<Event>)> {
        let time = self.events.peek()?.time;
        if let Some(pace) = &mut self.pace {
            while pace.next().await < time {}
        }
        let mut events = Vec::new();
        while let Some(event) = self.events.next_if(|event| event.time == time) {
            events.push(event);
        }
        self.reached = time;
        Some((time, events))
    }
}

/// Opened before the replay, lest it was for nothing.
fn open_predictions(path: &Path) -> Result<PredictionWriter<BufWriter<File>>, Failure> {
    let failed = |source| Failure::Predictions { path: path.to_owned(), source };
    let file = File::create(path).map_err(|error| failed(error.into()))?;
    PredictionWriter::new(BufWriter::new(file)).map_err(failed)
}

fn write_predictions(
    path: &Path,
    mut writer: PredictionWriter<BufWriter<File>>,
    predictions: &[Prediction],
) -> Result<(), Failure> {
    let failed = |source| Failure::Predictions { path: path.to_owned(), source };
    for prediction in predictions {
        writer.write(prediction).map_err(failed)?;
    }
    writer.finish().map_err(failed)?;
    Ok(())
}
