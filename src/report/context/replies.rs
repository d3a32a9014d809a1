//! What there is to tell of replies beside their figures.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metric::{AtOnce, Basis};
use crate::names::CellId;
use crate::plan::Plan;
use crate::report::text::line;
use crate::summary::{Answers, CellSummary, Summary};

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
        let of_cell = |(id, cell)| [hidden(id, cell), at_once(id, cell), unknown_ends(id, cell), passed_over(id, cell)];
        let of_cells = summary.cells.iter().flat_map(of_cell).flatten();
        Self { failures: failures.collect(), remarks: baseline(summary).into_iter().chain(of_cells).collect() }
    }
}

/// What figures of tokens stand on, where that is not the server's count.
fn baseline(summary: &Summary) -> Vec<String> {
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

fn answers(cell: &CellSummary) -> impl Iterator<Item = &Answers> {
    cell.repetitions.iter().map(|one| &one.answers)
}

/// Tokens that nobody received have no time at which they came.
fn hidden(id: &CellId, cell: &CellSummary) -> Option<String> {
    let all = answers(cell).filter_map(|answers| answers.hidden);
    let (hidden, of) = all.fold((0_u64, 0_u64), |sum, one| (sum.0 + one.tokens, sum.1 + one.of));
    (hidden > 0).then(|| {
        format!(
            "{}: of {of} tokens that the server counted, {hidden} were thoughts that it did not send. Figures of tokens count \
             what was sent; the wait for the first token holds the time of the others.",
            line(id.as_str())
        )
    })
}

/// Nobody is accused: a server may send so by itself.
fn at_once(id: &CellId, cell: &CellSummary) -> Option<String> {
    let all: Vec<AtOnce> = answers(cell).filter_map(|answers| answers.at_once).collect();
    let first = all.first()?;
    let (replies, of) = all.iter().fold((0, 0), |sum, one| (sum.0 + one.replies, sum.1 + one.of));
    Some(format!(
        "{}: in {replies} of {of} streamed replies all tokens came with the first, after {:.0} ms of waiting. Something holds \
         replies back until they are whole, a proxy that buffers (`proxy_buffering off` in nginx), or the server sends them \
         so. Then the time to first token is that of the whole reply, and the time per token is none of the server's.",
        line(id.as_str()),
        first.wait_ns.seconds() * 1e3
    ))
}

/// What is no known word for an end may be a word for half a reply.
fn unknown_ends(id: &CellId, cell: &CellSummary) -> Option<String> {
    let told = counted(answers(cell).flat_map(|answers| &answers.unknown_ends))?;
    Some(format!(
        "{}: replies ended for a reason that is not known, and were taken to be whole: {told}.",
        line(id.as_str())
    ))
}

fn counted<'a>(counts: impl Iterator<Item = (&'a String, &'a u64)>) -> Option<String> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (word, count) in counts {
        *sums.entry(word).or_default() += count;
    }
    let told: Vec<String> = sums.iter().map(|(word, count)| format!("{} {count} ×", line(word))).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn passed_over(id: &CellId, cell: &CellSummary) -> Option<String> {
    counted(answers(cell).flat_map(|answers| &answers.passed_over)).map(|told| {
        format!(
            "{}: passed over in replies, for it was not as the API says and was not needed: {told}.",
            line(id.as_str())
        )
    })
}
