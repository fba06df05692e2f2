use std::fmt;

use serde::Serialize;

use crate::place::LonLat;
use crate::roads::Waypoint;
use crate::wording::{Duration, Length, StreetName};

/// What is answered to the question for a way: as JSON an object with OSRM's word for it in `code`, and as words some
/// lines without a line end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "code")]
pub enum RouteAnswer {
    /// There is a way; `code` is `Ok`.
    #[serde(rename = "Ok")]
    Found(Way),
    /// Both ends are on roads, and no way leads from the one to the other.
    NoRoute {
        /// The same in a sentence.
        message: String,
        /// Where it would begin.
        from: Waypoint,
        /// Where it would end.
        to: Waypoint,
    },
    /// There is no road near an end.
    NoSegment {
        /// Which end, and how near it would have to be.
        message: String,
        /// Where it would begin.
        from: Waypoint,
        /// Where it would end.
        to: Waypoint,
    },
    /// The question makes no sense.
    InvalidQuery {
        /// Why, with the value and its bound.
        message: String,
    },
}

/// The fastest way from one place to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Way {
    /// The travel time with turns, in seconds.
    pub duration_s: f64,
    /// The length in metres.
    pub distance_m: f64,
    /// Where it begins.
    pub from: Waypoint,
    /// Where it ends.
    pub to: Waypoint,
    /// The names of the streets in the order of driving. Streets without one are left out, and a name that follows
    /// itself then is there once.
    pub names: Vec<String>,
    /// The streets in the order of driving with the length that is driven on each; they add up to `distance_m`.
    pub streets: Vec<Street>,
    /// The ids in the input (OpenStreetMap's node ids) of all nodes along the way, those that only give a street its
    /// shape among them: every two in a row are a stretch of road that is driven in that direction, the first and the
    /// last as a rule only in part. So the first node is behind the start (or at it) and the last one ahead of the end
    /// (or at it). Shape points without an id of their own are left out, and an id that follows itself is there once.
    pub nodes: Vec<i64>,
    /// The line that is driven, from the place on the road where it begins to that where it ends: at least two points.
    pub geometry: Vec<LonLat>,
}

/// A part of a way along which the street's name is the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Street {
    /// The name, "" if it has none.
    pub name: String,
    /// How far it is driven on, in metres.
    pub distance_m: f64,
}

/// The answer to a line of a file of pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairAnswer {
    /// Which line; the header is line 1.
    pub line: u64,
    /// The answer.
    #[serde(flatten)]
    pub answer: RouteAnswer,
}

impl fmt::Display for RouteAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(way) => way.fmt(f),
            Self::NoRoute { message, from, to } | Self::NoSegment { message, from, to } => {
                write!(f, "{message}\nfrom  {from}\nto    {to}")
            }
            Self::InvalidQuery { message } => f.write_str(message),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}", Duration(self.duration_s), Length(self.distance_m))?;
        writeln!(f, "from  {}", self.from)?;
        writeln!(f, "to    {}", self.to)?;
        for street in &self.streets {
            writeln!(f, "{:>10}  {}", Length(street.distance_m), StreetName(&street.name))?;
        }
        match &self.nodes[..] {
            [first, .., last] => write!(f, "{} nodes from {first} to {last}", self.nodes.len())?,
            nodes => nodes.iter().try_for_each(|node| write!(f, "at node {node}"))?,
        }
        write!(f, ", {} points; all of them with --json", self.geometry.len())
    }
}
