use std::sync::{Arc, LazyLock};

use etaflow::road::{EdgeIndex, MatcherConfig, Network, SyntheticCity};
use etaflow::{
    Calibration, Config, Entities, Epoch, Estimator, EtaConfig, Executor, Fleet, FleetConfig, Matching, Traffic,
    TrafficConfig, Trips, TripsConfig,
};

/// What the state is of.
struct World {
    network: Arc<Network>,
    index: Arc<EdgeIndex>,
    epoch: Arc<Epoch>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let network = Arc::new(SyntheticCity { nodes: 64, ..SyntheticCity::default() }.build());
    let index = Arc::new(EdgeIndex::new(&network));
    let epoch = Executor::first_epoch(&network, &Config::default());
    World { network, index, epoch }
});

/// The roads that the state is on.
pub fn network() -> Arc<Network> {
    Arc::clone(&WORLD.network)
}

/// The state of an operator: the first byte is its kind in snapshots, the next the number of an entity.
pub fn state(bytes: &[u8]) {
    let World { network, index, epoch } = &*WORLD;
    let Some((&[kind, number], bytes)) = bytes.split_first_chunk() else { return };
    let number = u64::from(number);
    let (network, index) = (Arc::clone(network), Arc::clone(index));
    match kind {
        b'm' => {
            let matching = Matching::new(network, index, MatcherConfig::default(), (0, 1));
            entity(&mut matching.expect("the default is valid"), number, bytes);
        }
        b'd' => entity(&mut Fleet::new(network, &FleetConfig::default(), 0, 1), number, bytes),
        b't' => entity(&mut Trips::new(TripsConfig::default()), number, bytes),
        b'a' => {
            let config = EtaConfig::default();
            entity(&mut Estimator::new(network, index, config, Arc::clone(epoch), (0, 1)), number, bytes);
        }
        b'C' => {
            let Ok(calibration) = Calibration::restore(bytes) else { return };
            again(bytes, |out| calibration.encode(out));
        }
        b'T' => {
            let Ok(traffic) = Traffic::restore(network, &TrafficConfig::default(), bytes) else { return };
            again(bytes, |out| traffic.encode(out));
        }
        b'E' => {
            let Ok(epoch) = Epoch::decode(&network, bytes, &[]) else { return };
            again(bytes, |out| epoch.encode(out));
        }
        _ => {}
    }
}

fn entity(state: &mut impl Entities, number: u64, bytes: &[u8]) {
    _ = state.takes(number, bytes);
    if state.decode_entity(number, bytes).is_err() {
        assert_eq!(state.next_entity(0), None, "nothing is left of it");
        return;
    }
    assert_eq!(state.next_entity(0), Some(number));
    again(bytes, |out| assert!(state.encode_entity(number, out)));
    assert!(state.decode_entity(number, bytes).is_err(), "it is here already");
}

fn again(bytes: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
    let mut out = Vec::new();
    write(&mut out);
    assert_eq!(out, bytes, "what was read is written as it was");
}
