//! The report as one page of HTML: the verdict first, then how the run went, then how it was set up.

mod accounts;
mod arrivals;
mod course;
mod table;
mod verdict;

use super::markup::Markup;
use super::summary::Report;

/// Nothing may be loaded, and nothing may run: what a scenario's name says cannot either.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let summary = &report.summary;
    let mut html = Markup::default();
    html.open("html", &[("lang", "en")]);
    html.open("head", &[]);
    html.leaf("meta", &[("charset", "utf-8")]);
    html.leaf("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
    html.leaf("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    html.leaf("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
    html.element("title", &[], &format!("{} · etaflow simulator", summary.scenario));
    html.style(include_str!("page.css"));
    html.close();
    html.open("body", &[]);
    html.open("main", &[]);
    verdict::header(&mut html, summary);
    verdict::tiles(&mut html, summary);
    verdict::bounds(&mut html, summary);
    course::throughput(&mut html, report);
    course::lag(&mut html, report);
    course::latency(&mut html, report);
    arrivals::by_horizon(&mut html, summary);
    arrivals::by_checkpoint(&mut html, summary);
    course::city(&mut html, report);
    accounts::events(&mut html, summary);
    accounts::faults(&mut html, summary);
    accounts::configuration(&mut html, summary);
    html.close();
    html.close();
    html.close();
    format!("<!DOCTYPE html>\n{}\n", html.finish())
}

/// Begins a section; the caller closes it.
fn open_section(html: &mut Markup, title: &str, lead: &str) {
    html.open("section", &[]);
    html.element("h2", &[], title);
    if !lead.is_empty() {
        html.element("p", &[("class", "lead")], lead);
    }
}
