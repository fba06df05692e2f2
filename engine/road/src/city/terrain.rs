use super::SyntheticCity;
use super::cells::{Segments, distance};
use super::random::{Random, direction};
use crate::geo::Xy;

/// The lie of the land: how far the city reaches, where people live, the river, the parks and the motorways' courses.
#[derive(Debug)]
pub(super) struct Terrain {
    /// How far from the middle there are streets, in metres.
    pub(super) radius: f64,
    /// The river's middle, from end to end.
    pub(super) river: Segments,
    pub(super) river_half_width: f64,
    /// The orbital motorway's course, closed.
    pub(super) orbital: Vec<Xy>,
    /// The courses of the motorways that lead out of the city from it.
    pub(super) spurs: Vec<Vec<Xy>>,
    /// All of the motorways' courses.
    pub(super) motorway: Segments,
    /// Middles and radii.
    parks: Vec<(Xy, f64)>,
    /// Middles and radii.
    pub(super) towns: Vec<(Xy, f64)>,
    outline: Outline,
    /// The distance between streets where most people live, in metres.
    spacing: f64,
}

/// The line around the city, which is anything but round.
#[derive(Debug, Clone, Copy)]
struct Outline {
    radius: f64,
    /// Its waves: how many around it, and their phases.
    waves: [(u32, f64); 3],
}

impl Outline {
    fn contains(&self, at: Xy) -> bool {
        let away = distance(at, Xy::default()).max(1.0);
        let (x, y) = (at.x / away, at.y / away);
        let mut wave = 0.0;
        for (count, phase) in self.waves {
            // The direction as a complex number to a power: a multiple of its angle, without the angle.
            let (mut real, mut imaginary) = (1.0, 0.0);
            for _ in 0..count {
                (real, imaginary) = (real * x - imaginary * y, real * y + imaginary * x);
            }
            let turned = direction(phase);
            wave += real * turned.x - imaginary * turned.y;
        }
        away < self.radius * (0.87 + 0.045 * wave)
    }
}

/// How far from the middle of a motorway ordinary streets keep.
pub(super) const MOTORWAY_MARGIN_M: f64 = 48.0;

/// How many junctions there are for each place where one could be, all things considered; found by trial.
const YIELD: f64 = 0.68;

impl Terrain {
    pub(super) fn new(config: &SyntheticCity) -> Self {
        let mut random = Random::new(config.seed, 1);
        let nodes = config.node_count() as f64;
        // Larger cities are denser as well: the radius grows like the 7/16th power, by roots, which are exact anywhere.
        let share = nodes / 7_000.0;
        let radius = 7_300.0 * share.sqrt() / share.sqrt().sqrt().sqrt().sqrt();
        let (river, river_half_width) = river(&mut random, radius);
        let outline = Outline { radius, waves: [2, 5, 9].map(|count| (count, random.unit())) };
        let (orbital, mut spurs) = motorways(&mut random, radius);
        for spur in &mut spurs {
            let inside = spur.iter().take_while(|&&at| outline.contains(at)).count();
            spur.truncate(inside.saturating_sub(3));
        }
        // What is hardly longer than its own ramps leads nowhere.
        spurs.retain(|spur| spur.len() > 15);
        let mut course: Vec<(Xy, Xy)> = orbital.windows(2).map(|pair| (pair[0], pair[1])).collect();
        for spur in &spurs {
            course.extend(spur.windows(2).map(|pair| (pair[0], pair[1])));
        }
        let count = 4 + (radius / 1_800.0) as usize;
        let mut scatter = |low: f64, high: f64, small: f64, large: f64| {
            let (turns, away) = (random.unit(), radius * random.between(low, high));
            let towards = direction(turns);
            (Xy { x: towards.x * away, y: towards.y * away }, random.between(small, large))
        };
        let towns = (0..count).map(|_| scatter(0.42, 0.88, 600.0, 1_300.0)).collect();
        let parks = (0..count).map(|_| scatter(0.05, 0.7, 130.0, 420.0)).collect();
        let mut terrain = Self {
            radius,
            river: Segments::of_line(&river, 250.0),
            river_half_width,
            orbital,
            spurs,
            motorway: Segments::new(course, 250.0),
            parks,
            towns,
            outline,
            spacing: 1.0,
        };
        terrain.spacing = terrain.spacing_for(nodes);
        terrain
    }

    /// How densely people live, from 0 to 1.
    pub(super) fn density(&self, at: Xy) -> f64 {
        let away = (at.x * at.x + at.y * at.y).sqrt() / (self.radius * 0.36);
        let square = away * away;
        let mut density = 1.0 / (1.0 + square + 0.12 * square * square);
        for &(middle, radius) in &self.towns {
            let away = ((at.x - middle.x).powi(2) + (at.y - middle.y).powi(2)) / (radius * radius);
            density = f64::max(density, 0.6 / (1.0 + away * away));
        }
        density
    }

    /// The distance between streets, in metres.
    pub(super) fn spacing_at(&self, at: Xy) -> f64 {
        self.spacing * stretch(self.density(at))
    }

    /// How far the one-way streets of the centre reach, in metres.
    pub(super) fn centre_radius(&self) -> f64 {
        self.radius * 0.19
    }

    /// Whether a place is within the city's outline.
    pub(super) fn is_inside(&self, at: Xy) -> bool {
        self.outline.contains(at)
    }

    /// Whether streets could be at a place: not in a river, a park or on a motorway.
    pub(super) fn is_buildable(&self, at: Xy) -> bool {
        let in_park = self.parks.iter().any(|&(middle, radius)| distance(at, middle) < radius);
        !in_park && !self.is_wet(at, 30.0) && !self.motorway.is_near(at, MOTORWAY_MARGIN_M)
    }

    /// Whether a place is in the river or within `margin` metres of it.
    pub(super) fn is_wet(&self, at: Xy, margin: f64) -> bool {
        self.river.is_near(at, self.river_half_width + margin)
    }

    /// The spacing that makes room for so many junctions.
    fn spacing_for(&self, nodes: f64) -> f64 {
        let cells = 80;
        let side = 2.0 * self.radius / f64::from(cells);
        let mut places = 0.0;
        for row in 0..cells {
            for column in 0..cells {
                let x = (f64::from(column) + 0.5) * side - self.radius;
                let y = (f64::from(row) + 0.5) * side - self.radius;
                if self.is_inside(Xy { x, y }) {
                    let stretch = stretch(self.density(Xy { x, y }));
                    places += side * side / (stretch * stretch);
                }
            }
        }
        (places * YIELD / nodes).sqrt()
    }
}

/// By how much streets are further apart where fewer people live.
fn stretch(density: f64) -> f64 {
    (1.0 / density).sqrt().min(4.6)
}

/// A winding river past the middle, and half its width.
fn river(random: &mut Random, radius: f64) -> (Vec<Xy>, f64) {
    let along = direction(random.unit());
    let across = Xy { x: -along.y, y: along.x };
    let away = random.between(500.0, 900.0);
    let waves: Vec<(f64, f64, f64)> = [(0.9, 0.075), (0.42, 0.035), (0.17, 0.012)]
        .iter()
        .map(|&(length, height)| (length * radius * random.between(0.8, 1.2), height * radius, random.unit()))
        .collect();
    let step = 60.0;
    let half = (1.4 * radius / step) as i32;
    let point = |at: i32| {
        let x = f64::from(at) * step;
        let y =
            away + waves.iter().map(|&(length, height, phase)| height * direction(x / length + phase).y).sum::<f64>();
        Xy { x: along.x * x + across.x * y, y: along.y * x + across.y * y }
    };
    ((-half..=half).map(point).collect(), random.between(60.0, 95.0))
}

/// The course of the orbital motorway, closed and anticlockwise, and those of the ones that lead out from it.
fn motorways(random: &mut Random, radius: f64) -> (Vec<Xy>, Vec<Vec<Xy>>) {
    let base = radius * random.between(0.50, 0.56);
    let waves: Vec<(f64, f64, f64)> = [(2.0, 0.07), (3.0, 0.05), (5.0, 0.025)]
        .iter()
        .map(|&(count, height)| (count, height * random.between(0.5, 1.0), random.unit()))
        .collect();
    let orbit = |turns: f64| {
        let swell =
            waves.iter().map(|&(count, height, phase)| height * direction(turns * count + phase).y).sum::<f64>();
        let (towards, away) = (direction(turns), base * (1.0 + swell));
        Xy { x: towards.x * away, y: towards.y * away }
    };
    let steps = ((base * 6.3 / 60.0) as u32).max(12);
    let orbital = (0..=steps).map(|step| orbit(f64::from(step % steps) / f64::from(steps))).collect();
    let count = 3 + random.below(2);
    let start = random.unit();
    let spur = |turns: f64, bend: f64| -> Vec<Xy> {
        let start = orbit(turns);
        let first = (start.x * start.x + start.y * start.y).sqrt() + 260.0;
        let steps = ((radius * 0.99 - first) / 60.0).max(3.0) as u32;
        let point = |step: u32| {
            let share = f64::from(step) / f64::from(steps);
            let away = first + share * (radius * 0.99 - first);
            let towards = direction(turns + bend * share * share);
            Xy { x: towards.x * away, y: towards.y * away }
        };
        (0..=steps).map(point).collect()
    };
    let spurs = (0..count)
        .map(|each| {
            let turns = start + (each as f64 + random.between(-0.2, 0.2)) / count as f64;
            spur(turns, random.between(-0.05, 0.05))
        })
        .collect();
    (orbital, spurs)
}
