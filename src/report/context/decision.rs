use indexmap::{IndexMap, IndexSet};
use serde::Serialize;

use super::answer::{self, Answer};
use super::cells::CellRow;
use super::row;
use crate::metric::MetricDefinition;
use crate::names::CellId;
use crate::report::figure::{self, Figure, Shown};
use crate::report::text::{NOT_MEASURED, line};
use crate::summary::{CellSummary, Summary, Validity};
use crate::verdict::{Advice, AgainstFirst, Decision, ServingOption, Standing, Verdicts};

/// Which way to serve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionView {
    /// What to do, in a sentence.
    pub advice: String,
    /// The numbers behind it, in a sentence.
    pub because: String,
    /// What the recommended option costs, and what to do where it cannot be had,
    /// in sentences.
    pub points: Vec<String>,
    /// Whether a search has the answer, and there is nothing to choose between.
    pub is_searched: bool,
    /// `use`, `open`, `alone`, `unmet` or `nothing`.
    pub standing: &'static str,
    /// What the options are ranked by: the metric's title.
    pub metric: String,
    /// Where: `"concurrent" at clients=3`.
    pub place: String,
    /// `3 %`.
    pub margin: String,
    /// The phase whose requests have objectives, if there is one.
    pub objectives_in: Option<String>,
    /// The recommended option, then the better ones first.
    pub options: Vec<OptionRow>,
    /// Treatments that are not ranked for want of a valid measurement.
    pub unmeasured: Vec<String>,
    /// Ways to serve that were not measured here at all.
    pub unplanned: Vec<String>,
    /// What would change the advice, in sentences.
    pub changes: Vec<String>,
    /// The "use when" lists, by the option they speak for.
    pub evidence: Vec<EvidenceGroup>,
}

/// A way to serve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptionRow {
    /// From 1.
    pub rank: usize,
    /// In words.
    pub name: String,
    /// Its treatment.
    pub treatment: String,
    /// The cell it is ranked by.
    pub cell: String,
    /// What it is ranked by, there.
    pub figure: Figure,
    /// Its figure over that of the first, `×0.50 [0.49, 0.51], 5 blocks`.
    pub against_first: String,
    /// `recommended`, `behind`, `no better` or `open`; of the first where nothing
    /// is recommended, `first`.
    pub standing: &'static str,
    /// What is asked of all and it is not sure to keep to.
    pub fails: Vec<String>,
    /// First token, median.
    pub first_token: String,
    /// Requests that met every objective: `378 of 378`, or a share.
    pub objectives: String,
    /// Energy per token.
    pub energy: String,
    /// Memory of all its servers.
    pub memory: String,
    /// Processes and ports: `5 + 3`.
    pub operation: String,
    /// All figures of its cell.
    pub row: Option<CellRow>,
}

/// The lines that speak for one option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceGroup {
    /// `CUDA MPS`.
    pub speaks_for: String,
    /// Its lines.
    pub lines: Vec<EvidenceLine>,
}

/// One line of a "use when" list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceLine {
    /// The line.
    pub says: String,
    /// What was measured about it, or `not measured here`.
    pub measured: String,
}

impl DecisionView {
    pub(super) fn of(summary: &Summary, verdicts: &Verdicts, cells: &[CellRow], metrics: &[MetricDefinition]) -> Self {
        let decision = &verdicts.decision;
        let metric = decision.metric.as_ref().and_then(|id| row(metrics, id.as_str()));
        let Answer { advice, because, points, changes } = answer::answer(decision, summary, metrics);
        let small = decision.options.first().and_then(|first| with_objectives(summary, first));
        let table = Table { decision, summary, cells, metrics, small };
        Self {
            advice,
            because,
            points,
            changes,
            is_searched: decision.options.len() < 2 && has_search(summary),
            standing: match decision.advice {
                Advice::Use => "use",
                Advice::Open { .. } => "open",
                Advice::Alone => "alone",
                Advice::Unmet => "unmet",
                Advice::Nothing => "nothing",
            },
            metric: metric.map_or(NOT_MEASURED, |metric| metric.title).to_owned(),
            place: decision.options.first().map_or_else(String::new, |first| answer::place(summary, &first.cell)),
            margin: answer::percent(decision.margin),
            objectives_in: small.map(|cell| line(cell.phase.as_str())),
            options: (0..decision.options.len()).filter_map(|place| table.option(place)).collect(),
            unmeasured: decision.unmeasured.iter().map(|treatment| line(treatment)).collect(),
            unplanned: decision.unplanned.iter().map(|way| line(way)).collect(),
            evidence: evidence(decision),
        }
    }
}

fn has_search(summary: &Summary) -> bool {
    summary.cells.values().flat_map(|cell| &cell.repetitions).any(|one| one.search.is_some())
}

fn evidence(decision: &Decision) -> Vec<EvidenceGroup> {
    let mut groups: IndexMap<String, Vec<EvidenceLine>> = IndexMap::new();
    for one in &decision.evidence {
        groups.entry(line(&one.speaks_for)).or_default().push(EvidenceLine {
            says: line(&one.says),
            measured: one.measured.as_deref().map_or_else(|| NOT_MEASURED.to_owned(), line),
        });
    }
    groups.into_iter().map(|(speaks_for, lines)| EvidenceGroup { speaks_for, lines }).collect()
}

/// The first cell of an option's treatment, in an open loop if there is one,
/// whose requests have objectives.
fn with_objectives<'a>(summary: &'a Summary, option: &ServingOption) -> Option<&'a CellSummary> {
    let of = summary.cells.get(&option.cell)?;
    let has = |cell: &&CellSummary| cell.treatment == of.treatment && value(cell, "attainment").is_some();
    let open = summary.cells.values().filter(has).find(|cell| cell.rate.is_some());
    open.or_else(|| summary.cells.values().find(has))
}

fn value(cell: &CellSummary, id: &str) -> Option<f64> {
    let found = cell.estimates.iter().find(|(metric, _)| metric.as_str() == id)?;
    found.1.estimate().map(|estimate| estimate.value)
}

/// What the rows of the table of options are made from.
struct Table<'a> {
    decision: &'a Decision,
    summary: &'a Summary,
    cells: &'a [CellRow],
    metrics: &'a [MetricDefinition],
    small: Option<&'a CellSummary>,
}

impl Table<'_> {
    fn option(&self, place: usize) -> Option<OptionRow> {
        let option = self.decision.options.get(place)?;
        let cell = self.cell(&option.cell);
        let id = self.decision.metric.as_ref()?.as_str();
        Some(OptionRow {
            rank: place + 1,
            name: answer::name(self.decision, option),
            treatment: line(&option.treatment),
            cell: line(option.cell.as_str()),
            figure: Figure::estimate(id, row(self.metrics, id), &option.figure),
            against_first: option.against_first.map_or_else(|| NONE.to_owned(), against_first),
            standing: self.standing(option),
            fails: option.fails.iter().map(|one| line(one)).collect(),
            first_token: self.plain(cell, "ttft_p50"),
            objectives: self.objectives(option),
            energy: self.plain(cell, "energy_per_token"),
            memory: self.plain(cell, "memory_of_servers"),
            operation: self.operation(cell),
            row: self.cells.iter().find(|row| row.id == option.cell.as_str()).cloned(),
        })
    }

    fn cell(&self, id: &CellId) -> Option<&CellSummary> {
        self.summary.cells.get(id)
    }

    fn plain(&self, cell: Option<&CellSummary>, id: &str) -> String {
        let value = cell.and_then(|cell| value(cell, id));
        value.map_or_else(|| NONE.to_owned(), |value| Shown::of(row(self.metrics, id)).number(value))
    }

    fn operation(&self, cell: Option<&CellSummary>) -> String {
        let count = |id| self.plain(cell, id);
        match (count("processes_to_run"), count("ports_to_run")) {
            (processes, _) if processes == NONE => processes,
            (processes, ports) => format!("{processes} + {ports}"),
        }
    }

    /// Requests that met every objective, of those that were sent, over all
    /// valid repetitions.
    fn objectives(&self, option: &ServingOption) -> String {
        let cell = self.small.zip(self.cell(&option.cell)).and_then(|(small, of)| {
            let same = |cell: &&CellSummary| {
                cell.phase == small.phase && cell.load == small.load && cell.treatment == of.treatment
            };
            self.summary.cells.values().find(same)
        });
        let Some((met, sent)) = cell.and_then(met_of) else { return NONE.to_owned() };
        if met == sent {
            return format!("{met} of {sent}");
        }
        self.plain(cell, "attainment")
    }

    fn standing(&self, option: &ServingOption) -> &'static str {
        match option.against_first.map(|against| against.standing) {
            None if self.decision.advice == Advice::Use => "recommended",
            None => "first",
            Some(_) if !option.fails.is_empty() => "fails",
            Some(Standing::Behind) => "behind",
            Some(Standing::NoBetter) => "no better",
            Some(Standing::Open) => "open",
        }
    }
}

const NONE: &str = "–";

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "requests of a window"
)]
fn met_of(cell: &CellSummary) -> Option<(u64, u64)> {
    let valid = cell.repetitions.iter().filter(|one| one.validity == Validity::Valid);
    let (mut met, mut sent, mut blocks) = (0, 0, IndexSet::new());
    for one in valid.filter(|one| blocks.insert(one.block)) {
        let of: u64 = one.outcomes.values().sum();
        let share = one.value("attainment").ok()?;
        met += (share * of as f64).round() as u64;
        sent += of;
    }
    (sent > 0).then_some((met, sent))
}

fn against_first(AgainstFirst { ratio, interval, blocks, .. }: AgainstFirst) -> String {
    let noun = if blocks == 1 { "block" } else { "blocks" };
    format!("×{}, {blocks} {noun}", figure::ratio(ratio, interval))
}
