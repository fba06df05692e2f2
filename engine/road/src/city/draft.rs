use super::cells::distance;
use crate::geo::Xy;
use crate::network::{EdgeFlags, RoadClass};

/// Streets in the making: junctions, and the links between them.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Where each junction is.
    pub(super) at: Vec<Xy>,
    pub(super) links: Vec<Link>,
}

/// A stretch of street between two junctions.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) tail: u32,
    pub(super) head: u32,
    /// The points of its shape between the two.
    pub(super) via: Vec<Xy>,
    pub(super) class: RoadClass,
    pub(super) flags: EdgeFlags,
    pub(super) one_way: bool,
    /// The street that it is part of.
    pub(super) street: u32,
    /// Whether it may be bent: not part of a pattern of straight blocks.
    pub(super) organic: bool,
}

/// In place of a street where there is none yet.
pub(super) const NO_STREET: u32 = u32::MAX;

impl Link {
    pub(super) fn new(tail: u32, head: u32, class: RoadClass) -> Self {
        let flags = EdgeFlags::default();
        Self { tail, head, via: Vec::new(), class, flags, one_way: false, street: NO_STREET, organic: false }
    }

    pub(super) fn other(&self, end: u32) -> u32 {
        if self.tail == end { self.head } else { self.tail }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.class == other.class && self.flags == other.flags && self.one_way == other.one_way
    }
}

impl Draft {
    /// For each junction, the links that meet there.
    pub(super) fn incident(&self) -> Vec<Vec<u32>> {
        let mut incident = vec![Vec::new(); self.at.len()];
        for (number, link) in (0..).zip(&self.links) {
            incident[link.tail as usize].push(number);
            incident[link.head as usize].push(number);
        }
        incident
    }

    /// The points of a link from its tail to its head, both included.
    pub(super) fn line(&self, link: &Link) -> Vec<Xy> {
        let mut line = vec![self.at[link.tail as usize]];
        line.extend_from_slice(&link.via);
        line.push(self.at[link.head as usize]);
        line
    }

    pub(super) fn length(&self, link: &Link) -> f64 {
        self.line(link).windows(2).map(|pair| distance(pair[0], pair[1])).sum()
    }

    /// The first point of a link's shape after its end at `junction`.
    pub(super) fn next_point(&self, link: &Link, junction: u32) -> Xy {
        if link.tail == junction {
            link.via.first().copied().unwrap_or(self.at[link.head as usize])
        } else {
            link.via.last().copied().unwrap_or(self.at[link.tail as usize])
        }
    }

    /// Keeps what hangs together with the most junctions, and drops junctions that nothing leads to.
    pub(super) fn keep_largest(&mut self) {
        let mut sets = Sets::new(self.at.len());
        for link in &self.links {
            sets.join(link.tail, link.head);
        }
        let mut size = vec![0_u32; self.at.len()];
        for junction in 0..self.at.len() as u32 {
            size[sets.find(junction) as usize] += 1;
        }
        let largest = (0..size.len()).max_by_key(|&set| (size[set], std::cmp::Reverse(set)));
        let Some(largest) = largest else { return };
        self.links.retain(|link| sets.find(link.tail) == largest as u32);
        self.drop_lone();
    }

    /// Drops junctions where no link ends.
    fn drop_lone(&mut self) {
        let mut number = vec![u32::MAX; self.at.len()];
        for link in &self.links {
            number[link.tail as usize] = 0;
            number[link.head as usize] = 0;
        }
        let mut kept = Vec::new();
        for (number, &at) in number.iter_mut().zip(&self.at) {
            if *number == 0 {
                *number = kept.len() as u32;
                kept.push(at);
            }
        }
        self.at = kept;
        for link in &mut self.links {
            link.tail = number[link.tail as usize];
            link.head = number[link.head as usize];
        }
    }

    /// Turns junctions where a street only goes on into points of its shape.
    pub(super) fn merge_bends(&mut self) {
        let incident = self.incident();
        let is_bend = |junction: u32| {
            let links = &incident[junction as usize];
            links.len() == 2 && links[0] != links[1] && {
                let [a, b] = [links[0], links[1]].map(|link| &self.links[link as usize]);
                a.is_like(b)
            }
        };
        let mut used = vec![false; self.links.len()];
        let mut merged = Vec::new();
        for start in 0..self.at.len() as u32 {
            if is_bend(start) {
                continue;
            }
            for &first in &incident[start as usize] {
                if used[first as usize] {
                    continue;
                }
                let (mut path, mut links) = (vec![start], vec![first]);
                used[first as usize] = true;
                let mut here = self.links[first as usize].other(start);
                while is_bend(here) {
                    path.push(here);
                    let [a, b] = [incident[here as usize][0], incident[here as usize][1]];
                    let next = if Some(&a) == links.last() { b } else { a };
                    used[next as usize] = true;
                    links.push(next);
                    here = self.links[next as usize].other(here);
                }
                path.push(here);
                // What comes back to where it began keeps a junction on the way, so that no link is a loop.
                let cut = if here == start { links.len() / 2 } else { links.len() };
                for range in [0..cut, cut..links.len()] {
                    if !range.is_empty() {
                        merged.push(self.join(&path[range.start..=range.end], &links[range]));
                    }
                }
            }
        }
        self.links = merged;
        self.drop_lone();
    }

    /// One link along several.
    fn join(&self, path: &[u32], links: &[u32]) -> Link {
        let mut joined = self.links[links[0] as usize].clone();
        joined.via.clear();
        for (step, &number) in links.iter().enumerate() {
            let link = &self.links[number as usize];
            let mut via = link.via.clone();
            if link.tail != path[step] {
                via.reverse();
            }
            joined.via.extend(via);
            if step + 1 < links.len() {
                joined.via.push(self.at[path[step + 1] as usize]);
            }
        }
        joined.tail = path[0];
        joined.head = path[path.len() - 1];
        joined.organic = links.iter().any(|&link| self.links[link as usize].organic);
        joined
    }
}

/// Disjoint sets (Tarjan 1975), with halving of paths.
#[derive(Debug)]
pub(super) struct Sets {
    parent: Vec<u32>,
}

impl Sets {
    pub(super) fn new(count: usize) -> Self {
        Self { parent: (0..count as u32).collect() }
    }

    pub(super) fn find(&mut self, mut item: u32) -> u32 {
        while self.parent[item as usize] != item {
            let above = self.parent[item as usize];
            self.parent[item as usize] = self.parent[above as usize];
            item = above;
        }
        item
    }

    /// Unites two sets; whether they were not one before.
    pub(super) fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b) as usize] = a.min(b);
        a != b
    }
}
