use super::cell::Cell;
use super::greedy::Greedy;
use super::links::Links;

/// The nodes of a small cell in an order in which each next one adds few arcs. All that is around it comes later.
pub(super) fn order(cell: &Cell, links: &Links<'_>) -> Vec<u32> {
    let arcs = || cell.name.iter().flat_map(|&node| links.out(node).iter().chain(links.into(node)));
    let ends = arcs().flat_map(|&arc| <[u32; 2]>::from(links.ends(arc)));
    let numbers = Numbers::new(cell.name.clone(), ends.collect());
    let mut greedy = Greedy::new(numbers.inner.len(), numbers.outer.len());
    for &arc in arcs() {
        let (tail, head) = links.ends(arc);
        greedy.add(numbers.of(tail), numbers.of(head));
    }
    greedy.order().into_iter().map(|number| numbers.inner[number as usize]).collect()
}

/// Names, and the numbers that stand for them for a while: first those inside, then those around.
struct Numbers {
    inner: Vec<u32>,
    outer: Vec<u32>,
}

impl Numbers {
    fn new(mut inner: Vec<u32>, mut outer: Vec<u32>) -> Self {
        inner.sort_unstable();
        outer.retain(|name| inner.binary_search(name).is_err());
        outer.sort_unstable();
        outer.dedup();
        Self { inner, outer }
    }

    fn of(&self, name: u32) -> usize {
        match self.inner.binary_search(&name) {
            Ok(at) => at,
            Err(_) => self.inner.len() + self.outer.partition_point(|&other| other < name),
        }
    }
}
