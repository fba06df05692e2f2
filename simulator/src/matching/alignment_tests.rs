use proptest::prelude::*;

use super::*;

/// Places every 5 m along the corners of a way.
fn places(corners: &[[f64; 2]]) -> Vec<Place> {
    let (mut places, mut begin_m) = (Vec::new(), 0.0);
    for pair in corners.windows(2) {
        let [from, to] = [pair[0], pair[1]].map(|[x, y]| Xy { x, y });
        let length_m = from.distance(to);
        let parts = (length_m / 5.0).ceil();
        places.extend((0..=parts as usize).map(|part| {
            let share = part as f64 / parts;
            let at = Xy { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
            Place { along_m: begin_m + length_m * share, at }
        }));
        begin_m += length_m;
    }
    places
}

fn along(fixes: &[[f64; 2]], places: &[Place]) -> Vec<Option<f64>> {
    let fixes: Vec<Xy> = fixes.iter().map(|&[x, y]| Xy { x, y }).collect();
    let along = |aligned| match aligned {
        // Lengths are sums, and not exact.
        Aligned::At(place) => Some((places[place].along_m * 1e6).round() / 1e6),
        Aligned::OutOfOrder | Aligned::Far => None,
    };
    align(&fixes, places).into_iter().map(along).collect()
}

#[test]
fn there_and_back_are_told_apart() {
    let places = places(&[[0.0, 0.0], [200.0, 0.0], [0.0, 0.0]]);
    let fixes = [[50.0, 3.0], [100.0, -4.0], [150.0, 1.0], [190.0, 0.0], [150.0, 2.0], [100.0, 0.0], [50.0, 1.0]];
    let expected = [50.0, 100.0, 150.0, 190.0, 250.0, 300.0, 350.0].map(Some);
    assert_eq!(along(&fixes, &places), expected);
}

#[test]
fn the_rounds_of_a_loop_are_told_apart() {
    let round = [[0.0, 0.0], [200.0, 0.0], [200.0, 200.0], [0.0, 200.0]];
    let places = places(&[&round[..], &round, &[[0.0, 0.0]]].concat());
    let once = [[100.0, 0.0], [200.0, 100.0], [100.0, 200.0], [0.0, 100.0]];
    let expected = [100.0, 300.0, 500.0, 700.0, 900.0, 1_100.0, 1_300.0, 1_500.0].map(Some);
    assert_eq!(along(&[once, once].concat(), &places), expected);
}

#[test]
fn noise_goes_back_a_little_and_no_farther() {
    let places = places(&[[0.0, 0.0], [200.0, 0.0]]);
    assert_eq!(along(&[[100.0, 0.0], [90.0, 0.0], [110.0, 0.0]], &places), [100.0, 90.0, 110.0].map(Some));
    // The one fix that does not fit is left out, not the many that do.
    let fixes = [[60.0, 0.0], [180.0, 0.0], [70.0, 0.0], [80.0, 0.0], [90.0, 0.0]];
    assert_eq!(along(&fixes, &places), [Some(60.0), None, Some(70.0), Some(80.0), Some(90.0)]);
}

#[test]
fn a_fix_that_is_far_from_all_is_nowhere() {
    let places = places(&[[0.0, 0.0], [200.0, 0.0]]);
    let fixes = [Xy { x: 20.0, y: 49.0 }, Xy { x: 30.0, y: 51.0 }, Xy { x: 40.0, y: 0.0 }];
    assert_eq!(align(&fixes, &places), [Aligned::At(4), Aligned::Far, Aligned::At(8)]);
    assert_eq!(align(&[], &places), []);
    assert_eq!(align(&fixes[..1], &[]), [Aligned::Far]);
}

/// The least cost of all there are: every sequence of farthest places that does not fall, with the best place behind.
fn least(fixes: &[Xy], places: &[Place], farthest: usize) -> f64 {
    let Some((&fix, rest)) = fixes.split_first() else { return 0.0 };
    let costs = (farthest..places.len()).map(|reached| {
        let behind = places[..=reached].iter().filter(|place| places[reached].along_m - place.along_m <= BACK_M);
        let squared = behind.map(|place| place.at.distance(fix).powi(2)).filter(|&squared| squared < NEAR_M * NEAR_M);
        squared.fold(NEAR_M * NEAR_M, f64::min) + least(rest, places, reached)
    });
    costs.fold(f64::INFINITY, f64::min)
}

/// What an alignment costs; `None` if it goes back too far.
fn cost(fixes: &[Xy], places: &[Place], aligned: &[Aligned]) -> Option<f64> {
    let (mut farthest_m, mut sum) = (f64::NEG_INFINITY, 0.0);
    for (fix, aligned) in fixes.iter().zip(aligned) {
        let Aligned::At(place) = aligned else {
            sum += NEAR_M * NEAR_M;
            continue;
        };
        farthest_m = places[*place].along_m.max(farthest_m);
        if farthest_m - places[*place].along_m > BACK_M {
            return None;
        }
        sum += places[*place].at.distance(*fix).powi(2);
    }
    Some(sum)
}

fn points(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Xy>> {
    prop::collection::vec((-60.0..60.0, -60.0..60.0).prop_map(|(x, y)| Xy { x, y }), count)
}

proptest! {
    #[test]
    fn it_is_the_best_of_all(fixes in points(0..5), at in points(1..7), steps in prop::collection::vec(0.0..20.0, 7)) {
        let mut along_m = 0.0;
        let place = |(at, step): (Xy, f64)| {
            along_m += step;
            Place { along_m, at }
        };
        let places: Vec<Place> = at.into_iter().zip(steps).map(place).collect();
        let aligned = align(&fixes, &places);
        let cost = cost(&fixes, &places, &aligned);
        prop_assert!(cost.is_some(), "{aligned:?}");
        let (cost, least) = (cost.unwrap_or_default(), least(&fixes, &places, 0));
        prop_assert!((cost - least).abs() < 1e-6, "{cost} is not {least}: {aligned:?}");
    }
}
