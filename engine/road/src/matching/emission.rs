use super::config::MatcherConfig;
use super::fix::Fix;
use crate::geo::Xy;
use crate::index::Candidate;
use crate::unit::Span;

/// How likely a fix is, seen from the roads around it: the logarithm, up to a constant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Emission {
    /// One standard deviation of the distance, in metres.
    pub(super) sigma_m: f64,
    /// How far a road may be.
    pub(super) radius_m: f64,
    /// East and north, of length 1, if the vehicle moves and it is known where to.
    course: Option<[f64; 2]>,
    course_nats: f64,
}

impl Emission {
    pub(super) fn new(config: &MatcherConfig, fix: &Fix) -> Self {
        // The reported radius holds 68 % in the plane; along one axis that is one and a half standard deviations.
        let sigma_m = fix.accuracy().map_or(config.sigma_m, |accuracy| (accuracy / 1.5).hypot(config.sigma_map_m));
        let radius_m = (4.0 * sigma_m).clamp(config.radius_m, config.radius_max_m);
        let course = fix.course(config.heading_speed_min_mps).map(|degrees| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            [sin, cos]
        });
        Self { sigma_m, radius_m, course, course_nats: config.heading_nats / 2.0 }
    }

    /// Takes the direction from the fix before, some metres east and north of it, where the fix itself says none.
    pub(super) fn with_step(mut self, config: &MatcherConfig, step: Xy, since: Span) -> Self {
        let full_m = config.course_full_m;
        let length_m = (step.x * step.x + step.y * step.y).sqrt();
        if self.course.is_none() && since <= config.course_span && length_m >= full_m / 2.0 {
            self.course = Some([step.x / length_m, step.y / length_m]);
            self.course_nats = config.course_nats / 2.0 * (length_m / full_m).powi(2).min(1.0);
        }
        self
    }

    #[inline]
    pub(super) fn nats(&self, candidate: &Candidate) -> f64 {
        let off = f64::from(candidate.distance_m) / self.sigma_m;
        let mut nats = -0.5 * off * off;
        if let Some(course) = self.course {
            let [east, north] = candidate.heading.map(f64::from);
            nats -= self.course_nats * (1.0 - course[0] * east - course[1] * north);
        }
        nats
    }
}
