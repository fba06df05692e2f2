use std::sync::LazyLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// How many threads anything is measured with at most.
pub(super) const THREADS_MAX: usize = 2;

static POOLS: LazyLock<[ThreadPool; THREADS_MAX]> = LazyLock::new(|| {
    [1, 2].map(|threads| ThreadPoolBuilder::new().num_threads(threads).build().expect("two threads can be started"))
});

/// So many threads.
///
/// # Panics
/// If they are none or more than [`THREADS_MAX`].
pub(super) fn pool(threads: usize) -> &'static ThreadPool {
    &POOLS[threads - 1]
}
