use std::path::Path;
use std::sync::Arc;

use etaflow_road::{Coord, Fix, KubickaTrack, Network, OpenError, SyntheticCity, is_kubicka, open_network};
use etaflow_simulator::{TaxiTrip, read_trips_file};

use super::fleet::{FIXES_EACH, Fleet, VEHICLES};
use crate::{GroupError, Request};

/// How many nodes the made-up city has if nothing else is said.
const NODES: usize = 20_000;

/// How many seconds are between two fixes of those who drive through a network, or replay a track.
const SAMPLINGS_S: [usize; 4] = [1, 5, 10, 30];
/// And between those of a taxi trip.
const TRIPS_S: usize = (TaxiTrip::FIX_INTERVAL.micros() / 1_000_000) as usize;

/// Where the fixes come from.
pub(super) struct Source {
    pub(super) network: Arc<Network>,
    recorded: Vec<Recorded>,
}

/// What real vehicles sent.
struct Recorded {
    name: &'static str,
    tracks: Vec<Vec<Fix>>,
    /// With how many seconds between fixes they are replayed.
    samplings_s: &'static [usize],
}

/// A fleet that has not been made yet.
pub(super) struct Plan<'a> {
    network: &'a Arc<Network>,
    recorded: Option<&'a Recorded>,
    pub(super) sampling_s: usize,
}

impl Source {
    pub(super) fn open(request: &Request) -> Result<Self, GroupError> {
        let mut recorded = Vec::new();
        let network = match &request.network {
            Some(path) if is_kubicka(path) => {
                let read = KubickaTrack::read(path);
                let track = read.map_err(|source| OpenError::Kubicka { path: path.clone(), source })?;
                let tracks = vec![track.fixes];
                recorded.push(Recorded { name: "real track", tracks, samplings_s: &SAMPLINGS_S });
                track.network
            }
            Some(path) => open_network(path)?,
            None => {
                let nodes = request.nodes.unwrap_or(NODES);
                SyntheticCity { nodes, ..SyntheticCity::default() }.build()
            }
        };
        if let Some(path) = &request.trips {
            recorded.push(Recorded { name: "taxi trips", tracks: trips(path, &network)?, samplings_s: &[TRIPS_S] });
        }
        Ok(Self { network: Arc::new(network), recorded })
    }

    /// All fleets that there can be: those that drive, then what was recorded.
    pub(super) fn fleets(&self) -> Vec<Plan<'_>> {
        let network = &self.network;
        let driving = SAMPLINGS_S.iter().map(|&sampling_s| Plan { network, recorded: None, sampling_s });
        let replaying = self.recorded.iter().flat_map(|recorded| {
            let plan = move |&sampling_s| Plan { network, recorded: Some(recorded), sampling_s };
            recorded.samplings_s.iter().map(plan)
        });
        driving.chain(replaying).collect()
    }
}

impl Plan<'_> {
    pub(super) fn name(&self) -> String {
        format!("{}, {} s", self.recorded.map_or("drives", |recorded| recorded.name), self.sampling_s)
    }

    pub(super) fn fleet(&self) -> Fleet {
        match self.recorded {
            None => Fleet::driving(self.network, VEHICLES, FIXES_EACH, self.sampling_s),
            Some(recorded) => Fleet::replaying(&recorded.tracks, VEHICLES, FIXES_EACH, self.sampling_s),
        }
    }
}

/// The trips of a file that are within the bounds of a network.
fn trips(path: &Path, network: &Network) -> Result<Vec<Vec<Fix>>, GroupError> {
    let read = read_trips_file(path).map_err(|source| GroupError::Trips { path: path.to_path_buf(), source })?;
    let (low, high) = network.bounds().ok_or_else(|| GroupError::NoTripHere(path.to_path_buf()))?;
    let inside = |place: &Coord| {
        (low.lat_e7()..=high.lat_e7()).contains(&place.lat_e7())
            && (low.lon_e7()..=high.lon_e7()).contains(&place.lon_e7())
    };
    let fixes = |trip: &TaxiTrip| {
        trip.points.iter().enumerate().map(|(nth, &point)| Fix::new(trip.time_of(nth), point)).collect()
    };
    let here: Vec<Vec<Fix>> = read.trips.iter().filter(|trip| trip.points.iter().all(inside)).map(fixes).collect();
    if here.is_empty() { Err(GroupError::NoTripHere(path.to_path_buf())) } else { Ok(here) }
}
