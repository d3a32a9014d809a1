use indexmap::IndexMap;
use serde::Serialize;

use super::cells::CellRow;
use super::row;
use crate::metric::MetricDefinition;
use crate::report::figure::{self, Figure, Shown};
use crate::report::text::{self, NOT_MEASURED, line, sentence};
use crate::verdict::{AgainstBest, Decision, ServingOption, Standing, Verdicts};

/// Which way to serve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionView {
    /// Best first.
    pub options: Vec<OptionRow>,
    /// `leads`, `equivalent` or `undecided`: how the leading group stands.
    pub standing: &'static str,
    /// What to do, in a sentence.
    pub advice: String,
    /// Why, in a sentence.
    pub because: String,
    /// Treatments that are not ranked for want of a valid measurement.
    pub unmeasured: Vec<String>,
    /// Ways to serve that were not measured here at all.
    pub unplanned: Vec<String>,
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
    /// Its throughput over the fastest option's, `×0.50 [0.49, 0.51], 5 blocks`.
    pub against_best: String,
    /// `fastest`, `equivalent`, `behind` or `not told apart`.
    pub standing: &'static str,
    /// What would have to change for it to lead; none in the leading group.
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
    pub(super) fn of(verdicts: &Verdicts, cells: &[CellRow], metrics: &[MetricDefinition]) -> Self {
        let Decision { options, standing, advice, because, unmeasured, unplanned, evidence } = &verdicts.decision;
        let mut groups: IndexMap<String, Vec<EvidenceLine>> = IndexMap::new();
        for one in evidence {
            groups.entry(line(&one.speaks_for)).or_default().push(EvidenceLine {
                says: line(&one.says),
                measured: one.measured.as_deref().map_or_else(|| NOT_MEASURED.to_owned(), line),
            });
        }
        let fastest = options.iter().find(|option| option.against_best.is_none());
        Self {
            options: options
                .iter()
                .enumerate()
                .map(|(place, option)| option_row(place + 1, option, fastest, cells, metrics))
                .collect(),
            standing: match standing {
                Standing::Leads => "leads",
                Standing::Equivalent => "equivalent",
                Standing::Undecided => "undecided",
            },
            advice: sentence(&line(advice)),
            because: sentence(&line(because)),
            unmeasured: unmeasured.iter().map(|treatment| line(treatment)).collect(),
            unplanned: unplanned.iter().map(|way| line(way)).collect(),
            evidence: groups.into_iter().map(|(speaks_for, lines)| EvidenceGroup { speaks_for, lines }).collect(),
        }
    }
}

fn option_row(
    rank: usize,
    option: &ServingOption,
    fastest: Option<&ServingOption>,
    cells: &[CellRow],
    metrics: &[MetricDefinition],
) -> OptionRow {
    let id = "output_throughput";
    let metric = row(metrics, id);
    OptionRow {
        rank,
        name: line(&option.name),
        treatment: line(&option.treatment),
        cell: line(option.cell.as_str()),
        throughput: Figure::estimate(id, metric, &option.throughput),
        against_best: option.against_best.map_or_else(|| "the fastest".to_owned(), against_best),
        standing: standing(option),
        to_lead: fastest.zip(option.against_best).filter(|_| !option.leads()).map(|(fastest, against)| {
            let lead = Shown::of(metric).number(fastest.throughput.value);
            to_lead(&lead, against)
        }),
        row: cells.iter().find(|cell| cell.id == option.cell.as_str()).cloned(),
    }
}

fn standing(option: &ServingOption) -> &'static str {
    match option.standing() {
        None => "fastest",
        Some(Standing::Equivalent) => "equivalent",
        Some(Standing::Leads) => "behind",
        Some(Standing::Undecided) => "not told apart",
    }
}

fn against_best(AgainstBest { ratio, interval, blocks, standing: _ }: AgainstBest) -> String {
    let noun = if blocks == 1 { "block" } else { "blocks" };
    format!("×{}, {blocks} {noun}", figure::ratio(ratio, interval))
}

/// How far an option is from the fastest, and whether more repetitions may do.
fn to_lead(lead: &str, against: AgainstBest) -> String {
    let gap = 1.0 / against.ratio - 1.0;
    if !gap.is_finite() {
        return "nothing can be said: one of the two has no throughput".to_owned();
    }
    let remark = match (against.standing, against.interval) {
        (_, None) => "without an interval nobody can say whether it already has that",
        (Standing::Undecided, _) => "more repetitions may show that it already has that",
        (Standing::Leads | Standing::Equivalent, _) => "more repetitions will hardly do it",
    };
    format!("more than {lead}, {} above its own; {remark}", text::percent(gap))
}
