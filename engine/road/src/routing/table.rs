use std::slice;

use super::metric::Metric;
use super::position::Position;
use super::query::Query;
use crate::unit::{INFINITY, Weight};

impl Query {
    /// The travel times from each of many sources to each of many targets, in milliseconds, row by row:
    /// `out[i * to.len() + j]` is that from `from[i]` to `to[j]`, [`INFINITY`] where it is more than `limit` or there is no
    /// way. Unlike elsewhere, the positions of a side are no alternatives. What was in `out` is lost.
    ///
    /// One search to many for each place of the side that has fewer.
    ///
    /// # Panics
    /// If the metric is of another network.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use etaflow_road::{EdgeId, INFINITY, Metric, Position, Query, SyntheticCity};
    /// let network = Arc::new(SyntheticCity { nodes: 500, ..SyntheticCity::default() }.build());
    /// let metric = Metric::free_flow(&network);
    /// let [a, b, c] = [0, 90, 200].map(|edge| Position { edge: EdgeId(edge), offset_mm: 0 });
    /// let mut query = Query::new(network);
    /// let mut out = Vec::new();
    /// query.table(&metric, &[a, b], &[a, b, c], INFINITY, &mut out);
    /// assert_eq!((out.len(), out[0], out[4]), (6, 0, 0));
    /// assert_eq!(query.duration(&metric, &[b], &[c]), Some(out[5]));
    /// ```
    pub fn table(&mut self, metric: &Metric, from: &[Position], to: &[Position], limit: Weight, out: &mut Vec<Weight>) {
        self.check(metric);
        out.clear();
        out.resize(from.len() * to.len(), INFINITY);
        let mut line = std::mem::take(&mut self.line);
        // The more nodes a search is to, the less each of them costs.
        if from.len() > to.len() {
            for (column, target) in to.iter().enumerate() {
                self.many_to_one(metric, from, slice::from_ref(target), limit, &mut line);
                let cells = out.iter_mut().skip(column).step_by(to.len());
                cells.zip(&line).for_each(|(cell, &time)| *cell = time);
            }
        } else {
            for (row, source) in out.chunks_exact_mut(to.len().max(1)).zip(from) {
                self.one_to_many(metric, slice::from_ref(source), to, limit, &mut line);
                row.copy_from_slice(&line);
            }
        }
        self.line = line;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use crate::routing::fixture::{draws, positions, world};
    use crate::routing::{Dijkstra, Query};
    use crate::unit::INFINITY;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_table_is_all_pairs((network, metric) in world(), from in draws(0..9), to in draws(0..9), limit in prop_oneof![
            2 => Just(INFINITY), 2 => 0..120_000_u32, 1 => Just(0),
        ]) {
            let (from, to) = (positions(&network, &from), positions(&network, &to));
            let mut dijkstra = Dijkstra::new(Arc::clone(&network));
            let mut expected = Vec::new();
            for source in &from {
                for target in &to {
                    let time = dijkstra.duration(&metric, &[*source], &[*target]);
                    expected.push(time.filter(|&time| time <= limit).unwrap_or(INFINITY));
                }
            }
            let mut out = vec![7];
            let mut query = Query::new(network);
            for _ in 0..2 {
                query.table(&metric, &from, &to, limit, &mut out);
                prop_assert_eq!(&out, &expected);
            }
        }
    }
}
