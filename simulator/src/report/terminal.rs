use std::fmt::Write;

use super::bound::Bound;
use super::latency::Percentiles;
use super::numeral::{Spacing, printable};
use super::summary::Summary;
use crate::score::score_table;

const PLAIN: Spacing = Spacing::Plain;

/// More bounds than this do not fit a screen; those that are breached are shown first.
const BOUNDS_SHOWN: usize = 10;

const GOOD: &str = "32";
const BAD: &str = "1;31";
const STRONG: &str = "1";
const FAINT: &str = "2";

impl Summary {
    /// The summary in at most 40 aligned lines, with colours where `colours` says so.
    pub fn to_terminal(&self, colours: bool) -> String {
        let mut screen = Screen { out: String::new(), colours };
        screen.heading(self);
        screen.bounds(self);
        screen.events(self);
        screen.speed(self);
        screen.arrivals(self);
        screen.line("digests", &printable(&format!("state {}   outputs {}", self.state_digest, self.outputs_digest)));
        screen.out
    }
}

struct Screen {
    out: String,
    colours: bool,
}

impl Screen {
    fn paint(&self, style: &str, text: &str) -> String {
        if self.colours { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn push(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn line(&mut self, name: &str, text: &str) {
        let name = self.paint(FAINT, &format!("{name:<11}"));
        self.push(&format!("{name}{text}"));
    }

    fn heading(&mut self, summary: &Summary) {
        let name = self.paint(STRONG, &printable(&summary.scenario));
        let (duration, wall) = (PLAIN.with_unit(summary.duration_s, "s"), PLAIN.with_unit(summary.wall_s, "s"));
        let machine = &summary.machine;
        self.push(&format!(
            "{name}   seed {}, {duration} of scenario time in {wall}, {} cores, {} build",
            summary.seed, machine.cores, machine.build
        ));
        let (all, breached) = (summary.bounds.len(), summary.bounds_breached());
        let verdict = match (all, breached) {
            (0, _) => "no bounds were set".to_owned(),
            (_, 0) => format!("✓ all {all} bounds held"),
            _ => format!("✗ {breached} of {all} bounds breached"),
        };
        let accounted = match summary.accounting.offered.abs_diff(summary.accounting.accounted_for()) {
            0 => "every event accounted for".to_owned(),
            missing => format!("{} EVENTS NOT ACCOUNTED FOR", PLAIN.count(missing)),
        };
        let style = if summary.is_held() { GOOD } else { BAD };
        let verdict = self.paint(style, &format!("{verdict}, {accounted}"));
        self.push(&verdict);
        self.push("");
    }

    fn bounds(&mut self, summary: &Summary) {
        let breached = summary.bounds.iter().filter(|bound| !bound.held);
        let held = summary.bounds.iter().filter(|bound| bound.held);
        let shown: Vec<&Bound> = breached.chain(held).take(BOUNDS_SHOWN).collect();
        let width = shown.iter().map(|bound| bound.name.chars().count()).max().unwrap_or(0);
        for bound in &shown {
            let (style, mark) = if bound.held { (GOOD, "✓") } else { (BAD, "✗") };
            let limit = format!("{} {}", bound.direction.sign(), PLAIN.with_unit(bound.limit, &bound.unit));
            let value = PLAIN.maybe(bound.value, &bound.unit);
            let mark = self.paint(style, mark);
            self.push(&printable_line(&mark, &bound.name, width, &value, &limit));
        }
        if shown.len() < summary.bounds.len() {
            self.push(&format!("  and {} more", summary.bounds.len() - shown.len()));
        }
        if !shown.is_empty() {
            self.push("");
        }
    }

    fn events(&mut self, summary: &Summary) {
        let accounting = &summary.accounting;
        let count = |value| PLAIN.count(value);
        let dead = accounting.dead_lettered_total();
        let sign = if accounting.is_balanced() { "=" } else { "≠" };
        self.line(
            "events",
            &format!("{} offered {sign} {} accepted", count(accounting.offered), count(accounting.accepted)),
        );
        let rest = format!(
            "+ {} refused + {} conflated + {} duplicate + {} dead-lettered",
            count(accounting.refused),
            count(accounting.conflated),
            count(accounting.duplicate),
            count(dead)
        );
        self.line("", &rest);
        if dead > 0 {
            let mut reasons: Vec<_> = accounting.dead_lettered.iter().filter(|(_, count)| **count > 0).collect();
            reasons.sort_by_key(|&(_, count)| std::cmp::Reverse(*count));
            let mut words = String::new();
            for (index, (reason, n)) in reasons.iter().take(6).enumerate() {
                let _ = write!(words, "{}{} {}", if index > 0 { ", " } else { "" }, count(**n), printable(reason));
            }
            if reasons.len() > 6 {
                let _ = write!(words, " and {} reasons more", reasons.len() - 6);
            }
            self.line("", &format!("dead: {words}"));
        }
    }

    fn speed(&mut self, summary: &Summary) {
        self.line(
            "throughput",
            &format!("{} events/s through the pipeline", PLAIN.figure(summary.events_per_s.round())),
        );
        if let Some(latency) = summary.latency_ms {
            self.line("latency", &percentiles(latency));
        }
        if let Some(latency) = summary.latency_outage_ms {
            self.line("  outage", &percentiles(latency));
        }
        let lag = format!("at most {} events behind", PLAIN.count(summary.lag_max_events));
        let recovery = match (summary.outages.len(), summary.catch_up_s) {
            (0, _) => String::new(),
            (_, Some(seconds)) => format!(", caught up {} after the outage", PLAIN.with_unit(seconds, "s")),
            (_, None) => ", NOT caught up after the outage".to_owned(),
        };
        self.line("lag", &format!("{lag}{recovery}"));
    }

    fn arrivals(&mut self, summary: &Summary) {
        let eta = &summary.eta.all;
        if eta.n > 0 {
            let text = format!(
                "MAE {}, bias {}, MAPE {}, {} within p10-p90, of {} predictions",
                PLAIN.maybe(eta.mae_s, "s"),
                PLAIN.signed(eta.bias_s, "s"),
                PLAIN.maybe(eta.mape, "share"),
                PLAIN.maybe(eta.coverage, "share"),
                PLAIN.count(eta.n)
            );
            self.line("ETA", &text);
        }
        // Both would not fit a screen, and where there are real trips their table says more.
        if let Some(score) = &summary.score {
            self.push("");
            self.out.push_str(&score_table(score));
            self.push("");
            return;
        }
        for horizon in summary.eta.by_horizon.iter().filter(|horizon| horizon.stats.n > 0) {
            let stats = &horizon.stats;
            let text = format!(
                "{:>9} left: MAE {:>8}, error p10 {:>9}, median {:>9}, p90 {:>9}",
                horizon.label(),
                PLAIN.seconds(stats.mae_s),
                PLAIN.signed_seconds(stats.error_p10_s),
                PLAIN.signed_seconds(stats.error_p50_s),
                PLAIN.signed_seconds(stats.error_p90_s)
            );
            self.line("", &text);
        }
    }
}

fn printable_line(mark: &str, name: &str, width: usize, value: &str, limit: &str) -> String {
    format!("{mark} {:<width$}   {value:>12}   {limit}", printable(name))
}

fn percentiles(latency: Percentiles) -> String {
    let Percentiles { p50, p99, p999, max, .. } = latency;
    let [p50, p99, p999, max] = [p50, p99, p999, max].map(|millis| PLAIN.with_unit(millis, "ms"));
    format!("p50 {p50}   p99 {p99}   p99.9 {p999}   max {max}")
}
