use std::collections::VecDeque;
use std::sync::Arc;

use etaflow_road::{
    Committed, CommittedFix, CommittedFixes, EdgeId, EdgeIndex, Fix, Joint, Matcher, MatcherConfigError, Network,
    Outcome, Sampling, Trace,
};

use super::answer::{FixLine, MatchLine, Now, RoadPlace, Verdict};
use super::reason;
use super::route_line::RouteLine;
use super::settings::MatchSettings;
use super::way::Way;
use crate::roads::InputIds;

/// How many fixes are waited for at most, those of a vehicle that stands among them.
const PENDING_MAX: usize = 100_000;

/// Matches a trace, gives each line to `out` as soon as it is final, and returns the last one's content.
///
/// # Errors
/// If a setting is out of its range, or what `out` returned.
///
/// ```
/// use std::sync::Arc;
///
/// use etaflow_road::SyntheticCity;
/// use etaflow_serve::{MatchLine, MatchSettings, match_trace, parse_trace};
///
/// let city = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
/// let edge = city.edges().next().ok_or("it has no roads")?;
/// let mut text = "unix_s,lon,lat\n".to_owned();
/// for second in 0..5 {
///     let at = city.coord_at(edge, second * city.length_mm(edge) / 5);
///     text += &format!("{second},{},{}\n", at.lon(), at.lat());
/// }
/// let mut lines = Vec::new();
/// let keep = |line: MatchLine<'_>| {
///     lines.push(serde_json::to_string(&line)?);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// };
/// let route = match_trace(&city, &parse_trace(&text, "csv")?, &MatchSettings::default(), keep)?;
/// assert_eq!((route.matched, lines.len()), (5, 6));
/// assert!(lines[5].starts_with(r#"{"type":"route","#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn match_trace<E: From<MatcherConfigError>>(
    network: &Arc<Network>,
    fixes: &[Fix],
    settings: &MatchSettings,
    mut out: impl FnMut(MatchLine<'_>) -> Result<(), E>,
) -> Result<RouteLine, E> {
    let index = Arc::new(EdgeIndex::new(network));
    let config = settings.config();
    let matcher = Matcher::new(Arc::clone(network), index, config)?;
    let mut follower = Follower {
        ids: InputIds::of(network),
        network: Arc::clone(network),
        matcher,
        trace: Trace::default(),
        committed: CommittedFixes::new(PENDING_MAX),
        settled: Vec::new(),
        waiting: VecDeque::new(),
        way: Way::default(),
        route: RouteLine::new(&config, settings.sampling, fixes.len()),
    };
    follower.follow(fixes, settings, &mut out)?;
    follower.finish(&mut out)
}

struct Follower {
    network: Arc<Network>,
    ids: InputIds,
    matcher: Matcher,
    trace: Trace,
    committed: CommittedFixes,
    settled: Vec<CommittedFix>,
    /// Fixes that are not settled, oldest first.
    waiting: VecDeque<Waiting>,
    way: Way,
    route: RouteLine,
}

struct Waiting {
    line: FixLine,
    fix: Fix,
    /// Where it was put at once.
    edge: Option<EdgeId>,
}

impl Follower {
    fn follow<E>(
        &mut self,
        fixes: &[Fix],
        settings: &MatchSettings,
        out: &mut impl FnMut(MatchLine<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut sampling = Sampling::every(settings.sampling);
        for (row, fix) in (0..).zip(fixes) {
            if sampling.keeps(fix.time) {
                self.on_fix(row, fix);
                self.tell_settled(self.route.fixes.checked_sub(1), out)?;
            }
        }
        Ok(())
    }

    fn on_fix(&mut self, row: u64, fix: &Fix) {
        let number = self.route.fixes;
        self.route.fixes += 1;
        let mut line = FixLine {
            number,
            row,
            unix_s: fix.time.secs_f64(),
            lon: fix.coord.lon(),
            lat: fix.coord.lat(),
            outcome: Verdict::Matched,
            reason: None,
            broke: None,
            lag0: None,
            committed: None,
            committed_with: None,
            revised: false,
        };
        let mut edge = None;
        let (network, ids) = (&self.network, self.ids);
        let outcome = self.matcher.on_fix(&mut self.trace, fix);
        self.committed.on_outcome(network, number, fix, &outcome, &mut self.settled);
        match outcome {
            Outcome::Matched(matched) => {
                self.route.matched += 1;
                drive(network, ids, matched.committed, &mut self.way, &mut self.route);
                if let Some(reason) = matched.broke {
                    self.way.on_break(network, ids, reason);
                    self.route.breaks.count(reason);
                    line.broke = reason::of_break(reason);
                }
                edge = Some(matched.position.edge);
                line.lag0 = Some(Now::new(network, ids, &matched));
            }
            Outcome::Held(reason) => {
                self.route.held.count(reason);
                (line.outcome, line.reason) = (Verdict::Held, Some(reason::of_hold(reason)));
            }
            Outcome::Rejected(reason) => {
                self.route.rejected.count(reason);
                (line.outcome, line.reason) = (Verdict::Rejected, Some(reason::of_reject(reason)));
            }
        }
        self.waiting.push_back(Waiting { line, fix: *fix, edge });
    }

    /// Tells the lines of the fixes that have been settled, by the fix of that number or by the end.
    fn tell_settled<E>(
        &mut self,
        with: Option<u64>,
        out: &mut impl FnMut(MatchLine<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for settled in self.settled.drain(..) {
            let Some(Waiting { mut line, fix, edge }) = self.waiting.pop_front() else { continue };
            debug_assert_eq!(line.number, settled.number);
            if let Some(place) = settled.position {
                let point = self.network.coord_at(place.edge, place.offset_mm);
                let distance_m = fix.coord.distance(point).0;
                line.committed = Some(RoadPlace::new(&self.network, self.ids, place, point, distance_m));
                line.committed_with = with;
                line.revised = edge != Some(place.edge);
                self.route.revisions += u64::from(line.revised);
            }
            out(MatchLine::Fix(&line))?;
        }
        Ok(())
    }

    fn finish<E>(mut self, out: &mut impl FnMut(MatchLine<'_>) -> Result<(), E>) -> Result<RouteLine, E> {
        let (network, ids) = (Arc::clone(&self.network), self.ids);
        let end = self.matcher.end(&mut self.trace);
        self.committed.on_end(&network, end, &mut self.settled);
        drive(&network, ids, end, &mut self.way, &mut self.route);
        self.tell_settled(None, out)?;
        let (parts, length_m) = self.way.finish(&network, ids);
        let mut route = RouteLine { length_m, ..self.route };
        if let [only] = &parts[..] {
            route.nodes = Some(only.nodes.clone());
            route.start_offset_m = Some(only.start_offset_m);
            route.end_offset_m = Some(only.end_offset_m);
            route.end_left_m = Some(only.end_left_m);
        }
        route.parts = parts;
        out(MatchLine::Route(&route))?;
        Ok(route)
    }
}

fn drive(network: &Network, ids: InputIds, committed: Committed<'_>, way: &mut Way, route: &mut RouteLine) {
    for step in committed.steps() {
        route.breaks.jumped += u64::from(step.joint == Joint::Jumps);
        way.on_step(network, ids, &step);
    }
}
