//! What there is to tell of replies beside their figures.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metric::Basis;
use crate::names::CellId;
use crate::plan::Plan;
use crate::report::text::line;
use crate::summary::{CellSummary, Summary};

/// What the servers answered, where that was no plain reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RepliesView {
    /// Requests that failed where nothing was broken on purpose.
    pub failures: Vec<FailureRow>,
    /// What figures stand on, and what was passed over, in sentences.
    pub remarks: Vec<String>,
}

/// The requests of a repetition that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureRow {
    /// Its cell.
    pub cell: String,
    /// Its block, from 0.
    pub block: u32,
    /// How many failed of how many, and what was said of it.
    pub told: String,
}

impl RepliesView {
    pub(super) fn of(summary: &Summary, plan: &Plan) -> Self {
        let is_whole = |id: &CellId| plan.cells.get(id).is_none_or(|spec| spec.fault.is_none());
        let cells = summary.cells.iter().filter(|(id, _)| is_whole(id));
        let failures = cells.flat_map(|(id, cell)| {
            cell.repetitions.iter().filter_map(|one| {
                let told = line(one.answers.failures.as_ref()?);
                Some(FailureRow { cell: line(id.as_str()), block: one.block, told })
            })
        });
        let passed_over = summary.cells.iter().filter_map(|(id, cell)| passed_over(id, cell));
        Self { failures: failures.collect(), remarks: footing(summary).into_iter().chain(passed_over).collect() }
    }
}

/// What figures of tokens stand on, where that is not the server's count.
fn footing(summary: &Summary) -> Vec<String> {
    let answers = || summary.cells.values().flat_map(|cell| &cell.repetitions).map(|one| &one.answers);
    let has = |basis: Basis| answers().any(|answers| answers.basis == Some(basis));
    let one_choice = answers().any(|answers| answers.counts_one_choice);
    let events = has(Basis::Events).then(|| {
        let why = if one_choice {
            "replies hold several choices (`n`), and the server's count is of fewer"
        } else {
            "the server counted no tokens"
        };
        format!(
            "\"By events\": {why}, so each event of the stream counts as one token, whatever it holds. The number of tokens is not known."
        )
    });
    let chunks = has(Basis::Chunks).then(|| {
        "\"By chunks\": the server counts the tokens of a reply, sends several in a chunk, and does not say how many; the text of \
         each chunk says how they lie."
            .to_owned()
    });
    events.into_iter().chain(chunks).collect()
}

fn passed_over(id: &CellId, cell: &CellSummary) -> Option<String> {
    let mut fields: BTreeMap<&str, u64> = BTreeMap::new();
    for (field, count) in cell.repetitions.iter().flat_map(|one| &one.answers.passed_over) {
        *fields.entry(field).or_default() += count;
    }
    let told: Vec<String> = fields.iter().map(|(field, count)| format!("{} {count} ×", line(field))).collect();
    (!told.is_empty()).then(|| {
        let told = told.join(", ");
        format!(
            "{}: passed over in replies, for it was not as the API says and was not needed: {told}.",
            line(id.as_str())
        )
    })
}
