use std::sync::Arc;

use etaflow_road::{EdgeId, Fix, Network, Sampling, Span, Timestamp};

use super::drive::{Drive, Roads};
use crate::Random;

/// How many vehicles there are.
pub const VEHICLES: usize = 2_000;
/// How many fixes each of them sends.
pub const FIXES_EACH: usize = 60;

/// What many vehicles send, in the order of time: a fix is hardly ever of the same vehicle as the one before, so that
/// what is remembered of a vehicle has left the caches when its next fix comes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fleet {
    /// How many vehicles.
    pub vehicles: usize,
    /// The fixes with their vehicles, numbered from 0, in the order of time.
    pub fixes: Vec<(u32, Fix)>,
    /// On which edge the vehicle was at each of the fixes; empty where that is not known.
    pub edges: Vec<EdgeId>,
    /// How many of the fixes were sent by a vehicle that stood, where that is known.
    pub standing: usize,
}

impl Fleet {
    /// Vehicles that drive through a network, each with `fixes_each` fixes, one every `sampling_s` seconds. The same
    /// each time.
    ///
    /// They keep to fastest ways and stand at some junctions. The fixes are some 5 m off, and the error of one second is
    /// much like that of the second before. Times begin at 0; when within `sampling_s` a vehicle sends is up to it.
    ///
    /// # Panics
    /// If the network has no edge.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use etaflow_benches::matching::Fleet;
    /// use etaflow_road::SyntheticCity;
    ///
    /// let city = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    /// let fleet = Fleet::driving(&city, 3, 5, 10);
    /// assert_eq!(fleet.fixes.len(), 15);
    /// ```
    pub fn driving(network: &Arc<Network>, vehicles: usize, fixes_each: usize, sampling_s: usize) -> Self {
        let mut roads = Roads::new(network);
        let mut random = Random(sampling_s as u64);
        let mut sent = Vec::with_capacity(vehicles * fixes_each);
        let mut standing = 0;
        for vehicle in 0..vehicles {
            let mut drive = Drive::new(&roads, random.below(usize::MAX) as u64);
            let phase = Span::from_micros(random.below(sampling_s * 1_000_000) as i64);
            for nth in 0..fixes_each {
                let time = Timestamp::from_secs((nth * sampling_s) as i64) + phase;
                sent.push((vehicle as u32, Fix::new(time, drive.seen(network)), Some(drive.edge())));
                standing += usize::from(drive.stands());
                (0..sampling_s).for_each(|_| drive.second(&mut roads));
            }
        }
        Self { standing, ..Self::in_order(vehicles, sent) }
    }

    /// Vehicles that have sent what others sent before: each of the `tracks` is replayed by as many, from its beginning
    /// or from somewhere on it, `fixes_each` fixes or as many as there are.
    ///
    /// Of a track, only fixes are used that are at least `sampling_s` seconds after the one before. They keep the time
    /// that was between them; when the first one is sent is up to the vehicle.
    pub fn replaying(tracks: &[Vec<Fix>], vehicles: usize, fixes_each: usize, sampling_s: usize) -> Self {
        let tracks: Vec<Vec<Fix>> = tracks.iter().map(|track| sampled(track, sampling_s)).collect();
        let mut random = Random(sampling_s as u64);
        let mut sent = Vec::new();
        for (vehicle, track) in (0..vehicles).zip(tracks.iter().filter(|track| !track.is_empty()).cycle()) {
            let count = track.len().min(fixes_each);
            let first = random.below(track.len() - count + 1);
            let phase = Span::from_micros(random.below(sampling_s * 1_000_000) as i64);
            for fix in &track[first..first + count] {
                let time = Timestamp::from_secs(0) + fix.time.since(track[first].time) + phase;
                sent.push((vehicle as u32, Fix { time, ..*fix }, None));
            }
        }
        Self::in_order(vehicles, sent)
    }

    fn in_order(vehicles: usize, mut sent: Vec<(u32, Fix, Option<EdgeId>)>) -> Self {
        sent.sort_by_key(|&(vehicle, fix, _)| (fix.time, vehicle));
        let edges = sent.iter().filter_map(|&(_, _, edge)| edge).collect();
        Self { vehicles, fixes: sent.iter().map(|&(vehicle, fix, _)| (vehicle, fix)).collect(), edges, standing: 0 }
    }
}

/// The fixes that are at least so many seconds after the one before.
fn sampled(track: &[Fix], sampling_s: usize) -> Vec<Fix> {
    let mut sampling = Sampling::every(Span::from_secs(sampling_s as i64));
    track.iter().filter(|fix| sampling.keeps(fix.time)).copied().collect()
}

#[cfg(test)]
mod tests {
    use etaflow_road::SyntheticCity;

    use super::*;

    fn city() -> Arc<Network> {
        Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build())
    }

    #[test]
    fn vehicles_drive_as_vehicles_do() {
        let city = city();
        let fleet = Fleet::driving(&city, 200, 100, 5);
        assert_eq!(fleet, Fleet::driving(&city, 200, 100, 5), "the same each time");
        assert_eq!((fleet.fixes.len(), fleet.edges.len()), (20_000, 20_000));
        let share = fleet.standing as f64 / fleet.fixes.len() as f64;
        assert!((0.08..0.25).contains(&share), "{share} of the fixes are of vehicles that stand");
        let same = fleet.fixes.windows(2).filter(|pair| pair[0].0 == pair[1].0).count();
        assert!(same * 20 < fleet.fixes.len(), "{same} fixes come right after one of the same vehicle");
        assert!(fleet.fixes.is_sorted_by_key(|(_, fix)| fix.time));
        let mut last: Vec<Option<Fix>> = vec![None; 200];
        let (mut metres, mut legs) = (0.0, 0);
        for &(vehicle, fix) in &fleet.fixes {
            if let Some(before) = last[vehicle as usize].replace(fix) {
                assert_eq!(fix.time.since(before.time), Span::from_secs(5));
                metres += before.coord.distance(fix.coord).0;
                legs += 1;
            }
        }
        let speed_mps = metres / f64::from(legs) / 5.0;
        assert!((4.0..15.0).contains(&speed_mps), "{speed_mps} m/s on the average");
    }

    #[test]
    fn tracks_are_replayed_from_anywhere_on_them() {
        let place = city().coord(etaflow_road::NodeId(0));
        let track = |seconds: i64| (0..seconds).map(|at| Fix::new(Timestamp::from_secs(1_000 + at), place)).collect();
        let fleet = Fleet::replaying(&[track(100), Vec::new(), track(7)], 6, 8, 3);
        let counts: Vec<usize> =
            (0..6).map(|vehicle| fleet.fixes.iter().filter(|(other, _)| *other == vehicle).count()).collect();
        assert_eq!(counts, [8, 3, 8, 3, 8, 3]);
        let first = fleet.fixes.iter().map(|(_, fix)| fix.time).min().expect("there are fixes");
        assert!(first >= Timestamp::from_secs(0) && first < Timestamp::from_secs(3));
        assert!(fleet.edges.is_empty());
    }
}
