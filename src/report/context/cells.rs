use indexmap::{IndexMap, IndexSet};
use serde::Serialize;

use super::row;
use crate::names::MetricId;
use crate::report::figure::{Figure, MetricRow};
use crate::report::text::line;
use crate::summary::{CellSummary, Summary, Validity};

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
    /// Repetitions.
    pub repetitions: usize,
    /// Those whose values count.
    pub valid: usize,
    /// Requests by how they ended, over all repetitions: `ok 120, stalled 2`.
    pub outcomes: String,
    /// Every metric of the registry and every other one of the cell, by id.
    pub figures: IndexMap<String, Figure>,
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

    fn of(id: &str, cell: &CellSummary, metrics: &[MetricRow]) -> Self {
        let levels: IndexMap<String, String> =
            cell.treatment.iter().map(|(factor, level)| (line(factor), line(level))).collect();
        Self {
            id: line(id),
            treatment: treatment(&levels),
            levels,
            phase: cell.phase.to_string(),
            load: line(&cell.load),
            mode: mode(cell),
            clients: cell.clients,
            rate: cell.rate,
            servers: cell.servers,
            slots: cell.slots,
            repetitions: cell.repetitions.len(),
            valid: cell.repetitions.iter().filter(|one| one.validity == Validity::Valid).count(),
            outcomes: outcomes(cell),
            figures: figures(cell, metrics),
        }
    }
}

fn treatment(levels: &IndexMap<String, String>) -> String {
    if levels.is_empty() {
        return "default".to_owned();
    }
    levels.iter().map(|(factor, level)| format!("{factor}={level}")).collect::<Vec<_>>().join(", ")
}

fn mode(cell: &CellSummary) -> String {
    match cell.clients {
        Some(1) => "Single".to_owned(),
        Some(clients) => format!("{clients}x Concurrent"),
        None => line(&cell.load),
    }
}

fn outcomes(cell: &CellSummary) -> String {
    let mut totals: IndexMap<&str, u64> = IndexMap::new();
    for (outcome, count) in cell.repetitions.iter().flat_map(|one| &one.outcomes) {
        *totals.entry(outcome).or_default() += count;
    }
    if totals.is_empty() {
        return "none sent".to_owned();
    }
    totals.iter().map(|(outcome, count)| format!("{} {count}", line(outcome))).collect::<Vec<_>>().join(", ")
}

fn figures(cell: &CellSummary, metrics: &[MetricRow]) -> IndexMap<String, Figure> {
    let known = metrics.iter().map(|row| row.id);
    let measured = |id: &str| cell.estimates.iter().find(|(own, _)| own.as_str() == id).map(|(_, measured)| measured);
    known
        .chain(cell.estimates.keys().map(MetricId::as_str))
        .collect::<IndexSet<_>>()
        .into_iter()
        .map(|id| (id.to_owned(), Figure::of(id, row(metrics, id), measured(id))))
        .collect()
}

/// One row per planned cell.
pub(super) fn rows(summary: &Summary, metrics: &[MetricRow]) -> Vec<CellRow> {
    summary.cells.iter().map(|(id, cell)| CellRow::of(id.as_str(), cell, metrics)).collect()
}

/// One phase: its cells, and a table of treatments × loads for each metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseView {
    /// Its name.
    pub name: String,
    /// Its load levels: the columns of its grids.
    pub loads: Vec<String>,
    /// Its cells, in the plan's order.
    pub cells: Vec<CellRow>,
    /// One per metric that has a number in this phase.
    pub grids: Vec<Grid>,
    /// Titles of the metrics that have no number in this phase, with the
    /// reason in its first cell.
    pub absent: Vec<Figure>,
}

/// A metric over treatments × loads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grid {
    /// The metric.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The unit of the figures' `text`.
    pub unit: String,
    /// One per treatment.
    pub rows: Vec<GridRow>,
}

/// A treatment's row in a [`Grid`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GridRow {
    /// The treatment.
    pub treatment: String,
    /// One per load level, in the phase's order.
    pub figures: Vec<Figure>,
}

/// The cells by phase, in the order that phases first occur.
pub(super) fn phases(cells: &[CellRow]) -> Vec<PhaseView> {
    let mut by_phase: IndexMap<&str, Vec<&CellRow>> = IndexMap::new();
    for cell in cells {
        by_phase.entry(&cell.phase).or_default().push(cell);
    }
    by_phase.into_iter().map(|(name, cells)| phase(name, &cells)).collect()
}

fn phase(name: &str, cells: &[&CellRow]) -> PhaseView {
    let loads: IndexSet<&str> = cells.iter().map(|cell| cell.load.as_str()).collect();
    let ids: IndexSet<&str> = cells.iter().flat_map(|cell| cell.figures.keys()).map(String::as_str).collect();
    let figure = |cell: &CellRow, id: &str| cell.figures.get(id).cloned().unwrap_or_else(|| Figure::of(id, None, None));
    let (measured, absent): (Vec<&str>, Vec<&str>) =
        ids.into_iter().partition(|id| cells.iter().any(|cell| figure(cell, id).value.is_some()));
    PhaseView {
        name: name.to_owned(),
        grids: measured.into_iter().map(|id| grid(id, cells, &loads, figure)).collect(),
        absent: absent.into_iter().filter_map(|id| cells.first().map(|cell| figure(cell, id))).collect(),
        loads: loads.into_iter().map(str::to_owned).collect(),
        cells: cells.iter().map(|cell| (*cell).clone()).collect(),
    }
}

fn grid(id: &str, cells: &[&CellRow], loads: &IndexSet<&str>, figure: impl Fn(&CellRow, &str) -> Figure) -> Grid {
    let treatments: IndexSet<&str> = cells.iter().map(|cell| cell.treatment.as_str()).collect();
    let at = |treatment: &str, load: &str| {
        let cell = cells.iter().find(|cell| cell.treatment == treatment && cell.load == load);
        cell.map_or_else(|| Figure::gap(id, None, "not planned"), |cell| figure(cell, id))
    };
    let rows: Vec<GridRow> = treatments
        .into_iter()
        .map(|treatment| GridRow {
            treatment: treatment.to_owned(),
            figures: loads.iter().map(|load| at(treatment, load)).collect(),
        })
        .collect();
    let measured = rows.iter().flat_map(|row| &row.figures).find(|figure| figure.value.is_some());
    Grid {
        id: id.to_owned(),
        title: measured.map_or_else(|| id.to_owned(), |figure| figure.title.clone()),
        unit: measured.map(|figure| figure.unit.clone()).unwrap_or_default(),
        rows,
    }
}

/// A repetition whose values do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvalidRow {
    /// Its cell.
    pub cell: String,
    /// Its block, from 0.
    pub block: u32,
    /// Every reason.
    pub reasons: Vec<String>,
}

/// Every repetition whose values do not count.
pub(super) fn invalid(summary: &Summary) -> Vec<InvalidRow> {
    let repetitions = summary.cells.iter().flat_map(|(id, cell)| cell.repetitions.iter().map(move |one| (id, one)));
    repetitions
        .filter_map(|(id, repetition)| match &repetition.validity {
            Validity::Valid => None,
            Validity::Invalid { reasons } => Some(InvalidRow {
                cell: line(id.as_str()),
                block: repetition.block,
                reasons: reasons.iter().map(|reason| line(reason)).collect(),
            }),
        })
        .collect()
}
