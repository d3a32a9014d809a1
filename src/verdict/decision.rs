//! Ways to serve, ranked by what was measured.

use super::interval::estimate;
use super::{Decision, ServingOption, Significance, advice, evidence, standing};
use crate::names::CellId;
use crate::scenario::treatment_text;
use crate::summary::{CellSummary, Summary};

pub(super) type Cell<'a> = (&'a CellId, &'a CellSummary);

/// Ranks treatments by output throughput in the first closed-loop phase, at
/// the most clients that all of them were planned with. A treatment without a
/// valid measurement there is not ranked, and named.
pub(super) fn decide(summary: &Summary) -> Decision {
    let cells = at_equal_load(summary);
    let clients = cells.first().and_then(|(_, cell)| cell.clients);
    let unplanned = unplanned(&cells);
    let (measured, unmeasured): (Vec<_>, Vec<_>) =
        cells.into_iter().map(|cell| candidate(cell).ok_or_else(|| treatment(cell.1))).partition(Result::is_ok);
    let significance = Significance::of(summary);
    let options = rank(measured.into_iter().flatten().collect(), significance);
    Decision {
        standing: standing::of_group(&options),
        advice: advice::advice(&options),
        because: advice::because(&options, clients.unwrap_or_default(), significance),
        options,
        unmeasured: unmeasured.into_iter().filter_map(Result::err).collect(),
        unplanned,
        evidence: evidence::all(summary),
    }
}

/// Whether a cell is of a way to serve.
type IsOfWay = fn(&CellSummary) -> bool;

/// The ways to serve that are to be told apart, and which cells are of them.
const WAYS: [(&str, IsOfWay); 4] = [
    ("one server with batching", |cell| cell.servers <= 1 && batches(cell)),
    ("several servers, time-sliced", |cell| cell.servers > 1 && !batches(cell) && mps(cell) == Some(false)),
    ("several servers under MPS", |cell| cell.servers > 1 && !batches(cell) && mps(cell) == Some(true)),
    ("hybrid: several servers that each batch", |cell| cell.servers > 1 && batches(cell)),
];

fn batches(cell: &CellSummary) -> bool {
    cell.slots.is_some_and(|slots| slots > 1)
}

/// The ways to serve that none of these cells is of.
fn unplanned(cells: &[Cell<'_>]) -> Vec<String> {
    let missing = WAYS.iter().filter(|(_, is_it)| !cells.iter().any(|(_, cell)| is_it(cell)));
    missing.map(|(name, _)| (*name).to_owned()).collect()
}

/// Every treatment's cell in the first closed-loop phase, at the most clients
/// that all of them were planned with.
pub(super) fn at_equal_load(summary: &Summary) -> Vec<Cell<'_>> {
    let phase = summary.cells.values().find(|cell| cell.clients.is_some()).map(|cell| &cell.phase);
    let of_phase: Vec<Cell<'_>> =
        summary.cells.iter().filter(|(_, cell)| Some(&cell.phase) == phase && cell.clients.is_some()).collect();
    let clients = most_common_clients(&of_phase);
    of_phase.into_iter().filter(|(_, cell)| cell.clients == clients).collect()
}

/// An option, and what makes one simpler than another: fewer processes, then
/// no MPS.
type Candidate = ((u32, bool), ServingOption);

fn candidate((id, cell): Cell<'_>) -> Option<Candidate> {
    let throughput = estimate(cell, "output_throughput").ok()?.clone();
    let simplicity = (cell.servers, mps(cell) == Some(true));
    let (name, treatment) = (name(cell), treatment(cell));
    Some((simplicity, ServingOption { name, treatment, cell: id.clone(), throughput, against_best: None }))
}

/// The fastest and those equivalent to it, the simplest first; then the others,
/// the faster first. Of equally fast ones the simplest counts as the fastest.
fn rank(mut candidates: Vec<Candidate>, significance: Significance) -> Vec<ServingOption> {
    candidates.sort_by_key(|(simplicity, _)| *simplicity);
    candidates.sort_by(|(_, one), (_, other)| other.throughput.value.total_cmp(&one.throughput.value));
    let throughputs: Vec<_> = candidates.iter().map(|(_, option)| &option.throughput).collect();
    let against = standing::against_first(&throughputs, significance);
    for ((_, option), against) in candidates.iter_mut().zip(against) {
        option.against_best = against;
    }
    candidates.sort_by_key(|(simplicity, option)| if option.leads() { (0, Some(*simplicity)) } else { (1, None) });
    candidates.into_iter().map(|(_, option)| option).collect()
}

/// The most clients at which every treatment of the phase has a cell.
fn most_common_clients(cells: &[Cell<'_>]) -> Option<u32> {
    let at = |(_, cell): &Cell<'_>, clients| cell.clients == Some(clients);
    let everywhere = |clients: &u32| {
        cells
            .iter()
            .all(|(_, here)| cells.iter().any(|there| at(there, *clients) && there.1.treatment == here.treatment))
    };
    cells.iter().filter_map(|(_, cell)| cell.clients).filter(everywhere).max()
}

fn treatment(cell: &CellSummary) -> String {
    treatment_text(&cell.treatment, ",")
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

/// The level of the factor `mps`, if there is one.
pub(super) fn mps(cell: &CellSummary) -> Option<bool> {
    match cell.treatment.get("mps").map(String::as_str) {
        Some("on" | "true" | "1") => Some(true),
        Some("off" | "false" | "0") => Some(false),
        _ => None,
    }
}
