use etaflow_road::{Coord, NodeId, Span, SyntheticCity};

use super::*;
use crate::event::{GpsFix, Offset, SourceId};
use crate::pipeline::collective::Collective;

#[test]
fn nothing_is_kept_of_a_driver_who_was_forgotten() {
    let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let (index, config) = (Arc::new(EdgeIndex::new(&network)), Config::default());
    let epoch = Arc::new(Collective::new(Arc::clone(&network), &config).first_epoch());
    let mut shard = Shard::new(&network, &index, &config, Arc::clone(&epoch), 0).expect("within bounds");
    let mut effects = Effects::default();
    let start = Timestamp::from_secs(1_000);
    let record = |number: u32, payload: Payload| {
        let (offset, id) = (Offset(u64::from(number)), u64::from(number));
        Record { offset, time: start, ingest_time: start, waited_us: 0, source: SourceId(0), id, payload }
    };
    let off_the_map = Coord::from_degrees(-60.0, 170.0).expect("in range");
    for (number, coord) in [(0, network.coord(NodeId(0))), (1, off_the_map)] {
        let location = Payload::Location { driver: DriverId(number), fix: GpsFix::at(coord) };
        shard.on_record(&record(number, location), &mut effects);
    }
    assert_eq!((shard.counts.accepted, shard.counts.dead_lettered[&Reason::OffMap]), (1, 1));
    assert_eq!(shard.matching.operator().len(), 2, "the newest fix of each is remembered");
    let time = start + config.fleet.forgotten_after + Span::from_secs(1);
    let tick = Tick { number: 0, time, watermark: time };
    shard.on_tick(&record(2, Payload::Tick { watermark: time }), &tick, &epoch, &mut effects);
    assert_eq!((shard.matching.operator().len(), shard.fleet.operator().len()), (0, 0));
}
