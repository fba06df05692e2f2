/// What goes wrong on the way from the world to the engine; `None` for what does not.
///
/// Shares are of the drivers' fixes, and the kinds that have one are exclusive: their sum is at most 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FaultConfig {
    /// Fixes that are delivered much too late.
    pub late: Option<Late>,
    /// Fixes that others overtake.
    pub out_of_order: Option<OutOfOrder>,
    /// Fixes that come again.
    pub twice: Option<Twice>,
    /// Fixes that never come.
    pub lost: Option<Lost>,
    /// Phones with a wrong clock.
    pub clock_skew: Option<ClockSkew>,
    /// Drivers who are silent for a while.
    pub tunnel: Option<Tunnel>,
    /// Fixes that are somewhere else.
    pub jump: Option<Jump>,
    /// Events that make no sense, besides those that do.
    pub garbage: Option<Garbage>,
    /// Gateways that are silent and then deliver everything at once.
    pub burst: Option<Burst>,
}

/// Fixes that are delivered much too late: by an exponential distribution that is cut off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Late {
    /// The share of fixes.
    pub share: f64,
    /// By how much on average, seconds.
    pub mean_s: f64,
    /// By how much at most, seconds.
    pub max_s: f64,
}

/// Fixes that others overtake, by a delay that is uniform.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfOrder {
    /// The share of fixes.
    pub share: f64,
    /// By how much at most, seconds.
    pub max_s: f64,
}

/// Fixes that come again, with the same source and id.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Twice {
    /// The share of fixes.
    pub share: f64,
    /// How much later at most, seconds.
    pub max_s: f64,
}

/// Fixes that never come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lost {
    /// The share of fixes.
    pub share: f64,
}

/// Phones with a wrong clock: their events' time is off, and comes in when it is due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockSkew {
    /// The share of drivers.
    pub driver_share: f64,
    /// By how much at most, forwards or backwards, seconds.
    pub max_s: f64,
}

/// Drivers who are silent for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tunnel {
    /// How often a driver is, per hour.
    pub per_driver_hour: f64,
    /// For how long at least, seconds.
    pub min_s: f64,
    /// For how long at most, seconds.
    pub max_s: f64,
}

/// Fixes that are somewhere else, for one or a few in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jump {
    /// The share of fixes that begin a jump.
    pub share: f64,
    /// How far off at least, metres.
    pub min_m: f64,
    /// How far off at most, metres.
    pub max_m: f64,
    /// How many fixes in a row at most.
    pub fixes_max: u32,
}

/// Events that make no sense: undecodable, of an unknown type, of another day, of trips that nobody knows or that are
/// over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Garbage {
    /// How many for each fix.
    pub share: f64,
}

/// Gateways that are silent and then deliver everything at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    /// How often one of the gateways is, seconds from one beginning to the next.
    pub every_s: f64,
    /// For how long, seconds; shorter than that.
    pub silent_s: f64,
}

impl FaultConfig {
    /// The sum of the shares of the kinds that exclude each other.
    pub fn exclusive_share(&self) -> f64 {
        let shares = [
            self.late.map(|late| late.share),
            self.out_of_order.map(|out_of_order| out_of_order.share),
            self.twice.map(|twice| twice.share),
            self.lost.map(|lost| lost.share),
            self.jump.map(|jump| jump.share),
            self.garbage.map(|garbage| garbage.share),
        ];
        shares.iter().flatten().sum()
    }
}
