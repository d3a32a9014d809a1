//! What can be run and will still not answer what its author asks.

use indexmap::IndexMap;

use super::model::factor::{Selector, Treatment};
use super::model::traffic::Load;
use super::resolve::Scenario;
use crate::format::{Code, Finding, Node, Notes, Span, Table, spelling};
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
    /// `None` where it is searched for.
    pub(super) load: Option<Load>,
}

impl Cell {
    /// What a key of a selector says of it.
    fn value(&self, key: &str) -> Option<String> {
        match key {
            "phase" => Some(self.phase.to_string()),
            "clients" => self.load.as_ref()?.clients().map(|clients| clients.to_string()),
            "rate" => self.load.as_ref()?.rate().map(|rate| rate.to_string()),
            factor => self.treatment.level(factor).map(ToString::to_string),
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

/// Where the rules' conditions stand.
fn conditions(scenario: &Scenario) -> Vec<Span> {
    let decision = scenario.tree.get("decision").and_then(|entry| entry.node.as_table());
    let rules = decision.and_then(|decision| decision.get("rule")?.node.as_list()).unwrap_or_default();
    rules.iter().filter_map(|rule| Some(rule.as_table()?.get("when")?.node.span.clone())).collect()
}

fn design(scenario: &Scenario) -> Option<&Table> {
    scenario.tree.get("design")?.node.as_table()
}

/// The claims and rules that stumble over one key.
struct Missing {
    /// The first of them.
    whose: String,
    span: Span,
    miss: Miss,
    how_many: usize,
    /// Whether all of them miss the same level of it.
    are_alike: bool,
}

/// One warning for each key that leaves selectors without a cell: to take
/// levels away is one decision, however many published claims spoke of them.
fn warn_of_missing_cells(scenario: &Scenario, cells: &[Cell], notes: &Notes) {
    let mut missing: IndexMap<String, Missing> = IndexMap::new();
    let mut look = |whose: String, selector: &Selector, place: &dyn Fn(&str) -> Span| {
        let Some(miss) = miss(selector, cells) else { return false };
        if let Some(found) = missing.get_mut(&miss.key) {
            found.how_many += 1;
            found.are_alike &= found.miss == miss;
        } else {
            let span = place(&miss.key);
            missing.insert(miss.key.clone(), Missing { whose, span, miss, how_many: 1, are_alike: true });
        }
        true
    };
    for (claim, node) in scenario.claims.iter().zip(claim_nodes(scenario)) {
        let place = |key: &str, index: usize, level: &str| {
            let written = node.as_table().and_then(|table| Some(&table.get(key)?.node));
            // The cells of a trend are a list.
            let cell = written.and_then(|written| written.as_list().map_or(Some(written), |list| list.get(index)));
            let value = cell.and_then(|cell| cell.as_table()?.get(level));
            value.map_or(0..0, |entry| entry.node.span.clone())
        };
        let whose = || format!("claim `{}`", claim.id);
        // A claim that misses two cells is one claim.
        let mut selectors = claim.kind.selectors().into_iter().enumerate();
        selectors.any(|(index, (key, selector))| look(whose(), selector, &|level| place(key, index, level)));
    }
    for (rule, span) in scenario.rules.iter().zip(conditions(scenario)) {
        let whose = || format!("rule `{}`", rule.recommend);
        let mut selectors = rule.terms.iter().flat_map(|term| term.quantity.selectors());
        selectors.any(|selector| look(whose(), selector, &|_| span.clone()));
    }
    let mut findings: Vec<Finding> = missing.into_values().map(Missing::finding).collect();
    if let Some(baseline) = &scenario.design.baseline
        && let Some(miss) = miss(baseline, cells)
    {
        let node = design(scenario).and_then(|design| design.get("baseline")?.node.as_table()?.get(&miss.key));
        let span = node.map_or(0..0, |entry| entry.node.span.clone());
        let whose = "the baseline".to_owned();
        findings.push(Missing { whose, span, miss, how_many: 1, are_alike: true }.finding());
    }
    for finding in findings {
        notes.push(finding);
    }
}

impl Missing {
    fn finding(self) -> Finding {
        let Self { whose, span, miss: Miss { key, level, with, here }, how_many, are_alike } = self;
        let who = match (how_many, are_alike) {
            (1, _) => format!("{whose} speaks of a cell that is not there: none has"),
            (_, true) => format!("{how_many} claims or rules speak of cells that are not there: none has"),
            (_, false) => format!("{how_many} claims or rules speak of cells that are not there; for one, none has"),
        };
        let help = match (here.as_slice(), key.as_str()) {
            ([], _) => Some(format!("no cell{with} has `{key}`")),
            (phases, "phase") => spelling::advice(&level, phases.iter().map(String::as_str)),
            (values, _) => Some(format!("`{key}` here{with}: {}", values.join(", "))),
        };
        let finding = Finding::new(Code::NoSuchCell, span, format!("{who} {key}={level}{with}")).maybe_help(help);
        if how_many > 1 { finding.label("the first of them") } else { finding }
    }
}

/// The first key of a selector that leaves it without a cell.
#[derive(PartialEq, Eq)]
struct Miss {
    key: String,
    level: String,
    /// What the cells had so far, if some other cell does have this level.
    with: String,
    /// What the key is there.
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
            return Some(Miss { key: key.clone(), level: level.to_string(), with, here });
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
        "{claim} takes about {needed} if epochs differ by {:.0} %: write repetitions = {needed}, or a wider tolerance",
        SPREAD_BETWEEN_EPOCHS * 100.0
    );
    notes.push(Finding::new(Code::FewRepetitions, span, message).help(help));
}
