//! Why nothing counts, on the screen.

use std::fmt::Write as _;

use indexmap::IndexMap;

use crate::summary::{Rule, Summary};

/// More reasons than this are for the report.
const SHOWN: usize = 10;

/// Every reason why nothing valid was measured, once, with the cells it holds
/// for.
pub(super) fn nothing_valid(summary: &Summary) -> String {
    let mut reasons: IndexMap<(Rule, &str), Vec<String>> = IndexMap::new();
    for (id, cell) in &summary.cells {
        for repetition in &cell.repetitions {
            for reason in repetition.validity.reasons() {
                let place = format!("`{id}`, block {}", repetition.block);
                reasons.entry((reason.rule, &reason.text)).or_default().push(place);
            }
        }
    }
    let mut text = "error: nothing valid was measured".to_owned();
    if reasons.is_empty() {
        text += ": no cell was measured at all";
    }
    for ((rule, reason), places) in reasons.iter().take(SHOWN) {
        let more = if places.len() > 1 { format!(" and {} more", places.len() - 1) } else { String::new() };
        let place = places.first().map(String::as_str).unwrap_or_default();
        let _ = write!(text, "\n  {place}{more}: {reason} ({})", rule.id());
    }
    if reasons.len() > SHOWN {
        let _ = write!(text, "\n  and {} other reasons, in the report", reasons.len() - SHOWN);
    }
    if let Some((rule, _)) = reasons.keys().next() {
        let _ = write!(text, "\nhelp: `runexp explain {}` says what this protects against", rule.id());
    }
    text
}
