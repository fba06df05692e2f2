use super::super::markup::{Markup, px};
use super::frame::{ChartSize, Frame, rect, text};
use super::scale::{Scale, ScaleKind};

/// Where values lie, by category: a bar from low to high with a mark at the middle.
pub(in crate::report) struct RangeChart<'a> {
    /// What it shows, for those who do not see it.
    pub(in crate::report) what: &'a str,
    /// What the values are, with their unit.
    pub(in crate::report) y_label: &'a str,
    /// What the categories are.
    pub(in crate::report) x_label: &'a str,
    pub(in crate::report) size: ChartSize,
    pub(in crate::report) ranges: Vec<Range>,
}

/// One category.
pub(in crate::report) struct Range {
    pub(in crate::report) label: String,
    /// What a pointer shows.
    pub(in crate::report) words: String,
    /// Low, middle and high; nothing is drawn where there is none.
    pub(in crate::report) values: Option<[f64; 3]>,
}

impl RangeChart<'_> {
    /// Draws it.
    pub(in crate::report) fn draw(&self, svg: &mut Markup) {
        let frame = Frame::new(self.size);
        let values = self.ranges.iter().filter_map(|range| range.values).flatten();
        let scale = Scale::around(ScaleKind::Linear, values);
        frame.open(svg, self.what);
        frame.draw_values(svg, &scale, self.y_label);
        let slot = (frame.x(1.0) - frame.x(0.0)) / self.ranges.len().max(1) as f64;
        for (index, range) in self.ranges.iter().enumerate() {
            let middle = frame.x(0.0) + (index as f64 + 0.5) * slot;
            self.draw_range(svg, &frame, &scale, range, (middle, (slot * 0.22).min(30.0)));
        }
        text(svg, (frame.x(1.0), frame.height - 1.0), "unit", "end", self.x_label);
        svg.close();
    }

    fn draw_range(&self, svg: &mut Markup, frame: &Frame, scale: &Scale, range: &Range, (x, half): (f64, f64)) {
        text(svg, (x, frame.bottom() + 17.0), "tick", "middle", &range.label);
        let Some([low, mid, high]) = range.values else {
            return text(svg, (x, frame.y(scale.place(0.0)) - 6.0), "tick", "middle", "none");
        };
        let y = |value| frame.y(scale.place(value));
        svg.open("g", &[]);
        svg.element("title", &[], &range.words);
        rect(svg, "range", (x - half, y(high)), (x + half, y(low).max(y(high) + 1.0)));
        let (left, right, mid) = (px(x - half), px(x + half), px(y(mid)));
        svg.leaf("line", &[("class", "median"), ("x1", &left), ("x2", &right), ("y1", &mid), ("y2", &mid)]);
        svg.close();
    }
}
