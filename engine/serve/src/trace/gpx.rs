use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use etaflow_road::{Fix, Timestamp};
use roxmltree::{Document, Node};

use super::error::TraceFileError;
use super::number::{HEADING, LAT, LON, Number, SPEED, UNIX_S, fix};
use crate::place::shown;

/// No GPX that is larger is read: 64 MiB, some half a million fixes. All its elements are held at once, in several times
/// as much memory.
pub const GPX_BYTES_MAX: u64 = 64 << 20;

/// Reads the track points of all tracks and their segments, in order: place, time, and, where GPX 1.0 has them, speed and
/// course. Waypoints, routes and extensions are passed over, with track points of their own.
pub(super) fn parse(text: &str) -> Result<Vec<Fix>, TraceFileError> {
    if text.len() as u64 > GPX_BYTES_MAX {
        return Err(TraceFileError::GpxTooLarge);
    }
    let document = Document::parse(text)?;
    let root = document.root_element();
    if !is_called(&root, "gpx") {
        return Err(TraceFileError::NotGpx(shown(root.tag_name().name())));
    }
    let segments = called(root, "trk").flat_map(|track| called(track, "trkseg"));
    segments.flat_map(|segment| called(segment, "trkpt")).map(|node| Point { node }.fix()).collect()
}

/// The children of that name, in order.
fn called<'a, 'input: 'a>(
    parent: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> + use<'a, 'input> {
    parent.children().filter(move |node| is_called(node, name))
}

/// Namespaces differ from version to version, and names do not.
fn is_called(node: &Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

struct Point<'a, 'input> {
    node: Node<'a, 'input>,
}

impl Point<'_, '_> {
    fn fix(&self) -> Result<Fix, TraceFileError> {
        let (lon, lat) = (self.degrees(LON)?, self.degrees(LAT)?);
        let time = self.time()?;
        let (speed_mps, heading_deg) = (self.child(SPEED.called("speed"))?, self.child(HEADING.called("course"))?);
        Ok(Fix { time, speed_mps, heading_deg, ..fix(0.0, lon, lat) })
    }

    /// Where it begins, the first line being 1. It takes a look at all that is before, and is for errors alone.
    fn line(&self) -> u64 {
        self.node.document().text_pos_at(self.node.range().start).row.into()
    }

    fn missing(&self, what: &'static str) -> TraceFileError {
        TraceFileError::Missing { line: self.line(), what }
    }

    fn degrees(&self, number: Number) -> Result<f64, TraceFileError> {
        let text = self.node.attribute(number.name).ok_or_else(|| self.missing(number.name))?;
        self.number(number, text)
    }

    fn number(&self, number: Number, text: &str) -> Result<f64, TraceFileError> {
        // The line is known only when it is needed.
        number.parse(0, text.trim()).map_err(|_| number.wrong(self.line(), text))
    }

    fn text(&self, name: &str) -> Option<String> {
        let child = self.node.children().find(|node| is_called(node, name))?;
        Some(child.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect())
    }

    fn child(&self, number: Number) -> Result<Option<f32>, TraceFileError> {
        let text = self.text(number.name).filter(|text| !text.trim().is_empty());
        text.map(|text| self.number(number, &text).map(|value| value as f32)).transpose()
    }

    fn time(&self) -> Result<Timestamp, TraceFileError> {
        let text = self.text("time").ok_or_else(|| self.missing("time"))?;
        let trimmed = text.trim();
        // XML's times may leave out the zone, and GPX knows none but UTC.
        let parsed = OffsetDateTime::parse(trimmed, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(&format!("{trimmed}Z"), &Rfc3339))
            .ok()
            .map(|time| time.unix_timestamp_nanos().div_euclid(1_000))
            .and_then(|micros| i64::try_from(micros).ok())
            .filter(|&micros| UNIX_S.parse(0, &(micros / 1_000_000).to_string()).is_ok());
        let expected = "a time from 1970 to 9999, as 2024-05-01T08:30:00Z".to_owned();
        let wrong = || TraceFileError::Value { line: self.line(), column: "time", value: shown(&text), expected };
        parsed.map(Timestamp::from_micros).ok_or_else(wrong)
    }
}
