//! Keeping records on a disk: appending them so that they are durable within 5 ms, and reading all of them again.
//!
//! Ours and each peer keep the same records, in a folder of their own on the same disk, and are told about them and read
//! them back in the same way. After an append each record is read back and compared.

mod acknowledge;
mod group;
mod keeper;
mod load;
mod opening;
mod ours;
mod peer_fjall;
mod peer_okaywal;
mod peer_redb;

pub use group::rows;
pub use keeper::{Failure, Keeper, Kept, Tally};
pub use load::{BATCH, INTERVAL, Load};
