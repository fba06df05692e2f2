use crate::geo::Xy;

/// Random numbers that are the same on every platform (SplitMix64; Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// A stream of its own for each seed and topic, so that a change to one part of a city leaves the others alone.
    pub(super) fn new(seed: u64, topic: u64) -> Self {
        let mut random = Self { state: seed ^ topic.wrapping_mul(0xD605_1BDB_41E5_A4F3) };
        random.next();
        random.state ^= topic;
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// From 0, below 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From `low`, below `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Whether something of this probability happens.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// From 0, below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }
}

/// The unit vector at `turns` (1 is a whole turn) anticlockwise from east.
///
/// The standard library's sine differs in its last bit between platforms, and with it, now and then, a decision.
pub(super) fn direction(turns: f64) -> Xy {
    let quarters = turns * 4.0;
    let whole = (quarters + 0.5).floor();
    let angle = (quarters - whole) * std::f64::consts::FRAC_PI_2;
    let square = angle * angle;
    let series = |terms: [f64; 6]| terms.iter().rev().fold(0.0, |sum, term| sum * square + term);
    let cos = series([1.0, -1.0 / 2.0, 1.0 / 24.0, -1.0 / 720.0, 1.0 / 40_320.0, -1.0 / 3_628_800.0]);
    let sin = angle * series([1.0, -1.0 / 6.0, 1.0 / 120.0, -1.0 / 5_040.0, 1.0 / 362_880.0, -1.0 / 39_916_800.0]);
    match whole.rem_euclid(4.0) as u8 {
        0 => Xy { x: cos, y: sin },
        1 => Xy { x: -sin, y: cos },
        2 => Xy { x: -cos, y: -sin },
        _ => Xy { x: sin, y: -cos },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_is_that_of_the_standard_library() {
        for step in -400..400 {
            let turns = f64::from(step) / 97.0;
            let (sin, cos) = (turns * std::f64::consts::TAU).sin_cos();
            let found = direction(turns);
            assert!((found.x - cos).abs() < 1e-9 && (found.y - sin).abs() < 1e-9, "{turns}: {found:?}");
        }
    }

    #[test]
    fn the_stream_is_that_of_splitmix64() {
        // The first three numbers from seed 1234567 in Vigna's reference program.
        let mut random = Random { state: 1_234_567 };
        let first = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([random.next(), random.next(), random.next()], first);
    }
}
