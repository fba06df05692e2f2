use etaflow_road::{LocalFrame, Network, Weight, Xy};

/// A road network without its turns, as everybody here understands it: junctions are nodes and edges are arcs, with the
/// numbers that the network gives them. Arcs are in order of their tails.
pub struct RoadGraph {
    /// Where the arcs out of each node begin; length nodes + 1.
    pub first_out: Vec<u32>,
    /// Per arc.
    pub tail: Vec<u32>,
    /// Per arc.
    pub head: Vec<u32>,
    /// Per arc: the free-flow travel time in milliseconds.
    pub weight: Vec<Weight>,
    /// Per node, metres.
    pub place: Vec<Xy>,
    /// The nodes from which, and to which, one can come from all others, turns permitting.
    pub usable: Vec<u32>,
}

impl RoadGraph {
    /// Of a network.
    pub fn new(network: &Network) -> Self {
        let frame = LocalFrame::at(network.bounds().expect("a network has an edge").0);
        let mut first_out = vec![0];
        for node in network.nodes() {
            first_out.push(first_out[first_out.len() - 1] + network.out_edges(node).len() as u32);
        }
        let inside = |node: &etaflow_road::NodeId| {
            let mut edges = network.out_edges(*node).chain(network.in_edges(*node).iter().copied());
            network.out_edges(*node).len() > 0 && edges.all(|edge| network.component(edge) == 0)
        };
        Self {
            first_out,
            tail: network.edges().map(|edge| network.tail(edge).0).collect(),
            head: network.edges().map(|edge| network.head(edge).0).collect(),
            weight: network.free_flow_weights().to_vec(),
            place: network.nodes().map(|node| frame.to_xy(network.coord(node))).collect(),
            usable: network.nodes().filter(inside).map(|node| node.0).collect(),
        }
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.place.len()
    }

    /// How many arcs there are.
    pub fn arc_count(&self) -> usize {
        self.head.len()
    }

    /// The arcs out of a node.
    pub fn out(&self, node: u32) -> std::ops::Range<usize> {
        self.first_out[node as usize] as usize..self.first_out[node as usize + 1] as usize
    }
}
