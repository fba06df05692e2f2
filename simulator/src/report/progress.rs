use std::io::{IsTerminal, Write};

use etaflow::Span;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle as BarStyle};

use super::numeral::{Spacing, printable};
use super::sample::{EngineState, Sample};

const PLAIN: Spacing = Spacing::Plain;

/// Where nothing can be repainted, a line so often, by the wall clock.
const LINE_INTERVAL: Span = Span::from_secs(5);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressStyle {
    /// A block that is painted over, for a terminal.
    Block {
        /// Whether it may have colours.
        colours: bool,
    },
    /// A line every few seconds, for a file or a pipe.
    Lines,
    /// Not at all.
    Silent,
}

impl ProgressStyle {
    /// What stderr is fit for. Colours are left out where `NO_COLOR` is set to anything but nothing.
    pub fn of_stderr() -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if std::io::stderr().is_terminal() && !dumb { Self::Block { colours: colours_allowed() } } else { Self::Lines }
    }

    /// Whether what is printed on stdout may have colours.
    pub fn stdout_colours() -> bool {
        std::io::stdout().is_terminal() && colours_allowed()
    }
}

fn colours_allowed() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Shows on stderr how a run is going.
pub struct Progress {
    name: String,
    duration_s: Option<f64>,
    display: Display,
}

enum Display {
    Block { bar: ProgressBar, colours: bool },
    Lines { out: Box<dyn Write + Send>, due: Span },
    Silent,
}

impl Progress {
    /// Of the run called `name`, which lasts `duration_s` seconds of scenario time, if that is known.
    pub fn new(style: ProgressStyle, name: &str, duration_s: Option<f64>) -> Self {
        match style {
            ProgressStyle::Block { colours } => {
                let bar = ProgressBar::with_draw_target(duration_s.map(millis), ProgressDrawTarget::stderr_with_hz(8));
                bar.set_style(bar_style(colours, duration_s.is_some()));
                Self { name: printable(name), duration_s, display: Display::Block { bar, colours } }
            }
            ProgressStyle::Lines => Self::lines(Box::new(std::io::stderr()), name, duration_s),
            ProgressStyle::Silent => Self { name: printable(name), duration_s, display: Display::Silent },
        }
    }

    /// In lines, to somewhere else than stderr.
    pub fn lines(out: Box<dyn Write + Send>, name: &str, duration_s: Option<f64>) -> Self {
        Self { name: printable(name), duration_s, display: Display::Lines { out, due: Span::ZERO } }
    }

    /// Shows the newest sample; `wall` is the time since the run began. May be called as often as there are samples.
    pub fn update(&mut self, wall: Span, sample: &Sample) {
        let time = self.time(sample.t_s);
        match &mut self.display {
            Display::Silent => {}
            Display::Block { bar, colours } => {
                bar.set_position(millis(sample.t_s));
                bar.set_message(block(&self.name, &time, sample, *colours));
            }
            Display::Lines { out, due } => {
                if wall >= *due {
                    // From now, not from when it was due: after a pause there is one line, not a burst of them.
                    *due = wall.max(Span::ZERO);
                    *due = Span::from_micros(due.micros().saturating_add(LINE_INTERVAL.micros()));
                    // Nobody reads it any more: no reason to end the run.
                    let _ = writeln!(out, "{}  {time}  {}", self.name, words(sample).join("  "));
                }
            }
        }
    }

    /// Says that something happened, above the block or as a line.
    pub fn note(&mut self, text: &str) {
        let text = printable(text);
        match &mut self.display {
            Display::Silent => {}
            Display::Block { bar, .. } => bar.println(text),
            Display::Lines { out, .. } => {
                let _ = writeln!(out, "{}  {text}", self.name);
            }
        }
    }

    /// Takes the block away; lines stay.
    pub fn finish(self) {
        if let Display::Block { bar, .. } = self.display {
            bar.finish_and_clear();
        }
    }

    fn time(&self, t_s: f64) -> String {
        match self.duration_s {
            Some(duration_s) => format!("{} / {}", PLAIN.fixed(t_s, 0), PLAIN.with_unit(duration_s.round(), "s")),
            None => PLAIN.with_unit(t_s.round(), "s"),
        }
    }
}

fn millis(seconds: f64) -> u64 {
    (seconds * 1e3) as u64
}

fn bar_style(colours: bool, bounded: bool) -> BarStyle {
    let template = match (bounded, colours) {
        (true, true) => "{bar:44.blue/black.bright} {msg}",
        (true, false) => "{bar:44} {msg}",
        (false, _) => "{spinner} {msg}",
    };
    BarStyle::with_template(template).expect("the templates above are well-formed").progress_chars("━╸─")
}

/// Three lines; the first goes beside the bar.
fn block(name: &str, time: &str, sample: &Sample, colours: bool) -> String {
    let [state, offered, processed, lag, latency, trips, metric] = words(sample);
    let state = match (colours, sample.state) {
        (false, _) => state,
        (true, EngineState::Live) => format!("\u{1b}[32m{state}\u{1b}[0m"),
        (true, _) => format!("\u{1b}[33m{state}\u{1b}[0m"),
    };
    format!("{time}  {name}\n{state}   {offered}   {processed}   {lag}\n{latency}   {trips}   {metric}")
}

fn words(sample: &Sample) -> [String; 7] {
    let rate = |value: f64| PLAIN.fixed(value, 0);
    let behind = sample.lag_s.map_or_else(String::new, |seconds| format!(" ({} s)", PLAIN.fixed(seconds, 1)));
    let latency = match (sample.latency_p50_ms, sample.latency_p99_ms) {
        (Some(p50), Some(p99)) => {
            format!("latency p50 {} p99 {}", PLAIN.with_unit(p50, "ms"), PLAIN.with_unit(p99, "ms"))
        }
        _ => "latency –".to_owned(),
    };
    let speed = sample.speed_ratio.map_or_else(String::new, |ratio| format!(", speed {}", PLAIN.percent(ratio)));
    [
        format!("{:<11}", sample.state.name()),
        format!("offered {}/s", rate(sample.offered_per_s)),
        format!("processed {}/s", rate(sample.processed_per_s)),
        format!("lag {} events{behind}", PLAIN.count(sample.lag_events)),
        latency,
        format!("trips {}", PLAIN.count(sample.trips_active)),
        format!("traffic {}{speed}", PLAIN.count(sample.metric_epoch)),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_pipe_gets_a_line_every_few_seconds() {
        let out = Shared::default();
        let mut progress = Progress::lines(Box::new(out.clone()), "default\u{1b}", Some(60.0));
        for tenth in 0..=120 {
            let sample = Sample { t_s: f64::from(tenth) / 10.0, offered_per_s: 20_000.0, ..Sample::default() };
            progress.update(Span::from_millis(i64::from(tenth) * 100), &sample);
        }
        progress.note("outage");
        progress.finish();
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[1].starts_with("default\u{fffd}  5 / 60 s  live"), "{}", lines[1]);
        assert!(lines[1].contains("offered 20,000/s") && lines[1].contains("latency –"));
        assert!(lines[3].ends_with("outage") && !text.contains('\u{1b}'));
    }

    #[test]
    fn every_bar_can_be_styled() {
        for (colours, bounded) in [(true, true), (false, true), (true, false), (false, false)] {
            bar_style(colours, bounded);
        }
        let plain = block("x", "1 / 2 s", &Sample::default(), false);
        assert_eq!(plain.lines().count(), 3);
        assert!(!plain.contains('\u{1b}'));
    }
}
