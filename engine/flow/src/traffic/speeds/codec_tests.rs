//! Traffic that was written down at a tick and read back, beside that which was not.

use super::*;
use crate::stream::Digest;
use crate::stream::fixture::{harmed, harms};

/// Takes a tick; the number of it is of no matter.
fn play(traffic: &mut Traffic, now: Timestamp, plan: &TickPlan, config: &TrafficConfig) -> (Arc<Metric>, u64, u64) {
    let tick = Tick { number: 0, time: now, watermark: now };
    traffic.add(&tick, &plan.sums(Panes::new(config.pane).at(now)));
    for &(nth, closes) in &plan.roads {
        let (name, edges) = road(nth);
        if closes {
            traffic.close(&edges, name);
        } else {
            traffic.reopen(&edges, name);
        }
    }
    (Arc::clone(traffic.on_tick(&tick)), traffic.metric_number(), traffic.late())
}

fn written(traffic: &Traffic) -> Vec<u8> {
    let mut bytes = Vec::new();
    traffic.encode(&mut bytes);
    bytes
}

fn digest(traffic: &Traffic) -> Digest {
    let mut digest = StateDigest::default();
    traffic.digest(&mut digest);
    digest.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn traffic_that_was_read_back_goes_on_as_it_would_have(
        config in config(), ticks in ticks(), cut in any::<prop::sample::Index>(),
    ) {
        let (before, after) = ticks.split_at(cut.index(ticks.len() + 1));
        let (mut first, mut now) = (Traffic::new(Arc::clone(&CITY), &config), Timestamp::from_secs(10_000));
        for plan in before {
            now = now + Span::from_secs(plan.after_s);
            play(&mut first, now, plan, &config);
        }
        let bytes = written(&first);
        let mut second = Traffic::restore(Arc::clone(&CITY), &config, &bytes).expect("it was just written");
        prop_assert_eq!(written(&second), bytes);
        // Worked out anew, and the same.
        prop_assert_eq!(&second.driven, &first.driven);
        for edge in CITY.edges() {
            prop_assert_eq!(second.estimate(edge), second.metric.weight(edge), "edge {}", edge.0);
        }
        for plan in after {
            now = now + Span::from_secs(plan.after_s);
            prop_assert_eq!(play(&mut second, now, plan, &config), play(&mut first, now, plan, &config));
            prop_assert_eq!(digest(&second), digest(&first));
        }
        let mut query = Query::new(Arc::clone(&CITY));
        prop_assert_eq!(ways(&mut query, second.metric()), ways(&mut query, first.metric()));
    }

    #[test]
    fn harmed_traffic_is_refused_or_traffic(
        config in config(), before in ticks(), after in ticks(), harms in harms(), near_begin in any::<bool>(),
    ) {
        let (mut traffic, mut now) = (Traffic::new(Arc::clone(&CITY), &config), Timestamp::from_secs(10_000));
        for plan in &before {
            now = now + Span::from_secs(plan.after_s);
            play(&mut traffic, now, plan, &config);
        }
        let bytes = written(&traffic);
        // Most of it is travel times.
        let begin = if near_begin { bytes.len() - CITY.edge_count() * size_of::<Weight>() } else { bytes.len() };
        let harmed = [&harmed(&bytes[..begin], &harms), &bytes[begin..]].concat();
        let Ok(mut read) = Traffic::restore(Arc::clone(&CITY), &config, &harmed) else { return Ok(()) };
        prop_assert_eq!(written(&read), harmed);
        if read.awaited().is_some() {
            // It cannot go on without the profile that it now says was in force.
            return Ok(());
        }
        for plan in &after {
            now = now + Span::from_secs(plan.after_s);
            play(&mut read, now, plan, &config);
        }
    }
}

#[test]
fn traffic_of_other_panes_or_another_network_is_refused() {
    let config = TrafficConfig::default();
    let bytes = written(&Traffic::new(Arc::clone(&CITY), &config));
    let finer = TrafficConfig { panes: 41, ..config.clone() };
    let error = Traffic::restore(Arc::clone(&CITY), &finer, &bytes).err().expect("the window is another");
    assert!(error.to_string().contains("other panes than the configuration says"), "{error}");
    let other = Arc::new(SyntheticCity { nodes: 2_000, ..SyntheticCity::default() }.build());
    let error = Traffic::restore(other, &config, &bytes).err().expect("the network is another");
    assert!(error.to_string().contains("another network"), "{error}");
}
