//! Tests that go by a seed: `ETAFLOW_SEED` tries one, `ETAFLOW_SEEDS` so many.

use std::ops::Range;
use std::panic::{RefUnwindSafe, catch_unwind, resume_unwind};

pub(crate) use super::dice::Dice;

/// How many seeds are asked for.
pub(crate) fn count() -> Option<u64> {
    number("ETAFLOW_SEEDS")
}

/// Runs each seed, or the one that is asked for, and says how to repeat one that fails: it is one of those `tests`.
pub(crate) fn try_all(tests: &str, seeds: Range<u64>, run: impl Fn(u64) + RefUnwindSafe) {
    let asked = number("ETAFLOW_SEED").map(|seed| seed..seed + 1);
    for seed in asked.unwrap_or(seeds) {
        if let Err(panic) = catch_unwind(|| run(seed)) {
            eprintln!("ETAFLOW_SEED={seed} cargo test -p etaflow --lib {tests}");
            resume_unwind(panic);
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}
