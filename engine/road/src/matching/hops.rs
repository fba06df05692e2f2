use crate::geo::Coord;
use crate::id::EdgeId;
use crate::network::Network;

/// Marks an edge that follows another as its twin.
const BACK: u32 = 1 << 31;

/// What a search asks of each edge that it looks at, close together: 16 bytes an edge and 4 for each that may follow.
#[derive(Debug)]
pub(super) struct Hops {
    /// One more than there are edges, so that each knows where what follows it ends.
    hops: Vec<Hop>,
    /// What may follow each edge; turning back is marked.
    next: Vec<u32>,
    /// How long an edge is at least for each metre between its ends: about 1, or less where an input says other lengths
    /// than its shapes have.
    metres_per_crow: f64,
}

#[derive(Debug, Clone, Copy)]
struct Hop {
    length_mm: u32,
    first_next: u32,
    /// Where it ends.
    head: Coord,
}

impl Hops {
    pub(super) fn new(network: &Network) -> Self {
        assert!(network.edge_count() < BACK as usize, "edges are numbered below the mark");
        let (mut hops, mut next) = (Vec::with_capacity(network.edge_count() + 1), Vec::new());
        // A plane is no globe, and lengths were rounded.
        let mut metres_per_crow = 0.99;
        for edge in network.edges() {
            let head = network.coord(network.head(edge));
            hops.push(Hop { length_mm: network.length_mm(edge), first_next: next.len() as u32, head });
            let crow_m = network.coord(network.tail(edge)).distance(head).0;
            if crow_m > 1.0 {
                metres_per_crow = f64::min(metres_per_crow, 0.99 * network.length(edge).0 / crow_m);
            }
            let twin = network.twin(edge);
            let mark = |to: EdgeId| if Some(to) == twin { to.0 | BACK } else { to.0 };
            next.extend(network.successors(edge).map(|(to, _)| mark(to)));
        }
        let last = hops.last().map(|hop: &Hop| Hop { length_mm: 0, first_next: next.len() as u32, ..*hop });
        hops.extend(last);
        Self { hops, next, metres_per_crow }
    }

    #[inline]
    pub(super) fn length_mm(&self, edge: u32) -> u32 {
        self.hops[edge as usize].length_mm
    }

    /// How many metres a way takes at least for each metre of the crow's.
    pub(super) fn metres_per_crow(&self) -> f64 {
        self.metres_per_crow
    }

    /// Where an edge ends.
    #[inline]
    pub(super) fn head(&self, edge: u32) -> Coord {
        self.hops[edge as usize].head
    }

    /// The edges that may follow one, each with whether that is to turn back.
    #[inline]
    pub(super) fn next(&self, edge: u32) -> impl Iterator<Item = (u32, bool)> + '_ {
        let [begin, end] = [0, 1].map(|at| self.hops[edge as usize + at].first_next as usize);
        self.next[begin..end].iter().map(|&to| (to & !BACK, to & BACK != 0))
    }
}
