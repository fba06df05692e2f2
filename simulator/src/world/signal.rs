use etaflow_road::{Network, Timestamp};

use super::streets::Streets;
use crate::dice::hash_unit;

/// A node where even the cheapest turn costs this much has traffic lights, milliseconds.
const LIGHTS_MIN_MS: u32 = 1_000;

/// Traffic lights: each turns green for one axis and then for the other, at its own phase.
///
/// Where they are is read off the network's turn costs; their cycle is such that the mean wait is what the network
/// says.
#[derive(Debug)]
pub(super) struct Signals {
    /// Per node: a full cycle in microseconds, 0 without lights.
    cycle_us: Vec<u32>,
    /// Per node: what every turn costs at least because of the lights, milliseconds.
    mean_wait_ms: Vec<u32>,
    /// Per edge: whether it comes in east-west.
    east_west: Vec<bool>,
}

impl Signals {
    pub(super) fn new(network: &Network, streets: &Streets) -> Self {
        let mut mean_wait_ms = vec![u32::MAX; network.node_count()];
        for edge in network.edges() {
            let at = &mut mean_wait_ms[network.head(edge).index()];
            let cheapest = network.successors(edge).map(|(_, cost)| cost).min();
            *at = (*at).min(cheapest.unwrap_or(u32::MAX));
        }
        for (node, wait) in network.nodes().zip(&mut mean_wait_ms) {
            // A dead end is dear because one turns there, not because of lights.
            let crossing = network.out_edges(node).len() > 2;
            if !crossing || *wait < LIGHTS_MIN_MS || *wait == u32::MAX {
                *wait = 0;
            }
        }
        // Red for half a cycle, and a vehicle comes at any time: the mean wait is an eighth of a cycle.
        let cycle_us = mean_wait_ms.iter().map(|wait| (wait * 8).min(180_000) * 1_000).collect();
        let east_west = network
            .edges()
            .map(|edge| (45.0..135.0).contains(&streets.last_heading(edge.0).rem_euclid(180.0)))
            .collect();
        Self { cycle_us, mean_wait_ms, east_west }
    }

    /// How long who comes along `edge` to `node` waits at `now`, in seconds.
    #[inline]
    pub(super) fn wait_s(&self, edge: u32, node: u32, now: Timestamp) -> f32 {
        let cycle = i64::from(self.cycle_us[node as usize]);
        if cycle == 0 {
            return 0.0;
        }
        let phase = (hash_unit(u64::from(node)) * cycle as f64) as i64;
        let at = (now.micros() + phase).rem_euclid(cycle);
        let half = cycle / 2;
        let green_from = if self.east_west[edge as usize] { half } else { 0 };
        let into_own_half = (at - green_from).rem_euclid(cycle);
        if into_own_half < half { 0.0 } else { (cycle - into_own_half) as f32 / 1e6 }
    }

    /// What the lights at `node` cost on average, in milliseconds; the network's turn costs hold it.
    #[inline]
    pub(super) fn mean_wait_ms(&self, node: u32) -> u32 {
        self.mean_wait_ms[node as usize]
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::Span;

    use super::*;
    use crate::world::testing::town;

    #[test]
    fn the_mean_wait_is_the_networks() {
        let network = town();
        let signals = Signals::new(&network, &Streets::new(&network));
        let mut lights = 0;
        for edge in network.edges() {
            let node = network.head(edge).0;
            let expected = f64::from(signals.mean_wait_ms(node)) / 1e3;
            lights += usize::from(expected > 0.0);
            let wait = |tenth: i64| f64::from(signals.wait_s(edge.0, node, Timestamp::from_micros(tenth * 100_000)));
            let mean = (0..14_400).map(wait).sum::<f64>() / 14_400.0;
            assert!((mean - expected).abs() < 0.1 + expected * 0.05, "{mean} instead of {expected}");
        }
        assert!(lights > 0, "the town has lights");
    }

    #[test]
    fn who_waited_has_green() {
        let network = town();
        let signals = Signals::new(&network, &Streets::new(&network));
        for edge in network.edges() {
            let node = network.head(edge).0;
            let now = Timestamp::from_secs(1_000);
            let wait = signals.wait_s(edge.0, node, now);
            let then = now + Span::from_micros((f64::from(wait) * 1e6) as i64 + 1_000);
            assert_eq!(signals.wait_s(edge.0, node, then), 0.0);
        }
    }
}
