use indexmap::IndexMap;
use serde::Serialize;

use super::cells::CellRow;
use super::row;
use crate::report::figure::{Figure, MetricRow, Shown};
use crate::report::text::{self, NOT_MEASURED, line};
use crate::verdict::{Decision, ServingOption, Verdicts};

/// Which way to serve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionView {
    /// Best first.
    pub options: Vec<OptionRow>,
    /// Whether the intervals tell the first from the second.
    pub decided: bool,
    /// Why, in a sentence.
    pub because: String,
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
    /// Its throughput there.
    pub throughput: Figure,
    /// What would have to change for it to lead; none for the leader.
    pub to_lead: Option<String>,
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
    pub(super) fn of(verdicts: &Verdicts, cells: &[CellRow], metrics: &[MetricRow]) -> Self {
        let Decision { options, decided, because, evidence } = &verdicts.decision;
        let mut groups: IndexMap<String, Vec<EvidenceLine>> = IndexMap::new();
        for one in evidence {
            groups.entry(line(&one.speaks_for)).or_default().push(EvidenceLine {
                says: line(&one.says),
                measured: one.measured.as_deref().map_or_else(|| NOT_MEASURED.to_owned(), line),
            });
        }
        let leader = options.first();
        Self {
            options: options
                .iter()
                .enumerate()
                .map(|(place, option)| option_row(place + 1, option, leader, cells, metrics))
                .collect(),
            decided: *decided,
            because: line(because),
            evidence: groups.into_iter().map(|(speaks_for, lines)| EvidenceGroup { speaks_for, lines }).collect(),
        }
    }
}

fn option_row(
    rank: usize,
    option: &ServingOption,
    leader: Option<&ServingOption>,
    cells: &[CellRow],
    metrics: &[MetricRow],
) -> OptionRow {
    let id = "output_throughput";
    let metric = row(metrics, id);
    let shown = metric.map_or(Shown::PLAIN, |metric| Shown::of(metric.unit));
    OptionRow {
        rank,
        name: line(&option.name),
        treatment: line(&option.treatment),
        cell: line(option.cell.as_str()),
        throughput: Figure::estimate(id, metric, shown, &option.throughput),
        to_lead: leader.filter(|_| rank > 1).map(|leader| to_lead(option, leader, shown)),
        row: cells.iter().find(|cell| cell.id == option.cell.as_str()).cloned(),
    }
}

/// How far an option is from the first place, and whether the two intervals
/// already touch.
fn to_lead(option: &ServingOption, leader: &ServingOption, shown: Shown) -> String {
    let (own, first) = (&option.throughput, &leader.throughput);
    let gap = first.value / own.value - 1.0;
    if !gap.is_finite() {
        return "nothing can be said: one of the two has no throughput".to_owned();
    }
    let remark = match (own.interval, first.interval) {
        (Some(own), Some(first)) if own.upper >= first.lower => "the intervals overlap, so more repetitions may do it",
        (Some(_), Some(_)) => "the intervals do not overlap",
        (None, _) | (_, None) => "without intervals nobody can say whether it already has that",
    };
    format!("more than {}, {} above its own; {remark}", shown.number(first.value), text::percent(gap))
}
