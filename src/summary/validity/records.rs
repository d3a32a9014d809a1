//! Whether what was measured is what the records say.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::{Examined, Reason, Rule, Validity, as_f64};
use crate::metric::Window;
use crate::names::CellId;
use crate::plan::Plan;
use crate::record::{CellKey, Event, LookDecision, Outcome, RunRecord};
use crate::summary::{CellSummary, Repetition};
use crate::units::Nanos;

/// No server sends the tokens of one reply faster, in tokens per second.
const FASTEST: f64 = 1_000_000.0;

/// Adds to every repetition what is wrong with its records, and puts one without
/// values in the place of each that was planned and is not in the records.
pub(in crate::summary) fn examine_records(record: &RunRecord, plan: &Plan, cells: &mut IndexMap<CellId, CellSummary>) {
    for (id, cell) in cells.iter_mut() {
        for repetition in &mut cell.repetitions {
            let Repetition { block, epoch, .. } = *repetition;
            let key = CellKey { cell: id.clone(), block, epoch, probe: None };
            let flaws = record.integrity.flaws.iter().filter(|flaw| flaw.touches.concerns(&key));
            let told: Vec<String> = flaws.map(ToString::to_string).collect();
            if !told.is_empty() {
                let text = format!("its records are not those that were written: {}", told.join("; "));
                repetition.validity.add(Reason { rule: Rule::RecordsChanged, text });
            }
        }
    }
    for (cell, block, epoch) in missing(record, plan) {
        if let Some(cell) = cells.get_mut(cell) {
            cell.repetitions.push(not_there(block, epoch));
            cell.repetitions.sort_by_key(|one| (one.block, one.epoch));
        }
    }
}

/// What was planned of a run that says that it did everything, and is neither
/// measured nor skipped in its records.
fn missing<'p>(record: &RunRecord, plan: &'p Plan) -> Vec<(&'p CellId, u32, u32)> {
    if record.manifest.outcome != Outcome::Completed {
        return Vec::new();
    }
    let stopped = record.events.iter().find_map(|one| match &one.event {
        Event::Look(look) if look.decision == LookDecision::Stopped => Some(look.blocks),
        _ => None,
    });
    let due = stopped.unwrap_or(plan.blocks);
    let told: BTreeSet<(&CellId, u32)> = record
        .events
        .iter()
        .filter_map(|one| match &one.event {
            Event::CellFinished { cell, .. } | Event::CellSkipped { cell, .. } => Some((&cell.cell, cell.block)),
            _ => None,
        })
        .collect();
    let planned =
        plan.epochs.iter().flat_map(|epoch| epoch.cells.iter().map(move |one| (&one.cell, one.block, epoch.index)));
    planned.filter(|(cell, block, _)| *block < due && !told.contains(&(*cell, *block))).collect()
}

fn not_there(block: u32, epoch: u32) -> Repetition {
    let reason = "it was planned, the run says that it did all, and the records have nothing of it";
    Repetition::without_values(block, epoch, Validity::because(Rule::NotInRecords, reason))
}

/// What no driver records.
pub(super) fn impossible(examined: &Examined<'_>) -> Option<String> {
    let window = examined.window;
    gap(window, examined.spec.load.clients().is_none()).or_else(|| out_of_order(window)).or_else(|| too_fast(window))
}

/// The requests of each client are numbered from 0; those of an open loop are a
/// client each.
fn gap(window: &Window<'_>, is_open: bool) -> Option<String> {
    let mut numbers: Vec<(u32, u64, Option<u32>)> =
        window.requests.iter().map(|request| (request.client, request.sequence, request.turn)).collect();
    numbers.sort_unstable();
    let mut before: Option<(u32, u64, Option<u32>)> = None;
    if let Some((first @ 1.., ..)) = numbers.first().copied().filter(|_| is_open) {
        return Some(format!("request {} of the schedule is missing", first - 1));
    }
    for now @ (client, sequence, _) in numbers {
        let (last_client, due) = match before {
            Some(last) if last == now => return Some(format!("request {sequence} of client {client} stands twice")),
            Some((last, at, _)) if last == client => (last, at + 1),
            Some((last, ..)) => (last, 0),
            None => (client, 0),
        };
        if sequence > due {
            return Some(format!("request {due} of client {client} is missing"));
        }
        if is_open && client > last_client + 1 {
            return Some(format!("request {} of the schedule is missing", last_client + 1));
        }
        before = Some(now);
    }
    None
}

fn out_of_order(window: &Window<'_>) -> Option<String> {
    let is_wrong = |request: &crate::record::Request<'_>| {
        let moments = [
            Some(request.sent_ns),
            request.headers_ns,
            request.first_token_ns,
            request.last_token_ns,
            Some(request.finished_ns),
        ];
        let gaps: u64 = request.chunks.iter().fold(0, |sum, (gap, _)| sum.saturating_add(gap.0));
        let whole = request.last_token_ns.map_or(Nanos::ZERO, |last| last.since(request.sent_ns));
        !moments.into_iter().flatten().is_sorted() || gaps != whole.0
    };
    let wrong = window.requests.iter().find(is_wrong)?;
    Some(format!("the times of request {} of client {} do not follow each other", wrong.sequence, wrong.client))
}

fn too_fast(window: &Window<'_>) -> Option<String> {
    let rate = |request: &crate::record::Request<'_>| {
        let seconds = request.finished_ns.since(request.sent_ns).seconds();
        (seconds > 0.0).then(|| as_f64(request.usage.visible_tokens().unwrap_or(0)) / seconds)
    };
    let fastest = window.requests.iter().filter_map(|request| rate(&request)).fold(0.0, f64::max);
    (fastest > FASTEST)
        .then(|| format!("a reply has {fastest:.0} tokens for each of its seconds, more than any server sends"))
}
