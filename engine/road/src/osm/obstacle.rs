use super::access::{Access, access};
use super::profile::Profile;
use super::report::InvalidTags;
use super::tags::Tags;
use crate::unit::Weight;

/// What holds one up at a node of a road.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Obstacle {
    /// Whether cars cannot pass.
    pub(super) blocked: bool,
    /// What everybody who passes waits, in milliseconds.
    pub(super) pause_ms: Weight,
    /// Traffic lights.
    pub(super) signal: Option<Facing>,
    /// A stop or give-way sign and what it costs, in milliseconds.
    pub(super) sign: Option<(Facing, Weight)>,
}

/// To whom on its way a sign or a light speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Facing {
    /// Who drives in the way's direction.
    Forward,
    /// Who drives against it.
    Backward,
    Both,
    /// Not said: to who is about to come to the junction beside it.
    Unsaid,
}

impl Obstacle {
    /// What a node's tags say; `None` if nothing.
    pub(super) fn of(tags: &Tags<'_>, profile: &Profile, invalid: &mut InvalidTags) -> Option<Self> {
        let delays = &profile.delays;
        let mut obstacle = Self::default();
        match tags.get("highway") {
            Some("traffic_signals") => obstacle.signal = Some(facing(tags, "traffic_signals:direction")),
            Some("stop") => obstacle.sign = Some((facing(tags, "direction"), delays.stop_ms)),
            Some("give_way") => obstacle.sign = Some((facing(tags, "direction"), delays.give_way_ms)),
            Some("crossing") if tags.is("crossing", "traffic_signals") || tags.is("crossing:signals", "yes") => {
                obstacle.pause_ms += delays.pedestrian_signal_ms;
            }
            // One that is not marked gives pedestrians no right of way.
            Some("crossing") if !tags.is("crossing", "unmarked") && !tags.is("crossing", "no") => {
                obstacle.pause_ms += delays.crossing_ms;
            }
            _ => {}
        }
        if tags.has("traffic_calming") {
            obstacle.pause_ms += delays.calming_ms;
        }
        if let Some(barrier) = tags.get("barrier") {
            obstacle.judge_barrier(barrier, tags, profile, invalid);
        } else if tags.is("highway", "toll_booth") {
            obstacle.pause_ms += delays.toll_booth_ms;
        }
        (obstacle != Self::default()).then_some(obstacle)
    }

    fn judge_barrier(&mut self, barrier: &str, tags: &Tags<'_>, profile: &Profile, invalid: &mut InvalidTags) {
        let delays = &profile.delays;
        let passable = match barrier {
            "no" | "entrance" | "height_restrictor" | "arch" | "cattle_grid" | "kerb" | "bump_gate" => Some(0),
            "gate" | "lift_gate" | "swing_gate" | "sliding_gate" | "sally_port" => {
                (!tags.is("locked", "yes")).then_some(delays.gate_ms)
            }
            "toll_booth" => Some(delays.toll_booth_ms),
            "border_control" | "checkpoint" => Some(delays.border_ms),
            "bollard" if tags.is("bollard", "rising") => Some(delays.gate_ms),
            _ => None,
        };
        match access(tags, &profile.access_keys, None, invalid) {
            Some(Access::No) => self.blocked = true,
            Some(Access::Yes) => self.pause_ms += passable.unwrap_or(0),
            // Residents pass; for through traffic it counts as half an area of theirs.
            Some(Access::Destination) => self.pause_ms += passable.unwrap_or(0) + delays.through_private_ms / 2,
            None => match passable {
                Some(pause_ms) => self.pause_ms += pause_ms,
                None => self.blocked = true,
            },
        }
    }
}

fn facing(tags: &Tags<'_>, key: &str) -> Facing {
    match tags.get(key).or_else(|| tags.get("direction")) {
        Some("forward") => Facing::Forward,
        Some("backward") => Facing::Backward,
        Some("both") => Facing::Both,
        _ => Facing::Unsaid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tags: &[(&str, &str)], expected: Option<Obstacle>) {
        let found = Obstacle::of(&Tags::new(tags), &Profile::car(), &mut InvalidTags::default());
        assert_eq!(found, expected, "{tags:?}");
    }

    fn blocked() -> Option<Obstacle> {
        Some(Obstacle { blocked: true, ..Obstacle::default() })
    }

    fn pause(pause_ms: Weight) -> Option<Obstacle> {
        Some(Obstacle { pause_ms, ..Obstacle::default() })
    }

    #[test]
    fn barriers() {
        let delays = Profile::car().delays;
        check(&[("barrier", "bollard")], blocked());
        check(&[("barrier", "block")], blocked());
        check(&[("barrier", "something_new")], blocked());
        check(&[("barrier", "bollard"), ("motor_vehicle", "yes")], None);
        check(&[("barrier", "bollard"), ("bollard", "rising")], pause(delays.gate_ms));
        check(&[("barrier", "gate")], pause(delays.gate_ms));
        check(&[("barrier", "gate"), ("locked", "yes")], blocked());
        check(&[("barrier", "gate"), ("access", "no")], blocked());
        check(&[("barrier", "gate"), ("access", "private")], pause(delays.gate_ms + delays.through_private_ms / 2));
        check(&[("barrier", "toll_booth")], pause(delays.toll_booth_ms));
        check(&[("barrier", "cattle_grid")], None);
        check(&[("barrier", "kerb")], None);
    }

    #[test]
    fn signs_and_lights() {
        let delays = Profile::car().delays;
        let signal = |facing| Some(Obstacle { signal: Some(facing), ..Obstacle::default() });
        check(&[("highway", "traffic_signals")], signal(Facing::Unsaid));
        check(&[("highway", "traffic_signals"), ("traffic_signals:direction", "backward")], signal(Facing::Backward));
        check(&[("highway", "traffic_signals"), ("direction", "both")], signal(Facing::Both));
        check(
            &[("highway", "stop"), ("direction", "forward")],
            Some(Obstacle { sign: Some((Facing::Forward, delays.stop_ms)), ..Obstacle::default() }),
        );
        check(&[("highway", "crossing"), ("crossing", "traffic_signals")], pause(delays.pedestrian_signal_ms));
        check(&[("highway", "crossing"), ("crossing", "zebra")], pause(delays.crossing_ms));
        check(&[("highway", "crossing"), ("crossing", "unmarked")], None);
        check(&[("traffic_calming", "bump")], pause(delays.calming_ms));
        check(&[("highway", "turning_circle")], None);
    }
}
