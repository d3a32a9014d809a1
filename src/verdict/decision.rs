//! Ways to serve, ranked by what was measured.

use super::interval::{estimate, pairs};
use super::{Decision, ServingOption, evidence};
use crate::names::CellId;
use crate::stats::paired_ratio;
use crate::summary::{CellSummary, Summary};

type Cell<'a> = (&'a CellId, &'a CellSummary);

/// Ranks treatments by output throughput in the first closed-loop phase, at
/// the most clients that all of them were planned with. A treatment without a
/// valid measurement there is not ranked, and named.
pub(super) fn decide(summary: &Summary) -> Decision {
    let phase = summary.cells.values().find(|cell| cell.clients.is_some()).map(|cell| &cell.phase);
    let of_phase: Vec<Cell<'_>> =
        summary.cells.iter().filter(|(_, cell)| Some(&cell.phase) == phase && cell.clients.is_some()).collect();
    let clients = most_common_clients(&of_phase);
    let at_equal_load = of_phase.into_iter().filter(|(_, cell)| cell.clients == clients);
    let (measured, missing): (Vec<_>, Vec<_>) =
        at_equal_load.map(|cell| option(cell).ok_or(cell)).partition(Result::is_ok);
    let mut options: Vec<ServingOption> = measured.into_iter().flatten().collect();
    options.sort_by(|left, right| right.throughput.value.total_cmp(&left.throughput.value));
    let (decided, conclusion) = conclude(&options, clients.unwrap_or_default());
    let missing: Vec<String> = missing.into_iter().filter_map(Result::err).map(|(_, cell)| treatment(cell)).collect();
    let because = match missing.as_slice() {
        [] => conclusion,
        missing => format!("{conclusion}; without a valid measurement: {}", missing.join(" and ")),
    };
    Decision { options, decided, because, evidence: evidence::all(summary) }
}

fn option((id, cell): Cell<'_>) -> Option<ServingOption> {
    let throughput = estimate(cell, "output_throughput").ok()?.clone();
    Some(ServingOption { name: name(cell), treatment: treatment(cell), cell: id.clone(), throughput })
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

/// Whether the paired interval of the first over the second excludes 1.
fn conclude(ranked: &[ServingOption], clients: u32) -> (bool, String) {
    let [first, second, ..] = ranked else {
        return (false, "fewer than two ways to serve have a valid measurement at equal load".to_owned());
    };
    let names = format!("{} over {} at {clients} clients", described(first), described(second));
    let pairs = pairs(&first.throughput, &second.throughput);
    let Some((ratio, bounds)) = paired_ratio(&pairs, 0.95).and_then(|center| Some((center.value, center.bounds?)))
    else {
        return (false, format!("insufficient evidence: {names} share fewer than two blocks, so there is no interval"));
    };
    let decided = !bounds.contain(1.0);
    let verdict = if decided { "the interval excludes 1" } else { "insufficient evidence: the interval holds 1" };
    let numbers = format!("×{ratio:.3} (95 % {:.3} to {:.3}, {} blocks)", bounds.lower, bounds.upper, pairs.len());
    (decided, format!("output throughput of {names}: {numbers}; {verdict}"))
}

fn described(option: &ServingOption) -> String {
    format!("{} ({})", option.name, option.treatment)
}

fn treatment(cell: &CellSummary) -> String {
    if cell.treatment.is_empty() {
        return "default".to_owned();
    }
    let levels: Vec<String> = cell.treatment.iter().map(|(factor, level)| format!("{factor}={level}")).collect();
    levels.join(",")
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
