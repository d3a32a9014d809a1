//! Ways to serve: what they are called, and which of them were tried.

use super::serving::Constraint;
use crate::names::CellId;
use crate::summary::CellSummary;

pub(super) type Cell<'a> = (&'a CellId, &'a CellSummary);

/// Whether a cell is of a way to serve.
type IsOfWay = fn(&CellSummary) -> bool;

/// The ways to serve that are to be told apart, and which cells are of them.
const WAYS: [(&str, IsOfWay); 5] = [
    ("one server with batching", |cell| cell.servers <= 1 && batches(cell)),
    ("several servers, time-sliced", |cell| cell.servers > 1 && !batches(cell) && mps(cell) == Some(false)),
    ("several servers under MPS", |cell| cell.servers > 1 && !batches(cell) && mps(cell) == Some(true)),
    ("several servers that each batch", |cell| cell.servers > 1 && batches(cell) && mps(cell) != Some(true)),
    ("several servers that each batch, under MPS", |cell| cell.servers > 1 && batches(cell) && mps(cell) == Some(true)),
];

/// The ways to serve that none of these cells is of. Where the cells differ in
/// nothing that makes a way, the question is another, and nothing is missing.
pub(super) fn unplanned(cells: &[Cell<'_>]) -> Vec<String> {
    let way = |cell: &CellSummary| (cell.servers > 1, batches(cell), mps(cell));
    let are_of_one = cells.windows(2).all(|pair| matches!(pair, [(_, one), (_, other)] if way(one) == way(other)));
    if are_of_one {
        return Vec::new();
    }
    let missing = WAYS.iter().filter(|(_, is_it)| !cells.iter().any(|(_, cell)| is_it(cell)));
    missing.map(|(name, _)| (*name).to_owned()).collect()
}

pub(super) fn batches(cell: &CellSummary) -> bool {
    cell.slots.is_some_and(|slots| slots > 1)
}

/// The level of the factor `mps`, if there is one.
pub(super) fn mps(cell: &CellSummary) -> Option<bool> {
    match cell.treatment.get("mps").map(String::as_str) {
        Some("on" | "true" | "1") => Some(true),
        Some("off" | "false" | "0") => Some(false),
        _ => None,
    }
}

/// What makes one option simpler than another: fewer processes, then no MPS,
/// then fewer slots.
pub(super) fn simplicity(cell: &CellSummary) -> (u32, bool, u32) {
    (cell.servers, mps(cell) == Some(true), cell.slots.unwrap_or_default())
}

impl Constraint {
    pub(super) const ALL: [Self; 4] =
        [Self::SeveralProcesses, Self::OneProcess, Self::WithoutMps, Self::WithoutBatching];

    pub(super) fn allows(self, cell: &CellSummary) -> bool {
        match self {
            Self::SeveralProcesses => cell.servers > 1,
            Self::OneProcess => cell.servers <= 1,
            Self::WithoutMps => mps(cell) != Some(true),
            Self::WithoutBatching => !batches(cell),
        }
    }
}

/// A way to serve in words, from processes, slots and the factor `mps`.
pub(super) fn name(cell: &CellSummary) -> String {
    let batching = match cell.slots {
        Some(1) => " without batching",
        Some(_) => " with batching",
        None => "",
    };
    match (cell.servers, mps(cell)) {
        (0 | 1, Some(true)) => format!("one server{batching} under MPS"),
        (0 | 1, _) => format!("one server{batching}"),
        (servers, sharing) => {
            let sharing = match sharing {
                Some(true) => " under MPS",
                Some(false) => " time-sliced",
                None => "",
            };
            // Several servers without batching are the plain case.
            let batching = if cell.slots == Some(1) { "" } else { batching };
            format!("{servers} servers{sharing}{batching}")
        }
    }
}
