use serde_json::{Value, json};

use crate::comparison::Row;

/// The rows as a JSON array of `{group, operation, peer, unit, ours, theirs, speedup}`: names are text (`peer` is "" where
/// ours is alone), figures are numbers, `null` where there is none.
pub fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "group": row.group,
            "operation": row.operation,
            "peer": row.peer,
            "unit": row.unit,
            "ours": row.ours.map(rounded),
            "theirs": row.theirs.map(rounded),
            "speedup": row.speedup.map(rounded),
        })
    };
    rows.iter().map(row).collect()
}

fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// The rows as lines of a Markdown table, with its head.
pub fn table(rows: &[Row]) -> String {
    let line = |cells: [&str; 6]| {
        let [operation, peer, unit, ours, theirs, ratio] = cells;
        format!("| {operation:<59} | {peer:<22} | {unit:<9} | {ours:>11} | {theirs:>11} | {ratio:>8} |\n")
    };
    let mut text = line(["operation", "peer", "unit", "ours", "theirs", "speedup"]);
    text.push_str(&line(["---", "---", "---", "---:", "---:", "---:"]));
    for row in rows {
        let figure = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
        let speedup = row.speedup.map_or_else(String::new, |value| format!("{value:.2}x"));
        text.push_str(&line([&row.operation, row.peer, row.unit, &figure(row.ours), &figure(row.theirs), &speedup]));
    }
    text
}
