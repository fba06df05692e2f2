use std::fmt::Write;

use etaflow_road::{Coord, LocalFrame, Xy};

use super::arcs::ArcId;
use super::figures::Figures;
use super::run::Run;
use super::spot::{Bounds, extent, spots};
use super::track::Track;

/// The size of a panel, in pixels; there are two in a row.
const PANEL: [f64; 2] = [590.0, 430.0];

/// Between panels and around them.
const GAP: f64 = 12.0;

/// What is above the panels.
const HEAD: f64 = 84.0;

/// How many places where something is wrong have a panel each.
const SPOTS_MAX: usize = 5;

/// How much a panel shows around what it is of, as a share of that,
const MARGIN: f64 = 0.15;

/// and in metres on top of it.
const MARGIN_M: f64 = 40.0;

/// A panel with more roads than this leaves them out: they would be one grey area.
const ROADS_MAX: usize = 12_000;

/// A panel with more fixes than this leaves them out.
const FIXES_MAX: usize = 2_000;

/// Every so many seconds a fix has its time beside it.
const LABEL_EVERY_S: f64 = 10.0;

const STYLE: &str = "text{font:12px sans-serif;fill:#333}.title{font-size:18px;font-weight:bold}\
    .frame{fill:#fff;stroke:#999}.time{font-size:8px;fill:#777}\
    path{fill:none;stroke-linecap:round}.road{stroke:#ccc}.true{stroke:#8bc98b;stroke-width:6}\
    .driven{stroke:#3366cc;stroke-width:2}.missing{stroke:#d22;stroke-width:3.5}.extra{stroke:#f80;stroke-width:3.5}\
    .fix{fill:#000;fill-opacity:.65}.scale{stroke:#333;stroke-width:2}\
    .spot{fill:none;stroke:#d22;stroke-dasharray:4 3}";

/// Draws where a track was matched wrongly: all of it, and the worst places. Lines of routes are drawn to the right of
/// the road, in the direction of travel.
pub(super) fn picture(track: &Track, run: &Run) -> String {
    let mut spots = spots(&track.arcs, &run.mismatch);
    spots.truncate(SPOTS_MAX);
    let rows = (spots.len() + 1).div_ceil(2) as f64;
    let (width, height) = (2.0 * PANEL[0] + 3.0 * GAP, HEAD + rows * (PANEL[1] + GAP));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\"><style>{STYLE}</style><rect width=\"100%\" height=\"100%\" fill=\"#f4f4f4\"/>\n"
    );
    head(&mut svg, track, run);
    let points = track.truth.route.iter().chain(&run.driven).flat_map(|&arc| track.arcs.ends(arc));
    let all = points.chain(track.fixes.iter().map(|fix| fix.coord)).map(Bounds::of);
    let all = all.reduce(Bounds::with).expect("a track has a route");
    let bounds: Vec<Bounds> = spots.iter().map(|spot| spot.bounds).collect();
    let views = std::iter::once(all).chain(bounds.iter().copied()).enumerate();
    for (nth, view) in views {
        let (column, row) = ((nth % 2) as f64, (nth / 2) as f64);
        let (x, y) = (GAP + column * (PANEL[0] + GAP), HEAD + row * (PANEL[1] + GAP));
        let _ = write!(svg, "<svg x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\">", PANEL[0], PANEL[1]);
        svg.push_str("<rect class=\"frame\" width=\"100%\" height=\"100%\"/>");
        let panel = Panel::new(view);
        panel.draw(&mut svg, track, run);
        match nth.checked_sub(1) {
            None => bounds.iter().enumerate().for_each(|(nth, &spot)| panel.mark(&mut svg, nth + 1, spot)),
            Some(spot) => {
                let centre = view.centre();
                let extent = |route: &[ArcId]| match extent(route, &track.arcs, &track.fixes) {
                    (length_m, Some(from_m)) => format!("{length_m:.0} m ({from_m:.0} m from the fixes near it)"),
                    (length_m, None) => format!("{length_m:.0} m"),
                };
                let (missing, extra) = (extent(&spots[spot].missing), extent(&spots[spot].extra));
                let (lat, lon) = (centre.lat(), centre.lon());
                let words = format!("{nth}: {lat:.5}, {lon:.5}; missing {missing}, extra {extra}");
                text(&mut svg, "", [8.0, 18.0], &words);
            }
        }
        svg.push_str("</svg>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn head(svg: &mut String, track: &Track, run: &Run) {
    let (figures, tally) = (Figures::of(&run.tally), &run.tally);
    let title = format!("{}: route mismatch {:.2} %", track.name, figures.route_mismatch * 100.0);
    text(svg, "title", [GAP, 26.0], &title);
    let at_once = figures.at_once.map_or_else(|| "-".to_owned(), |share| format!("{:.2} %", share * 100.0));
    let words = format!(
        "{:.1} km; missing {:.0} m, extra {:.0} m; right at once {at_once} of {}; {} breaks, {} held, {} rejected",
        tally.true_m / 1e3,
        tally.missing_m,
        tally.extra_m,
        tally.fixes,
        tally.breaks.total(),
        tally.held.total(),
        tally.rejected.total(),
    );
    text(svg, "", [GAP, 48.0], &words);
    let legend = [
        ("road", "roads"),
        ("true", "true route"),
        ("driven", "matched route"),
        ("missing", "missing: true, not matched"),
        ("extra", "extra: matched, not true"),
    ];
    let mut x = GAP;
    for (class, words) in legend {
        let _ = write!(svg, "<path class=\"{class}\" d=\"M{x} 66h24\"/>");
        text(svg, "", [x + 32.0, 70.0], words);
        x += 60.0 + 7.0 * words.len() as f64;
    }
    let _ = write!(svg, "<circle class=\"fix\" cx=\"{x}\" cy=\"66\" r=\"2.5\"/>");
    text(svg, "", [x + 10.0, 70.0], "fixes, with seconds since the first");
    svg.push('\n');
}

/// A part of the map.
struct Panel {
    frame: LocalFrame,
    pixels_per_m: f64,
}

impl Panel {
    fn new(bounds: Bounds) -> Self {
        let frame = LocalFrame::at(bounds.centre());
        let corner = frame.to_xy(bounds.corners()[1]);
        let fits = |half_m: f64, pixels: f64| pixels / 2.0 / (half_m * (1.0 + MARGIN) + MARGIN_M);
        Self { frame, pixels_per_m: fits(corner.x, PANEL[0]).min(fits(corner.y, PANEL[1])) }
    }

    /// Where a place is, in pixels.
    fn at(&self, coord: Coord) -> Xy {
        let Xy { x, y } = self.frame.to_xy(coord);
        Xy { x: PANEL[0] / 2.0 + x * self.pixels_per_m, y: PANEL[1] / 2.0 - y * self.pixels_per_m }
    }

    fn is_inside(at: Xy) -> bool {
        (0.0..=PANEL[0]).contains(&at.x) && (0.0..=PANEL[1]).contains(&at.y)
    }

    fn draw(&self, svg: &mut String, track: &Track, run: &Run) {
        let roads: Vec<ArcId> =
            track.arcs.iter().filter(|&arc| self.line(track.arcs.ends(arc), 0.0).is_some()).collect();
        if roads.len() <= ROADS_MAX {
            self.lines(svg, track, "road", &roads, 0.0);
        }
        self.lines(svg, track, "true", &track.truth.route, 3.0);
        self.lines(svg, track, "driven", &run.driven, 3.0);
        self.lines(svg, track, "missing", &run.mismatch.missing, 3.0);
        self.lines(svg, track, "extra", &run.mismatch.extra, 6.0);
        self.fixes(svg, track);
        self.scale(svg);
    }

    /// The line of an arc, so many pixels to the right of it, if any of it may be seen.
    fn line(&self, ends: [Coord; 2], right: f64) -> Option<[Xy; 2]> {
        let [from, to] = ends.map(|end| self.at(end));
        let outside = |a: f64, b: f64, max: f64| a.max(b) < 0.0 || a.min(b) > max;
        if outside(from.x, to.x, PANEL[0]) || outside(from.y, to.y, PANEL[1]) {
            return None;
        }
        let length = from.distance(to).max(1e-9);
        let aside = Xy { x: -(to.y - from.y) / length * right, y: (to.x - from.x) / length * right };
        Some([from, to].map(|end| Xy { x: end.x + aside.x, y: end.y + aside.y }))
    }

    fn lines(&self, svg: &mut String, track: &Track, class: &str, route: &[ArcId], right: f64) {
        let _ = write!(svg, "<path class=\"{class}\" d=\"");
        let mut last = None;
        for [from, to] in route.iter().filter_map(|&arc| self.line(track.arcs.ends(arc), right)) {
            if last != Some(from) {
                let _ = write!(svg, "M{:.1} {:.1}", from.x, from.y);
            }
            let _ = write!(svg, "L{:.1} {:.1}", to.x, to.y);
            last = Some(to);
        }
        svg.push_str("\"/>");
    }

    fn fixes(&self, svg: &mut String, track: &Track) {
        let seen = track.fixes.iter().map(|fix| (fix.time, self.at(fix.coord))).filter(|(_, at)| Self::is_inside(*at));
        let seen: Vec<_> = seen.collect();
        if seen.len() > FIXES_MAX {
            return;
        }
        let mut labelled_s = f64::NEG_INFINITY;
        for (time, at) in seen {
            let _ = write!(svg, "<circle class=\"fix\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.6\"/>", at.x, at.y);
            let since_s = time.since(track.fixes[0].time).secs_f64();
            if since_s >= labelled_s + LABEL_EVERY_S {
                labelled_s = since_s;
                text(svg, "time", [at.x + 3.0, at.y - 3.0], &format!("{since_s:.0}"));
            }
        }
    }

    fn mark(&self, svg: &mut String, number: usize, spot: Bounds) {
        let [low, high] = spot.corners().map(|corner| self.at(corner));
        let (x, y) = (low.x - 4.0, high.y - 4.0);
        let (width, height) = (high.x - low.x + 8.0, low.y - high.y + 8.0);
        let _ =
            write!(svg, "<rect class=\"spot\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>");
        text(svg, "", [x + width + 2.0, y + 8.0], &number.to_string());
    }

    /// The longest of 1, 2 and 5 times a power of ten metres that takes at most a quarter of the width.
    fn scale(&self, svg: &mut String) {
        let widest_m = PANEL[0] / 4.0 / self.pixels_per_m;
        let power = 10_f64.powf(widest_m.log10().floor());
        let metres = [5.0, 2.0, 1.0].map(|times| times * power).into_iter().find(|&metres| metres <= widest_m);
        let metres = metres.unwrap_or(power);
        let _ = write!(svg, "<path class=\"scale\" d=\"M8 {}h{:.1}\"/>", PANEL[1] - 10.0, metres * self.pixels_per_m);
        text(svg, "", [8.0, PANEL[1] - 16.0], &format!("{metres} m"));
    }
}

fn text(svg: &mut String, class: &str, [x, y]: [f64; 2], words: &str) {
    let _ = write!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">");
    for c in words.chars() {
        match c {
            '&' => svg.push_str("&amp;"),
            '<' => svg.push_str("&lt;"),
            '>' => svg.push_str("&gt;"),
            c if c.is_control() => svg.push('\u{fffd}'),
            c => svg.push(c),
        }
    }
    svg.push_str("</text>");
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
