//! Routing, held to its reference: whatever `Query` says, `Dijkstra` must say too, on made-up and real networks, under
//! all kinds of travel times, while roads change, close and open.
//!
//! A case is everything that is asked for one network and one seed, and a failure names both. With `ETAFLOW_SEED` set to
//! a number, a test runs its case of that seed and no other.

mod bad_input;
mod case;
mod dice;
mod equality;
mod fleet;
mod judge;
mod map;
mod place;
mod route;
mod traffic;
