//! How well real tracks are matched. Not a test that can fail on a figure, but one that prints them:
//! `cargo test --release -p etaflow-road --test matching_kubicka -- --ignored --nocapture`.

mod kubicka;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use etaflow_road::{
    BreakReason, Committed, EdgeIndex, Matcher, MatcherConfig, Network, Outcome, Position, Span, Trace,
};
use kubicka::Track;

/// The route that was committed, as arcs in order.
#[derive(Default)]
struct Route {
    arcs: Vec<kubicka::Arc>,
    /// The edge that is under way, with where it was entered and how far it was driven.
    under_way: Option<(Position, u32)>,
}

impl Route {
    fn take(&mut self, network: &Network, committed: Committed<'_>) {
        for step in committed.steps() {
            if std::env::var("DUMP").is_ok() {
                let arcs: Vec<_> = step.path.iter().map(|&e| kubicka::arc_at(network, e, 1)).collect();
                println!(
                    "  step {} {} -> {:?} {:?} {:?}",
                    step.from_time.micros() / 1_000_000,
                    step.to_time.micros() / 1_000_000,
                    step.from,
                    step.to,
                    arcs
                );
            }
            if step.joint != etaflow_road::Joint::Continues {
                self.finish(network);
            }
            let mut under_way = self.under_way.take().unwrap_or((step.from, step.from.offset_mm));
            for &edge in &step.path[1..] {
                self.drive(network, under_way.0, network.length_mm(under_way.0.edge));
                under_way = (Position { edge, offset_mm: 0 }, 0);
            }
            self.under_way = Some((under_way.0, step.to.offset_mm));
        }
    }

    fn finish(&mut self, network: &Network) {
        if let Some((from, to_mm)) = self.under_way.take() {
            self.drive(network, from, to_mm);
        }
    }

    fn drive(&mut self, network: &Network, from: Position, to_mm: u32) {
        self.arcs.extend(kubicka::arcs_between(network, from.edge, from.offset_mm, to_mm));
    }
}

#[derive(Default, Debug, Clone, Copy)]
struct Score {
    true_m: f64,
    missing_m: f64,
    extra_m: f64,
    fixes: usize,
    matched: usize,
    right: usize,
    breaks: usize,
    held: usize,
    rejected: usize,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.true_m += other.true_m;
        self.missing_m += other.missing_m;
        self.extra_m += other.extra_m;
        self.fixes += other.fixes;
        self.matched += other.matched;
        self.right += other.right;
        self.breaks += other.breaks;
        self.held += other.held;
        self.rejected += other.rejected;
    }

    fn mismatch(&self) -> f64 {
        (self.missing_m + self.extra_m) / self.true_m
    }
}

fn score(track: &Track, index: &Arc<EdgeIndex>, config: MatcherConfig, every: Span) -> Score {
    let network = &track.network;
    let mut matcher = Matcher::new(network.clone(), index.clone(), config).expect("valid");
    let truth: BTreeSet<kubicka::Arc> = track.route.iter().copied().collect();
    let (mut trace, mut route, mut score) = (Trace::default(), Route::default(), Score::default());
    let mut next = None;
    for fix in &track.fixes {
        if next.is_some_and(|next| fix.time < next) {
            continue;
        }
        next = Some(fix.time + every);
        score.fixes += 1;
        let dump = std::env::var("DUMP").is_ok_and(|name| name == track.name);
        if dump {
            let show = |outcome: &Outcome<'_>| match outcome {
                Outcome::Matched(m) => format!(
                    "{:?} d {:.1} conf {:.2} sure {} broke {:?} at {:?}",
                    kubicka::arc_at(network, m.position.edge, m.position.offset_mm),
                    m.distance_m,
                    m.confidence,
                    m.direction_sure(),
                    m.broke,
                    m.position
                ),
                other => format!("{other:?}"),
            };
            let mut copy = trace.clone();
            let said = show(&matcher.on_fix(&mut copy, fix));
            println!("{} {:.6} {:.6} {said}", fix.time.micros() / 1_000_000, fix.coord.lon(), fix.coord.lat());
        }
        match matcher.on_fix(&mut trace, fix) {
            Outcome::Matched(matched) => {
                score.matched += 1;
                let arc = kubicka::arc_at(network, matched.position.edge, matched.position.offset_mm);
                score.right += usize::from(truth.contains(&arc));
                if std::env::var("WRONG").is_ok() && !truth.contains(&arc) {
                    println!(
                        "W {} {} {} {:.1} {:.2} {}",
                        track.name,
                        fix.time.micros() / 1_000_000,
                        truth.contains(&(arc.1, arc.0)),
                        matched.distance_m,
                        matched.confidence,
                        matched.direction_sure()
                    );
                }
                route.take(network, matched.committed);
                if let Some(reason) = matched.broke {
                    route.finish(network);
                    score.breaks += usize::from(reason != BreakReason::First);
                }
            }
            Outcome::Held(_) => score.held += 1,
            Outcome::Rejected(_) => score.rejected += 1,
        }
    }
    route.take(network, matcher.end(&mut trace));
    route.finish(network);
    let mut balance: BTreeMap<kubicka::Arc, i64> = BTreeMap::new();
    let coords: BTreeMap<i64, _> = network.nodes().map(|node| (network.node_key(node), network.coord(node))).collect();
    let length = |arc: kubicka::Arc| coords[&arc.0].distance(coords[&arc.1]).0;
    for &arc in &track.route {
        *balance.entry(arc).or_default() += 1;
        score.true_m += length(arc);
    }
    route.arcs.iter().for_each(|&arc| *balance.entry(arc).or_default() -= 1);
    for (&arc, &count) in &balance {
        if std::env::var("DUMP").is_ok_and(|name| name == track.name) && count != 0 {
            println!(
                "BAL {} {} {} {:.1} {:.6} {:.6}",
                arc.0,
                arc.1,
                count,
                length(arc),
                coords[&arc.0].lon(),
                coords[&arc.0].lat()
            );
        }
        let metres = count.unsigned_abs() as f64 * length(arc);
        *(if count > 0 { &mut score.missing_m } else { &mut score.extra_m }) += metres;
    }
    score
}

/// Values to try, from the environment.
fn tune(config: &mut MatcherConfig) {
    let read = |name: &str, value: &mut f64| {
        if let Some(number) = std::env::var(name).ok().and_then(|text| text.parse().ok()) {
            *value = number;
        }
    };
    read("SIGMA", &mut config.sigma_m);
    read("BETA", &mut config.beta_m);
    read("BETA_SHARE", &mut config.beta_share);
    read("JITTER", &mut config.jitter_m);
    read("U_TURN", &mut config.u_turn_m);
    read("STILL", &mut config.still_m);
    read("THIN", &mut config.thin_sigmas);
    read("RADIUS", &mut config.radius_m);
    read("JUMP", &mut config.jump_nats);
    read("GATE", &mut config.jump_gain_nats);
    read("BEAM", &mut config.beam_nats);
}

#[test]
#[ignore = "prints figures; takes a while"]
fn figures() {
    let archives = kubicka::archives();
    if archives.is_empty() {
        println!("skipped: no data");
        return;
    }
    let tracks: Vec<_> = archives
        .iter()
        .map(|archive| {
            let track = kubicka::read(archive);
            let index = Arc::new(EdgeIndex::new(&track.network));
            (track, index)
        })
        .collect();
    println!("every  lag   mismatch  mean  missing  extra  at once  matched  breaks  held  rejected");
    for seconds in [1, 5, 10, 30, 60] {
        for lag_fixes in [0, 1, 2, 4, 10].into_iter().take(if seconds < 10 { 5 } else { 2 }) {
            if std::env::var("ONLY").is_ok_and(|only| only != format!("{seconds}/{lag_fixes}")) {
                continue;
            }
            let mut config = MatcherConfig { lag_fixes, ..MatcherConfig::default() };
            tune(&mut config);
            let mut total = Score::default();
            let mut mean = 0.0;
            for (track, index) in &tracks {
                if std::env::var("DUMP").is_ok_and(|name| name != track.name) {
                    continue;
                }
                let score = score(track, index, config, Span::from_millis(seconds * 1_000 - 1));
                if std::env::var_os("EACH").is_some() && (lag_fixes == 10 || lag_fixes == 1 && seconds >= 10) {
                    println!("  {seconds} s {} {:.4} {score:?}", track.name, score.mismatch());
                }
                mean += score.mismatch() / tracks.len() as f64;
                total.add(score);
            }
            println!(
                "{seconds:4} s {lag_fixes:4}   {:6.2} % {:6.2} % {:6.2} % {:6.2} % {:6.2} % {:6.2} % {:6} {:5} {:6}",
                total.mismatch() * 100.0,
                mean * 100.0,
                total.missing_m / total.true_m * 100.0,
                total.extra_m / total.true_m * 100.0,
                total.right as f64 / total.matched as f64 * 100.0,
                total.matched as f64 / total.fixes as f64 * 100.0,
                total.breaks,
                total.held,
                total.rejected,
            );
        }
    }
}
