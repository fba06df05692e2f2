use etaflow::{Clock, WallClock};

/// What a measurement counts, and which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Millions of items a second: more is better.
    MillionItemsPerSecond,
    /// Millions of GPS fixes a second: more is better.
    MillionFixesPerSecond,
    /// Millions of events a second: more is better.
    MillionEventsPerSecond,
    /// Microseconds an operation: less is better.
    MicrosecondsPerOperation,
}

impl Unit {
    /// As it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MillionItemsPerSecond => "M items/s",
            Self::MillionFixesPerSecond => "M fixes/s",
            Self::MillionEventsPerSecond => "M events/s",
            Self::MicrosecondsPerOperation => "us/op",
        }
    }

    /// What `count` items or operations in a time are in this unit.
    fn of(self, count: u64, elapsed_us: f64) -> f64 {
        match self {
            Self::MillionItemsPerSecond | Self::MillionFixesPerSecond | Self::MillionEventsPerSecond => {
                count as f64 / elapsed_us
            }
            Self::MicrosecondsPerOperation => elapsed_us / count as f64,
        }
    }

    /// How many times better ours is.
    pub(crate) fn speedup(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Self::MillionItemsPerSecond | Self::MillionFixesPerSecond | Self::MillionEventsPerSecond => ours / theirs,
            Self::MicrosecondsPerOperation => theirs / ours,
        }
    }
}

/// Somebody's way to do an operation once, or `count` times.
pub type Run = Box<dyn FnMut()>;

/// One operation, done by us and by peers on the same work.
pub struct Comparison {
    /// What is done.
    pub operation: String,
    /// What is counted.
    pub unit: Unit,
    /// How many items or operations one run is.
    pub count: u64,
    /// What is done before each run and not measured, if anything.
    pub before: Option<Run>,
    /// One run of ours, if we can do it.
    pub ours: Option<Run>,
    /// Who else does it, and one run of theirs.
    pub peers: Vec<(&'static str, Run)>,
}

/// What was measured: medians over the rounds.
#[derive(Debug, Clone)]
pub struct Row {
    /// The group it is of.
    pub group: &'static str,
    /// What was done.
    pub operation: String,
    /// Who else did it; "" for nobody.
    pub peer: &'static str,
    /// What the figures count.
    pub unit: &'static str,
    /// Our figure, if we do it.
    pub ours: Option<f64>,
    /// The peer's, if there is one.
    pub theirs: Option<f64>,
    /// How many times better ours is; above 1 where it is. Of two figures only.
    pub speedup: Option<f64>,
}

/// Runs ours and each peer in turns, one round to warm up and `rounds` that count; who goes first changes from round to
/// round, so that nobody has the machine at its better moments. A row for each peer, or one alone if there is none.
pub fn measure(group: &'static str, comparison: Comparison, rounds: usize) -> Vec<Row> {
    let Comparison { operation, unit, count, mut before, ours, peers } = comparison;
    let clock = WallClock::new();
    let has_ours = ours.is_some();
    let (names, theirs): (Vec<_>, Vec<_>) = peers.into_iter().unzip();
    let mut runs: Vec<Run> = ours.into_iter().chain(theirs).collect();
    let mut times = vec![Vec::with_capacity(rounds); runs.len()];
    for round in 0..=rounds {
        for turn in 0..runs.len() {
            let who = (round + turn) % runs.len();
            if let Some(before) = &mut before {
                before();
            }
            let ((), elapsed_us) = clocked(&clock, &mut runs[who]);
            if round > 0 {
                times[who].push(elapsed_us);
            }
        }
    }
    let mut figures = times.into_iter().map(|times| unit.of(count, median(times)));
    let ours = if has_ours { figures.next() } else { None };
    let row = |peer, theirs| {
        let speedup = ours.zip(theirs).map(|(ours, theirs)| unit.speedup(ours, theirs));
        Row { group, operation: operation.clone(), peer, unit: unit.name(), ours, theirs, speedup }
    };
    if names.is_empty() {
        return vec![row("", None)];
    }
    names.into_iter().zip(figures).map(|(peer, theirs)| row(peer, Some(theirs))).collect()
}

/// What is made, and how many microseconds it took, at least 1: of what takes so long that it is done once.
pub fn timed<T>(make: impl FnOnce() -> T) -> (T, f64) {
    clocked(&WallClock::new(), make)
}

fn clocked<T>(clock: &WallClock, make: impl FnOnce() -> T) -> (T, f64) {
    let start = clock.now();
    let made = make();
    (made, clock.now().since(start).micros().max(1) as f64)
}

/// The one in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
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

    fn check(
        before: &str,
        ours: &str,
        peers: &[&'static str],
        expected_order: &str,
        expected_rows: &[(&str, bool, bool)],
    ) {
        let order = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
        let side = |name: String| -> Run {
            let order = std::rc::Rc::clone(&order);
            Box::new(move || order.borrow_mut().push_str(&name))
        };
        let comparison = Comparison {
            operation: "o".into(),
            unit: Unit::MillionItemsPerSecond,
            count: 1,
            before: (!before.is_empty()).then(|| side(before.into())),
            ours: (!ours.is_empty()).then(|| side(ours.into())),
            peers: peers.iter().map(|&peer| (peer, side(peer.into()))).collect(),
        };
        let rows = measure("g", comparison, 3);
        assert_eq!(*order.borrow(), expected_order);
        let rows: Vec<_> = rows.iter().map(|row| (row.peer, row.ours.is_some(), row.speedup.is_some())).collect();
        assert_eq!(rows, expected_rows);
    }

    #[test]
    fn each_side_runs_once_a_round_and_each_peer_has_a_row() {
        check("", "o", &["t"], "ottootto", &[("t", true, true)]);
        check("", "o", &["s", "t"], "oststotosost", &[("s", true, true), ("t", true, true)]);
        check("", "o", &[], "oooo", &[("", true, false)]);
        check("b", "o", &["t"], "bobtbtbobobtbtbo", &[("t", true, true)]);
        check("", "", &["s", "t"], "sttsstts", &[("s", false, false), ("t", false, false)]);
    }
}
