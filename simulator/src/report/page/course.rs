use super::super::bound::Direction;
use super::super::chart::{Band, ChartSize, Limit, LineChart, ScaleKind, Series};
use super::super::latency::Percentiles;
use super::super::markup::Markup;
use super::super::numeral::Spacing;
use super::super::sample::Sample;
use super::super::summary::Report;
use super::open_section;
use super::table::{Column, table};

const THIN: Spacing = Spacing::Thin;
const TIME: &str = "scenario time, s";

/// Events offered, accepted and processed.
pub(super) fn throughput(html: &mut Markup, report: &Report) {
    open_section(html, "Throughput", "Events a second that were sent, taken in, and came through the whole pipeline.");
    let series = vec![
        line(report, "processed", "s3", |sample| Some(sample.processed_per_s)),
        line(report, "accepted", "s2", |sample| Some(sample.accepted_per_s)),
        line(report, "offered", "s1", |sample| Some(sample.offered_per_s)),
    ];
    let what = "Events a second over time: offered, accepted and processed";
    draw(html, report, Plot { what, y_label: "events a second", unit: "/s", series, ..Plot::default() });
    html.close();
}

/// How far behind, and how soon no more.
pub(super) fn lag(html: &mut Markup, report: &Report) {
    open_section(html, "Lag and recovery", &recovery(report));
    html.open("div", &[("class", "pair")]);
    let mut behind = line(report, "events behind", "s1", |sample| Some(sample.lag_events as f64));
    behind.area = true;
    let what = "Events taken in that have not come through, over time";
    let half = ChartSize::Half;
    draw(
        html,
        report,
        Plot { what, y_label: "events behind", unit: "events", size: half, series: vec![behind], ..Plot::default() },
    );
    let mut behind = line(report, "event time behind", "s1", |sample| sample.lag_s);
    behind.area = true;
    let what = "How far the newest answer is behind the newest event, over time";
    draw(
        html,
        report,
        Plot { what, y_label: "event time behind, s", unit: "s", size: half, series: vec![behind], ..Plot::default() },
    );
    html.close();
    html.close();
}

fn recovery(report: &Report) -> String {
    let most = THIN.count(report.summary.lag_max_events);
    if report.summary.outages.is_empty() {
        return format!("No outage. At most {most} events behind.");
    }
    let mut words = String::new();
    for outage in &report.summary.outages {
        let length = THIN.with_unit(outage.to_s - outage.from_s, "s");
        let at = THIN.with_unit(outage.from_s, "s");
        words += &format!("The engine took nothing for {length} from {at} on");
        if let Some(backlog) = outage.backlog_events {
            words += &format!(", had {} to take when it came back", THIN.with_unit(backlog as f64, "events"));
        }
        words += &match outage.catch_up_s() {
            Some(seconds) => format!(" and was live again {} after. ", THIN.with_unit(seconds, "s")),
            None => " and was not live again before the end. ".to_owned(),
        };
        if let Some((forecast, really)) = outage.forecast {
            let [forecast, really] = [forecast, really].map(|seconds| THIN.with_unit(seconds, "s"));
            words +=
                &format!("A second after it had begun it said that it would take {forecast}, and it took {really}. ");
        }
        if let Some(drained_per_s) = outage.drained_per_s {
            words += &format!("It took {} a second. ", THIN.with_unit(drained_per_s.round(), "events"));
        }
    }
    words + &format!("At most {most} events behind.")
}

/// How long an answer takes.
pub(super) fn latency(html: &mut Markup, report: &Report) {
    let lead = "From when an event was due until the arrival time that it moved was known.";
    open_section(html, "Latency", lead);
    let series = vec![
        line(report, "99th percentile", "s2", |sample| sample.latency_p99_ms),
        line(report, "median", "s1", |sample| sample.latency_p50_ms),
    ];
    let bound = report.summary.bounds.iter().find(|bound| {
        bound.unit == "ms"
            && bound.direction == Direction::AtMost
            && bound.name.contains("p99")
            && !bound.name.contains("p999")
    });
    let limit = bound.map(|bound| Limit {
        value: bound.limit,
        label: format!("{} {}", bound.name, THIN.with_unit(bound.limit, &bound.unit)),
    });
    let what = "Latency over time on a logarithmic scale: median and 99th percentile";
    let y_label = "latency, ms, logarithmic";
    draw(html, report, Plot { what, y_label, unit: "ms", scale: ScaleKind::Log, series, limit, ..Plot::default() });
    let rows =
        [("outside outages", report.summary.latency_ms), ("outage and recovery", report.summary.latency_outage_ms)];
    let rows: Vec<_> =
        rows.into_iter().filter_map(|(name, percentiles)| Some(percentile_row(name, percentiles?))).collect();
    if !rows.is_empty() {
        let figures = Column::Figures;
        let columns = [
            ("Latency, ms", Column::Words),
            ("n", figures),
            ("p50", figures),
            ("p99", figures),
            ("p99.9", figures),
            ("max", figures),
        ];
        table(html, &columns, &rows);
    }
    html.close();
}

fn percentile_row(name: &str, percentiles: Percentiles) -> Vec<String> {
    let Percentiles { n, p50, p99, p999, max } = percentiles;
    let figures = [p50, p99, p999, max].map(|millis| THIN.figure(millis));
    [name.to_owned(), THIN.count(n)].into_iter().chain(figures).collect()
}

/// Trips and traffic.
pub(super) fn city(html: &mut Markup, report: &Report) {
    open_section(html, "The city", &epochs(report));
    html.open("div", &[("class", "pair")]);
    let mut trips = line(report, "trips under way", "s1", |sample| Some(sample.trips_active as f64));
    trips.area = true;
    let half = ChartSize::Half;
    let what = "Trips under way over time";
    draw(html, report, Plot { what, y_label: "trips under way", size: half, series: vec![trips], ..Plot::default() });
    let speed = line(report, "speed over free flow", "s1", |sample| sample.speed_ratio.map(|ratio| ratio * 100.0));
    let what = "Average speed over free flow, over time";
    let y_label = "average speed over free flow, %";
    draw(html, report, Plot { what, y_label, unit: "%", size: half, series: vec![speed], ..Plot::default() });
    html.close();
    html.close();
}

fn epochs(report: &Report) -> String {
    match report.samples.last() {
        Some(last) => format!("{} traffic metrics came into force one after another.", THIN.count(last.metric_epoch)),
        None => String::new(),
    }
}

fn line<'a>(report: &Report, name: &'a str, class: &'static str, value: impl Fn(&Sample) -> Option<f64>) -> Series<'a> {
    Series { name, class, area: false, values: report.samples.iter().map(value).collect() }
}

/// What differs from chart to chart.
struct Plot<'a> {
    what: &'a str,
    y_label: &'a str,
    unit: &'a str,
    size: ChartSize,
    scale: ScaleKind,
    series: Vec<Series<'a>>,
    limit: Option<Limit>,
}

impl Default for Plot<'_> {
    fn default() -> Self {
        let (size, scale) = (ChartSize::Wide, ScaleKind::Linear);
        Self { what: "", y_label: "", unit: "", size, scale, series: Vec::new(), limit: None }
    }
}

fn draw(html: &mut Markup, report: &Report, plot: Plot<'_>) {
    html.open("figure", &[]);
    if report.samples.is_empty() {
        html.element("p", &[("class", "none")], "Nothing was sampled.");
        return html.close();
    }
    if plot.series.len() > 1 {
        html.open("figcaption", &[]);
        // The line that is drawn last lies on top: it is named first.
        for series in plot.series.iter().rev() {
            html.element("span", &[("class", &format!("key {}", series.class))], series.name);
        }
        if !report.summary.outages.is_empty() {
            html.element("span", &[("class", "key outage")], "outage");
            html.element("span", &[("class", "key recovery")], "catching up");
        }
        html.close();
    }
    let times: Vec<f64> = report.samples.iter().map(|sample| sample.t_s).collect();
    let chart = LineChart {
        what: plot.what,
        y_label: plot.y_label,
        unit: plot.unit,
        x_label: TIME,
        size: plot.size,
        scale: plot.scale,
        series: plot.series,
        times: &times,
        bands: &bands(report),
        limit: plot.limit,
    };
    html.open("div", &[("class", "scroll")]);
    chart.draw(html);
    html.close();
    html.close();
}

/// The outages, and the recoveries from them.
fn bands(report: &Report) -> Vec<Band> {
    let end = report.samples.last().map_or(0.0, |sample| sample.t_s);
    let each = report.summary.outages.iter().flat_map(|outage| {
        let recovery = Band {
            from: outage.to_s,
            to: outage.caught_up_s.unwrap_or(end).max(outage.to_s),
            class: "recovery",
            label: "catching up",
        };
        [Band { from: outage.from_s, to: outage.to_s, class: "outage", label: "outage" }, recovery]
    });
    each.collect()
}
