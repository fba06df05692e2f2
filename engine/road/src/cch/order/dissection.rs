use std::sync::atomic::{AtomicUsize, Ordering};

use super::cell::{Cell, NOWHERE};
use super::cut::{Cut, Kind, best_cut};
use super::leaf;
use super::links::Links;

/// So few nodes are ordered without another cut. (Arcs are not: to cut down to single junctions costs less.)
const LEAF_MAX: usize = 250;
/// No cell that is smaller is cut by more than one thread.
const SHARED_MIN: usize = 1_000;
/// For each thread there are so many cells to choose from, at least.
const CELLS_PER_THREAD: usize = 8;

/// A cell, and where in the order what is in it begins.
struct Job {
    cell: Cell,
    start: usize,
}

/// What is written into the order, and where.
type Written = Vec<(usize, Vec<u32>)>;

/// Nested dissection (George 1973): what a cut takes out comes last, before it the parts that it leaves, each in an
/// order that is found the same way. `threads` are used; they do not change what comes out.
pub(super) struct Dissection<'a> {
    kind: Kind<'a>,
    links: &'a Links<'a>,
    threads: usize,
}

impl<'a> Dissection<'a> {
    pub(super) fn new(kind: Kind<'a>, links: &'a Links<'a>, threads: usize) -> Self {
        Self { kind, links, threads: threads.max(1) }
    }

    /// The names of what is cut, nodes or edges, in the order of a hierarchy.
    pub(super) fn order(&self, whole: &Cell, side: &[u32]) -> Vec<u32> {
        let mut jobs = Vec::new();
        let mut written = Vec::new();
        let size = self.add_parts(whole, side, 0, &mut jobs);
        self.spread(&mut jobs, &mut written);
        // The largest first, so that all threads end at about the same time.
        jobs.sort_by_key(|job| std::cmp::Reverse(job.cell.len()));
        let next = AtomicUsize::new(0);
        let work = || {
            let mut written = Vec::new();
            while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.dissect(job, &mut written);
            }
            written
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.threads).map(|_| scope.spawn(work)).collect();
            written.extend(work());
            written.extend(others.into_iter().flat_map(|other| other.join().expect("a dissection does not panic")));
        });
        let mut order = vec![0; size];
        for (start, names) in written {
            order[start..start + names.len()].copy_from_slice(&names);
        }
        order
    }

    /// Cuts the largest cells, with all threads at each, until there are enough for all threads to have their own.
    fn spread(&self, jobs: &mut Vec<Job>, written: &mut Written) {
        if self.threads == 1 {
            return;
        }
        while jobs.len() < CELLS_PER_THREAD * self.threads {
            let Some(largest) = (0..jobs.len()).max_by_key(|&at| jobs[at].cell.len()) else { return };
            if jobs[largest].cell.len() < SHARED_MIN {
                return;
            }
            let job = jobs.swap_remove(largest);
            self.cut(&job.cell, job.start, self.threads, jobs, written);
        }
    }

    fn dissect(&self, job: &Job, written: &mut Written) {
        let mut jobs = Vec::new();
        self.cut(&job.cell, job.start, 1, &mut jobs, written);
        while let Some(job) = jobs.pop() {
            self.cut(&job.cell, job.start, 1, &mut jobs, written);
        }
    }

    /// Cuts a cell once: what is taken out is written, what is left is to be done.
    fn cut(&self, cell: &Cell, start: usize, threads: usize, jobs: &mut Vec<Job>, written: &mut Written) {
        let small = matches!(self.kind, Kind::Nodes) && cell.len() <= LEAF_MAX;
        let cut = if small { None } else { best_cut(cell, self.kind, threads) };
        if let Some(cut) = cut {
            let end = self.add_parts(cell, &cut.side, start, jobs);
            written.push((end, self.taken(cell, &cut)));
        } else {
            written.push((start, self.uncut(cell)));
        }
    }

    /// How many names a cell has in the order.
    fn size(&self, cell: &Cell) -> usize {
        match self.kind {
            Kind::Nodes => cell.len(),
            Kind::Edges(weight) => cell.edges().map(|(.., edge)| weight[edge as usize] as usize).sum(),
        }
    }

    /// What is left of a cell, from `start` on. Where it ends.
    fn add_parts(&self, cell: &Cell, side: &[u32], mut start: usize, jobs: &mut Vec<Job>) -> usize {
        for cell in cell.parts(side) {
            let size = self.size(&cell);
            if size > 0 {
                jobs.push(Job { cell, start });
            }
            start += size;
        }
        start
    }

    /// A cell that is small, or that no cut makes smaller.
    fn uncut(&self, cell: &Cell) -> Vec<u32> {
        match self.kind {
            Kind::Nodes => leaf::order(cell, self.links),
            Kind::Edges(_) => cell
                .edges()
                .flat_map(|(one, other, _)| self.links.between(cell.name[one as usize], cell.name[other as usize]))
                .collect(),
        }
    }

    /// What a cut takes out, along its line.
    fn taken(&self, cell: &Cell, cut: &Cut) -> Vec<u32> {
        let by_place = |one: &(f64, u32), other: &(f64, u32)| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1));
        let mut taken: [Vec<(f64, u32)>; 2] = Default::default();
        match self.kind {
            Kind::Nodes => {
                let nodes = (0..cell.len()).filter(|&node| cut.side[node] == NOWHERE);
                taken[0].extend(nodes.map(|node| (cut.along[node], cell.name[node])));
            }
            Kind::Edges(_) => {
                for (one, other, _) in cell.edges() {
                    let side = cut.side[one as usize];
                    if side != cut.side[other as usize] {
                        let place = cut.along[one as usize] + cut.along[other as usize];
                        let (one, other) = (cell.name[one as usize], cell.name[other as usize]);
                        for arc in self.links.between(one, other) {
                            let forwards = (self.links.ends(arc).0 == one) == (side == 0);
                            taken[usize::from(forwards)].push((place, arc));
                        }
                    }
                }
                // Those of one direction meet each other only by way of the others. So the more numerous direction
                // comes first.
                taken.sort_by_key(|arcs| std::cmp::Reverse(arcs.len()));
            }
        }
        taken.iter_mut().for_each(|taken| taken.sort_unstable_by(by_place));
        taken.into_iter().flatten().map(|(_, name)| name).collect()
    }
}
