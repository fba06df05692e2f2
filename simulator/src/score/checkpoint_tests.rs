use proptest::prelude::*;

use super::*;

fn trip(trip_id: u64, departure_s: i64, arrival_s: i64) -> TrueTrip {
    let (departure, arrival) = (Timestamp::from_secs(departure_s), Timestamp::from_secs(arrival_s));
    TrueTrip { trip_id, departure, arrival, ordinary: arrival_s - departure_s >= 60 }
}

fn prediction(trip_id: u64, at_s: i64, [p10, p50, p90]: [i64; 3]) -> Prediction {
    Prediction {
        trip_id,
        predicted_at: Timestamp::from_secs(at_s),
        elapsed: Span::ZERO,
        arrival_p10: Timestamp::from_secs(p10),
        arrival_p50: Timestamp::from_secs(p50),
        arrival_p90: Timestamp::from_secs(p90),
        cause: "fix".into(),
    }
}

#[test]
fn the_last_prediction_up_to_the_moment_counts() {
    let trips = [trip(1, 1_000, 1_400)];
    let predictions = [
        prediction(1, 1_100, [1_300, 1_390, 1_399]), // at exactly 25 %
        prediction(1, 1_000, [1_200, 1_300, 1_500]),
        prediction(1, 1_101, [1_395, 1_401, 1_410]),
        prediction(1, 1_000, [1_200, 1_350, 1_500]), // replaces the other of its time
    ];
    let scored = score(&trips, &predictions);
    let errors: Vec<_> = scored.all.iter().map(|row| row.stats.bias_s.unwrap()).collect();
    assert_eq!(errors, [-50.0, -10.0, 1.0, 1.0]);
    let relative: Vec<_> = scored.all.iter().map(|row| row.stats.mape.unwrap()).collect();
    assert_eq!(relative, [50.0 / 400.0, 10.0 / 300.0, 1.0 / 200.0, 1.0 / 100.0]);
    let coverage: Vec<_> = scored.all.iter().map(|row| row.stats.coverage.unwrap()).collect();
    assert_eq!(coverage, [1.0, 0.0, 1.0, 1.0]);
}

#[test]
fn trips_without_predictions_are_counted() {
    let trips = [trip(1, 0, 400), trip(2, 0, 400), trip(3, 0, 0)];
    let predictions = [prediction(2, 150, [1, 2, 3]), prediction(9, 0, [1, 2, 3])];
    let scored = score(&trips, &predictions);
    assert_eq!(scored.predictions_foreign, 1);
    assert_eq!((scored.trips, scored.trips_peculiar), (3, 1));
    let missing: Vec<_> = scored.all.iter().map(|row| row.missing).collect();
    assert_eq!(missing, [3, 3, 2, 2]);
    let missing: Vec<_> = scored.ordinary.iter().map(|row| row.missing).collect();
    assert_eq!(missing, [2, 2, 1, 1]);
}

#[test]
fn json_names_the_moments() {
    let scored = score(&[trip(1, 0, 100)], &[prediction(1, 0, [90, 100, 110])]);
    let json = serde_json::to_value(&scored).unwrap();
    assert_eq!(json["all"][0]["at"], "departure");
    assert_eq!(json["all"][1]["at"], "25%");
    assert_eq!(json["all"][0]["mae_s"], 0.0);
    assert_eq!(serde_json::from_value::<Score>(json).unwrap(), scored);
}

/// The slow way: look at every prediction for every question.
fn by_looking_at_all(at: Checkpoint, trips: &[TrueTrip], predictions: &[Prediction]) -> CheckpointScore {
    let mut outcomes = Vec::new();
    let mut missing = 0;
    for trip in trips {
        let moment = at.moment(trip);
        let mut newest: Option<&Prediction> = None;
        for candidate in predictions.iter().filter(|row| row.trip_id == trip.trip_id && row.predicted_at <= moment) {
            if newest.is_none_or(|best| candidate.predicted_at >= best.predicted_at) {
                newest = Some(candidate);
            }
        }
        match newest {
            Some(prediction) => outcomes.push(Outcome::new(prediction, moment, trip.arrival)),
            None => missing += 1,
        }
    }
    CheckpointScore { at, missing, stats: ErrorStats::of(&outcomes) }
}

proptest! {
    #[test]
    fn equals_looking_at_all(
        trips in prop::collection::vec((0_u64..6, 0_i64..50, 0_i64..40), 0..8),
        rows in prop::collection::vec((0_u64..8, 0_i64..100, 0_i64..100), 0..40),
    ) {
        let trips: Vec<_> = trips.iter().map(|&(id, start, length)| trip(id, start, start + length)).collect();
        let rows: Vec<_> = rows.iter().map(|&(id, at, p50)| prediction(id, at, [p50 - 5, p50, p50 + 5])).collect();
        let scored = score(&trips, &rows);
        for (row, at) in scored.all.iter().zip(Checkpoint::ALL) {
            prop_assert_eq!(row, &by_looking_at_all(at, &trips, &rows));
            prop_assert_eq!(row.missing + row.stats.n, trips.len() as u64);
        }
    }
}
