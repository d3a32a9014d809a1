//! How much a run reads, sends and writes, as far as its plan tells.

use std::path::Path;

use serde::Serialize;

use super::{CellSpec, Plan, PlannedCell, offsets};
use crate::scenario::{Length, Load};
use crate::units::{Bytes, Nanos};

/// A request's line in `requests.jsonl` without its gaps between tokens, and
/// one such gap in nanoseconds: lengths of real lines, rounded up.
const RECORD_BYTES: u64 = 1000;
const GAP_BYTES: u64 = 10;

/// What can be known beforehand. What a closed loop sends in a fixed time
/// depends on the servers; telemetry, logs and caches on the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Volume<'a> {
    /// Every prompt file.
    pub prompts: Vec<PromptFile<'a>>,
    /// Requests of open loops of fixed length: their sending times are drawn.
    pub requests_by_rate: u64,
    /// The least requests of windows that end after a number of them.
    pub requests_by_count: u64,
    /// Measurements that send as fast as they are answered, for a fixed time.
    pub measurements_of_unknown_volume: usize,
    /// Searches for the highest load, which send what their tries take.
    pub searches: usize,
    /// About how much the records of the requests counted here take.
    pub records_bytes: Bytes,
}

/// What is read of a file of prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PromptFile<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Prompts in it.
    pub prompts: usize,
    /// Their text alone, in UTF-8.
    pub text_bytes: Bytes,
}

impl<'a> Volume<'a> {
    /// Of a whole run.
    pub fn of(plan: &'a Plan) -> Self {
        let prompts = plan.prompts.iter().map(|(path, prompts)| PromptFile {
            path,
            prompts: prompts.len(),
            text_bytes: Bytes(prompts.iter().map(|line| line.text_bytes() as u64).sum()),
        });
        let nothing = Self {
            prompts: prompts.collect(),
            requests_by_rate: 0,
            requests_by_count: 0,
            measurements_of_unknown_volume: 0,
            searches: 0,
            records_bytes: Bytes(0),
        };
        plan.epochs.iter().flat_map(|epoch| &epoch.cells).fold(nothing, |all, planned| all.with(plan, planned))
    }

    fn with(mut self, plan: &Plan, planned: &PlannedCell) -> Self {
        let cell = &plan.cells[&planned.cell];
        if cell.find.is_some() {
            self.searches += 1;
            return self;
        }
        let requests = match (&cell.load, cell.length) {
            (Load::Clients(_), Length::Duration(_)) => {
                self.measurements_of_unknown_volume += 1;
                return self;
            }
            (_, Length::Duration(length)) => {
                let end = Nanos::from(cell.warmup.duration()).plus(length.duration().into());
                let moments = offsets(cell, planned.seed, plan.trace(cell));
                let sent = moments.take_while(|moment| *moment < end).count() as u64;
                self.requests_by_rate = self.requests_by_rate.saturating_add(sent);
                sent
            }
            (_, Length::Requests(count)) => {
                self.requests_by_count = self.requests_by_count.saturating_add(count);
                count
            }
        };
        let tokens = cell.request.max_tokens.map_or_else(|| recorded_tokens(plan, cell), u64::from);
        let record = RECORD_BYTES + GAP_BYTES * tokens;
        self.records_bytes.0 = self.records_bytes.0.saturating_add(requests.saturating_mul(record));
        self
    }
}

/// Tokens of a reply, on average, where each line of a file says its own.
fn recorded_tokens(plan: &Plan, cell: &CellSpec) -> u64 {
    let lines = cell.request.prompts.as_ref().and_then(|path| plan.prompts.get(path)).map_or(&[][..], Vec::as_slice);
    let tokens: u64 = lines.iter().filter_map(|line| line.prompt().ok()?.max_tokens).map(u64::from).sum();
    tokens / (lines.len() as u64).max(1)
}
