/// How values become lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum ScaleKind {
    /// A step is a difference.
    Linear,
    /// A step is a factor; for values above 0.
    Log,
}

/// More decades than this have no room for their labels; what is smaller lies on the floor.
const DECADES_MAX: i32 = 9;

/// From values to places between 0 and 1, with ticks at round values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    kind: ScaleKind,
    low: f64,
    high: f64,
    pub(super) ticks: Vec<f64>,
}

impl Scale {
    /// For an axis of values: holds all of `values` and ends at ticks. A linear one holds 0 too.
    pub(super) fn around(kind: ScaleKind, values: impl Iterator<Item = f64>) -> Self {
        let finite = values.filter(|value| value.is_finite() && value.abs() < 1e15);
        match kind {
            ScaleKind::Linear => {
                let (low, high) =
                    finite.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
                let step = round_step((high - low) / 4.0);
                // What is a tick but for rounding is a tick, and adds no empty floor.
                let low = (low / step + 1e-9).floor() * step;
                let high = ((high / step - 1e-9).ceil() * step).max(low + step);
                Self::linear(low, high, step)
            }
            ScaleKind::Log => {
                let positive = finite.filter(|&value| value > 1e-15);
                let (low, high) = positive.fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
                let (low, high) = if high > 0.0 { (low, high) } else { (1.0, 10.0) };
                let last = high.log10().ceil() as i32;
                let first = (low.log10().floor() as i32).clamp(last - DECADES_MAX, last - 1);
                let ticks = (first..=last).map(|decade| 10_f64.powi(decade)).collect();
                Self { kind, low: 10_f64.powi(first), high: 10_f64.powi(last), ticks }
            }
        }
    }

    /// For an axis of time: exactly from `low` to `high`, with ticks at round values between.
    pub(super) fn exact(low: f64, high: f64) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self::linear(low, high, round_step((high - low) / 8.0))
    }

    fn linear(low: f64, high: f64, step: f64) -> Self {
        let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        let ticks = (first..=last).map(|tick| tick as f64 * step).collect();
        Self { kind: ScaleKind::Linear, low, high, ticks }
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end; held to that range.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = match self.kind {
            ScaleKind::Linear => (value - self.low) / (self.high - self.low),
            ScaleKind::Log if value > 0.0 => (value / self.low).ln() / (self.high / self.low).ln(),
            ScaleKind::Log => 0.0,
        };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The smallest of 1, 2, 5, 10, 20, ... (and their tenths) that is `step` or more.
fn round_step(step: f64) -> f64 {
    if step <= 1e-12 {
        return 1.0;
    }
    let decade = 10_f64.powf(step.log10().floor());
    let round = [1.0, 2.0, 5.0].into_iter().find(|round| round * decade >= step * (1.0 - 1e-9)).unwrap_or(10.0);
    round * decade
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(kind: ScaleKind, values: &[f64], ticks: &[f64]) {
        let scale = Scale::around(kind, values.iter().copied());
        assert_eq!(scale.ticks.len(), ticks.len(), "{values:?}: {:?}", scale.ticks);
        for (tick, expected) in scale.ticks.iter().zip(ticks) {
            assert!((tick - expected).abs() < 1e-9 * expected.abs().max(1.0), "{values:?}: {:?}", scale.ticks);
        }
    }

    #[test]
    fn ticks_are_round() {
        check(ScaleKind::Linear, &[0.0, 20_000.0], &[0.0, 5_000.0, 10_000.0, 15_000.0, 20_000.0]);
        check(ScaleKind::Linear, &[-30.0, 110.0], &[-50.0, 0.0, 50.0, 100.0, 150.0]);
        check(ScaleKind::Linear, &[], &[0.0, 1.0]);
        check(ScaleKind::Log, &[0.4, 30.0], &[0.1, 1.0, 10.0, 100.0]);
        check(ScaleKind::Log, &[0.0, -1.0], &[1.0, 10.0]);
        assert_eq!(Scale::exact(0.0, 60.0).ticks, [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
    }

    proptest! {
        #[test]
        fn every_value_has_its_place(values in prop::collection::vec(any::<f64>(), 0..20), log in any::<bool>()) {
            let kind = if log { ScaleKind::Log } else { ScaleKind::Linear };
            let scale = Scale::around(kind, values.iter().copied());
            prop_assert!((2..=40).contains(&scale.ticks.len()), "{:?}", scale.ticks);
            for value in values {
                prop_assert!((0.0..=1.0).contains(&scale.place(value)));
            }
            prop_assert!(scale.ticks.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
