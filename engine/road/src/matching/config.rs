use crate::unit::Span;

/// How the matcher weighs what it sees. The defaults suit cars with phones in a city at 1 to 60 s between fixes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatcherConfig {
    /// How far a fix is from the road it is on, in metres (one standard deviation), where the fix does not say: 8.
    /// From 0.5 to 100.
    pub sigma_m: f64,
    /// The same for a perfect fix (a road has a width, a map has errors): 5. From 0.5 to 100.
    pub sigma_map_m: f64,
    /// A fix that says it is less accurate than this many metres is rejected: 300. From 1 to 10,000.
    pub accuracy_max_m: f64,
    /// How far around a fix roads are looked for, in metres: 50, or four sigma if that is more. From 1 to 1,000.
    pub radius_m: f64,
    /// But at most this far: 150. From `radius_m` to 1,000.
    pub radius_max_m: f64,
    /// How many roads (directions counted apart) are considered for a fix: 12. From 1 to 32.
    pub candidates_max: usize,
    /// A state less likely than the best by more than this is given up, in nats: 18. From 1 to 100.
    pub beam_nats: f64,
    /// By how many metres the way along the roads may be longer than the crow's for a likelihood of 1/e (or its end too near
    /// to the fix before, or a way on the same street too short): this many, 4, from 0.1 to 1,000,
    pub beta_m: f64,
    /// or this share of the crow's way, if that is more: 0.08. From 0 to 1.
    pub beta_share: f64,
    /// How far back a fix may seem to move along its road by error alone, in metres: 12. From 0 to 100.
    pub jitter_m: f64,
    /// What turning back costs, in metres of way: 60. From 0 to 10,000.
    pub u_turn_m: f64,
    /// What it costs to be on a road that no known way leads to, in nats: 16. From 1 to 100. If that is far
    /// above `beam_nats`, it is done only where such a road fits a fix far better than all others.
    pub jump_nats: f64,
    /// And by how much better that road must fit the fix than all that can be reached, in nats: 5, as if these were
    /// 25 m farther away. From 0 to 100.
    pub jump_gain_nats: f64,
    /// What it costs to move against the direction of a road, in nats: 4. From 0 to 100.
    pub heading_nats: f64,
    /// What it costs where a fix says no heading, in nats, to move against the direction from the fix before: 8. From 0
    /// to 100.
    pub course_nats: f64,
    /// That direction counts in full from this many metres on, half of them not at all: errors turn a shorter step round.
    /// 8. From 0.1 to 1,000.
    pub course_full_m: f64,
    /// And not at all if the fix before is older than this: a road may have turned on the way. 11 s. From 0 to a day.
    pub course_span: Span,
    /// Below this speed, in metres per second, a heading means nothing: 2. From 0 to 100.
    pub heading_speed_min_mps: f64,
    /// A vehicle that is still this near to the last fix that moved, in metres, has not moved: 4. From 0 (every fix
    /// counts) to 100.
    pub still_m: f64,
    /// A fix nearer than this many sigma to the last one that was kept is answered, but the next one starts from the
    /// kept one again: short steps are mostly error. 2. From 0 (all are kept) to 10.
    pub thin_sigmas: f64,
    /// Nothing on a road is faster, in metres per second: 70. From 1 to 1,000.
    pub speed_max_mps: f64,
    /// After so long without a fix that fits a new trace begins: 120 s. From 1 s to a day.
    pub gap_max: Span,
    /// How many fixes that do not fit are held back, in case they are errors: 3. At most 100.
    pub hold_max: u8,
    /// And for how long since the last fix that fitted: 10 s. From 0 to a day.
    ///
    /// A fix for which no way is found, and that comes later than this after the one before, is looked for once more along
    /// ways up to four times as much longer than the crow's, as far as `speed_max_mps` allows: roads wind.
    pub hold_span: Span,
    /// After how many more fixes that were answered a state is committed: 10. From 0 to 32.
    pub lag_fixes: usize,
    /// Or after how long, if that is sooner: 10 s. From 0 to a day.
    pub lag_span: Span,
    /// For how long a vehicle that is not heard of is thought to go on as it did: 120 s. From 0 (it stays where it was
    /// seen) to an hour.
    pub coast_max: Span,
    /// How many edges are looked at for the ways to one fix, from all states: 4,096. From 1 to 10,000,000. Once more where
    /// nothing was found and the last fix is long ago, and sixteen times as many to retrace a way that was found.
    pub search_edges_max: usize,
}

/// A value of a [`MatcherConfig`] that is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{name} is {value}, which is not within {min}..={max}")]
pub struct MatcherConfigError {
    /// The field.
    pub name: &'static str,
    /// Its value; a span in seconds.
    pub value: f64,
    /// The least that it may be.
    pub min: f64,
    /// The most that it may be.
    pub max: f64,
}

impl Default for MatcherConfig {
    fn default() -> Self {
        Self {
            sigma_m: 8.0,
            sigma_map_m: 5.0,
            accuracy_max_m: 300.0,
            radius_m: 50.0,
            radius_max_m: 150.0,
            candidates_max: 12,
            beam_nats: 18.0,
            beta_m: 4.0,
            beta_share: 0.08,
            jitter_m: 12.0,
            u_turn_m: 60.0,
            jump_nats: 16.0,
            jump_gain_nats: 5.0,
            heading_nats: 4.0,
            course_nats: 8.0,
            course_full_m: 8.0,
            course_span: Span::from_secs(11),
            heading_speed_min_mps: 2.0,
            still_m: 4.0,
            thin_sigmas: 2.0,
            speed_max_mps: 70.0,
            gap_max: Span::from_secs(120),
            hold_max: 3,
            hold_span: Span::from_secs(10),
            lag_fixes: 10,
            lag_span: Span::from_secs(10),
            coast_max: Span::from_secs(120),
            search_edges_max: 4_096,
        }
    }
}

impl MatcherConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// Names the first that is out of range.
    pub fn validate(&self) -> Result<(), MatcherConfigError> {
        let day = 86_400.0;
        for (name, value, min, max) in [
            ("sigma_m", self.sigma_m, 0.5, 100.0),
            ("sigma_map_m", self.sigma_map_m, 0.5, 100.0),
            ("accuracy_max_m", self.accuracy_max_m, 1.0, 10_000.0),
            ("radius_m", self.radius_m, 1.0, 1_000.0),
            ("radius_max_m", self.radius_max_m, self.radius_m, 1_000.0),
            ("candidates_max", self.candidates_max as f64, 1.0, 32.0),
            ("beam_nats", self.beam_nats, 1.0, 100.0),
            ("beta_m", self.beta_m, 0.1, 1_000.0),
            ("beta_share", self.beta_share, 0.0, 1.0),
            ("jitter_m", self.jitter_m, 0.0, 100.0),
            ("u_turn_m", self.u_turn_m, 0.0, 10_000.0),
            ("jump_nats", self.jump_nats, 1.0, 100.0),
            ("jump_gain_nats", self.jump_gain_nats, 0.0, 100.0),
            ("heading_nats", self.heading_nats, 0.0, 100.0),
            ("course_nats", self.course_nats, 0.0, 100.0),
            ("course_full_m", self.course_full_m, 0.1, 1_000.0),
            ("course_span", self.course_span.secs_f64(), 0.0, day),
            ("heading_speed_min_mps", self.heading_speed_min_mps, 0.0, 100.0),
            ("still_m", self.still_m, 0.0, 100.0),
            ("thin_sigmas", self.thin_sigmas, 0.0, 10.0),
            ("speed_max_mps", self.speed_max_mps, 1.0, 1_000.0),
            ("gap_max", self.gap_max.secs_f64(), 1.0, day),
            ("hold_max", f64::from(self.hold_max), 0.0, 100.0),
            ("hold_span", self.hold_span.secs_f64(), 0.0, day),
            ("lag_fixes", self.lag_fixes as f64, 0.0, 32.0),
            ("lag_span", self.lag_span.secs_f64(), 0.0, day),
            ("coast_max", self.coast_max.secs_f64(), 0.0, 3_600.0),
            ("search_edges_max", self.search_edges_max as f64, 1.0, 1e7),
        ] {
            if !(min..=max).contains(&value) {
                return Err(MatcherConfigError { name, value, min, max });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_named() {
        assert_eq!(MatcherConfig::default().validate(), Ok(()));
        let config = MatcherConfig { candidates_max: 33, ..MatcherConfig::default() };
        let error = config.validate().expect_err("too many");
        assert_eq!(error.to_string(), "candidates_max is 33, which is not within 1..=32");
        let config = MatcherConfig { beta_m: f64::NAN, ..MatcherConfig::default() };
        assert_eq!(config.validate().expect_err("not a number").name, "beta_m");
    }
}
