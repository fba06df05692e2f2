use super::super::markup::{Markup, px};
use super::super::numeral::axis;
use super::scale::Scale;

/// How much room a chart has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum ChartSize {
    /// The page's width.
    Wide,
    /// One of two side by side.
    Half,
}

/// Room for the labels of the values and of the time.
const LEFT: f64 = 46.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 40.0;

/// A chart's plane, with its axes.
pub(super) struct Frame {
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    pub(super) fn new(size: ChartSize) -> Self {
        match size {
            ChartSize::Wide => Self { width: 1000.0, height: 250.0 },
            ChartSize::Half => Self { width: 484.0, height: 220.0 },
        }
    }

    /// Opens the drawing; `what` is what a screen reader says.
    pub(super) fn open(&self, svg: &mut Markup, what: &str) {
        let view = format!("0 0 {} {}", px(self.width), px(self.height));
        let class = if self.width > 600.0 { "wide" } else { "half" };
        let attributes = [
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("viewBox", view.as_str()),
            ("class", class),
            ("role", "img"),
            ("aria-label", what),
        ];
        svg.open("svg", &attributes);
    }

    /// From the left edge of the plane, for a place from 0 to 1.
    pub(super) fn x(&self, place: f64) -> f64 {
        LEFT + place * (self.width - LEFT - RIGHT)
    }

    /// From the top edge, for a place from 0 (at the bottom) to 1.
    pub(super) fn y(&self, place: f64) -> f64 {
        self.bottom() - place * (self.bottom() - TOP)
    }

    pub(super) fn top(&self) -> f64 {
        TOP
    }

    pub(super) fn bottom(&self) -> f64 {
        self.height - BOTTOM
    }

    /// A line across for each value that has a tick, and what the values are.
    pub(super) fn draw_values(&self, svg: &mut Markup, scale: &Scale, label: &str) {
        let (left, right) = (px(self.x(0.0)), px(self.x(1.0)));
        for &tick in &scale.ticks {
            let y = self.y(scale.place(tick));
            let class = if tick == 0.0 { "zero" } else { "grid" };
            svg.leaf("line", &[("class", class), ("x1", &left), ("x2", &right), ("y1", &px(y)), ("y2", &px(y))]);
            text(svg, (LEFT - 8.0, y + 4.0), "tick", "end", &axis(tick));
        }
        text(svg, (0.0, 12.0), "unit", "start", label);
    }

    /// A mark for each time that has a tick, and what the times are.
    pub(super) fn draw_times(&self, svg: &mut Markup, scale: &Scale, label: &str) {
        let (bottom, below) = (px(self.bottom()), px(self.bottom() + 4.0));
        for &tick in &scale.ticks {
            let x = self.x(scale.place(tick));
            svg.leaf("line", &[("class", "mark"), ("x1", &px(x)), ("x2", &px(x)), ("y1", &bottom), ("y2", &below)]);
            text(svg, (x, self.bottom() + 17.0), "tick", "middle", &axis(tick));
        }
        text(svg, (self.x(1.0), self.height - 3.0), "unit", "end", label);
    }
}

/// Text at a point, which is its `start`, `middle` or `end`.
pub(super) fn text(svg: &mut Markup, at: (f64, f64), class: &str, anchor: &str, text: &str) {
    svg.element("text", &[("class", class), ("x", &px(at.0)), ("y", &px(at.1)), ("text-anchor", anchor)], text);
}

/// A rectangle by its corners.
pub(super) fn rect(svg: &mut Markup, class: &str, (left, top): (f64, f64), (right, bottom): (f64, f64)) {
    let (width, height) = ((right - left).max(0.0), (bottom - top).max(0.0));
    let attributes =
        [("class", class), ("x", &px(left)), ("y", &px(top)), ("width", &px(width)), ("height", &px(height))];
    svg.leaf("rect", &attributes);
}
