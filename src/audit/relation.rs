//! A claim against the figures it follows from.

use super::checked::Checked;
use super::figure::{Figure, Figures};
use super::{Basis, Check, Range, Verdict};
use crate::names::ClaimId;
use crate::scenario::{Claim, ClaimKind, Relation};

/// Holds a claim against what it must be by the published figures; if it is
/// that, also against what it must be by the data sheets, which is told only if
/// it is not.
pub(super) fn judge(checked: &Checked<'_>, relation: &Relation, figures: &Figures<'_>) -> Vec<Check> {
    let printed = |id: &ClaimId| figures.printed(id);
    let Some(computed) = compute(relation, printed) else { return Vec::new() };
    let verdict = checked.verdict_against(computed.range);
    let arithmetic = told(checked, relation, printed, &computed, "");
    let mut check = checked.check(Basis::Figures, verdict, arithmetic, computed.range);
    if verdict.is_wrong() {
        check.notes = explanations(checked, relation, figures);
        return vec![check];
    }
    let sheet = |id: &ClaimId| {
        let claim = figures.claim(id)?;
        figures.on_data_sheet(claim).map(|(_, figure)| figure).or_else(|| figures.printed(id))
    };
    let by_sheet = compute(relation, sheet).filter(|computed| !checked.agrees_with(computed.range));
    let contradiction = by_sheet.map(|computed| {
        let arithmetic = told(checked, relation, sheet, &computed, "by data sheet: ");
        checked.check(Basis::DataSheet, Verdict::Inconsistent, arithmetic, computed.range)
    });
    [check].into_iter().chain(contradiction).collect()
}

/// Holds the memory that a claim gives a machine against its data sheet.
pub(super) fn against_data_sheet(checked: &Checked<'_>, figures: &Figures<'_>) -> Option<Check> {
    let (sheet, memory) = figures.on_data_sheet(checked.claim)?;
    let verdict = if checked.agrees_with(memory.range) { Verdict::Consistent } else { Verdict::Inconsistent };
    let range = checked.shown().range(memory.range);
    let arithmetic = format!("{}{range} by data sheet, published {}", memory.printed, checked.published());
    let mut check = checked.check(Basis::DataSheet, verdict, arithmetic, memory.range);
    if verdict.is_wrong() {
        check.notes.push(format!("data sheet: <{}>", sheet.source.file));
    }
    Some(check)
}

/// What the checks compute about a claim.
struct Computed {
    value: f64,
    range: Range,
}

/// What a relation gives for all figures that print as these do: its extremes
/// over their ends, which are those over everything between for an expression
/// that only rises or only falls with each figure. `None` if it has no value.
fn compute(relation: &Relation, figure: impl Fn(&ClaimId) -> Option<Figure>) -> Option<Computed> {
    let mut figures: Vec<(&ClaimId, Figure)> = Vec::new();
    for id in relation.terms.values() {
        if figures.iter().all(|(known, _)| *known != id) {
            figures.push((id, figure(id)?));
        }
    }
    let find = |id: &ClaimId| figures.iter().position(|(known, _)| *known == id).unwrap_or_default();
    let at = |pick: &dyn Fn(usize, &Figure) -> f64| {
        relation.value(|id| figures.get(find(id)).map_or(f64::NAN, |(_, figure)| pick(find(id), figure))).ok()
    };
    let value = at(&|_, figure| figure.value)?;
    let mut range = Range::of(value);
    for corner in 0..1_u32 << figures.len() {
        let end = |place: usize, figure: &Figure| {
            if corner >> place & 1 == 0 { figure.range.least } else { figure.range.most }
        };
        let value = at(&end)?;
        range = Range { least: range.least.min(value), most: range.most.max(value) };
    }
    Some(Computed { value, range })
}

/// `a / b = 99.4 / 300 = 0.331 (0.331 to 0.332), published 2.2x (2.15 to 2.25)`.
fn told(
    checked: &Checked<'_>,
    relation: &Relation,
    figure: impl Fn(&ClaimId) -> Option<Figure>,
    computed: &Computed,
    by: &str,
) -> String {
    format!(
        "{by}{} = {} = {}{}, published {}",
        relation.equals.replace('*', "×"),
        with_numbers(relation, figure),
        checked.shown().value(computed.value),
        checked.shown().range(computed.range),
        checked.published()
    )
}

/// The expression with printed figures for its terms.
fn with_numbers(relation: &Relation, figure: impl Fn(&ClaimId) -> Option<Figure>) -> String {
    let mut text = String::new();
    let mut rest = relation.equals.as_str();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        let printed = relation.terms.get(part).and_then(&figure).map(|figure| figure.printed);
        text += printed.as_deref().unwrap_or(part);
        rest = tail;
    }
    text.replace('*', "×")
}

/// Other published figures of the same metric that, in place of one, would give
/// what is claimed: a publication that mixes up its rows is a common one.
fn explanations(checked: &Checked<'_>, relation: &Relation, figures: &Figures<'_>) -> Vec<String> {
    let mut found = Vec::new();
    // Of many terms one that fits is soon found by chance, and a bound fits many.
    let is_value = matches!(checked.claim.kind, ClaimKind::Absolute { .. } | ClaimKind::Ratio { .. });
    if relation.terms.len() > 2 || !is_value {
        return found;
    }
    for (name, id) in &relation.terms {
        let Some(term) = figures.claim(id) else { continue };
        for other in figures.claims().iter().filter(|other| is_alternative(other, term, relation)) {
            let mut swapped = relation.clone();
            swapped.terms.insert(name.clone(), other.id.clone());
            let printed = |id: &ClaimId| figures.printed(id);
            let Some(computed) = compute(&swapped, printed) else { continue };
            if checked.agrees_with(computed.range) {
                let value = checked.shown().value(computed.value);
                let numbers = with_numbers(&swapped, printed);
                found.push(format!("with `{}` for `{name}` it would be {numbers} = {value}", other.id));
            }
        }
    }
    found
}

fn is_alternative(other: &Claim, term: &Claim, relation: &Relation) -> bool {
    matches!(other.kind, ClaimKind::Absolute { .. })
        && other.kind.metric() == term.kind.metric()
        && other.id != relation.claim
        && !relation.terms.values().any(|id| *id == other.id)
}
