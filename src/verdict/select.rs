//! Which cell a selector means.

use crate::names::CellId;
use crate::scenario::Selector;
use crate::summary::{CellSummary, Summary};

/// The only cell that fits, or why there is none, in a sentence.
pub(super) fn only<'a>(summary: &'a Summary, selector: &Selector) -> Result<(&'a CellId, &'a CellSummary), String> {
    let fitting: Vec<_> = summary.cells.iter().filter(|(_, cell)| fits(cell, selector)).collect();
    match fitting.as_slice() {
        [one] => Ok(*one),
        [] => Err(format!("no cell has {selector}")),
        several => Err(format!("matches several cells: {}", some_of(several))),
    }
}

/// The first few ids; a selector that is too wide can match hundreds.
fn some_of(cells: &[(&CellId, &CellSummary)]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = cells.iter().take(SHOWN).map(|(id, _)| format!("`{id}`")).collect();
    let more = if cells.len() > SHOWN { format!(" and {} more", cells.len() - SHOWN) } else { String::new() };
    shown.join(", ") + &more
}

/// Whether a cell has everything that the selector names.
pub(super) fn fits(cell: &CellSummary, selector: &Selector) -> bool {
    selector.0.iter().all(|(key, level)| match key.as_str() {
        "phase" => cell.phase.as_str() == level.to_string(),
        "clients" => cell.clients.is_some_and(|clients| level.is(&clients.to_string())),
        "rate" => cell.rate.is_some_and(|rate| level.is(&rate.to_string())),
        factor => cell.treatment.get(factor) == Some(&level.to_string()),
    })
}

/// The factors that a selector names, without phase and load.
pub(super) fn factors_only(selector: &Selector) -> Selector {
    let of_load = |key: &str| matches!(key, "phase" | "clients" | "rate");
    Selector(
        selector.0.iter().filter(|(key, _)| !of_load(key)).map(|(key, level)| (key.clone(), level.clone())).collect(),
    )
}
