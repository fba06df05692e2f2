use etaflow::{Coord, Metres, Span, Timestamp};

use crate::score::TrueTrip;

/// Two fixes that are closer than this are one place.
const SAME_PLACE: Metres = Metres(150.0);

/// Nobody gets further from one fix to the next: 750 m in 15 s is 180 km/h.
const STEP_MAX: Metres = Metres(750.0);

/// A shorter trip is hardly one.
const SHORT: Span = Span::from_secs(60);

/// A taxi's way with a passenger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxiTrip {
    /// Which trip.
    pub trip_id: u64,
    /// Which taxi.
    pub taxi_id: u64,
    /// When it left: the time of the first point.
    pub start: Timestamp,
    /// Where it was every [`FIX_INTERVAL`](Self::FIX_INTERVAL), from departure to arrival; at least one.
    pub points: Vec<Coord>,
}

/// What makes a recorded trip unlike one that somebody takes to get somewhere.
///
/// Such trips are replayed and scored like any other; the figures are given with and without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quirk {
    /// Under a minute from departure to arrival.
    Short,
    /// It never goes further than 150 m from where it began.
    Still,
    /// It goes more than 750 m from one fix to the next.
    Jumps,
    /// It goes away and ends within 150 m of where it began.
    Returns,
}

impl Quirk {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Short, Self::Still, Self::Jumps, Self::Returns];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Short => "under a minute",
            Self::Still => "stands still",
            Self::Jumps => "jumps",
            Self::Returns => "ends where it began",
        }
    }
}

impl TaxiTrip {
    /// From one point to the next.
    pub const FIX_INTERVAL: Span = Span::from_secs(15);

    /// When point `index` was passed.
    pub fn time_of(&self, index: usize) -> Timestamp {
        self.start + Span::from_micros(Self::FIX_INTERVAL.micros().saturating_mul(index as i64))
    }

    /// When it arrived: the time of the last point.
    pub fn arrival(&self) -> Timestamp {
        self.time_of(self.points.len().saturating_sub(1))
    }

    /// From departure to arrival.
    pub fn duration(&self) -> Span {
        self.arrival().since(self.start)
    }

    /// What is peculiar about it, in the order of [`Quirk::ALL`].
    pub fn quirks(&self) -> Vec<Quirk> {
        let (Some(&first), Some(&last)) = (self.points.first(), self.points.last()) else { return vec![Quirk::Short] };
        let still = self.points.iter().all(|point| first.distance(*point) <= SAME_PLACE);
        let jumps = self.points.windows(2).any(|pair| pair[0].distance(pair[1]) > STEP_MAX);
        let has = |quirk: &Quirk| match quirk {
            Quirk::Short => self.duration() < SHORT,
            Quirk::Still => still,
            Quirk::Jumps => jumps,
            Quirk::Returns => !still && first.distance(last) <= SAME_PLACE,
        };
        Quirk::ALL.into_iter().filter(has).collect()
    }

    /// What a prediction is held against; ordinary if it has no quirk.
    pub fn truth(&self) -> TrueTrip {
        TrueTrip {
            trip_id: self.trip_id,
            departure: self.start,
            arrival: self.arrival(),
            ordinary: self.quirks().is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a line to the east, so many metres from the first.
    fn check(metres: &[f64], expected: &[Quirk]) {
        let points = metres.iter().map(|metres| Coord::from_degrees(0.0, metres / 111_195.0).unwrap()).collect();
        let trip = TaxiTrip { trip_id: 1, taxi_id: 2, start: Timestamp::from_secs(1_000), points };
        assert_eq!(trip.quirks(), expected, "{metres:?}");
        assert_eq!(trip.truth().ordinary, expected.is_empty());
        assert_eq!(trip.duration(), Span::from_secs(15 * (metres.len() as i64 - 1)));
    }

    #[test]
    fn quirks_are_seen() {
        check(&[0.0, 200.0, 400.0, 600.0, 800.0], &[]);
        check(&[0.0, 200.0, 400.0, 600.0], &[Quirk::Short]);
        check(&[0.0], &[Quirk::Short, Quirk::Still]);
        check(&[0.0, 50.0, 100.0, 50.0, 140.0], &[Quirk::Still]);
        check(&[0.0, 740.0, 1_400.0, 700.0, 100.0], &[Quirk::Returns]);
        check(&[0.0, 760.0, 900.0, 1_000.0, 1_100.0], &[Quirk::Jumps]);
    }
}
