//! Items from several producers to one consumer, singly and in batches.
//!
//! All queues hold at most 65,536 items. A peer and ours are driven in the same way: in tasks on one tokio runtime of
//! two workers, or on threads. Every run checks that each item has arrived.

use std::sync::LazyLock;
use std::thread;

use etaflow::{BusConfig, BusItem, Incoming, Intake, Key, Policy, Publisher, bus_of};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::comparison::{Comparison, Row, Unit, measure};
use crate::request::{GroupError, Request};

/// What is carried: 48 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Item(pub [u64; 6]);

impl BusItem for Item {
    fn conflation_key(&self) -> Option<&Key> {
        None
    }
}

impl AsRef<[Self]> for Item {
    fn as_ref(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}

/// How many items a batch has.
pub const BATCH: u64 = 256;
const CAPACITY_BATCHES: usize = 256;
const CAPACITY_ITEMS: usize = CAPACITY_BATCHES * BATCH as usize;

/// What is to be carried, and how.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many send at a time.
    pub producers: u64,
    /// Whether they give their items in batches.
    pub batched: bool,
    /// How many items all of them send; a multiple of `producers` times [`BATCH`].
    pub items: u64,
}

impl Load {
    /// The four that are measured.
    pub const ALL: [Self; 4] = [
        Self { producers: 1, batched: false, items: 1 << 20 },
        Self { producers: 4, batched: false, items: 1 << 20 },
        Self { producers: 1, batched: true, items: 1 << 23 },
        Self { producers: 4, batched: true, items: 1 << 23 },
    ];

    /// In words.
    pub fn name(&self) -> String {
        let how = if self.batched { "batches of 256" } else { "single" };
        let who = if self.producers == 1 { "1 producer".into() } else { format!("{} producers", self.producers) };
        format!("48-byte items, {who}, {how}")
    }

    fn each(&self) -> u64 {
        self.items / self.producers
    }

    fn check(&self, received: (u64, u64)) {
        let each = self.each();
        assert_eq!(received, (self.items, self.producers * (each * (each - 1) / 2)), "each item arrives once");
    }
}

/// A way to carry them.
pub type Carry = fn(Load);

/// Peers: name, theirs, and ours driven in the same way.
pub const PEERS: [(&str, Carry, Carry); 4] = [
    ("tokio mpsc", tokio_mpsc, ours_in_tasks),
    ("flume", flume_in_tasks, ours_in_tasks),
    ("async-channel", async_channel_in_tasks, ours_in_tasks),
    ("crossbeam", crossbeam_on_threads, ours_on_threads),
];

/// Every load beside every peer; ours is driven as the peer is, and so measured anew beside each.
pub fn comparisons() -> Vec<Comparison> {
    let compare = |load: Load, (peer, theirs, ours): (&'static str, Carry, Carry)| Comparison {
        operation: load.name(),
        unit: Unit::MillionItemsPerSecond,
        count: load.items,
        before: None,
        ours: Some(Box::new(move || ours(load))),
        peers: vec![(peer, Box::new(move || theirs(load)))],
    };
    Load::ALL.into_iter().flat_map(|load| PEERS.map(|peer| compare(load, peer))).collect()
}

/// Measures them.
pub fn rows(request: &Request) -> Result<Vec<Row>, GroupError> {
    let mut rows = Vec::new();
    for comparison in comparisons().into_iter().filter(|comparison| request.wants(&comparison.operation)) {
        request.tell(format_args!("{}", comparison.operation));
        rows.extend(measure("bus", comparison, request.rounds));
    }
    Ok(rows)
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_time().build().expect("two threads can be started")
});

fn items(range: std::ops::Range<u64>) -> Vec<Item> {
    range.map(item).collect()
}

fn item(number: u64) -> Item {
    Item([number; 6])
}

fn singles(each: u64) -> impl Iterator<Item = Item> {
    (0..each).map(item)
}

fn batches(each: u64) -> impl Iterator<Item = Vec<Item>> {
    (0..each / BATCH).map(|batch| items(batch * BATCH..(batch + 1) * BATCH))
}

/// Adds to the number of items and the sum of what they say.
fn count(received: &mut (u64, u64), items: &[Item]) {
    received.0 += items.len() as u64;
    received.1 += items.iter().map(|item| item.0[5]).sum::<u64>();
}

fn config() -> BusConfig {
    BusConfig { capacity_batches: CAPACITY_BATCHES, batch_max: BATCH as usize, ..BusConfig::default() }
}

/// Our bus, its ends in tasks.
pub fn ours_in_tasks(load: Load) {
    let (bus, mut intake) = bus_of::<Item>(config());
    let producers = (0..load.producers).map(|_| RUNTIME.spawn(produce(bus.publisher(Policy::Await), load))).collect();
    drop(bus);
    let consumer = RUNTIME.spawn(async move {
        let mut received = (0, 0);
        while let Some(Incoming::Events(items)) = intake.recv().await {
            count(&mut received, &items);
        }
        received
    });
    finish(load, producers, consumer);
}

async fn produce(mut publisher: Publisher<Item>, load: Load) {
    if load.batched {
        for batch in batches(load.each()) {
            publisher.publish_batch(batch).await.expect("the bus is open");
        }
    } else {
        for number in 0..load.each() {
            publisher.publish(item(number)).await.expect("the bus is open");
        }
    }
}

fn finish(load: Load, producers: Vec<JoinHandle<()>>, consumer: JoinHandle<(u64, u64)>) {
    RUNTIME.block_on(async {
        for producer in producers {
            producer.await.expect("a producer ends");
        }
        load.check(consumer.await.expect("the consumer ends"));
    });
}

/// Our bus, its ends on threads.
pub fn ours_on_threads(load: Load) {
    let (bus, intake) = bus_of::<Item>(config());
    thread::scope(|scope| {
        for _ in 0..load.producers {
            let mut publisher = bus.publisher(Policy::Await);
            scope.spawn(move || {
                if load.batched {
                    for batch in batches(load.each()) {
                        publisher.publish_batch_blocking(batch).expect("the bus is open");
                    }
                } else {
                    for number in 0..load.each() {
                        publisher.publish_blocking(item(number)).expect("the bus is open");
                    }
                }
            });
        }
        drop(bus);
        load.check(consume_blocking(intake));
    });
}

fn consume_blocking(mut intake: Intake<Item>) -> (u64, u64) {
    let mut received = (0, 0);
    while let Some(Incoming::Events(items)) = intake.recv_blocking() {
        count(&mut received, &items);
    }
    received
}

/// Carries a load over one kind of channel, its ends in tasks: how it is made, sent to and received from. Each is made
/// for single items and for batches.
macro_rules! in_tasks {
    ($load:ident, $bounded:path, |$sender:ident, $item:ident| $send:expr, ($($receiver:tt)+) $receive:expr) => {
        if $load.batched {
            let (sender, receiver) = $bounded(CAPACITY_BATCHES);
            in_tasks!($load, sender, receiver, batches($load.each()), $sender, $item, $send, ($($receiver)+) $receive);
        } else {
            let (sender, receiver) = $bounded(CAPACITY_ITEMS);
            in_tasks!($load, sender, receiver, singles($load.each()), $sender, $item, $send, ($($receiver)+) $receive);
        }
    };
    (
        $load:ident, $tx:ident, $rx:ident, $items:expr, $sender:ident, $item:ident, $send:expr,
        ($($receiver:tt)+) $receive:expr
    ) => {
        let producers = (0..$load.producers).map(|_| {
            let $sender = $tx.clone();
            RUNTIME.spawn(async move {
                for $item in $items {
                    $send.await.expect("the channel is open");
                }
            })
        });
        let producers = producers.collect();
        drop($tx);
        let $($receiver)+ = $rx;
        let consumer = RUNTIME.spawn(async move {
            let mut received = (0, 0);
            while let Some(items) = $receive {
                count(&mut received, AsRef::<[Item]>::as_ref(&items));
            }
            received
        });
        finish($load, producers, consumer);
    };
}

/// tokio's channel, its ends in tasks.
pub fn tokio_mpsc(load: Load) {
    use tokio::sync::mpsc::channel;
    in_tasks!(load, channel, |sender, item| sender.send(item), (mut receiver) receiver.recv().await);
}

/// flume, its ends in tasks.
pub fn flume_in_tasks(load: Load) {
    use flume::bounded;
    in_tasks!(load, bounded, |sender, item| sender.send_async(item), (receiver) receiver.recv_async().await.ok());
}

/// async-channel as it is, its ends in tasks: what our bus stands on.
pub fn async_channel_in_tasks(load: Load) {
    use async_channel::bounded;
    in_tasks!(load, bounded, |sender, item| sender.send(item), (receiver) receiver.recv().await.ok());
}

/// crossbeam's channel, its ends on threads: it has no other.
pub fn crossbeam_on_threads(load: Load) {
    if load.batched {
        on_threads(load, CAPACITY_BATCHES, || batches(load.each()));
    } else {
        on_threads(load, CAPACITY_ITEMS, || singles(load.each()));
    }
}

fn on_threads<I: Iterator<Item: AsRef<[Item]> + Send>>(load: Load, capacity: usize, items: impl Fn() -> I + Sync) {
    let (sender, receiver) = crossbeam_channel::bounded(capacity);
    let items = &items;
    thread::scope(|scope| {
        for _ in 0..load.producers {
            let sender = sender.clone();
            scope.spawn(move || items().for_each(|item| sender.send(item).expect("the channel is open")));
        }
        drop(sender);
        let mut received = (0, 0);
        for items in receiver {
            count(&mut received, items.as_ref());
        }
        load.check(received);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_carries_everything() {
        for (producers, batched) in [(1, false), (3, false), (1, true), (3, true)] {
            let load = Load { producers, batched, items: 3 * 4 * BATCH };
            for (_, theirs, ours) in PEERS {
                theirs(load);
                ours(load);
            }
        }
    }
}
