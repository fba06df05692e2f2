use std::sync::{Arc, Mutex, PoisonError};

use etaflow_road::{Position, Timestamp};
use rustc_hash::FxHashMap;

use crate::event::{DriverId, Offset};
use crate::pipeline::{Applied, Observer, Restored, Shard};
use crate::view::Published;

/// Sees to the view, and where the drivers are at the end.
pub(super) struct Places {
    published: Arc<Published>,
    end: Offset,
    /// Drivers have the numbers below this.
    drivers: usize,
    places: Mutex<FxHashMap<DriverId, Place>>,
}

/// Where a driver is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) position: Position,
    pub(super) seen_at: Timestamp,
    pub(super) direction_confidence: f32,
}

impl Places {
    /// Of those `drivers`, when all before `end` is taken.
    pub(super) fn new(published: Arc<Published>, end: Offset, drivers: usize) -> Self {
        Self { published, end, drivers, places: Mutex::default() }
    }

    pub(super) fn of(&self, driver: DriverId) -> Option<Place> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).get(&driver).copied()
    }

    fn note(&self, shard: &Shard) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        for driver in (0..self.drivers as u32).map(DriverId) {
            if let Some((position, seen_at, direction_confidence)) = shard.place(driver) {
                places.insert(driver, Place { position, seen_at, direction_confidence });
            }
        }
    }
}

impl Observer for Places {
    fn on_applied(&self, applied: &Applied<'_>) {
        self.published.on_applied(applied);
        if applied.records.last().is_some_and(|last| last.offset.0 + 1 == self.end.0) {
            self.note(applied.state);
        }
    }

    fn on_restored(&self, restored: &Restored<'_>) {
        self.published.on_restored(restored);
        if restored.offset == self.end {
            self.note(restored.state);
        }
    }
}
