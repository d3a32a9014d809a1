use indexmap::{IndexMap, IndexSet};
use serde::Serialize;

use super::cells::CellRow;
use crate::report::figure::Figure;

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
    /// The metrics that have no number in this phase, by the reason in its
    /// first cell.
    pub absent: Vec<Absent>,
}

/// Metrics that have no number, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// Why.
    pub text: String,
    /// Their titles.
    pub titles: Vec<String>,
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
        absent: by_reason(absent.into_iter().filter_map(|id| cells.first().map(|cell| figure(cell, id)))),
        loads: loads.into_iter().map(str::to_owned).collect(),
        cells: cells.iter().map(|cell| (*cell).clone()).collect(),
    }
}

/// Each reason once, in the order that they first occur.
fn by_reason(figures: impl Iterator<Item = Figure>) -> Vec<Absent> {
    let mut reasons: IndexMap<String, Vec<String>> = IndexMap::new();
    for figure in figures {
        reasons.entry(figure.text).or_default().push(figure.title);
    }
    reasons.into_iter().map(|(text, titles)| Absent { text, titles }).collect()
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
