use serde::Serialize;

use super::row;
use crate::metric::MetricDefinition;
use crate::report::figure::Shown;
use crate::report::text::{NOT_MEASURED, line};
use crate::scenario::treatment_text;
use crate::summary::{Probe, Repetition, Search, Summary};

/// One search for the most servers that run together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CapacityView {
    /// Its treatment.
    pub treatment: String,
    /// Its block, from 0.
    pub block: u32,
    /// What it found, in a sentence.
    pub practical: String,
    /// What the memory would hold, with the arithmetic.
    pub theoretical: String,
    /// The most that ran together; none if that was not found.
    pub most: Option<String>,
    /// Every try, by number of servers.
    pub tries: Vec<CapacityRow>,
}

/// So many servers at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CapacityRow {
    /// How many.
    pub servers: String,
    /// Whether they ran and met the objectives, or why not.
    pub verdict: String,
    /// Memory that the last of them added.
    pub added: String,
    /// Memory of one, over all of them.
    pub each: String,
    /// Output throughput of all of them.
    pub throughput: String,
    /// First token, median.
    pub ttft: String,
    /// Time per output token, median.
    pub tpot: String,
}

/// Every such search, by cell and block.
pub(super) fn capacities(summary: &Summary, metrics: &[MetricDefinition]) -> Vec<CapacityView> {
    summary
        .cells
        .values()
        .flat_map(|cell| {
            let treatment = line(&treatment_text(&cell.treatment, ","));
            cell.repetitions.iter().filter_map(move |one| view(&treatment, one, metrics))
        })
        .collect()
}

fn view(treatment: &str, one: &Repetition, metrics: &[MetricDefinition]) -> Option<CapacityView> {
    let search = one.search.as_ref().filter(|search| search.counts_servers())?;
    let mut probes: Vec<&Probe> = search.probes.iter().collect();
    probes.sort_by(|one, other| one.level.total_cmp(&other.level));
    Some(CapacityView {
        treatment: treatment.to_owned(),
        block: one.block,
        practical: practical(search),
        theoretical: theoretical(one, metrics),
        most: search.passed.map(|most| most.to_string()),
        tries: probes.iter().map(|probe| capacity_row(probe, &probes, metrics)).collect(),
    })
}

fn practical(search: &Search) -> String {
    let servers = |count: f64| if count > 1.0 { format!("{count} servers") } else { format!("{count} server") };
    let said = match (search.passed, search.failed) {
        (Some(passed), Some(failed)) => format!("{} ran together, and {failed} did not", servers(passed)),
        (Some(passed), None) => format!("{} ran together, and more were not tried", servers(passed)),
        (None, Some(failed)) => format!("not even {} ran", servers(failed)),
        (None, None) => "nobody could tell how many run together".to_owned(),
    };
    if search.is_complete { said } else { format!("the search did not come to its end; so far, {said}") }
}

fn theoretical(one: &Repetition, metrics: &[MetricDefinition]) -> String {
    let value = |id: &str| one.values.iter().find(|(metric, _)| metric.as_str() == id).map(|(_, value)| value.clone());
    let found = (value("memory_total"), value("memory_per_instance"), value("instances_max_theoretical"));
    let (Some(Ok(total)), Some(Ok(each)), Some(Ok(most))) = found else {
        let gap = value("instances_max_theoretical").and_then(Result::err);
        return gap.map_or_else(|| NOT_MEASURED.to_owned(), |gap| gap.to_string());
    };
    let bytes = |value| Shown::of(row(metrics, "memory_per_instance")).number(value);
    format!("{} ÷ {} for each = {:.2}, so {most}", bytes(total), bytes(each), total / each)
}

fn value(probe: &Probe, id: &str) -> Option<f64> {
    let found = probe.values.iter().find(|(metric, _)| metric.as_str() == id)?;
    found.1.as_ref().ok().copied()
}

fn capacity_row(probe: &Probe, all: &[&Probe], metrics: &[MetricDefinition]) -> CapacityRow {
    let shown = |id: &str, value: Option<f64>| {
        value.map_or_else(|| "–".to_owned(), |value| Shown::of(row(metrics, id)).number(value))
    };
    let of = |id: &str| shown(id, value(probe, id));
    let whole = |probe: &Probe| Some(value(probe, "memory_per_instance")? * probe.level);
    let one_less = all.iter().find(|other| (probe.level - other.level - 1.0).abs() < 0.5);
    let before = if probe.level > 1.5 { one_less.and_then(|other| whole(other)) } else { Some(0.0) };
    let added = whole(probe).zip(before).map(|(whole, before)| whole - before);
    CapacityRow {
        servers: probe.level.to_string(),
        verdict: line(&probe.verdict.to_string()),
        added: shown("memory_per_instance", added),
        each: of("memory_per_instance"),
        throughput: of("output_throughput"),
        ttft: of("ttft_p50"),
        tpot: of("tpot_p50"),
    }
}
