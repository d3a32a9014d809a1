use std::collections::BTreeSet;

use indexmap::{IndexMap, IndexSet};
use serde::Serialize;

use super::row;
use crate::metric::MetricDefinition;
use crate::names::MetricId;
use crate::plan::Plan;
use crate::report::figure::{Figure, Shown};
use crate::report::text::line;
use crate::scenario::{Fault, treatment_text};
use crate::summary::{CellSummary, Objective, Repetition, Summary, ThroughputCourse, Validity};

/// One cell over all its repetitions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellRow {
    /// `mps=on,servers=3/concurrent/clients=2`.
    pub id: String,
    /// `mps=on, servers=3`; `default` when no factor is declared.
    pub treatment: String,
    /// Factor levels, as text.
    pub levels: IndexMap<String, String>,
    /// Its phase.
    pub phase: String,
    /// `clients=2` or `rate=2`.
    pub load: String,
    /// The load in the guide's words: `Single`, `2x Concurrent`.
    pub mode: String,
    /// Clients of a closed loop.
    pub clients: Option<u32>,
    /// Requests per second of an open loop.
    pub rate: Option<f64>,
    /// Server processes.
    pub servers: u32,
    /// Parallel requests inside one server, as far as declared.
    pub slots: Option<u32>,
    /// What is broken on purpose in it, in words.
    pub fault: Option<String>,
    /// Repetitions; one that was measured again is one.
    pub repetitions: usize,
    /// Those whose values count.
    pub valid: usize,
    /// Requests by how they ended, over all repetitions: `ok 120, stalled 2`.
    pub outcomes: String,
    /// Every metric of the registry and every other one of the cell, by id.
    pub figures: IndexMap<String, Figure>,
    /// The phase's objectives on percentiles.
    pub objectives: Vec<ObjectiveRow>,
}

/// An objective on a percentile, and whether a cell meets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectiveRow {
    /// `ttft_p95`.
    pub name: String,
    /// `300 ms`.
    pub limit: String,
    /// The percentile, or why there is none.
    pub measured: String,
    /// Repetitions it stands on.
    pub n: u32,
    /// `met`, `missed`, `undecided`, `too few requests` or `not measured here`.
    pub attained: &'static str,
}

impl CellRow {
    /// Whether the cell has this level of a factor, or this `phase`, `load`,
    /// `clients`, `rate`, `servers` or `slots`.
    pub(in crate::report) fn has(&self, key: &str, level: &str) -> bool {
        let own = match key {
            "phase" => Some(self.phase.clone()),
            "load" => Some(self.load.clone()),
            "clients" => self.clients.map(|clients| clients.to_string()),
            "rate" => self.rate.map(|rate| rate.to_string()),
            "servers" => Some(self.servers.to_string()),
            "slots" => self.slots.map(|slots| slots.to_string()),
            _ => None,
        };
        self.levels.get(key).cloned().or(own).is_some_and(|own| own == level)
    }

    fn of(id: &str, cell: &CellSummary, fault: Option<&Fault>, metrics: &[MetricDefinition]) -> Self {
        let levels: IndexMap<String, String> =
            cell.treatment.iter().map(|(factor, level)| (line(factor), line(level))).collect();
        Self {
            id: line(id),
            treatment: treatment_text(&levels, ", "),
            levels,
            phase: cell.phase.to_string(),
            load: line(&cell.load),
            mode: mode(cell),
            clients: cell.clients,
            rate: cell.rate,
            servers: cell.servers,
            slots: cell.slots,
            fault: fault.map(|fault| line(&fault_words(fault))),
            repetitions: cell.repetitions.iter().map(|one| one.block).collect::<BTreeSet<u32>>().len(),
            valid: cell.repetitions.iter().filter(|one| one.validity == Validity::Valid).count(),
            outcomes: outcomes(cell),
            figures: figures(cell, metrics),
            objectives: cell.objectives.iter().map(|one| objective(one, metrics)).collect(),
        }
    }
}

fn objective(objective: &Objective, metrics: &[MetricDefinition]) -> ObjectiveRow {
    let Objective { name, limit_s, measured, attained } = objective;
    let metric = row(metrics, name.as_str());
    let figure = Figure::of(name.as_str(), metric, Some(measured));
    ObjectiveRow {
        name: name.to_string(),
        limit: Shown::of(metric).number(*limit_s),
        measured: figure.with_unit,
        n: figure.n,
        attained: attained.words(),
    }
}

fn mode(cell: &CellSummary) -> String {
    match cell.clients {
        Some(1) => "Single".to_owned(),
        Some(clients) => format!("{clients}x Concurrent"),
        None => line(&cell.load),
    }
}

/// Whether a repetition was measured again.
fn is_again(cell: &CellSummary, repetition: &Repetition) -> bool {
    cell.repetitions.iter().any(|one| one.block == repetition.block && one.epoch > repetition.epoch)
}

/// Of the repetitions that stand for their blocks.
fn outcomes(cell: &CellSummary) -> String {
    let mut totals: IndexMap<&str, u64> = IndexMap::new();
    let last = cell.repetitions.iter().filter(|one| !is_again(cell, one));
    for (outcome, count) in last.flat_map(|one| &one.outcomes) {
        *totals.entry(outcome).or_default() += count;
    }
    if totals.is_empty() {
        return "none sent".to_owned();
    }
    totals.iter().map(|(outcome, count)| format!("{} {count}", line(outcome))).collect::<Vec<_>>().join(", ")
}

fn figures(cell: &CellSummary, metrics: &[MetricDefinition]) -> IndexMap<String, Figure> {
    let known = metrics.iter().map(|row| row.id);
    let measured = |id: &str| cell.estimates.iter().find(|(own, _)| own.as_str() == id).map(|(_, measured)| measured);
    known
        .chain(cell.estimates.keys().map(MetricId::as_str))
        .collect::<IndexSet<_>>()
        .into_iter()
        .map(|id| (id.to_owned(), Figure::of(id, row(metrics, id), measured(id))))
        .collect()
}

fn fault_words(fault: &Fault) -> String {
    format!("{} killed after {}", fault.victim(), fault.at)
}

/// One row per planned cell.
pub(super) fn rows(summary: &Summary, plan: &Plan, metrics: &[MetricDefinition]) -> Vec<CellRow> {
    let fault = |id| plan.cells.get(id).and_then(|spec| spec.fault.as_ref());
    let mut rows: Vec<CellRow> =
        summary.cells.iter().map(|(id, cell)| CellRow::of(id.as_str(), cell, fault(id), metrics)).collect();
    number_notes(&mut rows);
    rows
}

/// Numbers every distinct reason for a gap, once for all tables.
fn number_notes(rows: &mut [CellRow]) {
    let mut reasons = IndexSet::new();
    for figure in rows.iter_mut().flat_map(|row| row.figures.values_mut()) {
        figure.number_note(|reason| reasons.insert_full(reason.to_owned()).0 + 1);
    }
}

/// A repetition whose values do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvalidRow {
    /// Its cell.
    pub cell: String,
    /// Its block, from 0.
    pub block: u32,
    /// Every reason, with the rule in parentheses.
    pub reasons: Vec<String>,
    /// Whether it was measured again.
    pub again: bool,
}

/// Every repetition whose values do not count.
pub(super) fn invalid(summary: &Summary) -> Vec<InvalidRow> {
    let repetitions =
        summary.cells.iter().flat_map(|(id, cell)| cell.repetitions.iter().map(move |one| (id, cell, one)));
    let invalid = repetitions.filter(|(_, _, repetition)| repetition.validity != Validity::Valid);
    invalid
        .map(|(id, cell, repetition)| InvalidRow {
            cell: line(id.as_str()),
            block: repetition.block,
            reasons: repetition.validity.reasons().iter().map(|reason| line(&reason.to_string())).collect(),
            again: is_again(cell, repetition),
        })
        .collect()
}

/// How the throughput of all repetitions ran through their windows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Courses {
    /// Repetitions that were steady from the first.
    pub steady: usize,
    /// Those with too few tokens to tell.
    pub unknown: usize,
    /// Those that warmed up, slowed down or never settled.
    pub moving: Vec<CourseRow>,
}

/// A repetition whose throughput was not steady from the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CourseRow {
    /// Its cell.
    pub cell: String,
    /// Its block, from 0.
    pub block: u32,
    /// What it did, in words.
    pub course: String,
}

/// How every repetition ran.
pub(super) fn courses(summary: &Summary) -> Courses {
    let mut courses = Courses::default();
    for (id, cell) in &summary.cells {
        for (block, course) in cell.repetitions.iter().filter_map(|one| Some((one.block, one.course?))) {
            let course = match course {
                ThroughputCourse::Steady => {
                    courses.steady += 1;
                    continue;
                }
                ThroughputCourse::TooFewTokens => {
                    courses.unknown += 1;
                    continue;
                }
                ThroughputCourse::WarmUp { seconds, off } => settled("warmed up", seconds, off),
                ThroughputCourse::Slowdown { seconds, off } => settled("slowed down", seconds, off),
                ThroughputCourse::Unsettled => "did not settle".to_owned(),
            };
            courses.moving.push(CourseRow { cell: line(id.as_str()), block, course });
        }
    }
    courses
}

fn settled(what: &str, seconds: f64, off: f64) -> String {
    format!("{what} for {seconds:.1} s; its mean is {:+.1} % off what it settled at", off * 100.0)
}
