use super::super::chart::{Bar, BarChart};
use super::super::markup::Markup;
use super::super::numeral::Spacing;
use super::super::summary::Summary;
use super::open_section;
use super::table::{Column, table};

const THIN: Spacing = Spacing::Thin;

/// What became of every event.
pub(super) fn events(html: &mut Markup, summary: &Summary) {
    let accounting = &summary.accounting;
    let lead = if accounting.is_balanced() {
        "Offered = accepted + refused + conflated + duplicate + dead-lettered, exactly."
    } else {
        "The sum of what became of the events is not what was offered."
    };
    open_section(html, "Every event accounted for", lead);
    html.open("div", &[("class", "pair")]);
    html.open("div", &[]);
    let share = |count: u64| match accounting.offered {
        0 => "–".to_owned(),
        offered => THIN.percent(count as f64 / offered as f64),
    };
    let parts = [
        ("accepted", accounting.accepted),
        ("refused: the queue was full", accounting.refused),
        ("conflated: a newer fix replaced it", accounting.conflated),
        ("duplicate: it had come before", accounting.duplicate),
        ("dead-lettered: it could not be used", accounting.dead_lettered_total()),
        ("offered", accounting.offered),
    ];
    let rows: Vec<_> =
        parts.iter().map(|&(name, count)| vec![name.to_owned(), THIN.count(count), share(count)]).collect();
    table(html, &[("Events", Column::Words), ("count", Column::Figures), ("share", Column::Figures)], &rows);
    html.close();
    html.open("div", &[]);
    html.element("h3", &[], "Dead letters by reason");
    dead_letters(html, summary);
    html.close();
    html.close();
    html.close();
}

fn dead_letters(html: &mut Markup, summary: &Summary) {
    let mut reasons: Vec<_> =
        summary.accounting.dead_lettered.iter().filter(|(_, count)| **count > 0).map(|(name, &n)| (name, n)).collect();
    if reasons.is_empty() {
        return html.element("p", &[("class", "none")], "None.");
    }
    // The map is in the order of name; a stable sort keeps that among equals.
    reasons.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let bar = |&(name, count): &(&String, u64)| Bar {
        label: name.replace('_', " "),
        value: count as f64,
        text: THIN.count(count),
    };
    BarChart { what: "Dead letters by reason", bars: reasons.iter().map(bar).collect() }.draw(html);
}

/// What was done to the events on the way.
pub(super) fn faults(html: &mut Markup, summary: &Summary) {
    open_section(html, "Faults injected", "What the simulated world did to the events on their way.");
    if summary.faults.is_empty() {
        html.element("p", &[("class", "none")], "None.");
        return html.close();
    }
    let rows: Vec<_> = summary
        .faults
        .iter()
        .map(|fault| vec![fault.name.clone(), fault.detail.clone(), THIN.count(fault.injected)])
        .collect();
    table(html, &[("Fault", Column::Words), ("what it does", Column::Words), ("injected", Column::Figures)], &rows);
    html.close();
}

/// How the run was set up, on what, and what it can be recognised by.
pub(super) fn configuration(html: &mut Markup, summary: &Summary) {
    open_section(html, "Configuration", "");
    html.open("div", &[("class", "pair")]);
    let settings = summary.configuration.iter().map(|setting| (setting.name.clone(), setting.value.clone()));
    let seed = ("seed".to_owned(), summary.seed.to_string());
    definitions(html, "Scenario", &settings.chain([seed]).collect::<Vec<_>>());
    let machine = &summary.machine;
    let facts = [
        ("cores", machine.cores.to_string()),
        ("processor", machine.cpu.clone().unwrap_or_else(|| "–".to_owned())),
        ("system", format!("{} {}", machine.os, machine.arch)),
        ("build", format!("etaflow {}, {}", machine.version, machine.build)),
        ("state digest", summary.state_digest.clone()),
        ("outputs digest", summary.outputs_digest.clone()),
    ];
    definitions(html, "Machine and digests", &facts.map(|(name, value)| (name.to_owned(), value)));
    html.close();
    html.close();
}

fn definitions(html: &mut Markup, title: &str, rows: &[(String, String)]) {
    html.open("div", &[]);
    html.element("h3", &[], title);
    html.open("dl", &[("class", "facts")]);
    for (name, value) in rows {
        html.open("div", &[]);
        html.element("dt", &[], name);
        html.element("dd", &[], value);
        html.close();
    }
    html.close();
    html.close();
}
