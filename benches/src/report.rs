use serde_json::{Value, json};

use crate::comparison::Row;

/// The rows as a JSON array of `{group, operation, peer, unit, ours, theirs, speedup}`.
pub fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "group": row.group,
            "operation": row.operation,
            "peer": row.peer,
            "unit": row.unit,
            "ours": rounded(row.ours),
            "theirs": rounded(row.theirs),
            "speedup": rounded(row.speedup),
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
        format!("| {operation:<41} | {peer:<14} | {unit:<9} | {ours:>8} | {theirs:>8} | {ratio:>7} |\n")
    };
    let mut text = line(["operation", "peer", "unit", "ours", "theirs", "speedup"]);
    text.push_str(&line(["---", "---", "---", "---:", "---:", "---:"]));
    for row in rows {
        let [ours, theirs] = [row.ours, row.theirs].map(|value| format!("{value:.2}"));
        let speedup = format!("{:.2}x", row.speedup);
        text.push_str(&line([&row.operation, row.peer, row.unit, &ours, &theirs, &speedup]));
    }
    text
}
