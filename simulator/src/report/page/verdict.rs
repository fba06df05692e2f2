use super::super::bound::Bound;
use super::super::markup::Markup;
use super::super::numeral::Spacing;
use super::super::summary::Summary;
use super::open_section;

const THIN: Spacing = Spacing::Thin;

/// What was run, and whether all is well.
pub(super) fn header(html: &mut Markup, summary: &Summary) {
    html.open("header", &[]);
    let about = format!(
        "etaflow simulator · seed {} · {} of scenario time in {}",
        summary.seed,
        THIN.with_unit(summary.duration_s, "s"),
        THIN.with_unit(summary.wall_s, "s")
    );
    html.element("p", &[("class", "eyebrow")], &about);
    html.element("h1", &[], &summary.scenario);
    if !summary.description.is_empty() {
        html.element("p", &[("class", "lead")], &summary.description);
    }
    let class = if summary.is_held() { "verdict good" } else { "verdict bad" };
    html.element("p", &[("class", class)], &words(summary));
    html.close();
}

fn words(summary: &Summary) -> String {
    let (all, breached) = (summary.bounds.len(), summary.bounds_breached());
    let bounds = match (all, breached) {
        (0, _) => "No bounds were set".to_owned(),
        (1, 0) => "✓ The one bound is held".to_owned(),
        (_, 0) => format!("✓ All {all} bounds are held"),
        _ => format!("✗ {breached} of {all} bounds breached"),
    };
    let missing = summary.accounting.offered.abs_diff(summary.accounting.accounted_for());
    match missing {
        0 => format!("{bounds}, every event accounted for"),
        _ => format!("{bounds}, and {} events are not accounted for", THIN.count(missing)),
    }
}

/// The figures that matter most.
pub(super) fn tiles(html: &mut Markup, summary: &Summary) {
    html.open("dl", &[("class", "tiles")]);
    let (eta, latency) = (&summary.eta.all, summary.latency_ms);
    tile(html, "Throughput", &THIN.with_unit(summary.events_per_s.round(), "/s"), "events through the pipeline");
    let median = THIN.maybe(latency.map(|latency| latency.p50), "ms");
    tile(
        html,
        "Latency, p99",
        &THIN.maybe(latency.map(|latency| latency.p99), "ms"),
        &format!("median {median}, outside outages"),
    );
    let backlog = format!("largest lag {} events", THIN.count(summary.lag_max_events));
    tile(html, "Caught up in", &THIN.maybe(summary.catch_up_s, "s"), &backlog);
    let bias = format!("bias {}, MAPE {}", THIN.signed(eta.bias_s, "s"), THIN.maybe(eta.mape, "share"));
    tile(html, "ETA error, mean", &THIN.maybe(eta.mae_s, "s"), &bias);
    tile(html, "Within p10–p90", &THIN.maybe(eta.coverage, "share"), "of arrivals; 80\u{202f}% is calibrated");
    html.close();
}

fn tile(html: &mut Markup, name: &str, value: &str, note: &str) {
    html.open("div", &[]);
    html.element("dt", &[], name);
    html.element("dd", &[("class", "value")], value);
    html.element("dd", &[("class", "note")], note);
    html.close();
}

/// Every bound, with its value.
pub(super) fn bounds(html: &mut Markup, summary: &Summary) {
    if summary.bounds.is_empty() {
        return;
    }
    open_section(html, "Bounds", "What the scenario promises, and what was measured.");
    html.open("div", &[("class", "scroll")]);
    html.open("table", &[]);
    html.open("thead", &[]);
    html.open("tr", &[]);
    for (name, class) in [
        ("Bound", "words"),
        ("Limit", "figures"),
        ("Measured", "figures"),
        ("Of the limit", "words wide-column"),
        ("", "words"),
    ] {
        html.element("th", &[("scope", "col"), ("class", class)], name);
    }
    html.close();
    html.close();
    html.open("tbody", &[]);
    summary.bounds.iter().for_each(|bound| row(html, bound));
    html.close();
    html.close();
    html.close();
    html.close();
}

fn row(html: &mut Markup, bound: &Bound) {
    let limit = format!("{}\u{202f}{}", bound.direction.sign(), THIN.with_unit(bound.limit, &bound.unit));
    html.open("tr", &[]);
    html.element("td", &[("class", "words")], &bound.name);
    html.element("td", &[("class", "figures")], &limit);
    html.element("td", &[("class", "figures strong")], &THIN.maybe(bound.value, &bound.unit));
    html.open("td", &[("class", "words")]);
    gauge(html, bound);
    html.close();
    let (class, word) = if bound.held { ("good", "✓ held") } else { ("bad", "✗ breached") };
    html.open("td", &[("class", "words")]);
    html.element("span", &[("class", class)], word);
    html.close();
    html.close();
}

/// The value as a bar, with a mark at the limit.
fn gauge(html: &mut Markup, bound: &Bound) {
    const WIDTH: f64 = 200.0;
    const LIMIT: f64 = 140.0;
    let Some(value) = bound.value.filter(|_| bound.limit > 0.0) else { return };
    let length = (value / bound.limit * LIMIT).clamp(1.0, WIDTH);
    let class = if bound.held { "gauge" } else { "gauge over" };
    html.open(
        "svg",
        &[
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("viewBox", "0 0 200 12"),
            ("class", "gauge-box"),
            ("aria-hidden", "true"),
        ],
    );
    html.leaf("rect", &[("class", "gauge-floor"), ("x", "0"), ("y", "4"), ("width", "200"), ("height", "4")]);
    html.leaf("rect", &[("class", class), ("x", "0"), ("y", "4"), ("width", &format!("{length:.1}")), ("height", "4")]);
    html.leaf("line", &[("class", "gauge-limit"), ("x1", "140"), ("x2", "140"), ("y1", "0"), ("y2", "12")]);
    html.close();
}
