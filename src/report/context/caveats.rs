//! What a run cannot tell, and how far it is to be trusted.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::plan::{CellSpec, Plan};
use crate::record::{Environment, GpuIdentity, Manifest, Outcome};
use crate::report::text::line;
use crate::scenario::{Length, Processes};
use crate::summary::{Summary, Validity};
use crate::verdict::{Advice, Decision};

/// What stands beside every conclusion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaveatsView {
    /// What was not tried, or cannot be told from what was.
    pub unknown: Vec<String>,
    /// On what the figures stand, part by part: `one H100`, `16 minutes`.
    pub trust: Vec<String>,
}

impl CaveatsView {
    pub(super) fn of(manifest: &Manifest, plan: &Plan, summary: &Summary, decision: &Decision) -> Self {
        let unknown = untried_ways(decision)
            .chain(decision.unmeasured.iter().map(|treatment| format!("{treatment}: no valid measurement")))
            .chain(loads(summary, decision))
            .chain([faults(plan, summary), quality(plan)])
            .chain(["other models, prompts, cards or engines than those of this run".to_owned()]);
        Self { unknown: unknown.map(|one| line(&one)).collect(), trust: trust(manifest, plan, summary, decision) }
    }
}

fn untried_ways(decision: &Decision) -> impl Iterator<Item = String> {
    decision.unplanned.iter().map(|way| format!("{way}: not tried at this load"))
}

/// `more than 3 clients`.
fn loads(summary: &Summary, decision: &Decision) -> Option<String> {
    let cell = summary.cells.get(&decision.options.first()?.cell)?;
    let same_phase = summary.cells.values().filter(|other| other.phase == cell.phase);
    match (cell.clients, cell.rate) {
        (Some(_), _) => {
            let most = same_phase.filter_map(|cell| cell.clients).max()?;
            Some(format!("more than {most} {}", if most == 1 { "client" } else { "clients" }))
        }
        (None, Some(_)) => {
            let most = same_phase.filter_map(|cell| cell.rate).reduce(f64::max)?;
            Some(format!("more than {most} requests per second"))
        }
        (None, None) => None,
    }
}

/// Which faults were tried, and how often; all other kinds were not.
fn faults(plan: &Plan, summary: &Summary) -> String {
    let tried: BTreeSet<String> = plan.cells.values().filter_map(fault).collect();
    let trials = summary.cells.values().flat_map(|cell| &cell.repetitions).filter(|one| one.fault.is_some()).count();
    let times = if trials == 1 { "once".to_owned() } else { format!("{trials} times") };
    if tried.is_empty() || trials == 0 {
        return "what a fault does: none was tried".to_owned();
    }
    let tried: Vec<String> = tried.into_iter().collect();
    format!(
        "faults of the GPU itself, crashes that begin there, and hangs: only {} was tried, {times}",
        tried.join(", ")
    )
}

fn fault(cell: &CellSpec) -> Option<String> {
    let fault = cell.fault.as_ref()?;
    let whom = match fault.processes {
        Processes::All => "a server",
        Processes::Workers => "a server's workers",
    };
    Some(format!("{} to {whom}", fault.signal))
}

fn quality(plan: &Plan) -> String {
    let is_checked = plan.cells.values().any(|cell| cell.expect.matches.is_some());
    if is_checked {
        "whether the replies are good: only what `expect` says was looked at".to_owned()
    } else {
        "whether the replies are good: nobody looked at what they say".to_owned()
    }
}

fn trust(manifest: &Manifest, plan: &Plan, summary: &Summary, decision: &Decision) -> Vec<String> {
    let cell = decision.options.first().and_then(|first| plan.cells.get(&first.cell));
    let parts = [
        Some(machine(&manifest.environment)),
        boots(manifest),
        duration(manifest),
        cell.map(window),
        Some(blocks(plan, summary, decision)),
        invalid(summary),
        resumed(summary),
        (manifest.outcome != Outcome::Completed).then(|| "the run did not complete".to_owned()),
        (decision.advice == Advice::Alone).then(|| "no other option to compare with".to_owned()),
    ];
    parts.into_iter().flatten().map(|one| line(&one)).collect()
}

fn machine(environment: &Environment) -> String {
    let names: Vec<&str> = environment.gpus.iter().map(name).collect();
    match names.as_slice() {
        [] => "no GPU seen".to_owned(),
        [one] => format!("one {one}"),
        [first, ..] => format!("{} GPUs, the first {first}", names.len()),
    }
}

fn name(gpu: &GpuIdentity) -> &str {
    &gpu.name
}

fn boots(manifest: &Manifest) -> Option<String> {
    let sessions = manifest.sessions_before.iter().map(|session| &session.environment);
    let boots: Option<BTreeSet<&String>> =
        sessions.chain([&manifest.environment]).map(|environment| environment.boot_id.as_ref()).collect();
    boots.map(|boots| if boots.len() == 1 { "one boot".to_owned() } else { format!("{} boots", boots.len()) })
}

fn duration(manifest: &Manifest) -> Option<String> {
    let minutes = (manifest.finished? - manifest.first_started()).num_minutes();
    Some(match minutes {
        0 => "under a minute".to_owned(),
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    })
}

fn window(cell: &CellSpec) -> String {
    match &cell.length {
        Length::Duration(period) => format!("{period} windows"),
        Length::Requests(requests) => format!("{requests} requests a window"),
    }
}

fn blocks(plan: &Plan, summary: &Summary, decision: &Decision) -> String {
    let most = decision.options.iter().map(|option| option.figure.n).max().unwrap_or_default();
    let noun = if plan.blocks == 1 { "block" } else { "blocks" };
    let looks = if summary.looks.is_empty() { "" } else { ", stopped by what was seen" };
    format!("{most} of {} {noun}{looks}", plan.blocks)
}

fn invalid(summary: &Summary) -> Option<String> {
    let repetitions = || summary.cells.values().flat_map(|cell| &cell.repetitions);
    let invalid = repetitions().filter(|one| one.validity != Validity::Valid).count();
    (invalid > 0).then(|| format!("{invalid} of {} repetitions do not count", repetitions().count()))
}

fn resumed(summary: &Summary) -> Option<String> {
    let first = summary.resumed.first()?;
    Some(format!("went on with block {} after what came before had been seen", first.block + 1))
}
