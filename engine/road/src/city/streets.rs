use super::cells::distance;
use super::draft::{Draft, Link, NO_STREET};
use super::random::Random;
use super::terrain::Terrain;
use crate::geo::Xy;
use crate::network::RoadClass;

/// Joins links that continue each other into streets, and decides which of them are more than residential, where one
/// lives in the street, and which are one-way. Returns how many streets there are.
pub(super) fn characterise(draft: &mut Draft, terrain: &Terrain, seed: u64) -> u32 {
    let mut random = Random::new(seed, 5);
    let streets = trace(draft);
    let mut length = vec![0.0; streets.len()];
    for (street, links) in streets.iter().enumerate() {
        length[street] = links.iter().map(|&(link, _)| draft.length(&draft.links[link as usize])).sum();
    }
    for (street, links) in streets.iter().enumerate() {
        let class = draft.links[links[0].0 as usize].class;
        let through = class == RoadClass::Residential && length[street] > 650.0 && links.len() > 3;
        let middle = draft.at[draft.links[links[0].0 as usize].tail as usize];
        let central = distance(middle, Xy::default()) < terrain.centre_radius();
        let likely = if central { 0.85 } else { 0.13 };
        let narrow = class == RoadClass::Residential || (central && class == RoadClass::Tertiary);
        let one_way = narrow && (links.len() > 1 || central) && random.chance(likely);
        let backwards = random.chance(0.5);
        for &(link, with) in links {
            let link = &mut draft.links[link as usize];
            link.street = street as u32;
            if through {
                link.class = RoadClass::Unclassified;
            }
            if one_way {
                link.one_way = true;
                if with == backwards {
                    turn_round(link);
                }
            }
        }
    }
    mark_dead_ends(draft, &mut random);
    open_where_needed(draft);
    streets.len() as u32
}

fn turn_round(link: &mut Link) {
    std::mem::swap(&mut link.tail, &mut link.head);
    link.via.reverse();
}

/// The streets: links in order, each with whether it leads along the street.
fn trace(draft: &Draft) -> Vec<Vec<(u32, bool)>> {
    let partner = partners(draft);
    let mut used = vec![false; draft.links.len()];
    let mut streets = Vec::new();
    for first in 0..draft.links.len() as u32 {
        if used[first as usize] {
            continue;
        }
        used[first as usize] = true;
        let mut street = std::collections::VecDeque::from([(first, true)]);
        for forwards in [true, false] {
            let mut link = first;
            let mut with = true;
            loop {
                let leaves_by_head = with == forwards;
                let next = partner[link as usize][usize::from(leaves_by_head)];
                if next == NO_STREET || used[next as usize] {
                    break;
                }
                let here = &draft.links[link as usize];
                let junction = if leaves_by_head { here.head } else { here.tail };
                used[next as usize] = true;
                with = (draft.links[next as usize].tail == junction) == forwards;
                link = next;
                if forwards {
                    street.push_back((link, with));
                } else {
                    street.push_front((link, with));
                }
            }
        }
        streets.push(street.into());
    }
    streets
}

/// For each link, the one that continues it at its tail and at its head.
fn partners(draft: &Draft) -> Vec<[u32; 2]> {
    let mut partner = vec![[NO_STREET; 2]; draft.links.len()];
    for (junction, incident) in (0..).zip(draft.incident()) {
        let here = draft.at[junction as usize];
        let towards = |number: u32| {
            let next = draft.next_point(&draft.links[number as usize], junction);
            let away = distance(next, here).max(1e-9);
            Xy { x: (next.x - here.x) / away, y: (next.y - here.y) / away }
        };
        let mut pairs = Vec::new();
        for (nth, &a) in incident.iter().enumerate() {
            for &b in &incident[nth + 1..] {
                let (one, other) = (towards(a), towards(b));
                let bend = one.x * other.x + one.y * other.y;
                // Within about 40 degrees of straight on.
                if a != b && bend < -0.76 && draft.links[a as usize].class == draft.links[b as usize].class {
                    pairs.push((bend, a, b));
                }
            }
        }
        pairs.sort_by(|one, other| one.0.total_cmp(&other.0).then((one.1, one.2).cmp(&(other.1, other.2))));
        for (_, a, b) in pairs {
            let end = |link: u32| usize::from(draft.links[link as usize].head == junction);
            if partner[a as usize][end(a)] == NO_STREET && partner[b as usize][end(b)] == NO_STREET {
                partner[a as usize][end(a)] = b;
                partner[b as usize][end(b)] = a;
            }
        }
    }
    partner
}

fn mark_dead_ends(draft: &mut Draft, random: &mut Random) {
    let incident = draft.incident();
    for number in 0..draft.links.len() {
        let link = &draft.links[number];
        let ends = [link.tail, link.head].iter().any(|&end| incident[end as usize].len() == 1);
        if link.class != RoadClass::Residential || !ends {
            continue;
        }
        let short = draft.length(link) < 120.0;
        let roll = random.unit();
        let link = &mut draft.links[number];
        link.one_way = false;
        if short && roll < 0.2 {
            link.class = RoadClass::Service;
        } else if roll < 0.4 {
            link.class = RoadClass::LivingStreet;
        }
    }
}

/// Opens one-way links to both directions where otherwise one could not get everywhere and back.
fn open_where_needed(draft: &mut Draft) {
    let incident = draft.incident();
    loop {
        let [ahead, back] = [false, true].map(|against| reached(draft, &incident, against));
        let core: Vec<bool> = ahead.iter().zip(&back).map(|(&ahead, &back)| ahead && back).collect();
        let mut opened = false;
        for link in &mut draft.links {
            if link.one_way && core[link.tail as usize] != core[link.head as usize] {
                link.one_way = false;
                opened = true;
            }
        }
        if !opened {
            return;
        }
    }
}

/// What can be reached from the first junction, or what it can be reached from.
fn reached(draft: &Draft, incident: &[Vec<u32>], against: bool) -> Vec<bool> {
    let mut reached = vec![false; draft.at.len()];
    let mut open = vec![0_u32];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    while let Some(junction) = open.pop() {
        for &number in incident.get(junction as usize).into_iter().flatten() {
            let link = &draft.links[number as usize];
            let from = if against { link.head } else { link.tail };
            if link.one_way && from != junction {
                continue;
            }
            let next = link.other(junction);
            if !std::mem::replace(&mut reached[next as usize], true) {
                open.push(next);
            }
        }
    }
    reached
}
