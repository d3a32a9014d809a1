use serde::Serialize;

use super::row;
use crate::metric::MetricDefinition;
use crate::report::figure::Shown;
use crate::report::text::line;
use crate::scenario::Searched;
use crate::summary::{CellSummary, Probe, Search, Summary};

/// One search for the highest load that meets the objectives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchView {
    /// Its cell.
    pub cell: String,
    /// Its block, from 0.
    pub block: u32,
    /// What it found, in a sentence.
    pub found: String,
    /// Every load that was tried, ascending.
    pub probes: Vec<ProbeRow>,
}

/// A load that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProbeRow {
    /// Clients, or requests per second.
    pub level: String,
    /// Whether it met the objectives, and why not.
    pub verdict: String,
    /// The share of requests that met the objectives on single requests.
    pub attainment: String,
    /// Output throughput.
    pub throughput: String,
    /// First token after the scheduled moment, median.
    pub ttft: String,
    /// Whole request from the scheduled moment, median.
    pub e2e: String,
}

/// Every search, by cell and block.
pub(super) fn searches(summary: &Summary, metrics: &[MetricDefinition]) -> Vec<SearchView> {
    let of_cell = |(id, cell): (&crate::names::CellId, &CellSummary)| {
        let id = line(id.as_str());
        let found = |one: &crate::summary::Repetition| {
            let search = one.search.as_ref().filter(|search| !search.counts_servers())?;
            let mut probes: Vec<&Probe> = search.probes.iter().collect();
            probes.sort_by(|one, other| one.level.total_cmp(&other.level));
            Some(SearchView {
                cell: id.clone(),
                block: one.block,
                found: sentence(search),
                probes: probes.into_iter().map(|probe| probe_row(probe, metrics)).collect(),
            })
        };
        cell.repetitions.iter().filter_map(found).collect::<Vec<_>>()
    };
    summary.cells.iter().flat_map(of_cell).collect()
}

fn sentence(search: &Search) -> String {
    let level = |level: f64| match search.max {
        Searched::Rate(_) => format!("{level} requests per second"),
        Searched::Clients | Searched::Servers { .. } if level > 1.0 => format!("{level} {}", search.max),
        Searched::Clients => format!("{level} client"),
        Searched::Servers { .. } => format!("{level} server"),
    };
    let said = match (search.passed, search.failed) {
        (Some(passed), Some(failed)) => format!("{} pass, {failed} do not", level(passed)),
        (Some(passed), None) => format!("{}, the most that was tried, pass", level(passed)),
        (None, Some(failed)) => format!("no load passed every time, and {} never did", level(failed)),
        (None, None) => format!("no {} could be judged", search.max),
    };
    if search.is_complete { said } else { format!("the search did not come to its end; so far, {said}") }
}

fn probe_row(probe: &Probe, metrics: &[MetricDefinition]) -> ProbeRow {
    let shown = |id: &str| {
        let found = probe.values.iter().find(|(metric, _)| metric.as_str() == id);
        match found.map(|(_, value)| value) {
            Some(Ok(value)) => Shown::of(row(metrics, id)).number(*value),
            Some(Err(gap)) => gap.to_string(),
            None => "not measured here".to_owned(),
        }
    };
    ProbeRow {
        level: probe.level.to_string(),
        verdict: line(&probe.verdict.to_string()),
        attainment: shown("attainment"),
        throughput: shown("output_throughput"),
        ttft: shown("ttft_scheduled_p50"),
        e2e: shown("e2e_scheduled_p50"),
    }
}
