//! Charts as SVG: no script, no colour of its own (the page's stylesheet has them), every axis with its unit.

mod bar;
mod frame;
mod line;
mod range;
mod scale;

pub(super) use bar::{Bar, BarChart};
pub(super) use frame::ChartSize;
pub(super) use line::{Band, Limit, LineChart, Series};
pub(super) use range::{Range, RangeChart};
pub(super) use scale::ScaleKind;
