/// A flow in a network of nodes and capacities, which grows: sources and targets are added, and more flows.
///
/// Dinic's algorithm. What flowed before goes on flowing when there are more sources and targets, so that the whole of
/// a series of cuts costs little more than its last one.
#[derive(Clone)]
pub(super) struct Flow {
    /// Where the arcs of each node begin; length nodes + 1.
    first: Vec<u32>,
    head: Vec<u32>,
    /// Per arc: the same arc the other way.
    back: Vec<u32>,
    /// Per arc: how much more can flow.
    residual: Vec<u32>,
    role: Vec<Role>,
    sources: Vec<u32>,
    targets: Vec<u32>,
    /// Per node: how many arcs away from the sources it is, or from the targets, as far as was last looked for.
    level: Vec<u32>,
    next: Vec<u32>,
    queue: Vec<u32>,
    /// How much flows.
    value: u32,
}

/// More than can flow.
pub(super) const UNLIMITED: u32 = u32::MAX / 2;

const FAR: u32 = u32::MAX;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Between,
    Source,
    Target,
}

impl Flow {
    /// From the two ends of each arc and what it carries forwards and backwards.
    pub(super) fn new(nodes: usize, arcs: &[(u32, u32, u32, u32)]) -> Self {
        let mut first = vec![0_u32; nodes + 1];
        for &(tail, head, ..) in arcs {
            first[tail as usize + 1] += 1;
            first[head as usize + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        let mut free = first.clone();
        let mut place = |node: u32| {
            free[node as usize] += 1;
            free[node as usize] - 1
        };
        let mut flow = Self {
            head: vec![0; 2 * arcs.len()],
            back: vec![0; 2 * arcs.len()],
            residual: vec![0; 2 * arcs.len()],
            role: vec![Role::Between; nodes],
            sources: Vec::new(),
            targets: Vec::new(),
            level: vec![FAR; nodes],
            next: vec![0; nodes],
            queue: Vec::with_capacity(nodes),
            value: 0,
            first,
        };
        for &(tail, head, forwards, backwards) in arcs {
            let (there, back) = (place(tail), place(head));
            for (arc, end, other, residual) in [(there, head, back, forwards), (back, tail, there, backwards)] {
                flow.head[arc as usize] = end;
                flow.back[arc as usize] = other;
                flow.residual[arc as usize] = residual;
            }
        }
        flow
    }

    /// How much flows from the sources to the targets.
    pub(super) fn value(&self) -> u32 {
        self.value
    }

    /// Makes a node a source, if it is nothing yet.
    pub(super) fn add_source(&mut self, node: u32) {
        if self.role[node as usize] == Role::Between {
            self.role[node as usize] = Role::Source;
            self.sources.push(node);
        }
    }

    /// Makes a node a target, if it is nothing yet.
    pub(super) fn add_target(&mut self, node: u32) {
        if self.role[node as usize] == Role::Between {
            self.role[node as usize] = Role::Target;
            self.targets.push(node);
        }
    }

    /// Lets as much flow as can, or stops when it is more than `limit`: whether it is no more.
    pub(super) fn maximise(&mut self, limit: u32) -> bool {
        while let Some(depth) = self.reach_target() {
            self.next.copy_from_slice(&self.first[..self.level.len()]);
            for at in 0..self.sources.len() {
                self.push_from(self.sources[at], depth);
            }
            if self.value > limit {
                return false;
            }
        }
        true
    }

    /// Per node, whether anything more can flow to it from a source.
    pub(super) fn reached(&self) -> impl Fn(u32) -> bool + '_ {
        |node| self.level[node as usize] != FAR
    }

    /// Finds what can be reached from the sources, level by level, down to the first target's.
    fn reach_target(&mut self) -> Option<u32> {
        self.level.fill(FAR);
        self.queue.clear();
        for &source in &self.sources {
            self.level[source as usize] = 0;
            self.queue.push(source);
        }
        let (mut at, mut depth) = (0, FAR);
        while let Some(&node) = self.queue.get(at) {
            at += 1;
            let level = self.level[node as usize] + 1;
            if level > depth {
                break;
            }
            for arc in self.first[node as usize] as usize..self.first[node as usize + 1] as usize {
                let head = self.head[arc] as usize;
                if self.residual[arc] > 0 && self.level[head] == FAR {
                    self.level[head] = level;
                    if self.role[head] == Role::Target {
                        depth = level;
                    }
                    self.queue.push(head as u32);
                }
            }
        }
        (depth != FAR).then_some(depth)
    }

    /// Finds what can reach a target, once the flow is as large as can be; [`reached`](Self::reached) then tells.
    pub(super) fn reach_back(&mut self) {
        self.level.fill(FAR);
        self.queue.clear();
        for &target in &self.targets {
            self.level[target as usize] = 0;
            self.queue.push(target);
        }
        let mut at = 0;
        while let Some(&node) = self.queue.get(at) {
            at += 1;
            for arc in self.first[node as usize] as usize..self.first[node as usize + 1] as usize {
                let (tail, forwards) = (self.head[arc] as usize, self.back[arc] as usize);
                if self.residual[forwards] > 0 && self.level[tail] == FAR {
                    self.level[tail] = 0;
                    self.queue.push(tail as u32);
                }
            }
        }
    }

    /// Lets flow what can from one source along arcs that each lead one level on, to targets on the level `depth`.
    fn push_from(&mut self, source: u32, depth: u32) {
        let mut path: Vec<u32> = Vec::new();
        let mut node = source as usize;
        loop {
            if self.role[node] == Role::Target {
                node = self.push_along(&mut path, source);
            } else if let Some(arc) = self.step(node, depth) {
                path.push(arc);
                node = self.head[arc as usize] as usize;
            } else {
                // A dead end: the arc that led here is of no more use.
                let Some(arc) = path.pop() else { return };
                node = self.head[self.back[arc as usize] as usize] as usize;
                self.next[node] += 1;
            }
        }
    }

    /// The next arc out of a node that leads one level on.
    fn step(&mut self, node: usize, depth: u32) -> Option<u32> {
        let level = self.level[node] + 1;
        if level > depth {
            return None;
        }
        while self.next[node] < self.first[node + 1] {
            let arc = self.next[node] as usize;
            let head = self.head[arc] as usize;
            if self.residual[arc] > 0 && self.level[head] == level && (level < depth || self.role[head] == Role::Target)
            {
                return Some(arc as u32);
            }
            self.next[node] += 1;
        }
        None
    }

    /// Lets as much flow along a path as can, and goes back to before its first arc that is full then.
    fn push_along(&mut self, path: &mut Vec<u32>, source: u32) -> usize {
        let amount = path.iter().map(|&arc| self.residual[arc as usize]).min().unwrap_or(0);
        let mut full = 0;
        for (at, &arc) in path.iter().enumerate().rev() {
            self.residual[arc as usize] -= amount;
            self.residual[self.back[arc as usize] as usize] += amount;
            if self.residual[arc as usize] == 0 {
                full = at;
            }
        }
        self.value += amount;
        path.truncate(full);
        path.last().map_or(source, |&arc| self.head[arc as usize]) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_flows_is_the_smallest_cut(
            arcs in prop::collection::vec((0..7_u32, 0..7_u32, 0..4_u32, 0..4_u32), 0..20),
            roles in prop::collection::vec(0..6_u32, 7),
        ) {
            let mut flow = Flow::new(7, &arcs);
            // In two steps, so that more flows on top of what flows.
            for step in [0, 1] {
                for (node, &role) in (0..).zip(&roles).filter(|(_, role)| **role / 2 == step) {
                    if role % 2 == 0 { flow.add_source(node) } else { flow.add_target(node) }
                }
                prop_assert!(flow.maximise(UNLIMITED));
            }
            let across = |set: u32| -> u32 {
                let inside = |node: u32| set >> node & 1 == 1;
                arcs.iter().map(|&(tail, head, there, back)| match (inside(tail), inside(head)) {
                    (true, false) => there,
                    (false, true) => back,
                    _ => 0,
                }).sum()
            };
            let all = |role: u32| -> u32 {
                (0..7).filter(|&node| roles[node] < 4 && roles[node] % 2 == role).map(|node| 1 << node).sum()
            };
            let cuts = (0..1 << 7).filter(|set| set & all(0) == all(0) && set & all(1) == 0);
            prop_assert_eq!(cuts.map(across).min(), Some(flow.value()));
            let reached: u32 = (0..7).filter(|&node| flow.reached()(node)).map(|node| 1 << node).sum();
            prop_assert_eq!(across(reached), flow.value());
            flow.reach_back();
            let before: u32 = (0..7).filter(|&node| !flow.reached()(node)).map(|node| 1 << node).sum();
            prop_assert_eq!(across(before), flow.value());
        }
    }
}
