use std::fmt::Write;

use super::checkpoint::{CheckpointScore, Score};
use super::published::PUBLISHED;

/// The score as an aligned table for a terminal, with the published figures below it.
pub fn score_table(score: &Score) -> String {
    let mut table = format!(
        "{:<26} {:>5} {:>7} {:>7} {:>7} {:>6} {:>7} {:>7} {:>8}\n",
        "ETA against arrival", "n", "MAE", "median", "p95", "MAPE", "bias", "in 20%", "p10-p90"
    );
    let groups = [("all trips", &score.all), ("ordinary trips", &score.ordinary)];
    // Where every trip is ordinary the second group says the same as the first.
    let shown = if score.trips_peculiar > 0 { 2 } else { 1 };
    for (name, rows) in &groups[..shown] {
        let _ = writeln!(table, "{name}");
        rows.iter().for_each(|row| push_row(&mut table, row));
    }
    for published in PUBLISHED {
        let name = format!("  {} at departure *", published.engine);
        let (mae, mape) = (seconds(Some(published.mae_s), false), percent(Some(published.mape)));
        let bias = seconds(Some(published.bias_s), true);
        let _ = writeln!(table, "{name:<26} {:>5} {mae:>7} {:>7} {:>7} {mape:>6} {bias:>7}", published.trips, "", "");
    }
    table.push_str("* published, static, on other trips of the same city: not the same set\n");
    table
}

fn push_row(table: &mut String, row: &CheckpointScore) {
    let stats = &row.stats;
    let _ = write!(
        table,
        "{:<26} {:>5} {:>7} {:>7} {:>7} {:>6} {:>7} {:>7} {:>8}",
        format!("  at {}", row.at.name()),
        stats.n,
        seconds(stats.mae_s, false),
        seconds(stats.abs_p50_s, false),
        seconds(stats.abs_p95_s, false),
        percent(stats.mape),
        seconds(stats.bias_s, true),
        percent(stats.within_20pct),
        percent(stats.coverage),
    );
    if row.missing > 0 {
        let _ = write!(table, "  ({} without)", row.missing);
    }
    table.push('\n');
}

fn seconds(value: Option<f64>, signed: bool) -> String {
    match value {
        Some(value) if signed => format!("{value:+.0} s"),
        Some(value) => format!("{value:.0} s"),
        None => "-".to_owned(),
    }
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::super::score;
    use super::*;

    #[test]
    fn an_empty_score_has_its_rows() {
        let table = score_table(&score(&[], &[]));
        assert_eq!(table.lines().count(), 1 + 1 + 4 + 2 + 1);
        assert!(table.contains("at departure"));
        assert!(table.contains("315 s") && table.contains("-300 s"));
    }
}
