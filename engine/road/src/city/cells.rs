use crate::geo::Xy;

/// Items sorted into the square cells of the plane that they touch.
#[derive(Debug)]
pub(super) struct Cells {
    origin: Xy,
    size: f64,
    columns: usize,
    rows: usize,
    first: Vec<u32>,
    items: Vec<u32>,
}

impl Cells {
    /// Points by their index.
    pub(super) fn of_points(points: &[Xy], size: f64) -> Self {
        Self::new(points.iter().map(|&point| (point, point)), size)
    }

    /// Boxes, given by two opposite corners, by their index.
    fn new(boxes: impl Iterator<Item = (Xy, Xy)> + Clone, size: f64) -> Self {
        let (mut low, mut high) = (Xy { x: f64::MAX, y: f64::MAX }, Xy { x: f64::MIN, y: f64::MIN });
        for (a, b) in boxes.clone() {
            low = Xy { x: low.x.min(a.x).min(b.x), y: low.y.min(a.y).min(b.y) };
            high = Xy { x: high.x.max(a.x).max(b.x), y: high.y.max(a.y).max(b.y) };
        }
        let count = |low: f64, high: f64| if high >= low { ((high - low) / size) as usize + 1 } else { 1 };
        let (columns, rows) = (count(low.x, high.x), count(low.y, high.y));
        let mut cells =
            Self { origin: low, size, columns, rows, first: vec![0; columns * rows + 1], items: Vec::new() };
        let touched = |cells: &Self, (a, b): (Xy, Xy)| {
            let low = Xy { x: a.x.min(b.x), y: a.y.min(b.y) };
            cells.range(low, Xy { x: a.x.max(b.x), y: a.y.max(b.y) })
        };
        for each in boxes.clone() {
            for cell in touched(&cells, each) {
                cells.first[cell + 1] += 1;
            }
        }
        for cell in 0..columns * rows {
            cells.first[cell + 1] += cells.first[cell];
        }
        let mut next = cells.first.clone();
        let mut items = vec![0; next[columns * rows] as usize];
        for (item, each) in (0..).zip(boxes) {
            for cell in touched(&cells, each) {
                items[next[cell] as usize] = item;
                next[cell] += 1;
            }
        }
        cells.items = items;
        cells
    }

    /// The items in the cells within `radius` of a point; some further away, and one of several cells more than once.
    pub(super) fn around(&self, at: Xy, radius: f64) -> impl Iterator<Item = u32> + '_ {
        self.within(Xy { x: at.x - radius, y: at.y - radius }, Xy { x: at.x + radius, y: at.y + radius })
    }

    fn within(&self, low: Xy, high: Xy) -> impl Iterator<Item = u32> + '_ {
        self.range(low, high)
            .flat_map(|cell| self.items[self.first[cell] as usize..self.first[cell + 1] as usize].iter().copied())
    }

    fn range(&self, low: Xy, high: Xy) -> impl Iterator<Item = usize> + use<> {
        // Conversion saturates: what is west or south of all cells begins at the first.
        let column = |x: f64| ((x - self.origin.x) / self.size).floor();
        let row = |y: f64| ((y - self.origin.y) / self.size).floor();
        let columns = column(low.x).max(0.0) as usize..(column(high.x) + 1.0).clamp(0.0, self.columns as f64) as usize;
        let rows = row(low.y).max(0.0) as usize..(row(high.y) + 1.0).clamp(0.0, self.rows as f64) as usize;
        let across = self.columns;
        rows.flat_map(move |row| columns.clone().map(move |column| row * across + column))
    }
}

/// Line segments that can be asked what crosses them and how far away they are.
#[derive(Debug)]
pub(super) struct Segments {
    ends: Vec<(Xy, Xy)>,
    cells: Cells,
}

impl Segments {
    pub(super) fn new(ends: Vec<(Xy, Xy)>, size: f64) -> Self {
        let cells = Cells::new(ends.iter().copied(), size);
        Self { ends, cells }
    }

    /// The consecutive pairs of a line.
    pub(super) fn of_line(line: &[Xy], size: f64) -> Self {
        Self::new(line.windows(2).map(|pair| (pair[0], pair[1])).collect(), size)
    }

    /// The closest segment within `radius`, and the distance to it.
    pub(super) fn nearest(&self, at: Xy, radius: f64) -> Option<(u32, f64)> {
        let mut best: Option<(u32, f64)> = None;
        for item in self.cells.around(at, radius) {
            let (start, end) = self.ends[item as usize];
            let distance_sq = at.project(start, end).distance_sq;
            if distance_sq <= radius * radius && best.is_none_or(|(_, best)| distance_sq < best) {
                best = Some((item, distance_sq));
            }
        }
        best.map(|(item, distance_sq)| (item, distance_sq.sqrt()))
    }

    /// Whether one is within `radius`.
    pub(super) fn is_near(&self, at: Xy, radius: f64) -> bool {
        self.nearest(at, radius).is_some()
    }

    /// The segments that properly cross the one from `start` to `end`, each once, in order.
    pub(super) fn crossings(&self, start: Xy, end: Xy) -> Vec<u32> {
        let low = Xy { x: start.x.min(end.x), y: start.y.min(end.y) };
        let high = Xy { x: start.x.max(end.x), y: start.y.max(end.y) };
        let crosses = |&item: &u32| {
            let (a, b) = self.ends[item as usize];
            side(a, b, start) * side(a, b, end) < 0.0 && side(start, end, a) * side(start, end, b) < 0.0
        };
        let mut found: Vec<u32> = self.cells.within(low, high).filter(crosses).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn is_crossed(&self, start: Xy, end: Xy) -> bool {
        !self.crossings(start, end).is_empty()
    }
}

/// Positive if `at` is left of the line from `start` to `end`.
pub(super) fn side(start: Xy, end: Xy, at: Xy) -> f64 {
    (end.x - start.x) * (at.y - start.y) - (end.y - start.y) * (at.x - start.x)
}

/// The pairs of points with no third in the circle that has them as ends of a diameter, or a little around it: the
/// shape of street networks (Gabriel and Sokal 1969). No two of them cross. `reach` is how far from each point to look.
pub(super) fn gabriel(points: &[Xy], size: f64, reach: impl Fn(u32) -> f64) -> Vec<(u32, u32)> {
    let cells = Cells::of_points(points, size);
    let mut pairs = Vec::new();
    for from in 0..points.len() as u32 {
        let at = points[from as usize];
        let reach = reach(from);
        for to in cells.around(at, reach) {
            let other = points[to as usize];
            let distance = distance(at, other);
            if to == from || distance > reach {
                continue;
            }
            let middle = Xy { x: (at.x + other.x) / 2.0, y: (at.y + other.y) / 2.0 };
            // Rectangles keep no diagonals for the sake of a jittered corner.
            let radius = distance * 0.5 * 1.08;
            let mut inside = cells.around(middle, radius).filter(|&third| third != from && third != to);
            if !inside.any(|third| square_distance(points[third as usize], middle) < radius * radius) {
                pairs.push((from.min(to), from.max(to)));
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The distance between two points, by operations that are exact to the last bit on every platform (`hypot` is not).
pub(super) fn distance(a: Xy, b: Xy) -> f64 {
    square_distance(a, b).sqrt()
}

fn square_distance(a: Xy, b: Xy) -> f64 {
    (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)
}
