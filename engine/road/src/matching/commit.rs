use super::outcome::{Joint, Revision, Settled, StepDraft};
use super::trace::{Column, MAX_COLUMNS, State, Trace};
use super::transition::{Turn, WaySearch};
use crate::network::Network;
use crate::routing::Position;
use crate::unit::Timestamp;

/// Makes final what the likeliest state says, and gives up what contradicts it.
#[derive(Debug, Default)]
pub(super) struct Committer {
    /// For each state of a trace, whether it is still on some way.
    alive: Vec<bool>,
    pub(super) settled: Settled,
}

/// Two places in a row that the vehicle was at, and when.
struct Leg {
    /// Where the trace has it,
    raw_from: Position,
    /// and how far the steps before this one reach: a little farther, if it seemed to move back.
    from: Position,
    from_time: Timestamp,
    to: Position,
    to_time: Timestamp,
}

impl Committer {
    /// Commits a trace's columns up to `last`, as the best state has it, and gives up every state that does not come
    /// from there.
    pub(super) fn commit(&mut self, network: &Network, search: &mut WaySearch, trace: &mut Trace, last: usize) {
        let Trace { open: Some(open), states, columns, .. } = trace else { return };
        // From the best state back to each column's: where it is among all states.
        let mut chain = [0_usize; MAX_COLUMNS];
        let mut first = states.len();
        let mut state = usize::from(open.best);
        for nth in (0..columns.len()).rev() {
            first -= usize::from(columns[nth].count);
            chain[nth] = first + state;
            state = usize::from(states[first + state].before);
        }
        // Of the first column it is known already, if anything is committed.
        for nth in usize::from(open.committed.is_some())..=last {
            let Column { time, said, .. } = columns[nth];
            let position = states[chain[nth]].position;
            if position.edge != said {
                self.settled.revisions.push(Revision { time, said, position });
            }
        }
        let mut from = open.committed.unwrap_or(states[chain[0]].position);
        for nth in 1..=last {
            let State { position: to, jumped, .. } = states[chain[nth]];
            if jumped {
                (from, open.joint) = (to, Joint::Jumps);
                continue;
            }
            let raw_from = states[chain[nth - 1]].position;
            let (from_time, to_time) = (columns[nth - 1].time, columns[nth].time);
            from = self.settle(network, search, Leg { raw_from, from, from_time, to, to_time }, &mut open.joint);
        }
        open.committed = Some(from);
        self.alive.clear();
        self.alive.resize(states.len(), false);
        self.alive[chain[last]] = true;
        self.give_up_dead_ends(trace, last);
    }

    /// Appends what was driven between two places, one step or, with a turn at the end, two, and says where it ends.
    fn settle(&mut self, network: &Network, search: &mut WaySearch, leg: Leg, joint: &mut Joint) -> Position {
        let Leg { raw_from, from, from_time, to, to_time } = leg;
        let Settled { steps, edges, .. } = &mut self.settled;
        let begin = edges.len();
        let Some(turn) = search.path(network, raw_from, to, edges) else {
            // Not in a trace of this matcher's making; one that was read from elsewhere has a gap here.
            edges.truncate(begin);
            *joint = Joint::Jumps;
            return to;
        };
        let mut step = StepDraft { from, from_time, to, to_time, joint: *joint, path: begin..edges.len() };
        let turns_back = |joint: Joint| if joint == Joint::Continues { Joint::TurnsBack } else { joint };
        match (turn, from.opposite(network), to.opposite(network)) {
            (Turn::AtStart, Some(back), _) => (step.from, step.joint) = (back, turns_back(step.joint)),
            (Turn::AtEnd, Some(_), Some(ahead)) => {
                // Half of the time goes with the turn.
                let middle = Timestamp::from_micros(from_time.micros().midpoint(to_time.micros()));
                let turning = Position { offset_mm: ahead.offset_mm.max(from.offset_mm), ..from };
                steps.push(StepDraft { to: turning, to_time: middle, ..step.clone() });
                edges.push(to.edge);
                let (from, path) = (turning.opposite(network).unwrap_or(to), edges.len() - 1..edges.len());
                step = StepDraft { from, from_time: middle, joint: Joint::TurnsBack, path, ..step };
            }
            _ => {}
        }
        if step.path.len() == 1 {
            step.to.offset_mm = step.to.offset_mm.max(step.from.offset_mm);
        }
        *joint = Joint::Continues;
        let reached = step.to;
        steps.push(step);
        reached
    }

    /// Keeps the columns from `first` on, and in them the states that come from those marked alive in it and lead to
    /// the last column.
    fn give_up_dead_ends(&mut self, trace: &mut Trace, first: usize) {
        let Trace { open: Some(open), states, columns, .. } = trace else { return };
        let skipped: usize = columns[..first].iter().map(|column| usize::from(column.count)).sum();
        let counts = |column: &Column| usize::from(column.count);
        let mut begin = skipped;
        for (before, count) in columns[first..].iter().map(counts).zip(columns[first + 1..].iter().map(counts)) {
            let (known, rest) = self.alive[begin..].split_at_mut(before);
            begin += before;
            for (alive, state) in rest[..count].iter_mut().zip(&states[begin..]) {
                *alive = known[usize::from(state.before)];
            }
        }
        // Now back: in all but the last column, only what something alive comes from.
        for (before, count) in columns[first..].iter().map(counts).zip(columns[first + 1..].iter().map(counts)).rev() {
            let later = self.alive[begin..begin + count].iter().zip(&states[begin..]);
            let needed = later.fold(0_u64, |needed, (&alive, state)| needed | u64::from(alive) << state.before);
            begin -= before;
            for (nth, alive) in self.alive[begin..begin + before].iter_mut().enumerate() {
                *alive &= needed >> nth & 1 == 1;
            }
        }
        let (mut read, mut write) = (skipped, 0);
        let mut number = [0_u8; 64];
        for column in &mut columns[first..] {
            let before = number;
            let mut kept = 0;
            for number in number.iter_mut().take(usize::from(column.count)) {
                *number = kept;
                if self.alive[read] {
                    let moved = states[read];
                    // Only in the first column is nothing written but its own.
                    let from = if write == usize::from(kept) { 0 } else { before[usize::from(moved.before)] };
                    states[write] = State { before: from, ..moved };
                    write += 1;
                    kept += 1;
                }
                read += 1;
            }
            column.count = kept;
        }
        open.best = number[usize::from(open.best)];
        states.truncate(write);
        columns.drain(..first);
    }
}
