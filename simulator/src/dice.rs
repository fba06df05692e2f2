//! Seeded randomness: the only source of chance in the simulator.

use std::sync::LazyLock;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Steps of the normal table; a power of two, so that bits index it.
const NORMAL_STEPS: usize = 4_096;

/// The quantiles of the standard normal distribution at the middles of [`NORMAL_STEPS`] equal shares, scaled to
/// variance 1: a draw is one look-up. It ends at 3.6 sigma.
static NORMAL: LazyLock<Box<[f32; NORMAL_STEPS]>> = LazyLock::new(|| {
    let raw: Vec<f64> = (0..NORMAL_STEPS).map(|step| quantile((step as f64 + 0.5) / NORMAL_STEPS as f64)).collect();
    let variance = raw.iter().map(|value| value * value).sum::<f64>() / NORMAL_STEPS as f64;
    let mut table = Box::new([0.0; NORMAL_STEPS]);
    for (scaled, value) in table.iter_mut().zip(&raw) {
        *scaled = (value / variance.sqrt()) as f32;
    }
    table
});

/// A stream of random numbers that a seed decides.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    rng: ChaCha8Rng,
    normal: &'static [f32; NORMAL_STEPS],
}

impl Dice {
    /// The stream of that number of that seed; streams of one seed are independent.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self { rng, normal: &NORMAL }
    }

    #[inline]
    pub(crate) fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// From 0 up to but not including 1.
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From `low` up to `high`.
    #[inline]
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number below `limit`, which must be above 0.
    #[inline]
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.bits()) * limit as u128) >> 64) as usize
    }

    #[inline]
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    pub(crate) fn normal(&mut self) -> f64 {
        f64::from(self.normal[(self.bits() >> 52) as usize])
    }

    /// Five independent standard normals for the price of one draw.
    #[inline]
    pub(crate) fn normals(&mut self) -> [f32; 5] {
        let bits = self.bits();
        std::array::from_fn(|nth| self.normal[(bits >> (12 * nth + 4)) as usize % NORMAL_STEPS])
    }
}

/// A number in 0..1 that `value` decides (SplitMix64's finaliser).
pub(crate) fn hash_unit(value: u64) -> f64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A standard normal number that `value` decides.
pub(crate) fn hash_normal(value: u64) -> f64 {
    quantile(hash_unit(value).clamp(1e-9, 1.0 - 1e-9))
}

/// The standard normal quantile of `share` in (0, 1), to 4.5e-4 (Abramowitz and Stegun, 26.2.23).
fn quantile(share: f64) -> f64 {
    let tail = share.min(1.0 - share);
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let distance = t - above / below;
    if share < 0.5 { -distance } else { distance }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_have_mean_0_and_variance_1_and_do_not_correlate() {
        let mut dice = Dice::new(1, 0);
        let draws: Vec<[f32; 5]> = (0..100_000).map(|_| dice.normals()).collect();
        for one in 0..5 {
            for other in 0..5 {
                let product: f64 = draws.iter().map(|draw| f64::from(draw[one] * draw[other])).sum();
                let expected = if one == other { 1.0 } else { 0.0 };
                assert!((product / 1e5 - expected).abs() < 0.02, "{one} and {other}: {product}");
            }
            let mean = draws.iter().map(|draw| f64::from(draw[one])).sum::<f64>() / 1e5;
            assert!(mean.abs() < 0.015, "{mean}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_normal_distribution() {
        for (share, expected) in [(0.5, 0.0), (0.975, 1.959_96), (0.841_344_7, 1.0), (0.001, -3.090_23)] {
            assert!((quantile(share) - expected).abs() < 5e-4, "{share}");
        }
    }

    #[test]
    fn streams_of_a_seed_differ_and_repeat() {
        let draw = |stream| Dice::new(7, stream).bits();
        assert_eq!(draw(0), draw(0));
        assert_ne!(draw(0), draw(1));
    }
}
