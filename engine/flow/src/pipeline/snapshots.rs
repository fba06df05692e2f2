use std::panic::{AssertUnwindSafe, catch_unwind};

use etaflow_road::Span;

use super::assembly::{Assembly, Whole};
use super::exchange::Exchange;
use super::failure::message_of;
use super::start::kind;
use crate::snapshot::{Fingerprint, Image, Part};

/// Takes snapshots, on a thread of its own: the shards go on meanwhile. No other one is cut until it returns.
///
/// A snapshot can be of records that the log may still lose: whoever keeps it for longer than the log's memory waits until
/// [`Log::durable`](crate::Log::durable) has come to its offset.
pub type SnapshotTap = Box<dyn FnMut(CutReport) + Send>;

/// A snapshot, and what it has cost.
#[derive(Debug)]
pub struct CutReport {
    /// It.
    pub image: Image,
    /// How many bytes that is.
    pub bytes: u64,
    /// How many drivers, traces, trips and plans are in it.
    pub entities: u64,
    /// The longest time for which a shard was held up at once while it wrote.
    pub pause_max: Span,
}

/// Hands the snapshots of an assembly over, one after the other, until no more will come.
///
/// # Errors
/// If the tap panics, with what was said; no shard waits for another then.
pub(super) fn hand_over(
    assembly: &Assembly,
    exchange: &Exchange,
    fingerprint: &Fingerprint,
    mut tap: SnapshotTap,
) -> Result<(), String> {
    let ended = catch_unwind(AssertUnwindSafe(|| {
        while let Some(whole) = assembly.next() {
            tap(report(whole, fingerprint));
            exchange.end_cut();
        }
    }));
    ended.map_err(|panic| {
        exchange.poison();
        message_of(panic.as_ref())
    })
}

fn report(whole: Whole, fingerprint: &Fingerprint) -> CutReport {
    let Whole { mut parts, offset, tick, counts, chain, entities, pause_max } = whole;
    let mut one = |kind: u8, encode: &dyn Fn(&mut Vec<u8>)| {
        let mut part = Part::new(kind);
        part.push(0, |out| {
            encode(out);
            true
        });
        parts.push(part);
    };
    one(kind::COUNTS, &|out| counts.encode(out));
    one(kind::OUTPUTS, &|out| chain.encode(out));
    let tick = tick.expect("every shard says at which tick it was cut");
    let image = Image { offset, tick, fingerprint: fingerprint.clone(), parts };
    CutReport { bytes: image.bytes(), image, entities, pause_max }
}

#[cfg(test)]
#[path = "snapshots_tests.rs"]
mod tests;
