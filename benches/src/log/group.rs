use std::fs;
use std::path::Path;
use std::rc::Rc;

use etaflow::Span;

use super::acknowledge::{OFFERED_PER_S, acknowledged, synced};
use super::keeper::{Failure, Keeper, Tally};
use super::load::{Amount, INTERVAL, Load};
use super::opening::{Opening, opening};
use super::ours::Ours;
use super::peer_fjall::Fjall;
use super::peer_okaywal::OkayWal;
use super::peer_redb::Redb;
use crate::comparison::median;
use crate::disk::Disk;
use crate::{Comparison, GroupError, Request, Row, Run, Unit, measure};

const GROUP: &str = "log";
const RATE: Unit = Unit::MillionEventsPerSecond;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// How long everybody appends in a round.
    append: Span,
    /// How many records everybody reads.
    read: u64,
    /// How long records are offered in a round, and the disk is asked alone.
    offer: Span,
    /// How long the log is that is opened, in bytes.
    opened: u64,
}

impl Scale {
    fn of(request: &Request) -> Self {
        let (append, offer) = (Span::from_secs(1), Span::from_secs(10));
        Self { append, read: 1 << 21, offer, opened: u64::from(request.gigabytes.unwrap_or(1)) << 30 }
    }
}

/// Everybody. The first is us.
fn keepers() -> Vec<Rc<dyn Keeper>> {
    vec![
        Rc::new(Ours),
        Rc::new(Redb::Records),
        Rc::new(Redb::Commits),
        Rc::new(Redb::Batches),
        Rc::new(Fjall::Records),
        Rc::new(Fjall::Batches),
        Rc::new(OkayWal::Growing),
        Rc::new(OkayWal::Filled),
    ]
}

/// Appending, reading back and reading, of ours and all peers.
pub fn rows(request: &Request) -> Result<Vec<Row>, GroupError> {
    measured(request, &Scale::of(request))
}

fn measured(request: &Request, scale: &Scale) -> Result<Vec<Row>, GroupError> {
    let disk = Disk::new(request)?;
    let mut rows = Vec::new();
    let append = "append, 64 bytes, batches of 64, durable within 5 ms";
    if request.wants(append) {
        rows.extend(appends(request, &disk, append, scale.append)?);
    }
    let read = "read all in order, checksums compared";
    if request.wants(read) {
        rows.extend(reads(request, &disk, read, scale.read)?);
    }
    rows.extend(acknowledgements(request, &disk, scale.offer)?);
    rows.extend(openings(request, &disk, scale.opened)?);
    Ok(rows)
}

/// Appends and reads back; how many records, and how long the append took.
fn append(disk: &Disk, keeper: &dyn Keeper, folder: &Path, amount: Amount) -> Result<Load, GroupError> {
    let failed = |source: Failure| GroupError::Keeper { who: keeper.name(), source };
    let mut load = Load::new(amount);
    disk.touch(load.bytes())?;
    keeper.append(folder, &mut load).map_err(failed)?;
    let kept = keeper.open(folder).map_err(failed)?;
    kept.scan(Tally::comparing()).map_err(failed)?.check(load.records());
    Ok(load)
}

/// Everybody appends for the same time, one after the other; who begins changes from round to round.
fn appends(request: &Request, disk: &Disk, operation: &str, time: Span) -> Result<Vec<Row>, GroupError> {
    let keepers = keepers();
    let mut rates = vec![Vec::with_capacity(request.rounds); keepers.len()];
    for round in 0..=request.rounds {
        for turn in 0..keepers.len() {
            let who = (round + turn) % keepers.len();
            let keeper = &*keepers[who];
            let folder = disk.folder(keeper.name())?;
            let load = append(disk, keeper, &folder, Amount::For(time))?;
            let rate = load.records() as f64 / load.elapsed().micros() as f64;
            request.tell(format_args!("{operation}, {}: {rate:.2} M events/s", keeper.name()));
            if round > 0 {
                rates[who].push(rate);
            }
            _ = fs::remove_dir_all(folder);
        }
    }
    let mut figures = rates.into_iter().map(median);
    let ours = figures.next();
    let row = |(keeper, theirs): (&Rc<dyn Keeper>, f64)| Row {
        group: GROUP,
        operation: operation.into(),
        peer: keeper.name(),
        unit: RATE.name(),
        ours,
        theirs: Some(theirs),
        speedup: ours.map(|ours| RATE.speedup(ours, theirs)),
    };
    Ok(keepers[1..].iter().zip(figures).map(row).collect())
}

/// Everybody has kept as many records, and reads all of them; they are in the operating system's memory.
fn reads(request: &Request, disk: &Disk, operation: &str, records: u64) -> Result<Vec<Row>, GroupError> {
    let mut runs = Vec::new();
    for keeper in keepers() {
        request.tell(format_args!("{operation}, {}", keeper.name()));
        let folder = disk.folder(keeper.name())?;
        append(disk, &*keeper, &folder, Amount::Records(records))?;
        let kept = keeper.open(&folder).map_err(|source| GroupError::Keeper { who: keeper.name(), source })?;
        let run: Run = Box::new(move || {
            let tally = kept.scan(Tally::default()).expect("it was read before");
            tally.check(records);
        });
        runs.push((keeper.name(), run));
    }
    let (_, ours) = runs.remove(0);
    let comparison = Comparison {
        operation: operation.into(),
        unit: RATE,
        count: records,
        before: None,
        ours: Some(ours),
        peers: runs,
    };
    Ok(measure(GROUP, comparison, request.rounds))
}

/// A row of ours, beside a figure that is nobody's.
fn row(operation: String, unit: &'static str, ours: f64, beside: Option<(&'static str, f64)>) -> Row {
    let (peer, theirs) = beside.map_or(("", None), |(what, figure)| (what, Some(figure)));
    Row { group: GROUP, operation, peer, unit, ours: Some(ours), theirs, speedup: None }
}

/// How long records take to be durable that are offered at a steady pace, in turns with how long the disk alone takes for
/// as much; and the bound that is set for it.
fn acknowledgements(request: &Request, disk: &Disk, time: Span) -> Result<Vec<Row>, GroupError> {
    const SHARES: [(f64, &str); 3] = [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")];
    let of = format!("until durable, {OFFERED_PER_S} events/s offered");
    let bound = format!("p99 {of}, its bound");
    let name = |share: &str| format!("{share} {of}");
    if !request.wants(&bound) && !SHARES.iter().any(|(_, share)| request.wants(&name(share))) {
        return Ok(Vec::new());
    }
    let (mut ours, mut theirs) = ([const { Vec::new() }; 3], [const { Vec::new() }; 3]);
    let (mut bounds, mut shares) = (Vec::new(), Vec::new());
    for round in 0..=request.rounds {
        let folder = disk.folder("acknowledged")?;
        let mut alone = synced(&folder, time).map_err(|source| GroupError::Folder { path: folder, source })?;
        let failed = |source| GroupError::Keeper { who: Ours.name(), source };
        let mut told = acknowledged(&disk.folder("acknowledged")?, time).map_err(failed)?;
        alone.sort_unstable();
        told.sort_unstable();
        let (alone, told) =
            (SHARES.map(|(share, _)| quantile(&alone, share)), SHARES.map(|(share, _)| quantile(&told, share)));
        request.tell(format_args!("{of}, p50, p99, p99.9: {told:.0?} us, fdatasync alone {alone:.0?} us"));
        if round == 0 {
            continue;
        }
        let at_most = INTERVAL.micros() as f64 + 1.5 * alone[1];
        bounds.push(at_most);
        shares.push(told[1] / at_most);
        ours.iter_mut().zip(told).for_each(|(figures, figure)| figures.push(figure));
        theirs.iter_mut().zip(alone).for_each(|(figures, figure)| figures.push(figure));
    }
    let p99 = median(ours[1].clone());
    let figures = SHARES.iter().zip(ours.into_iter().zip(theirs));
    let mut rows: Vec<Row> = figures
        .map(|((_, share), (ours, theirs))| row(name(share), "us", median(ours), Some(("fdatasync", median(theirs)))))
        .collect();
    rows.push(row(bound, "us", p99, Some(("5 ms + 1.5 fdatasync", median(bounds)))));
    rows.push(row(format!("p99 {of}, share of its bound"), "ratio", median(shares), None));
    rows.retain(|row| request.wants(&row.operation));
    Ok(rows)
}

/// So large a share of what is in order is not above it.
fn quantile(sorted: &[u32], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    f64::from(sorted[rank.clamp(1, sorted.len()) - 1])
}

/// A log of some size: opened, looked into and read.
fn openings(request: &Request, disk: &Disk, bytes: u64) -> Result<Vec<Row>, GroupError> {
    let of = format!("a log of {:.1} GiB", bytes as f64 / f64::from(1 << 30));
    let names = ["open", "open, torn at its end,", "find a time in", "read all of"].map(|what| format!("{what} {of}"));
    if !names.iter().any(|name| request.wants(name)) {
        return Ok(Vec::new());
    }
    request.tell(format_args!("{of}"));
    let folder = disk.folder("opened")?;
    let failed = |source| GroupError::Keeper { who: Ours.name(), source };
    let Opening { closed_us, torn_us, place_us, read } = opening(&folder, bytes, request.rounds).map_err(failed)?;
    let figures = [(closed_us / 1e3, "ms"), (torn_us / 1e3, "ms"), (place_us, "us/op"), (read, RATE.name())];
    let rows = names.into_iter().zip(figures).map(|(name, (figure, unit))| row(name, unit, figure, None));
    Ok(rows.filter(|row| request.wants(&row.operation)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::BATCH;

    #[test]
    fn everybody_keeps_all_records_and_has_a_row() {
        let request = Request { rounds: 1, ..Request::default() };
        let scale = Scale {
            append: Span::from_millis(30),
            read: 100 * BATCH as u64,
            offer: Span::from_millis(100),
            opened: 9 << 20,
        };
        let rows = measured(&request, &scale).expect("there is a folder for temporary files");
        let names: Vec<_> = keepers()[1..].iter().map(|keeper| keeper.name()).collect();
        let compared = rows.iter().filter(|row| row.speedup.is_some_and(|speedup| speedup > 0.0));
        let peers: Vec<_> = compared.map(|row| row.peer).collect();
        assert_eq!(peers, [&names[..], &names[..]].concat());
        let alone = rows.iter().filter(|row| row.speedup.is_none() && row.ours.is_some_and(|figure| figure > 0.0));
        let units: Vec<_> = alone.map(|row| row.unit).collect();
        assert_eq!(units, ["us", "us", "us", "us", "ratio", "ms", "ms", "us/op", "M events/s"]);
        assert_eq!(rows.len(), peers.len() + units.len());
    }

    #[test]
    fn only_what_is_asked_for_is_told() {
        let request = Request { rounds: 1, only: Some("find a time".into()), ..Request::default() };
        let scale = Scale { append: Span::ZERO, read: 0, offer: Span::ZERO, opened: 9 << 20 };
        let rows = measured(&request, &scale).expect("there is a folder for temporary files");
        let operations: Vec<_> = rows.into_iter().map(|row| row.operation).collect();
        assert_eq!(operations, ["find a time in a log of 0.0 GiB"]);
    }
}
