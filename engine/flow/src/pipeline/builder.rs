use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::assembly::Sharer;
use super::collective::Collective;
use super::exchange::{Due, EPOCHS, Exchange};
use super::failure::{ExecutorError, message_of};
use crate::eta::Epoch;

/// Makes the epochs of an exchange, one tick after the other, until all shards have left it. Gives back what all shards
/// know together.
///
/// `epochs` are known before the first: the one in force, and those that follow. Where a snapshot is cut, what all shards
/// know goes into it, with the epochs that are known then.
///
/// # Errors
/// If a profile that was adopted cannot be had, or if it panics, with what was said; nobody waits for it then.
pub(super) fn build(
    mut collective: Collective,
    mut epochs: [Arc<Epoch>; EPOCHS],
    exchange: &Exchange,
    snapshot: &Sharer,
) -> Result<Collective, ExecutorError> {
    let ended = catch_unwind(AssertUnwindSafe(|| {
        collective.reinstate()?;
        while let Some(Due { tick, contributions, cut }) = exchange.next_due() {
            // What is not in force any more is let go of first: there is to be memory for the next.
            epochs.rotate_left(1);
            epochs[EPOCHS - 1] = Arc::clone(&epochs[EPOCHS - 2]);
            collective.adopt(&tick, &contributions)?;
            let epoch = Arc::new(collective.on_tick(&tick, &contributions));
            epochs[EPOCHS - 1] = Arc::clone(&epoch);
            exchange.publish(&tick, epoch);
            if cut {
                snapshot.end_collective(collective.parts(&tick, &epochs));
            }
        }
        Ok(())
    }));
    let failure = match ended {
        Ok(Ok(())) => return Ok(collective),
        Ok(Err(missing)) => ExecutorError::Profile(missing),
        Err(panic) => ExecutorError::BuilderPanicked { message: message_of(panic.as_ref()) },
    };
    exchange.poison();
    Err(failure)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use etaflow_road::{EdgeId, SyntheticCity, Timestamp};

    use super::*;
    use crate::config::Config;
    use crate::pipeline::assembly::Assembly;
    use crate::pipeline::collective::Contribution;
    use crate::stream::{Pane, StateDigest, Tick};
    use crate::traffic::Evidence;

    fn tick(number: u64) -> Tick {
        let time = Timestamp::from_secs(1_000 + number as i64);
        Tick { number, time, watermark: time }
    }

    fn driven(edge: u32) -> Contribution {
        let pane = Config::default().traffic.pane;
        let pane = Pane(tick(0).time.micros() / pane.micros());
        let slow = Evidence { samples: 9, length_mm: 90_000, duration_ms: 900_000 };
        Contribution { traversals: vec![(pane, EdgeId(edge), slow)], ..Contribution::default() }
    }

    fn collective() -> Collective {
        let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
        Collective::new(network, &Config::default())
    }

    fn build_alone(exchange: &Exchange) -> Result<Collective, ExecutorError> {
        let first = Arc::new(collective().first_epoch());
        build(collective(), std::array::from_fn(|_| Arc::clone(&first)), exchange, &Assembly::new(1).sharer())
    }

    #[test]
    fn what_was_brought_last_is_in_the_state_though_it_never_came_into_force() {
        let exchange = Exchange::new(Arc::new(collective().first_epoch()), 1);
        let mut expected = collective();
        let built = std::thread::scope(|scope| {
            let builder = scope.spawn(|| build_alone(&exchange));
            for number in 0..6 {
                exchange.meet(&tick(number), driven(number as u32)).expect("nobody fails");
                expected.on_tick(&tick(number), &[driven(number as u32)]);
            }
            exchange.leave();
            builder.join().expect("panics are caught").expect("nobody fails")
        });
        let digest = |collective: &Collective| {
            let mut digest = StateDigest::default();
            collective.digest(&[], &mut digest);
            digest.finish()
        };
        assert_eq!(digest(&built), digest(&expected));
    }

    #[test]
    fn a_builder_that_panics_says_why_and_lets_nobody_wait() {
        let exchange = Exchange::new(Arc::new(collective().first_epoch()), 2);
        std::thread::scope(|scope| {
            let builder = scope.spawn(|| build_alone(&exchange));
            // There is no such edge.
            let follow = || (0..9).map(|number| exchange.meet(&tick(number), driven(u32::MAX))).find_map(Result::err);
            let shards = [scope.spawn(follow), scope.spawn(follow)];
            for shard in shards {
                assert!(shard.join().expect("does not panic").is_some());
            }
            let failure = builder.join().expect("panics are caught").err().expect("it has failed");
            let message = failure.to_string();
            assert!(message.contains("index out of bounds"), "{message}");
        });
    }
}
