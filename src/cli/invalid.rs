//! Why nothing counts, on the screen.

use std::fmt::Write as _;

use indexmap::IndexMap;

use crate::summary::{Reason, Rule, Summary};

/// Every rule by which nothing valid was measured, with what it found first and
/// how many more it holds for.
pub(super) fn nothing_valid(summary: &Summary) -> String {
    let mut rules: IndexMap<Rule, Found<'_>> = IndexMap::new();
    for (id, cell) in &summary.cells {
        for repetition in &cell.repetitions {
            for Reason { rule, text } in repetition.validity.reasons() {
                let first = || Found { place: format!("`{id}`, block {}", repetition.block), text, times: 0 };
                rules.entry(*rule).or_insert_with(first).times += 1;
            }
        }
    }
    let mut said = "error: nothing valid was measured".to_owned();
    if rules.is_empty() {
        said += ": no cell was measured at all";
    }
    for (rule, Found { place, text, times }) in &rules {
        let more = if *times > 1 { format!(" and {} more", times - 1) } else { String::new() };
        let _ = write!(said, "\n  {place}{more}: {text} ({})", rule.id());
    }
    if let Some((rule, _)) = rules.first() {
        let _ = write!(said, "\nhelp: `runexp explain {}` says what this protects against", rule.id());
    }
    said
}

/// What a rule found first, and how often it fired.
struct Found<'a> {
    place: String,
    text: &'a str,
    times: u32,
}
