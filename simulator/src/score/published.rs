/// What a static engine reaches on taxi trips of the same city, predicted at departure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublishedScore {
    /// The engine.
    pub engine: &'static str,
    /// Mean absolute error in seconds.
    pub mae_s: f64,
    /// Mean absolute relative error.
    pub mape: f64,
    /// Mean error in seconds; negative is too early.
    pub bias_s: f64,
    /// On how many trips.
    pub trips: u64,
}

/// Figures to compare with, measured at departure on 1,208 Porto taxi trips.
///
/// A different set of trips than the one that is replayed here: a hint at the size of things, not a race.
pub const PUBLISHED: [PublishedScore; 2] = [
    PublishedScore { engine: "OSRM", mae_s: 315.0, mape: 0.41, bias_s: -300.0, trips: 1_208 },
    PublishedScore { engine: "Valhalla", mae_s: 324.0, mape: 0.42, bias_s: -300.0, trips: 1_208 },
];
