use super::outcome::{BreakReason, Joint};
use crate::geo::Coord;
use crate::id::EdgeId;
use crate::network::Network;
use crate::routing::Position;
use crate::unit::Timestamp;

/// The most columns a trace has: `lag_fixes` is at most 32, and one is committed, one new and one provisional.
pub(super) const MAX_COLUMNS: usize = 35;

/// The most states a column has: `candidates_max` is at most 32.
const MAX_STATES: usize = 32;

/// The highest speed there is, in metres per second: `speed_max_mps` is at most that.
const SPEED_MAX_MPS: f32 = 1_000.0;

/// Every one that there is; a trace is written with its place among them.
const JOINTS: [Joint; 7] = [
    Joint::Continues,
    Joint::TurnsBack,
    Joint::Jumps,
    Joint::Breaks(BreakReason::First),
    Joint::Breaks(BreakReason::Gap),
    Joint::Breaks(BreakReason::Jump),
    Joint::Breaks(BreakReason::NoRoute),
];

/// What is known and still open of how one driver moves.
///
/// Bounded: the states of `lag_fixes + 1` fixes, at most `candidates_max` each, at 16 bytes, and 24 bytes for each of
/// these fixes, in lists that may have grown to twice that, beside some 200 bytes. That is at most
/// `(lag_fixes + 1) * (32 * candidates_max + 48) + 400` bytes: 5.2 kB with the defaults, where all roads are equally
/// likely all the time; 0.8 kB on the average in a city ([`bytes`](Self::bytes) says how many).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// When the last fix was that was looked at.
    pub(super) seen: Option<Timestamp>,
    pub(super) open: Option<Open>,
    /// The states of all columns, end to end.
    pub(super) states: Vec<State>,
    /// One for each fix that moved, oldest first. Once something is committed the first is the last committed one,
    /// and has one state.
    pub(super) columns: Vec<Column>,
}

/// The part of a trace that there is only once a fix has been matched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Open {
    /// The fix of the last column.
    pub(super) coord: Coord,
    pub(super) sigma_m: f32,
    /// The fix that the next column is reached from: that of the last column, or of the one before if the last is
    /// provisional.
    pub(super) base: Coord,
    /// Whether the last column is so near to the one before that the next one replaces it.
    pub(super) provisional: bool,
    /// When the last fix was that fitted, moving or not.
    pub(super) fitted: Timestamp,
    /// How fast it went then, in metres per second.
    pub(super) speed_mps: f32,
    /// How many fixes have been held back since.
    pub(super) held: u8,
    /// How many fixes have been answered.
    pub(super) answered: u32,
    pub(super) direction_confidence: f32,
    pub(super) confidence: f32,
    /// The likeliest state of the last column.
    pub(super) best: u8,
    pub(super) point: Coord,
    /// How far the committed states reach. The first column's state can be a little behind, by error.
    pub(super) committed: Option<Position>,
    /// How the next step that is committed follows the one before.
    pub(super) joint: Joint,
}

impl Open {
    /// A fix was answered with the place that the vehicle was at already.
    pub(super) fn stand(&mut self, time: Timestamp, speed_mps: f32) {
        self.fitted = time;
        self.speed_mps = speed_mps;
        self.held = 0;
        self.answered = self.answered.wrapping_add(1);
    }
}

/// A place where the vehicle may have been at some fix, with the likeliest way to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct State {
    pub(super) position: Position,
    /// In nats below the best of its fix.
    pub(super) nats: f32,
    /// Which state of the column before it was reached from.
    pub(super) before: u8,
    /// Whether there is no way from there: it is where the vehicle is, and it is not known how it came there.
    pub(super) jumped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Column {
    pub(super) time: Timestamp,
    /// Which of the fixes that were answered it is, counted from the beginning of the trace.
    pub(super) number: u32,
    /// The edge that was answered.
    pub(super) said: EdgeId,
    /// How many states it has.
    pub(super) count: u8,
}

/// Why bytes are not a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// There are too few of them.
    #[error("a trace is cut short")]
    Truncated,
    /// A value that no trace has.
    #[error("a trace has a {0} that is out of range")]
    Range(&'static str),
}

impl Trace {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.seen = None;
        self.close();
    }

    /// The time of the last fix that was looked at.
    pub fn last_time(&self) -> Option<Timestamp> {
        self.seen
    }

    /// Where the driver is, as far as is known: the place on the road and when.
    pub fn position(&self) -> Option<(Position, Timestamp)> {
        let open = self.open.as_ref()?;
        let last = self.last_column();
        last.get(usize::from(open.best)).map(|state| (state.position, open.fitted))
    }

    /// The edge on which the next step that is committed goes on from the last one; `None` if it begins anew.
    pub fn goes_on_from(&self) -> Option<EdgeId> {
        let open = self.open.as_ref().filter(|open| open.joint == Joint::Continues)?;
        open.committed.map(|committed| committed.edge)
    }

    /// When the last fix was that was matched.
    pub fn matched_at(&self) -> Option<Timestamp> {
        self.open.as_ref().map(|open| open.fitted)
    }

    /// How many bytes it takes, on the heap as well.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.states.capacity() * size_of::<State>() + self.columns.capacity() * size_of::<Column>()
    }

    /// How many columns there are that stay.
    pub(super) fn kept_columns(&self) -> usize {
        self.columns.len() - usize::from(self.open.is_some_and(|open| open.provisional))
    }

    /// The states that the next column is reached from.
    pub(super) fn base_column(&self) -> &[State] {
        let kept = self.kept_columns();
        let skipped: usize = self.columns[kept..].iter().map(|column| usize::from(column.count)).sum();
        let count = self.columns[..kept].last().map_or(0, |column| usize::from(column.count));
        let end = self.states.len() - skipped;
        &self.states[end - count..end]
    }

    /// Removes the last column if it is provisional.
    pub(super) fn drop_provisional(&mut self) {
        if self.open.is_some_and(|open| open.provisional) {
            self.states.truncate(self.states.len() - self.last_column().len());
            self.columns.pop();
        }
    }

    /// Ends what is open; the time of the last fix is kept.
    pub(super) fn close(&mut self) {
        self.open = None;
        self.states.clear();
        self.columns.clear();
    }

    /// The states of the last column.
    pub(super) fn last_column(&self) -> &[State] {
        let count = self.columns.last().map_or(0, |column| usize::from(column.count));
        &self.states[self.states.len() - count..]
    }

    /// Appends all of it to `out`, the same bytes for the same trace.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let time = |out: &mut Vec<u8>, time: Timestamp| out.extend(time.micros().to_le_bytes());
        let place = |out: &mut Vec<u8>, place: Position| {
            out.extend(place.edge.0.to_le_bytes());
            out.extend(place.offset_mm.to_le_bytes());
        };
        let coord = |out: &mut Vec<u8>, coord: Coord| {
            out.extend(coord.lat_e7().to_le_bytes());
            out.extend(coord.lon_e7().to_le_bytes());
        };
        let Self { seen, open, states, columns } = self;
        out.push(u8::from(seen.is_some()) | u8::from(open.is_some()) << 1);
        if let Some(seen) = *seen {
            time(out, seen);
        }
        let Some(open) = open else { return };
        coord(out, open.coord);
        out.extend(open.sigma_m.to_le_bytes());
        time(out, open.fitted);
        out.extend(open.speed_mps.to_le_bytes());
        coord(out, open.base);
        let marks = [open.committed.is_some(), open.provisional];
        out.extend([open.held, marks.iter().rev().fold(0, |bits, &mark| bits << 1 | u8::from(mark))]);
        out.extend(open.answered.to_le_bytes());
        out.extend(open.confidence.to_le_bytes());
        out.extend(open.direction_confidence.to_le_bytes());
        out.extend([open.best, JOINTS.iter().position(|&joint| joint == open.joint).unwrap_or(0) as u8]);
        coord(out, open.point);
        if let Some(committed) = open.committed {
            place(out, committed);
        }
        out.push(columns.len() as u8);
        for column in columns {
            time(out, column.time);
            out.extend(column.number.to_le_bytes());
            out.extend(column.said.0.to_le_bytes());
            out.push(column.count);
        }
        for state in states {
            place(out, state.position);
            out.extend(state.nats.to_le_bytes());
            out.push(state.before | u8::from(state.jumped) << 7);
        }
    }

    /// Reads back what [`encode`](Self::encode) wrote, and says how many bytes that was.
    ///
    /// # Errors
    /// If the bytes are cut short, or are no trace on this network.
    pub fn decode(bytes: &[u8], network: &Network) -> Result<(Self, usize), TraceError> {
        let mut reader = Reader { bytes, at: 0, network };
        let has = reader.u8()?;
        if has > 3 {
            return Err(TraceError::Range("mark"));
        }
        let mut trace = Self::default();
        if has & 1 != 0 {
            trace.seen = Some(reader.time()?);
        }
        if has & 2 != 0 {
            trace.read_open(&mut reader)?;
        }
        Ok((trace, reader.at))
    }

    fn read_open(&mut self, reader: &mut Reader<'_>) -> Result<(), TraceError> {
        let coord = reader.coord()?;
        let sigma_m = reader.f32()?;
        let (fitted, speed_mps) = (reader.time()?, reader.f32()?);
        let base = reader.coord()?;
        let (held, marks) = (reader.u8()?, reader.u8()?);
        if marks > 3 {
            return Err(TraceError::Range("mark"));
        }
        let answered = reader.u32()?;
        let (confidence, direction_confidence, best) = (reader.f32()?, reader.f32()?, reader.u8()?);
        let joint = *JOINTS.get(usize::from(reader.u8()?)).ok_or(TraceError::Range("joint"))?;
        let point = reader.coord()?;
        let committed = if marks & 1 != 0 { Some(reader.position()?) } else { None };
        let provisional = marks & 2 != 0;
        self.read_columns(reader)?;
        let open = Open {
            base,
            provisional,
            coord,
            sigma_m,
            fitted,
            speed_mps,
            held,
            answered,
            direction_confidence,
            confidence,
            best,
            point,
            committed,
            joint,
        };
        self.check(&open)?;
        self.open = Some(open);
        Ok(())
    }

    fn read_columns(&mut self, reader: &mut Reader<'_>) -> Result<(), TraceError> {
        let count = usize::from(reader.u8()?);
        if count >= MAX_COLUMNS {
            return Err(TraceError::Range("column count"));
        }
        self.columns.reserve_exact(count);
        for _ in 0..count {
            let (time, number, said) = (reader.time()?, reader.u32()?, reader.edge()?);
            self.columns.push(Column { time, number, said, count: reader.u8()? });
        }
        if self.columns.iter().any(|column| usize::from(column.count) > MAX_STATES) {
            return Err(TraceError::Range("column count"));
        }
        self.states.reserve_exact(self.columns.iter().map(|column| usize::from(column.count)).sum());
        let mut before = 1;
        for column in &self.columns {
            for _ in 0..column.count {
                let (position, nats) = (reader.position()?, reader.f32()?);
                let link = reader.u8()?;
                let state = State { position, nats, before: link & 0x7f, jumped: link >> 7 != 0 };
                if state.before >= before {
                    return Err(TraceError::Range("state before"));
                }
                self.states.push(state);
            }
            before = column.count;
        }
        let rising = self.columns.windows(2).all(|pair| pair[0].time < pair[1].time);
        if !rising || self.columns.iter().any(|column| column.count == 0) {
            return Err(TraceError::Range("column"));
        }
        Ok(())
    }

    /// Whether the columns that were read can be those of this.
    fn check(&self, open: &Open) -> Result<(), TraceError> {
        let states = self.last_column().len();
        // The first step of all begins a trace.
        let follows = match open.committed {
            Some(committed) => {
                states > 0 && self.columns[0].count == 1 && self.states[0].position.edge == committed.edge
            }
            None => matches!(open.joint, Joint::Breaks(_)),
        };
        let shares = [open.confidence, open.direction_confidence];
        for (holds, what) in [
            (usize::from(open.best) < states, "best state"),
            (follows, "committed position"),
            (!open.provisional || self.columns.len() >= 2, "provisional column"),
            ((0.0..=SPEED_MAX_MPS).contains(&open.speed_mps), "speed"),
            (shares.iter().all(|share| (0.0..=1.0).contains(share)), "confidence"),
        ] {
            if !holds {
                return Err(TraceError::Range(what));
            }
        }
        Ok(())
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    network: &'a Network,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], TraceError> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(TraceError::Truncated)?;
        self.at += N;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, TraceError> {
        Ok(self.take::<1>()?[0])
    }

    fn u32(&mut self) -> Result<u32, TraceError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn edge(&mut self) -> Result<EdgeId, TraceError> {
        let edge = EdgeId(self.u32()?);
        if edge.index() < self.network.edge_count() { Ok(edge) } else { Err(TraceError::Range("edge")) }
    }

    fn f32(&mut self) -> Result<f32, TraceError> {
        let value = f32::from_le_bytes(self.take()?);
        if value.is_finite() { Ok(value) } else { Err(TraceError::Range("number")) }
    }

    fn time(&mut self) -> Result<Timestamp, TraceError> {
        Ok(Timestamp::from_micros(i64::from_le_bytes(self.take()?)))
    }

    fn coord(&mut self) -> Result<Coord, TraceError> {
        let (lat, lon) = (i32::from_le_bytes(self.take()?), i32::from_le_bytes(self.take()?));
        Coord::from_e7(lat, lon).map_err(|_| TraceError::Range("coordinate"))
    }

    fn position(&mut self) -> Result<Position, TraceError> {
        let (edge, offset_mm) = (self.edge()?, self.u32()?);
        if offset_mm > self.network.length_mm(edge) {
            return Err(TraceError::Range("position"));
        }
        Ok(Position { edge, offset_mm })
    }
}
