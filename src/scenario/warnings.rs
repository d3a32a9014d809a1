//! What can be run and will still not answer what its author asks.

use indexmap::IndexMap;

use super::diagnostic::Code;
use super::factor::{Level, Selector, Treatment};
use super::phase::Load;
use super::resolve::Scenario;
use super::source::{Finding, Notes, Span};
use super::spelling;
use super::tree::{Node, Table};
use crate::names::PhaseName;
use crate::stats::required_n;

/// How far single epochs of one cell are taken to lie apart before there are
/// any: the standard deviation of the logarithms of their means, 3 %. Runs of
/// one configuration on one machine typically vary by 1 to 5 %.
const SPREAD_BETWEEN_EPOCHS: f64 = 0.03;
/// The interval that has to fit into a tolerance.
const CONFIDENCE: f64 = 0.95;

/// One cell of a scenario.
pub(super) struct Cell {
    pub(super) treatment: Treatment,
    pub(super) phase: PhaseName,
    pub(super) load: Load,
}

impl Cell {
    /// What a key of a selector says of it.
    fn value(&self, key: &str) -> Option<String> {
        match (key, &self.load) {
            ("phase", _) => Some(self.phase.to_string()),
            ("clients", Load::Clients(clients)) => Some(clients.to_string()),
            ("rate", Load::Rate { per_second, .. }) => Some(per_second.to_string()),
            ("clients" | "rate", _) => None,
            (factor, _) => self.treatment.level(factor).map(ToString::to_string),
        }
    }
}

/// Notes every warning; for scenarios without an error.
pub(super) fn warn(scenario: &Scenario, cells: &[Cell], notes: &Notes) {
    warn_of_missing_cells(scenario, cells, notes);
    warn_of_few_repetitions(scenario, notes);
}

/// The tables that the claims were read from.
fn claim_nodes(scenario: &Scenario) -> &[Node] {
    scenario.tree.get("claim").and_then(|entry| entry.node.as_list()).unwrap_or_default()
}

fn design(scenario: &Scenario) -> Option<&Table> {
    scenario.tree.get("design")?.node.as_table()
}

/// The claims that stumble over one key, and with what.
struct Missing {
    whose: String,
    how_many: usize,
    span: Span,
    wanted: Vec<String>,
    /// What the key can be there.
    here: Vec<String>,
}

/// One warning for each key that leaves selectors without a cell: to take one
/// level away is one decision, however many published claims spoke of it.
fn warn_of_missing_cells(scenario: &Scenario, cells: &[Cell], notes: &Notes) {
    let mut missing: IndexMap<(String, String), Missing> = IndexMap::new();
    let mut look = |whose: String, selector: &Selector, node: Option<&Node>| {
        let Some(Miss { key, level, with, here }) = miss(selector, cells) else { return false };
        let value = node.and_then(Node::as_table).and_then(|table| table.get(&key));
        let span = value.map_or(0..0, |entry| entry.node.span.clone());
        let entry = missing.entry((key.clone(), with));
        let found = entry.or_insert_with(|| Missing { whose, how_many: 0, span, wanted: Vec::new(), here });
        found.how_many += 1;
        let wanted = format!("{key}={level}");
        if !found.wanted.contains(&wanted) {
            found.wanted.push(wanted);
        }
        true
    };
    if let Some(baseline) = &scenario.design.baseline {
        let node = design(scenario).and_then(|design| design.get("baseline")).map(|entry| &entry.node);
        look("the baseline".to_owned(), baseline, node);
    }
    for (claim, node) in scenario.claims.iter().zip(claim_nodes(scenario)) {
        let node = |key| node.as_table().and_then(|table| Some(&table.get(key)?.node));
        // A claim that misses two cells is one claim.
        claim
            .kind
            .selectors()
            .into_iter()
            .any(|(key, selector)| look(format!("claim `{}`", claim.id), selector, node(key)));
    }
    for ((key, with), found) in missing {
        notes.push(found.finding(&key, &with));
    }
}

impl Missing {
    fn finding(self, key: &str, with: &str) -> Finding {
        let Self { whose, how_many, span, wanted, here } = self;
        let (who, label) = match how_many {
            1 => (format!("{whose} speaks"), None),
            _ => (format!("{how_many} claims speak"), Some("the first of them")),
        };
        let message = format!("{who} of a cell that is not there: none has {}{with}", wanted.join(" or "));
        let help = match (here.as_slice(), wanted.as_slice(), key) {
            ([], ..) => format!("no cell{with} has `{key}`"),
            (phases, [one], "phase") => {
                let known = phases.iter().map(String::as_str);
                spelling::advice(one.trim_start_matches("phase="), known).unwrap_or_default()
            }
            (values, ..) => format!("`{key}` here{with}: {}", values.join(", ")),
        };
        let finding = Finding::new(Code::NoSuchCell, span, message).help(help);
        if let Some(label) = label { finding.label(label) } else { finding }
    }
}

/// The first key of a selector that leaves it without a cell.
struct Miss {
    key: String,
    level: Level,
    /// What the cells had so far, if some other cell does have this level.
    with: String,
    here: Vec<String>,
}

fn miss(selector: &Selector, cells: &[Cell]) -> Option<Miss> {
    let mut left: Vec<&Cell> = cells.iter().collect();
    let mut with: Vec<String> = Vec::new();
    for (key, level) in &selector.0 {
        let has = |cell: &&Cell| cell.value(key).is_some_and(|value| level.is(&value));
        let fitting: Vec<&Cell> = left.iter().copied().filter(has).collect();
        if fitting.is_empty() {
            if !cells.iter().any(|cell| has(&cell)) {
                (left, with) = (cells.iter().collect(), Vec::new());
            }
            let mut here: Vec<String> = Vec::new();
            for value in left.iter().filter_map(|cell| cell.value(key)) {
                if !here.contains(&value) {
                    here.push(value);
                }
            }
            let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
            return Some(Miss { key: key.clone(), level: level.clone(), with, here });
        }
        left = fitting;
        with.push(format!("{key}={level}"));
    }
    None
}

/// One warning for all claims of the scenario's own file whose tolerance takes
/// more repetitions; an included publication is not the experimenter's promise,
/// and its verdicts say themselves how many they lack.
fn warn_of_few_repetitions(scenario: &Scenario, notes: &Notes) {
    let repetitions = scenario.design.repetitions;
    let mut strictest: Option<(u32, String, Span)> = None;
    let mut affected = 0;
    for (claim, node) in scenario.claims.iter().zip(claim_nodes(scenario)) {
        let Some(tolerance) = claim.kind.tolerance().filter(|_| scenario.sources.is_first(&node.span)) else {
            continue;
        };
        let half_width = tolerance.fraction().ln_1p();
        let Some(needed) = required_n(SPREAD_BETWEEN_EPOCHS, half_width, CONFIDENCE) else { continue };
        if needed <= repetitions {
            continue;
        }
        affected += 1;
        if strictest.as_ref().is_none_or(|(most, ..)| needed > *most) {
            strictest = Some((needed, format!("`{}` ({tolerance})", claim.id), node.span.clone()));
        }
    }
    let Some((needed, claim, span)) = strictest else { return };
    let written = design(scenario).and_then(|design| design.get("repetitions"));
    let span = written.map_or(span, |entry| entry.node.span.clone());
    let claims = if affected == 1 { "a claim" } else { &format!("{affected} claims") };
    let times = if repetitions == 1 { "repetition is" } else { "repetitions are" };
    let message = format!("{repetitions} {times} too few to decide {claims}");
    let help = format!(
        "{claim} takes about {needed} if epochs differ by {:.0} %: write repetitions = {needed}, or allow more",
        SPREAD_BETWEEN_EPOCHS * 100.0
    );
    notes.push(Finding::new(Code::FewRepetitions, span, message).help(help));
}
