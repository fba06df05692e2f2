use super::super::markup::Markup;
use super::frame::{rect, text};

const WIDTH: f64 = 484.0;
const ROW: f64 = 26.0;
const LABELS: f64 = 150.0;
const VALUES: f64 = 90.0;

/// Sizes by name, one bar under another.
pub(in crate::report) struct BarChart<'a> {
    /// What it shows, for those who do not see it.
    pub(in crate::report) what: &'a str,
    pub(in crate::report) bars: Vec<Bar>,
}

/// One bar.
pub(in crate::report) struct Bar {
    pub(in crate::report) label: String,
    /// Its length; 0 or more.
    pub(in crate::report) value: f64,
    /// What stands at its end.
    pub(in crate::report) text: String,
}

impl BarChart<'_> {
    /// Draws it.
    pub(in crate::report) fn draw(&self, svg: &mut Markup) {
        let height = ROW * self.bars.len() as f64;
        let view = format!("0 0 {WIDTH} {height}");
        let attributes = [
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("viewBox", view.as_str()),
            ("class", "half"),
            ("role", "img"),
            ("aria-label", self.what),
        ];
        svg.open("svg", &attributes);
        let longest = self.bars.iter().map(|bar| bar.value).filter(|value| value.is_finite()).fold(0.0, f64::max);
        for (index, bar) in self.bars.iter().enumerate() {
            let top = index as f64 * ROW;
            let share = if longest > 0.0 && bar.value.is_finite() { bar.value.max(0.0) / longest } else { 0.0 };
            let end = LABELS + (share * (WIDTH - LABELS - VALUES)).max(1.0);
            text(svg, (LABELS - 10.0, top + 17.0), "bar-label", "end", &bar.label);
            rect(svg, "bar", (LABELS, top + 6.0), (end, top + ROW - 6.0));
            text(svg, (end + 8.0, top + 17.0), "bar-value", "start", &bar.text);
        }
        svg.close();
    }
}
