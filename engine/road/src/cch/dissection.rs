use std::sync::atomic::{AtomicUsize, Ordering};

use super::cell::{Cell, NOWHERE};
use super::cut::{Cut, Kind, best_cut};

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
    threads: usize,
}

impl<'a> Dissection<'a> {
    pub(super) fn new(kind: Kind<'a>, threads: usize) -> Self {
        Self { kind, threads: threads.max(1) }
    }

    /// The names of what is cut, nodes or edges, in the order of a hierarchy.
    pub(super) fn order(&self, whole: &Cell) -> Vec<u32> {
        let mut jobs = Vec::new();
        let mut written = Vec::new();
        self.add_parts(whole, &vec![0; whole.len()], 0, &mut jobs);
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
        let mut order = vec![0; self.size(whole)];
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
        while jobs.len() < 8 * self.threads {
            let Some(largest) = (0..jobs.len()).max_by_key(|&at| jobs[at].cell.len()) else { return };
            if jobs[largest].cell.len() < 1_000 {
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
        let Some(cut) = best_cut(cell, self.kind, threads) else {
            written.push((start, self.uncut(cell)));
            return;
        };
        let end = self.add_parts(cell, &cut.side, start, jobs);
        written.push((end, self.taken(cell, &cut)));
    }

    /// How many names a cell has in the order.
    fn size(&self, cell: &Cell) -> usize {
        match self.kind {
            Kind::Nodes => cell.len(),
            Kind::Edges(_) => cell.head.len() / 2,
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

    /// A cell that no cut makes smaller, those with the fewest neighbours first.
    fn uncut(&self, cell: &Cell) -> Vec<u32> {
        let mut nodes: Vec<u32> = (0..cell.len() as u32).collect();
        nodes.sort_by_key(|&node| cell.neighbours(node).count());
        match self.kind {
            Kind::Nodes => nodes.into_iter().map(|node| cell.name[node as usize]).collect(),
            Kind::Edges(_) => cell.edges().map(|(.., edge)| edge).collect(),
        }
    }

    /// What a cut takes out, along its line.
    fn taken(&self, cell: &Cell, cut: &Cut) -> Vec<u32> {
        let mut taken: Vec<(f64, u32)> = match self.kind {
            Kind::Nodes => (0..cell.len())
                .filter(|&node| cut.side[node] == NOWHERE)
                .map(|node| (cut.along[node], cell.name[node]))
                .collect(),
            Kind::Edges(_) => cell
                .edges()
                .filter(|&(one, other, _)| cut.side[one as usize] != cut.side[other as usize])
                .map(|(one, other, edge)| (cut.along[one as usize] + cut.along[other as usize], edge))
                .collect(),
        };
        taken.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        taken.into_iter().map(|(_, name)| name).collect()
    }
}
