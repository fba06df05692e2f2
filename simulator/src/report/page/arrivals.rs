use super::super::chart::{ChartSize, Range, RangeChart};
use super::super::markup::Markup;
use super::super::numeral::Spacing;
use super::super::summary::Summary;
use super::open_section;
use super::table::{Column, table};
use crate::score::{CheckpointScore, ErrorStats, HorizonError, PUBLISHED, Score};

const THIN: Spacing = Spacing::Thin;

/// How far arrival times were off, by how much time was left.
pub(super) fn by_horizon(html: &mut Markup, summary: &Summary) {
    let lead = "Predicted minus true arrival, by how much time was truly left when it was predicted. Above zero is too \
                late. The bar holds the middle 80\u{202f}% of the errors, the mark is their median.";
    open_section(html, "Arrival times by horizon", lead);
    if summary.eta.all.n == 0 {
        html.element("p", &[("class", "none")], "No trip arrived of which an arrival had been predicted.");
        return html.close();
    }
    let chart = RangeChart {
        what: "Error of predicted arrival times by horizon: 10th percentile, median and 90th percentile",
        y_label: "error, s",
        x_label: "time truly left",
        size: ChartSize::Wide,
        ranges: summary.eta.by_horizon.iter().map(range).collect(),
    };
    html.open("figure", &[]);
    html.open("div", &[("class", "scroll")]);
    chart.draw(html);
    html.close();
    html.close();
    let rows = summary.eta.by_horizon.iter().map(|horizon| row(&horizon.label(), &horizon.stats));
    let rows: Vec<_> = rows.chain([row("all", &summary.eta.all)]).collect();
    table(html, &columns("Time left"), &rows);
    html.close();
}

fn range(horizon: &HorizonError) -> Range {
    let stats = &horizon.stats;
    let values = stats.error_p10_s.zip(stats.error_p50_s).zip(stats.error_p90_s);
    let values = values.map(|((low, mid), high)| [low, mid, high]);
    let words = values.map_or_else(String::new, |values| {
        let [low, mid, high] = values.map(|value| THIN.signed(Some(value), "s"));
        format!("{}\np10 {low}, median {mid}, p90 {high}\n{} predictions", horizon.label(), THIN.count(stats.n))
    });
    Range { label: horizon.label(), words, values }
}

/// How far arrival times were off at set moments of real trips.
pub(super) fn by_checkpoint(html: &mut Markup, summary: &Summary) {
    let Some(score) = &summary.score else { return };
    let lead = "What was predicted last, at set moments of each trip, against its arrival. Relative errors are of the \
                time that was truly left.";
    open_section(html, "Trips, from departure to arrival", lead);
    let mut columns = columns("Moment");
    columns.insert(2, ("without", Column::Figures));
    table(html, &columns, &checkpoint_rows(score));
    html.element("p", &[("class", "note")], &notes(score));
    html.close();
}

fn checkpoint_rows(score: &Score) -> Vec<Vec<String>> {
    let named = |group: &str, rows: &[CheckpointScore]| -> Vec<Vec<String>> {
        let cells = |at: &CheckpointScore| {
            with_missing(row(&format!("{}, {group}", at.at.name()), &at.stats), Some(at.missing))
        };
        rows.iter().map(cells).collect()
    };
    let mut rows = named("all trips", &score.all);
    if score.trips_peculiar > 0 {
        rows.extend(named("ordinary trips", &score.ordinary));
    }
    for published in PUBLISHED {
        let (mae_s, mape) = (Some(published.mae_s), Some(published.mape));
        let stats =
            ErrorStats { n: published.trips, mae_s, mape, bias_s: Some(published.bias_s), ..ErrorStats::default() };
        rows.push(with_missing(row(&format!("departure, {} *", published.engine), &stats), None));
    }
    rows
}

/// How many trips there was no prediction for, after the number of those that had one.
fn with_missing(mut cells: Vec<String>, missing: Option<u64>) -> Vec<String> {
    cells.insert(2, missing.map_or_else(|| "–".to_owned(), |missing| THIN.count(missing)));
    cells
}

fn notes(score: &Score) -> String {
    let mut notes = "* Published figures of static engines on other trips of the same city: a hint at the size of \
                     things, not the same set."
        .to_owned();
    let departure = score.all.first().map_or(0, |at| at.missing);
    if departure > 0 {
        notes += &format!(" Trips without a prediction at departure: {}.", THIN.count(departure));
    }
    if score.trips_peculiar > 0 {
        let (peculiar, trips) = (THIN.count(score.trips_peculiar), THIN.count(score.trips));
        notes += &format!(
            " {peculiar} of {trips} trips are not ordinary: under a minute long, standing still, jumping, or ending \
             where they began."
        );
    }
    notes
}

fn columns(first: &str) -> Vec<(&str, Column)> {
    let figures = ["n", "MAE", "median", "p95", "MAPE", "bias", "within 20\u{202f}%", "in p10–p90"];
    let figures = figures.map(|name| (name, Column::Figures));
    [(first, Column::Words)].into_iter().chain(figures).collect()
}

fn row(name: &str, stats: &ErrorStats) -> Vec<String> {
    vec![
        name.to_owned(),
        THIN.count(stats.n),
        THIN.seconds(stats.mae_s),
        THIN.seconds(stats.abs_p50_s),
        THIN.seconds(stats.abs_p95_s),
        THIN.maybe(stats.mape, "share"),
        THIN.signed_seconds(stats.bias_s),
        THIN.maybe(stats.within_20pct, "share"),
        THIN.maybe(stats.coverage, "share"),
    ]
}
