use etaflow::GpsFix;

use super::config::WorldConfig;
use super::streets::{Place, Streets};
use crate::dice::Dice;

/// Below this a phone does not know where it is heading, metres per second.
const STANDING_MPS: f32 = 0.7;
/// How far a reflection throws a fix, metres.
const OUTLIER_M: (f64, f64) = (30.0, 120.0);

/// How phones see the world: fixes whose error changes slowly, as atmosphere and reflections make it (a first-order
/// Gauss-Markov process in each axis), with speed and heading measured apart.
#[derive(Debug)]
pub(super) struct Phones {
    sigma_m: f32,
    /// What one fix keeps of the error of the one before.
    keep: f32,
    /// The scale of what is new in it.
    fresh: f32,
    outlier_share: f64,
}

impl Phones {
    pub(super) fn new(config: &WorldConfig) -> Self {
        let keep = (-1.0 / (config.fix_rate_hz * config.gps_correlation_s)).exp();
        Self {
            sigma_m: config.gps_sigma_m as f32,
            keep: keep as f32,
            fresh: ((1.0 - keep * keep).sqrt() * config.gps_sigma_m) as f32,
            outlier_share: config.gps_outlier_share,
        }
    }

    /// The error that a phone begins with.
    pub(super) fn first_error(&self, dice: &mut Dice) -> [f32; 2] {
        let [x, y, ..] = dice.normals();
        [x * self.sigma_m, y * self.sigma_m]
    }

    /// The fix that a phone with this `error`, which moves on, makes at `place`.
    #[inline]
    pub(super) fn fix(
        &self,
        place: Place,
        speed_mps: f32,
        error: &mut [f32; 2],
        streets: &Streets,
        dice: &mut Dice,
    ) -> GpsFix {
        let [x, y, speed, heading, accuracy] = dice.normals();
        error[0] = error[0] * self.keep + x * self.fresh;
        error[1] = error[1] * self.keep + y * self.fresh;
        let (mut east, mut north) = (place.x + error[0], place.y + error[1]);
        // 1.5 sigma holds two thirds of the errors in two axes, which is what phones report.
        let mut accuracy_m = self.sigma_m * 1.5 * (1.0 + 0.15 * accuracy);
        if dice.chance(self.outlier_share) {
            let (angle, away) = (dice.between(0.0, std::f64::consts::TAU), dice.between(OUTLIER_M.0, OUTLIER_M.1));
            east += (away * angle.cos()) as f32;
            north += (away * angle.sin()) as f32;
            accuracy_m *= 3.0;
        }
        let measured = (speed_mps + 0.3 * speed).max(0.0);
        let fix = GpsFix::at(streets.coord(east, north))
            .with_accuracy_m(f64::from(accuracy_m.max(1.0)))
            .with_speed_mps(f64::from(measured));
        if speed_mps < STANDING_MPS {
            return fix;
        }
        let wobble = 3.0 + 15.0 / speed_mps;
        fix.with_heading_deg(f64::from(place.heading + wobble * heading))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::town;

    #[test]
    fn errors_have_the_sigma_and_the_correlation_that_were_asked_for() {
        let network = town();
        let streets = Streets::new(&network);
        let config = WorldConfig { gps_outlier_share: 0.0, ..WorldConfig::default() };
        let (phones, mut dice) = (Phones::new(&config), Dice::new(3, 0));
        let place = streets.place(0, 5.0, &mut 0);
        let truth = streets.coord(place.x, place.y);
        let (mut square, mut product, mut count) = (0.0, 0.0, 0.0);
        for _ in 0..400 {
            let mut error = phones.first_error(&mut dice);
            for _ in 0..100 {
                let before = error[0];
                let fix = phones.fix(place, 10.0, &mut error, &streets, &mut dice);
                let away = fix.coord().distance(truth).0;
                assert!((away - f64::from(error[0].hypot(error[1]))).abs() < 0.05);
                square += f64::from(error[0] * error[0]);
                product += f64::from(error[0] * before);
                count += 1.0;
            }
        }
        let (sigma, correlation) = ((square / count).sqrt(), product / square);
        assert!((sigma - 4.0).abs() < 0.25, "{sigma}");
        assert!((correlation - (-1.0_f64 / 20.0).exp()).abs() < 0.03, "{correlation}");
    }

    #[test]
    fn who_stands_has_no_heading_and_outliers_are_as_many_as_asked_for() {
        let network = town();
        let streets = Streets::new(&network);
        let config = WorldConfig { gps_outlier_share: 0.05, ..WorldConfig::default() };
        let (phones, mut dice) = (Phones::new(&config), Dice::new(4, 0));
        let place = streets.place(0, 5.0, &mut 0);
        let truth = streets.coord(place.x, place.y);
        let mut error = [0.0; 2];
        let mut far = 0;
        for _ in 0..20_000 {
            let fix = phones.fix(place, 0.0, &mut error, &streets, &mut dice);
            assert_eq!(fix.heading_deg(), None);
            far += usize::from(fix.coord().distance(truth).0 > 25.0);
        }
        assert!((800..1_200).contains(&far), "{far}");
        assert!(phones.fix(place, 9.0, &mut error, &streets, &mut dice).heading_deg().is_some());
    }
}
