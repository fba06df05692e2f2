//! A small dispatch service: `cargo run -p etaflow --example dispatch --release`.
//!
//! 500 drivers in a made-up city tell where they are. A rider asks for a trip, the driver who can be there soonest gets
//! it, and its arrival time is followed from the request to the end. The city's time runs 100 times as fast as the
//! wall's, so here it is a scenario's ([`Time::Scenario`]); a service leaves it at [`Time::Wall`].

use std::error::Error;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use etaflow::road::SyntheticCity;
use etaflow::{
    Coord, Engine, EngineConfig, EtaUpdate, EventSource, GpsFix, Key, Policy, PublishError, Publisher, Route, Seconds,
    Span, Time, Timestamp, View,
};
use tokio::sync::{Mutex, watch};
use tokio::{task::JoinSet, time::sleep};
use tokio_stream::StreamExt;

const START: Timestamp = Timestamp::from_secs(1_751_353_200);
const SECOND: Duration = Duration::from_micros(1_000_000 / 100);
const DRIVERS: usize = 500;

/// Where the phone of each driver is.
type Phones = Arc<Mutex<Vec<Coord>>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A real city: road::open_network("city.osm.pbf".as_ref())?
    let network = Arc::new(SyntheticCity { nodes: 4_000, ..SyntheticCity::default() }.build());
    let mut config = EngineConfig { time: Time::Scenario { start: START }, ..EngineConfig::default() };
    config.pipeline.eta.change_min = Span::from_secs(8);
    let engine = Engine::start(Arc::clone(&network), &config)?;
    let view = engine.view().clone();

    // Two gateways publish where the drivers are. When the engine does not keep up, they wait.
    let parked = network.edges().step_by(network.edge_count() / DRIVERS).map(|edge| network.coord_at(edge, 0));
    let phones: Phones = Arc::new(Mutex::new(parked.take(DRIVERS).collect()));
    let (hand, clock) = watch::channel(START);
    let mut tasks = JoinSet::new();
    tasks.spawn(run_clock(hand, engine.publisher(Policy::Await)));
    for (name, drivers) in [("gateway-a", 0..DRIVERS / 2), ("gateway-b", DRIVERS / 2..DRIVERS)] {
        let source = EventSource::new(Key::new(name)?, 0);
        tasks.spawn(run_gateway(source, drivers, phones.clone(), clock.clone(), engine.publisher(Policy::Await)));
    }

    // A rider asks for a trip. Who can be there soonest?
    let trip = Key::new("ride-1")?;
    let (pickup, dropoff) = (Coord::from_degrees(41.150, -9.500)?, Coord::from_degrees(41.159, -9.486)?);
    let nearest = loop {
        match view.nearest(pickup, 3, Seconds(900.0))?.value {
            found if found.len() == 3 => break found,
            _ => sleep(SECOND).await,
        }
    };
    nearest.iter().for_each(|near| println!("driver {:>3} can be there in {}", near.driver, minutes(near.travel.0)));
    let driver = nearest[0].driver.clone();

    // The trip's arrival times come as a stream, from its request to its end.
    let mut etas = engine.subscribe(&trip)?;
    let printer = tokio::spawn(async move {
        while let Some(eta) = etas.next().await {
            println!("{}", describe(&eta));
        }
    });
    let (mut desk, mut publisher) = (EventSource::new(Key::new("desk")?, 0), engine.publisher(Policy::Await));
    let now = || *clock.borrow();
    publisher.publish(desk.requested(now(), trip.clone(), pickup, dropoff)).await?;
    publisher.publish(desk.assigned(now(), trip.clone(), driver.clone())).await?;

    // He drives to the rider, and with him to where he wants to go.
    let phone = (0..DRIVERS).find(|&phone| Key::from(phone as u64) == driver).ok_or("nobody's phone")?;
    let here = phones.lock().await[phone];
    let way = view.route(here, pickup)?.value.ok_or("no way to the pickup")?;
    drive(&way, phone, &phones, clock.clone(), &view).await?;
    publisher.publish(desk.picked_up(now(), trip.clone())).await?;
    let way = view.route(pickup, dropoff)?.value.ok_or("no way to the dropoff")?;
    drive(&way, phone, &phones, clock.clone(), &view).await?;
    publisher.publish(desk.completed(now(), trip)).await?;
    printer.await?;

    // What cannot be used is counted and kept, and disturbs nothing else.
    publisher.publish_json(br#"{"specversion":"1.0","type":"driver.beamed.up","source":"x","id":"1"}"#).await?;
    publisher.publish(desk.completed(now(), Key::new("ride-99")?)).await?;
    tasks.shutdown().await;
    let dead_letters = engine.dead_letters().clone();
    let summary = engine.shutdown().await?;
    dead_letters.read(0, 10).0.iter().for_each(|letter| println!("dead letter: {}: {}", letter.reason, letter.detail));
    println!("{}, all accounted for: {}", summary.accounts, summary.accounts.balance());
    println!("{} outputs, digest {}", summary.outputs, summary.outputs_digest);
    Ok(())
}

/// Lets the city's seconds pass.
async fn run_clock(hand: watch::Sender<Timestamp>, mut publisher: Publisher) -> Result<(), PublishError> {
    loop {
        sleep(SECOND).await;
        hand.send_modify(|now| *now = *now + Span::from_secs(1));
        let now = *hand.borrow();
        publisher.advance_to(now).await?;
    }
}

/// Publishes a fix of each driver every second.
async fn run_gateway(
    mut source: EventSource,
    drivers: Range<usize>,
    phones: Phones,
    mut clock: watch::Receiver<Timestamp>,
    mut publisher: Publisher,
) -> Result<(), PublishError> {
    while clock.changed().await.is_ok() {
        let now = *clock.borrow_and_update();
        let places = phones.lock().await[drivers.clone()].to_vec();
        let fix = |(driver, place)| source.location(now, Key::from(driver as u64), GpsFix::at(place));
        publisher.publish_batch(drivers.clone().zip(places).map(fix).collect()).await?;
    }
    Ok(())
}

/// Moves a phone along a route, a quarter slower than the roads allow.
async fn drive(
    route: &Route,
    phone: usize,
    phones: &Phones,
    mut clock: watch::Receiver<Timestamp>,
    view: &View,
) -> Result<(), watch::error::RecvError> {
    let (begin, mut driven_mm) = (*clock.borrow(), 0);
    while driven_mm < route.length_mm {
        clock.changed().await?;
        let elapsed_ms = 1e3 * clock.borrow_and_update().since(begin).secs_f64();
        driven_mm = (0.75 * elapsed_ms / f64::from(route.duration) * route.length_mm as f64) as u64;
        let at = route.position_at(view.network(), driven_mm);
        let place = view.network().coord_at(at.edge, at.offset_mm);
        phones.lock().await[phone] = place;
    }
    Ok(())
}

fn describe(eta: &EtaUpdate) -> String {
    let left = |at: Timestamp| minutes(at.since(eta.as_of).secs_f64());
    let pickup = eta.pickup_at.map_or_else(String::new, |at| format!("pickup in {}, ", left(at)));
    let arrival = eta.arrival.map(|at| format!("arrival in {} ({} to {})", left(at.p50), left(at.p10), left(at.p90)));
    let since_start = minutes(eta.as_of.since(START).secs_f64());
    format!("{since_start}  {:<9}  {pickup}{}", eta.cause, arrival.as_deref().unwrap_or("no way leads there"))
}

fn minutes(seconds: f64) -> String {
    let seconds = seconds.round() as i64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
