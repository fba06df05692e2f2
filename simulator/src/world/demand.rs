use etaflow_road::{Network, Position, RoadClass};

use super::streets::Streets;
use crate::dice::Dice;

/// The share of riders who come from or go to anywhere, and not a hot spot.
const ANYWHERE_SHARE: f64 = 0.35;
/// How wide a hot spot is, metres.
const SPOT_SIGMA_M: f64 = 350.0;

/// Where riders are and where they want to go: hot spots, and a background all over the city.
#[derive(Debug)]
pub(super) struct Demand {
    length_mm: Vec<u32>,
    everywhere: Spread,
    spots: Vec<Spread>,
}

/// Edges with a probability each.
#[derive(Debug)]
struct Spread {
    edge: Vec<u32>,
    /// The sum of the shares of the edges up to and with this one.
    cumulative: Vec<f64>,
}

impl Demand {
    pub(super) fn new(network: &Network, streets: &Streets, spots: u32, dice: &mut Dice) -> Self {
        let length_mm: Vec<u32> = network.edges().map(|edge| network.length_mm(edge)).collect();
        let homes = |edge: u32| f64::from(length_mm[edge as usize]) * stops_share(network, edge);
        let everywhere = Spread::new(length_mm.len(), homes);
        let spots = (0..spots)
            .map(|_| {
                let centre = streets.place(everywhere.draw(dice), 0.0, &mut 0);
                let pull = dice.between(0.5, 1.5);
                Spread::new(length_mm.len(), |edge| {
                    let place = streets.place(edge, 0.0, &mut 0);
                    let away = f64::from((place.x - centre.x).hypot(place.y - centre.y)) / (SPOT_SIGMA_M * pull);
                    if away > 3.0 { 0.0 } else { homes(edge) * (-away * away / 2.0).exp() }
                })
            })
            .collect();
        Self { length_mm, everywhere, spots }
    }

    /// A place where a rider gets in or out.
    pub(super) fn draw(&self, dice: &mut Dice) -> Position {
        let anywhere = self.spots.is_empty() || dice.chance(ANYWHERE_SHARE);
        let spread = if anywhere { &self.everywhere } else { &self.spots[dice.below(self.spots.len())] };
        self.place_on(spread.draw(dice), dice)
    }

    /// A place where a driver may be.
    pub(super) fn draw_anywhere(&self, dice: &mut Dice) -> Position {
        self.place_on(self.everywhere.draw(dice), dice)
    }

    fn place_on(&self, edge: u32, dice: &mut Dice) -> Position {
        let offset_mm = (f64::from(self.length_mm[edge as usize]) * dice.between(0.05, 0.95)) as u32;
        Position { edge: etaflow_road::EdgeId(edge), offset_mm }
    }
}

impl Spread {
    fn new(edges: usize, weight: impl Fn(u32) -> f64) -> Self {
        let mut spread = Self { edge: Vec::new(), cumulative: Vec::new() };
        let mut sum = 0.0;
        for number in 0..edges as u32 {
            let share = weight(number);
            if share > 0.0 {
                sum += share;
                spread.edge.push(number);
                spread.cumulative.push(sum);
            }
        }
        spread
    }

    fn draw(&self, dice: &mut Dice) -> u32 {
        let at = dice.unit() * self.cumulative.last().copied().unwrap_or(0.0);
        let nth = self.cumulative.partition_point(|&sum| sum <= at).min(self.edge.len().saturating_sub(1));
        self.edge.get(nth).copied().unwrap_or(0)
    }
}

/// How many stops there are on a metre of road, relative to a residential street. 0 where one could not get away.
fn stops_share(network: &Network, edge: u32) -> f64 {
    let edge = etaflow_road::EdgeId(edge);
    if network.component(edge) != 0 {
        return 0.0;
    }
    match network.class(edge) {
        RoadClass::Motorway | RoadClass::Trunk | RoadClass::Track | RoadClass::Ferry => 0.0,
        RoadClass::Service => 0.3,
        RoadClass::Primary => 0.5,
        RoadClass::Secondary | RoadClass::Unclassified | RoadClass::Residential | RoadClass::LivingStreet => 1.0,
        RoadClass::Tertiary => 1.2,
    }
}
