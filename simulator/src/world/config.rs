/// What lives in a [`World`](super::World) and how it behaves.
///
/// Ranges are checked by the scenario that holds it; a world made by hand out of range is odd but does not fail.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldConfig {
    /// How many drivers are at work.
    pub drivers: u32,
    /// Fixes per second of each driver, 0.01 to 10.
    pub fix_rate_hz: f64,
    /// How many trips are under way: from the start on, and held by the arrivals.
    pub trips_under_way: u32,
    /// The share of requests that are cancelled before the pickup, 0 to 1.
    pub cancelled_share: f64,
    /// How many hot spots the demand has besides a background that is spread everywhere.
    pub hot_spots: u32,
    /// The shortest trip, metres as the crow flies.
    pub trip_min_m: f64,
    /// The longest trip, metres as the crow flies.
    pub trip_max_m: f64,
    /// Seconds from the start within which the trips that are under way already are announced.
    pub warm_up_s: f64,
    /// The time of day at the start, in hours, 0 to 24.
    pub time_of_day_h: f64,
    /// How many times faster than the clock the time of day passes, as far as traffic is concerned.
    pub time_compression: f64,
    /// How strong congestion is: 0 for none, 1 for a city that stands still in its centre at rush hour.
    pub congestion: f64,
    /// Incidents per minute in the whole city; every third closes its road.
    pub incidents_per_min: f64,
    /// How long an incident lasts on average, seconds.
    pub incident_mean_s: f64,
    /// The standard deviation of a fix in each axis, metres.
    pub gps_sigma_m: f64,
    /// How long a fix's error lasts (the time constant of its correlation), seconds.
    pub gps_correlation_s: f64,
    /// The share of fixes that a reflection throws off by tens of metres.
    pub gps_outlier_share: f64,
    /// How many gateways the phones talk to. Each numbers its events; the dispatch service is one more source, with the
    /// number that follows theirs.
    pub gateways: u32,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            drivers: 20_000,
            fix_rate_hz: 1.0,
            trips_under_way: 3_000,
            cancelled_share: 0.04,
            hot_spots: 12,
            trip_min_m: 1_000.0,
            trip_max_m: 5_000.0,
            warm_up_s: 2.0,
            time_of_day_h: 7.5,
            time_compression: 60.0,
            congestion: 0.75,
            incidents_per_min: 6.0,
            incident_mean_s: 40.0,
            gps_sigma_m: 4.0,
            gps_correlation_s: 20.0,
            gps_outlier_share: 0.001,
            gateways: 4,
        }
    }
}
