use std::path::PathBuf;

use etaflow_road::Span;

use crate::cli::Rate;

/// What the command line says instead of the scenario's file; `None` for what the file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// A file of a network, instead of the scenario's city or file.
    pub network: Option<PathBuf>,
    /// The seed of world, faults and city.
    pub seed: Option<u64>,
    /// How long the run lasts. Outages that would not be over by then are left out, and with the last of them the bound
    /// on how long it takes to catch up.
    pub duration: Option<Span>,
    /// How many fixes are offered each second.
    pub rate: Option<Rate>,
    /// How many drivers there are; trips under way change in proportion.
    pub drivers: Option<u64>,
    /// How many shards the engine has.
    pub shards: Option<u64>,
    /// Where the reports go.
    pub out: Option<PathBuf>,
}
