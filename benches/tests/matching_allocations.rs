//! What a fleet that is under way makes the matcher allocate: nothing, but for a trace that comes to hold more than it
//! ever did.

use std::hint::black_box;
use std::sync::Arc;

use etaflow_benches::matching::{Fleet, SETTINGS};
use etaflow_road::{EdgeIndex, Fix, Matcher, SyntheticCity, Trace};

const VEHICLES: usize = 500;
const FIXES_EACH: usize = 120;

/// Matches the fixes; how often a trace grew.
fn run(matcher: &mut Matcher, traces: &mut [Trace], fixes: &[(u32, Fix)]) -> u64 {
    let mut grown = 0;
    for (vehicle, fix) in fixes {
        let trace = &mut traces[*vehicle as usize];
        let before = trace.bytes();
        black_box(matcher.on_fix(trace, fix));
        grown += u64::from(trace.bytes() > before);
    }
    grown
}

/// The first half of a fleet's fixes is to warm up. In the second half only traces grow, of which each has two lists; and
/// once they have, nothing does.
fn check(sampling_s: usize) {
    let city = Arc::new(SyntheticCity::default().build());
    let index = Arc::new(EdgeIndex::new(&city));
    let fleet = Fleet::driving(&city, VEHICLES, FIXES_EACH, sampling_s);
    let (warm, counted) = fleet.fixes.split_at(fleet.fixes.len() / 2);
    for (setting, config) in SETTINGS {
        let mut matcher = Matcher::new(city.clone(), index.clone(), config()).expect("valid");
        let mut traces = vec![Trace::default(); VEHICLES];
        assert!(run(&mut matcher, &mut traces, warm) > 0);
        let mut grown = 0;
        let moving = allocation_counter::measure(|| grown = run(&mut matcher, &mut traces, counted)).count_total;
        assert!(moving <= 2 * grown, "{sampling_s} s, {setting}: {moving} allocations, {grown} times a trace grew");
        assert!(grown * 200 < counted.len() as u64, "{sampling_s} s, {setting}: {grown} times a trace grew");
        traces.iter_mut().for_each(Trace::clear);
        let again = allocation_counter::measure(|| {
            run(&mut matcher, &mut traces, &fleet.fixes);
        });
        assert_eq!(again.count_total, 0, "{sampling_s} s, {setting}: allocations in {} fixes", fleet.fixes.len());
    }
}

#[test]
fn a_fleet_under_way_allocates_nothing() {
    [1, 5, 10, 30].into_iter().for_each(check);
}

#[test]
fn what_is_allocated_is_counted() {
    let counted = allocation_counter::measure(|| drop(black_box(vec![1_u8; 100])));
    assert_eq!(counted.count_total, 1);
}
