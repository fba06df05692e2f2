use std::fmt::Write;

use super::super::markup::{Markup, px};
use super::super::numeral::Spacing;
use super::frame::{ChartSize, Frame, rect, text};
use super::scale::{Scale, ScaleKind};

/// A line is drawn of at most twice as many points: more are thinner than a pixel.
const COLUMNS_MAX: usize = 500;

/// So many places at which a pointer shows the values.
const PROBES_MAX: usize = 180;

/// Values over time.
pub(in crate::report) struct LineChart<'a> {
    /// What it shows, for those who do not see it.
    pub(in crate::report) what: &'a str,
    /// What the values are, with their unit.
    pub(in crate::report) y_label: &'a str,
    /// The unit alone.
    pub(in crate::report) unit: &'a str,
    /// What the times are, with their unit.
    pub(in crate::report) x_label: &'a str,
    pub(in crate::report) size: ChartSize,
    pub(in crate::report) scale: ScaleKind,
    /// Each has as many values as there are `times`.
    pub(in crate::report) series: Vec<Series<'a>>,
    /// In ascending order.
    pub(in crate::report) times: &'a [f64],
    pub(in crate::report) bands: &'a [Band],
    pub(in crate::report) limit: Option<Limit>,
}

/// One line of a chart.
pub(in crate::report) struct Series<'a> {
    pub(in crate::report) name: &'a str,
    /// The class that gives it its colour.
    pub(in crate::report) class: &'static str,
    /// Whether what is under it is shaded.
    pub(in crate::report) area: bool,
    /// A gap where there is none.
    pub(in crate::report) values: Vec<Option<f64>>,
}

/// A time that is marked.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Band {
    pub(in crate::report) from: f64,
    pub(in crate::report) to: f64,
    /// The class that gives it its colour.
    pub(in crate::report) class: &'static str,
    pub(in crate::report) label: &'static str,
}

/// A value that is marked.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Limit {
    pub(in crate::report) value: f64,
    pub(in crate::report) label: String,
}

impl LineChart<'_> {
    /// Draws it.
    pub(in crate::report) fn draw(&self, svg: &mut Markup) {
        let frame = Frame::new(self.size);
        let (first, last) = (self.times.first().copied(), self.times.last().copied());
        let x = Scale::exact(first.unwrap_or(0.0).min(0.0), last.unwrap_or(1.0));
        let values = self.series.iter().flat_map(|series| series.values.iter().flatten().copied());
        let y = Scale::around(self.scale, values.chain(self.limit.iter().map(|limit| limit.value)));
        frame.open(svg, self.what);
        self.draw_bands(svg, &frame, &x);
        frame.draw_values(svg, &y, self.y_label);
        frame.draw_times(svg, &x, self.x_label);
        for series in &self.series {
            let points: Vec<_> = self.times.iter().copied().zip(series.values.iter().copied()).collect();
            let place = |(time, value): (f64, f64)| (frame.x(x.place(time)), frame.y(y.place(value)));
            draw_series(svg, series, &thinned(&points), frame.bottom(), place);
        }
        self.draw_limit(svg, &frame, &y);
        self.draw_probes(svg, &frame, &x);
        svg.close();
    }

    fn draw_bands(&self, svg: &mut Markup, frame: &Frame, x: &Scale) {
        for band in self.bands {
            let (left, right) = (frame.x(x.place(band.from)), frame.x(x.place(band.to)));
            let class = format!("band {}", band.class);
            rect(svg, &class, (left, frame.top()), (right.max(left + 1.0), frame.bottom()));
            text(svg, (left, frame.top() - 5.0), &format!("band-label {}", band.class), "start", band.label);
        }
    }

    fn draw_limit(&self, svg: &mut Markup, frame: &Frame, scale: &Scale) {
        let Some(limit) = &self.limit else { return };
        let y = frame.y(scale.place(limit.value));
        let (left, right) = (frame.x(0.0), frame.x(1.0));
        let attributes = [("class", "limit"), ("x1", &*px(left)), ("x2", &px(right)), ("y1", &px(y)), ("y2", &px(y))];
        svg.leaf("line", &attributes);
        text(svg, (right, y - 5.0), "limit-label", "end", &limit.label);
    }

    /// What a pointer shows: the values at the sample that is nearest.
    fn draw_probes(&self, svg: &mut Markup, frame: &Frame, x: &Scale) {
        let every = self.times.len().div_ceil(PROBES_MAX).max(1);
        let picked: Vec<usize> = (0..self.times.len()).step_by(every).collect();
        let at = |index: usize| frame.x(x.place(self.times[index]));
        for (position, &index) in picked.iter().enumerate() {
            let middle = at(index);
            let left = if position == 0 { middle } else { (at(picked[position - 1]) + middle) / 2.0 };
            let right = picked.get(position + 1).map_or(middle, |&next| (at(next) + middle) / 2.0);
            svg.open("g", &[("class", "probe")]);
            let (top, bottom) = (px(frame.top()), px(frame.bottom()));
            let hair = [("class", "hair"), ("x1", &*px(middle)), ("x2", &px(middle)), ("y1", &top), ("y2", &bottom)];
            svg.leaf("line", &hair);
            let (width, height) = (px((right - left).max(1.0)), px(frame.bottom() - frame.top()));
            let hit = [("class", "hit"), ("x", &*px(left)), ("y", &top), ("width", &width), ("height", &height)];
            svg.open("rect", &hit);
            svg.element("title", &[], &self.words(index));
            svg.close();
            svg.close();
        }
    }

    fn words(&self, index: usize) -> String {
        let mut words = format!("{} s", Spacing::Thin.figure(self.times[index]));
        for series in &self.series {
            let value = Spacing::Thin.maybe(series.values.get(index).copied().flatten(), self.unit);
            let _ = write!(words, "\n{}: {value}", series.name);
        }
        words
    }
}

fn draw_series(
    svg: &mut Markup,
    series: &Series<'_>,
    points: &[(f64, Option<f64>)],
    floor: f64,
    place: impl Fn((f64, f64)) -> (f64, f64),
) {
    let (mut line, mut area) = (String::new(), String::new());
    for run in points.split(|(_, value)| value.is_none()) {
        let placed: Vec<_> = run.iter().filter_map(|&(time, value)| Some(place((time, value?)))).collect();
        let (Some(first), Some(last)) = (placed.first(), placed.last()) else { continue };
        for (index, (x, y)) in placed.iter().enumerate() {
            let _ = write!(line, "{}{} {}", if index == 0 { "M" } else { "L" }, px(*x), px(*y));
        }
        if placed.len() == 1 {
            // A stroke without length has round ends: a dot.
            line.push_str("h0");
        }
        let _ = write!(area, "M{} {}", px(first.0), px(floor));
        for (x, y) in &placed {
            let _ = write!(area, "L{} {}", px(*x), px(*y));
        }
        let _ = write!(area, "L{} {}Z", px(last.0), px(floor));
    }
    if series.area {
        svg.leaf("path", &[("class", &format!("area {}", series.class)), ("d", &area)]);
    }
    svg.leaf("path", &[("class", &format!("line {}", series.class)), ("d", &line)]);
}

/// At most [`COLUMNS_MAX`] stretches, of each its lowest and its highest value: no peak is lost.
fn thinned(points: &[(f64, Option<f64>)]) -> Vec<(f64, Option<f64>)> {
    let finite = |&(time, value): &(f64, Option<f64>)| (time, value.filter(|value| value.is_finite()));
    if points.len() <= 2 * COLUMNS_MAX {
        return points.iter().map(finite).collect();
    }
    let mut kept = Vec::with_capacity(2 * COLUMNS_MAX);
    for stretch in points.chunks(points.len().div_ceil(COLUMNS_MAX)) {
        let known = || stretch.iter().enumerate().filter_map(|(index, point)| Some((index, finite(point).1?)));
        let lowest = known().min_by(|one, two| one.1.total_cmp(&two.1));
        let highest = known().max_by(|one, two| one.1.total_cmp(&two.1));
        match (lowest, highest) {
            (Some((low, _)), Some((high, _))) => {
                kept.push(stretch[low.min(high)]);
                if low != high {
                    kept.push(stretch[low.max(high)]);
                }
            }
            _ => kept.push((stretch[0].0, None)),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(times: &[f64], values: &[Option<f64>], scale: ScaleKind) -> String {
        let mut svg = Markup::default();
        let bands = [Band { from: 2.0, to: 5.0, class: "outage", label: "outage" }];
        let chart = LineChart {
            what: "a \"what\" & <such>",
            y_label: "events / s",
            unit: "/s",
            x_label: "time, s",
            size: ChartSize::Wide,
            scale,
            series: vec![Series { name: "<offered>", class: "s1", area: true, values: values.to_vec() }],
            times,
            bands: &bands,
            limit: Some(Limit { value: 50.0, label: "≤ 50 ms".to_owned() }),
        };
        chart.draw(&mut svg);
        svg.finish()
    }

    #[test]
    fn a_gap_splits_the_line() {
        let svg = drawn(&[0.0, 1.0, 2.0, 3.0], &[Some(1.0), Some(2.0), None, Some(3.0)], ScaleKind::Linear);
        let document = roxmltree::Document::parse(&svg).unwrap();
        let line = document.descendants().find(|node| node.attribute("class") == Some("line s1")).unwrap();
        let path = line.attribute("d").unwrap();
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert!(path.ends_with("h0"), "{path}");
        assert!(svg.contains("outage") && svg.contains("≤ 50 ms") && svg.contains("time, s"));
    }

    #[test]
    fn many_points_are_thinned_and_peaks_are_kept() {
        let mut points: Vec<_> = (0..100_000).map(|index| (f64::from(index), Some(1.0))).collect();
        points[77_777].1 = Some(9.0);
        let kept = thinned(&points);
        assert!(kept.len() <= 2 * COLUMNS_MAX);
        assert!(kept.contains(&(77_777.0, Some(9.0))));
        assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    proptest! {
        #[test]
        fn whatever_the_values_it_is_well_formed(
            values in prop::collection::vec(prop::option::of(any::<f64>()), 0..40), log in any::<bool>(),
        ) {
            let times: Vec<_> = (0..values.len()).map(|index| index as f64).collect();
            let svg = drawn(&times, &values, if log { ScaleKind::Log } else { ScaleKind::Linear });
            prop_assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
