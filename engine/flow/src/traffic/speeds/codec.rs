use std::collections::VecDeque;
use std::sync::Arc;

use etaflow_road::{EdgeId, Metric, MetricCustomizer, Network, RoadClass};

use super::{Driven, RETIRED_MAX, Traffic, prior_of};
use crate::bytes::{ByteReader, BytesError, put_weights};
use crate::event::ProfileId;
use crate::stream::{Pane, Panes, SlidingWindow, StateError};
use crate::traffic::closure::Closures;
use crate::traffic::config::TrafficConfig;
use crate::traffic::evidence::Evidence;
use crate::traffic::pace::{APPLIED_MAX, APPLIED_MIN, ClassPace, PAR, PerClass};

/// What this state is called.
const TRAFFIC: &str = "traffic";

/// What was driven on an edge within a pane is at most this, in millimetres and in milliseconds: weighed, and added up
/// over all panes, it stays a number.
const DRIVEN_MAX: u64 = 1 << 46;

/// Panes are within this of the first one of all.
const PANES_MAX: i64 = i64::MAX / 4;

impl Traffic {
    /// Appends all of it, as it is after a tick: what is the same appends the same bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        // Of a profile its name is enough: it never changes. What was driven within the window follows from the window.
        // After a tick, nothing is to be looked at again and nothing is to change; and memory that can be written into again
        // is not known to anybody.
        let Self {
            panes,
            window_panes,
            window,
            pace,
            applied,
            closures,
            weights,
            metric_number,
            network: _,
            prior: _,
            driven: _,
            metric: _,
            customizer: _,
            retired: _,
            dirty: _,
            all_dirty: _,
            changes: _,
            profiled: _,
            awaited: _,
        } = self;
        out.extend(panes.width().micros().to_le_bytes());
        out.extend((*window_panes as u32).to_le_bytes());
        out.push(u8::from(window.is_some()));
        window.iter().for_each(|window| encode_window(window, out));
        pace.encode(out);
        applied.iter().for_each(|pace| out.extend(pace.to_le_bytes()));
        let profile = self.profile();
        out.push(u8::from(profile.is_some()));
        profile.iter().for_each(|profile| out.extend(profile.0.to_le_bytes()));
        closures.encode(out);
        put_weights(out, weights);
        out.extend(metric_number.to_le_bytes());
    }

    /// Reads what [`encode`](Self::encode) wrote, on the same network and with the same configuration. A profile that was
    /// in force is then [awaited](Self::awaited).
    ///
    /// # Errors
    /// If it was not written by that, or was written with other panes.
    pub fn restore(network: Arc<Network>, config: &TrafficConfig, bytes: &[u8]) -> Result<Self, StateError> {
        Self::read(network, config, bytes).map_err(|error| StateError::of(TRAFFIC, 0, &error))
    }

    fn read(network: Arc<Network>, config: &TrafficConfig, bytes: &[u8]) -> Result<Self, BytesError> {
        let mut reader = ByteReader::new(bytes);
        let (width, count) = (reader.i64("the width of a pane")?, reader.u32("the number of panes")?);
        if (width, count as usize) != (config.pane.micros(), config.panes) {
            return Err(reader.error("the window", "has other panes than the configuration says"));
        }
        let has_window = reader.marks("whether there is a window", 1)? == 1;
        let window = if has_window { Some(read_window(&mut reader, &network, config.panes)?) } else { None };
        let mut pace = ClassPace::new(config.class_prior_min, config.class_half_life);
        pace.read(&mut reader)?;
        let mut applied: PerClass<u64> = [PAR; RoadClass::ALL.len()];
        for pace in &mut applied {
            *pace = reader.u64("a pace")?;
            if !(APPLIED_MIN..=APPLIED_MAX).contains(pace) {
                return Err(reader.error("a pace", "is none that paces are held to"));
            }
        }
        let has_profile = reader.marks("whether there is a profile", 1)? == 1;
        let awaited = if has_profile { Some(ProfileId(reader.u64("the profile")?)) } else { None };
        let closures = Closures::decode(&mut reader, &network)?;
        let weights = reader.weights("a travel time", network.edge_count())?;
        let metric_number = reader.u64("the number of metrics")?;
        if metric_number > u64::MAX / 2 {
            return Err(reader.error("the number of metrics", "is above all that there can be"));
        }
        reader.end()?;
        let mut driven = vec![Driven::default(); network.edge_count()];
        if let Some(window) = &window {
            window.for_each(|age, edge, evidence| driven[edge as usize].add(evidence, age, config.panes));
        }
        let metric = Metric::new(&network, weights.clone()).map_err(|_| reader.error("a travel time", "is none"))?;
        Ok(Self {
            panes: Panes::new(config.pane),
            window_panes: config.panes,
            prior: prior_of(config),
            window,
            pace,
            applied,
            profiled: None,
            awaited,
            all_dirty: false,
            closures,
            driven,
            weights,
            metric: Arc::new(metric),
            customizer: MetricCustomizer::new(&network),
            metric_number,
            retired: VecDeque::with_capacity(RETIRED_MAX),
            dirty: Vec::new(),
            changes: Vec::new(),
            network,
        })
    }
}

fn encode_window(window: &SlidingWindow<Evidence>, out: &mut Vec<u8>) {
    out.extend(window.newest().0.to_le_bytes());
    out.extend(window.late().to_le_bytes());
    for (_, values) in window.in_order() {
        out.extend((values.len() as u32).to_le_bytes());
        for (edge, &Evidence { samples, length_mm, duration_ms }) in values {
            out.extend(edge.to_le_bytes());
            out.extend(samples.to_le_bytes());
            out.extend(length_mm.to_le_bytes());
            out.extend(duration_ms.to_le_bytes());
        }
    }
}

fn read_window(
    reader: &mut ByteReader<'_>,
    network: &Network,
    panes: usize,
) -> Result<SlidingWindow<Evidence>, BytesError> {
    let newest = reader.i64("the newest pane")?;
    if !(-PANES_MAX..=PANES_MAX).contains(&newest) {
        return Err(reader.error("the newest pane", "is before or after all time"));
    }
    let mut window = SlidingWindow::new(panes, Pane(newest));
    window.add_late(reader.u64("how many sums were late")?);
    for pane in newest - (panes as i64 - 1)..=newest {
        let mut last: Option<EdgeId> = None;
        for _ in 0..reader.u32("the number of edges driven on")? {
            let edge = reader.edge_of("an edge driven on", network)?;
            if last.replace(edge).is_some_and(|last| last >= edge) {
                return Err(reader.error("an edge driven on", "is out of order"));
            }
            let samples = reader.u32("a number of traversals")?;
            let (length_mm, duration_ms) = (reader.u64("a length driven")?, reader.u64("a time driven")?);
            if length_mm.max(duration_ms) > DRIVEN_MAX {
                return Err(reader.error("what was driven", "is more than a fleet drives"));
            }
            window.add(Pane(pane), edge.0, &Evidence { samples, length_mm, duration_ms });
        }
    }
    Ok(window)
}
