use super::arcs::ArcId;

/// How a driven route differs from the true one, by arcs, whatever their order: one that is in the one route twice more
/// than in the other is here twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Mismatch {
    /// What is only in the true route, in order of the arcs' numbers.
    pub(super) missing: Vec<ArcId>,
    /// What is only in the driven one.
    pub(super) extra: Vec<ArcId>,
}

impl Mismatch {
    pub(super) fn between(truth: &[ArcId], driven: &[ArcId]) -> Self {
        let sorted = |route: &[ArcId]| {
            let mut route = route.to_vec();
            route.sort_unstable();
            route.into_iter().peekable()
        };
        let (mut truth, mut driven) = (sorted(truth), sorted(driven));
        let mut mismatch = Self::default();
        loop {
            match (truth.peek(), driven.peek()) {
                (Some(one), Some(other)) if one == other => {
                    truth.next();
                    driven.next();
                }
                (Some(one), other) if other.is_none_or(|other| one < other) => mismatch.missing.extend(truth.next()),
                (_, Some(_)) => mismatch.extra.extend(driven.next()),
                (_, None) => return mismatch,
            }
        }
    }
}
