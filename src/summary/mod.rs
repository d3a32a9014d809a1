//! From records to estimates: per cell and metric a value with its interval,
//! or the reason why there is none. Pure.

mod answers;
mod cell;
mod confidence;
mod estimate;
mod estimator;
mod fault;
mod fraction;
mod look;
mod measured;
mod objective;
mod observe;
mod operating_cost;
mod outcome;
mod pooled;
mod reference;
mod search;
mod states;
mod throughput_course;
mod types;
mod validity;

#[cfg(test)]
mod tests;

use crate::plan::{Epoch, Plan};
use crate::record::{
    AlreadyThere, CellKey, Event, EventRecord, Look, Requests, Resumed, RunRecord, ServerAbout, ServerKey,
};
use crate::scenario::Claim;

pub use crate::metric::{Gap, UnitValue};
pub use answers::{Answers, Hidden};
pub use confidence::Confidence;
pub use estimator::{estimator_words, explain_estimator};
pub use fault::{Answer, FaultTrial, Help};
pub use fraction::{Count, Fraction, Limit};
pub use look::look;
pub use measured::{Estimate, Interval, Measured};
pub use outcome::{explain_outcome, outcome_words};
pub use pooled::Pools;
pub use search::judge;
pub use throughput_course::ThroughputCourse;
pub use types::{Attained, CellSummary, Objective, Probe, Repetition, Seam, Search, Summary};
use validity::DeclaredSlots;
pub use validity::{Cause, RULES, Reason, Rule, RuleDefinition, Validity, explain_rule, rule_words};

/// The version of `summary.json`.
const SUMMARY_VERSION: u32 = 1;

/// Every planned cell with its repetitions and estimates, in the plan's order.
/// The same records, plan and claims give the same summary; of the claims, only
/// the limits are taken that requests are to be counted under.
///
/// `requests` are those of one measurement after the other, each measurement
/// once, in whatever order; none is kept for longer than it takes to look at
/// it.
///
/// # Errors
/// The first error among `requests`.
pub fn summarize<E>(
    record: &RunRecord,
    plan: &Plan,
    claims: &[Claim],
    requests: impl IntoIterator<Item = Result<(CellKey, Requests), E>>,
) -> Result<Summary, E> {
    let mut observed = observe::by_cell(record);
    operating_cost::fill(record, plan, &mut observed);
    let limits = fraction::limits(claims);
    let looked_at = cell::LookedAt { plan, telemetry: &record.telemetry, limits: &limits };
    cell::measure_each(looked_at, &mut observed, requests)?;
    let mut cells = cell::summarize_each(plan, &observed);
    validity::examine_servers(record, &declared_slots(plan), &mut cells);
    validity::examine_records(record, plan, &mut cells);
    reference::fill(plan, &mut cells);
    let planned_looks = plan.looks.as_ref().map_or(0, |looks| u32::try_from(looks.after.len()).unwrap_or(u32::MAX));
    let mut summary = Summary {
        schema_version: SUMMARY_VERSION,
        simulated: record.manifest.simulated.as_ref().map(|simulation| simulation.machine.clone()),
        blocks: plan.blocks,
        planned_looks,
        looks: looks(record),
        resumed: resumed(record, plan),
        served: served(record),
        states: states::told(record),
        already_there: already_there(record),
        integrity: record.integrity.clone(),
        cells,
    };
    let confidence = summary.confidence();
    estimate::fill(plan, (&limits, confidence), &mut summary.cells, &observed);
    Ok(summary)
}

/// How many requests each server of each treatment is to work on at once, where
/// that is declared.
fn declared_slots(plan: &Plan) -> DeclaredSlots {
    let servers = |epoch: &'_ Epoch| {
        let treatment = epoch.treatment.to_string();
        let slots = epoch.servers.iter().filter_map(|server| {
            let key = ServerKey { name: server.name.clone(), index: server.index };
            Some(((treatment.clone(), key), server.slots?))
        });
        slots.collect::<Vec<_>>()
    };
    plan.epochs.iter().flat_map(servers).collect()
}

fn served(record: &RunRecord) -> Vec<ServerAbout> {
    let mut served: Vec<ServerAbout> = Vec::new();
    for event in &record.events {
        let Event::ServerReady { about, .. } = &event.event else { continue };
        let identity = about.identity();
        if !served.contains(&identity) {
            served.push(identity);
        }
    }
    served
}

fn already_there(record: &RunRecord) -> Vec<(String, AlreadyThere)> {
    let mut told = Vec::new();
    for event in &record.events {
        if let Event::ServerReady { server, already_there: Some(seen), .. } = &event.event {
            let one = (server.to_string(), seen.clone());
            if !told.contains(&one) {
                told.push(one);
            }
        }
    }
    told
}

fn looks(record: &RunRecord) -> Vec<Look> {
    let look = |event: &Event| if let Event::Look(look) = event { Some(look.clone()) } else { None };
    record.events.iter().filter_map(|record| look(&record.event)).collect()
}

fn resumed(record: &RunRecord, plan: &Plan) -> Vec<Seam> {
    let seam = |event: &Event| {
        let Event::Resumed(Resumed { wall, kept, void, .. }) = event else { return None };
        let of_void =
            |one: &&EventRecord| observe::finished(&one.event).is_some_and(|(key, _)| void.contains(&key.epoch));
        let next = plan.epochs.iter().find(|epoch| epoch.index == *kept);
        Some(Seam {
            wall: *wall,
            block: next.map_or(plan.blocks, |epoch| epoch.block),
            void: u32::try_from(record.events.iter().filter(of_void).count()).unwrap_or(u32::MAX),
        })
    };
    record.events.iter().filter_map(|record| seam(&record.event)).collect()
}
