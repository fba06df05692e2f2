//! A small town for tests: a bent grid with holes, so that it is like no board; arterials, one-way streets, forbidden
//! turns, cul-de-sacs, lights and a tunnel.

use etaflow_road::{Coord, EdgeFlags, Network, NetworkBuilder, NewEdge, RoadClass, ShapePoint, TurnModel};

use crate::dice::hash_unit;

/// Streets each way.
const SIDE: u64 = 14;
const BLOCK_DEG: f64 = 0.0025;

pub(crate) fn town() -> Network {
    let mut builder = NetworkBuilder::new();
    let bent = |value: u64| (hash_unit(value) - 0.5) * 0.5;
    let place = |row: f64, column: f64| {
        Coord::from_degrees(41.1 + row * BLOCK_DEG, -8.7 + column * BLOCK_DEG * 1.3).expect("on the globe")
    };
    let mut nodes = Vec::new();
    for at in 0..SIDE * SIDE {
        let (row, column) = ((at / SIDE) as f64 + bent(at), (at % SIDE) as f64 + bent(at + 1_000));
        nodes.push((builder.node(at as i64 + 1, place(row, column)), row, column));
        if hash_unit(at + 2_000) < 0.15 {
            builder.signal(nodes[at as usize].0);
        }
    }
    let mut edges = Vec::new();
    let mut join = |from: u64, to: u64, line: u64, builder: &mut NetworkBuilder| {
        let artery = line % 4 == 1;
        let draw = hash_unit(from * 1_000 + to);
        if !artery && draw < 0.08 {
            return;
        }
        let ((tail, row, column), (head, to_row, to_column)) = (nodes[from as usize], nodes[to as usize]);
        let (class, kmh) = if artery { (RoadClass::Primary, 60.0) } else { (RoadClass::Residential, 30.0) };
        let bulge = place((row + to_row) / 2.0 + 0.08, (column + to_column) / 2.0 + 0.08);
        let via = vec![ShapePoint { key: (100_000 + from * 1_000 + to) as i64, coord: bulge }];
        let flags = if draw > 0.985 { EdgeFlags::TUNNEL } else { EdgeFlags::default() };
        let new = NewEdge { via, flags, ..NewEdge::straight(tail, head, class, kmh / 3.6) };
        if !artery && line % 4 == 3 {
            let new = if line % 8 == 3 { new } else { new.reversed() };
            edges.push(builder.edge(new, ""));
        } else {
            edges.push(builder.street(new, "").0);
        }
    };
    for row in 0..SIDE {
        for column in 0..SIDE {
            let at = row * SIDE + column;
            if column + 1 < SIDE {
                join(at, at + 1, row, &mut builder);
            }
            if row + 1 < SIDE {
                join(at, at + SIDE, column, &mut builder);
            }
        }
    }
    for pair in edges.windows(2).step_by(9) {
        builder.forbid(pair[0], pair[1]);
    }
    for dead_end in 0..20_u64 {
        let (node, row, column) = nodes[(dead_end * 7) as usize];
        let end = builder.node(5_000 + dead_end as i64, place(row + 0.3, column + 0.3));
        builder.street(NewEdge::straight(node, end, RoadClass::LivingStreet, 4.0), "");
    }
    builder.build(&TurnModel::default()).expect("a network")
}
