use etaflow::{Clock, WallClock};

/// What a measurement counts, and which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Millions of items a second: more is better.
    MillionItemsPerSecond,
    /// Microseconds an operation: less is better.
    MicrosecondsPerOperation,
}

impl Unit {
    /// As it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MillionItemsPerSecond => "M items/s",
            Self::MicrosecondsPerOperation => "us/op",
        }
    }

    /// What `count` items or operations in a time are in this unit.
    fn of(self, count: u64, elapsed_us: f64) -> f64 {
        match self {
            Self::MillionItemsPerSecond => count as f64 / elapsed_us,
            Self::MicrosecondsPerOperation => elapsed_us / count as f64,
        }
    }

    fn speedup(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Self::MillionItemsPerSecond => ours / theirs,
            Self::MicrosecondsPerOperation => theirs / ours,
        }
    }
}

/// One operation, done by us and by one peer on the same work.
pub struct Comparison {
    /// What is done.
    pub operation: String,
    /// Who else does it.
    pub peer: &'static str,
    /// What is counted.
    pub unit: Unit,
    /// How many items or operations one run is.
    pub count: u64,
    /// One run of ours.
    pub ours: Box<dyn FnMut()>,
    /// One run of theirs.
    pub theirs: Box<dyn FnMut()>,
}

/// What was measured: medians over the rounds.
#[derive(Debug, Clone)]
pub struct Row {
    /// The group it is of.
    pub group: &'static str,
    /// What was done.
    pub operation: String,
    /// Who else did it.
    pub peer: &'static str,
    /// What the figures count.
    pub unit: &'static str,
    /// Our figure.
    pub ours: f64,
    /// The peer's.
    pub theirs: f64,
    /// How many times better ours is; above 1 where it is.
    pub speedup: f64,
}

/// Runs ours and theirs in turns, one round to warm up and `rounds` that count; who goes first alternates, so that
/// neither has the machine at its better moments.
pub fn measure(group: &'static str, mut comparison: Comparison, rounds: usize) -> Row {
    let clock = WallClock::new();
    let time = |run: &mut dyn FnMut()| {
        let start = clock.now();
        run();
        clock.now().since(start).micros().max(1) as f64
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let first_ours = (round % 2 == 0).then(|| time(&mut comparison.ours));
        let theirs_us = time(&mut comparison.theirs);
        let ours_us = first_ours.unwrap_or_else(|| time(&mut comparison.ours));
        if round > 0 {
            ours.push(ours_us);
            theirs.push(theirs_us);
        }
    }
    let Comparison { operation, peer, unit, count, .. } = comparison;
    let (ours, theirs) = (unit.of(count, median(ours)), unit.of(count, median(theirs)));
    Row { group, operation, peer, unit: unit.name(), ours, theirs, speedup: unit.speedup(ours, theirs) }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speedup_is_above_one_where_ours_is_faster() {
        assert_eq!(Unit::MillionItemsPerSecond.speedup(6.0, 2.0), 3.0);
        assert_eq!(Unit::MicrosecondsPerOperation.speedup(2.0, 6.0), 3.0);
        assert_eq!(Unit::MillionItemsPerSecond.of(2_000_000, 1e6), 2.0);
        assert_eq!(Unit::MicrosecondsPerOperation.of(500, 1_000.0), 2.0);
    }

    #[test]
    fn each_side_runs_once_a_round() {
        let runs = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
        let side = |name| {
            let runs = std::rc::Rc::clone(&runs);
            Box::new(move || runs.borrow_mut().push(name))
        };
        let unit = Unit::MillionItemsPerSecond;
        let comparison =
            Comparison { operation: "o".into(), peer: "p", unit, count: 1, ours: side('o'), theirs: side('t') };
        let row = measure("g", comparison, 3);
        assert_eq!(*runs.borrow(), "ottootto");
        assert!(row.speedup > 0.0);
    }
}
