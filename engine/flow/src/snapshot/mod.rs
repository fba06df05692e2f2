//! Snapshots: the state of all shards at a tick, written aside in the background, and read back after a crash.
