//! One cell: what it is, and its repetitions one by one.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::observe::{Finished, ObservedCell, ObservedRepetition};
use super::validity::{self, Examined};
use super::{CellSummary, Repetition, objective, search};
use crate::metric::{self, Demand, Kill, Objectives, Window};
use crate::names::{CellId, MetricId};
use crate::plan::{CellSpec, Plan};
use crate::scenario::{Expect, Load, Slo};
use crate::units::{Nanos, Period};

/// Every planned cell with its repetitions and no estimates yet.
pub(super) fn summarize_each(
    plan: &Plan,
    observed: &BTreeMap<&CellId, ObservedCell<'_>>,
) -> IndexMap<CellId, CellSummary> {
    let summary = |(id, spec): (&CellId, &CellSpec)| {
        let mut summary = describe(plan, id, spec);
        summary.repetitions = observed.get(id).map(|cell| repetitions(cell, spec)).unwrap_or_default();
        (id.clone(), summary)
    };
    plan.cells.iter().map(summary).collect()
}

fn describe(plan: &Plan, id: &CellId, spec: &CellSpec) -> CellSummary {
    let given = spec.find.is_none().then_some(&spec.load);
    let epoch = plan.epochs.iter().find(|epoch| epoch.cells.iter().any(|planned| planned.cell == *id));
    CellSummary {
        treatment: spec.treatment.0.iter().map(|(factor, level)| (factor.to_string(), level.to_string())).collect(),
        phase: spec.phase.clone(),
        load: spec.load_words(),
        clients: given.and_then(Load::clients),
        rate: given.and_then(Load::rate),
        servers: spec.servers,
        slots: epoch.and_then(|epoch| epoch.servers.iter().find_map(|server| server.slots)),
        repetitions: Vec::new(),
        estimates: IndexMap::new(),
        objectives: Vec::new(),
    }
}

fn repetitions(cell: &ObservedCell<'_>, spec: &CellSpec) -> Vec<Repetition> {
    if let Some(find) = &spec.find {
        let mut searches: BTreeMap<(u32, u32), Vec<&ObservedRepetition<'_>>> = BTreeMap::new();
        for ((block, epoch, _), one) in &cell.repetitions {
            searches.entry((*block, *epoch)).or_default().push(one);
        }
        return searches.into_iter().filter_map(|(key, tries)| search::repetition(find, spec, key, &tries)).collect();
    }
    let finished = |(&(block, epoch, _), repetition): (&(u32, u32, Option<u32>), &ObservedRepetition<'_>)| {
        repetition.finished.map(|finished| summarize((block, epoch), repetition, finished, spec))
    };
    cell.repetitions.iter().filter_map(finished).collect()
}

/// One measurement.
pub(super) fn summarize(
    (block, epoch): (u32, u32),
    observed: &ObservedRepetition<'_>,
    finished: Finished<'_>,
    spec: &CellSpec,
) -> Repetition {
    let window = window(observed, finished, spec);
    let values = metric::all()
        .iter()
        .filter_map(|metric| Some((MetricId::new(metric.id).ok()?, metric.in_window(&window))))
        .collect();
    Repetition {
        block,
        epoch,
        validity: validity::examine(&Examined { spec, how: finished.how, window: &window }),
        outcomes: outcomes(&window),
        values,
        objectives: objective::values(&spec.slo, &window),
        search: None,
    }
}

fn window<'a>(observed: &ObservedRepetition<'a>, finished: Finished<'a>, spec: &CellSpec) -> Window<'a> {
    Window {
        start: finished.start,
        end: finished.end,
        clients: finished.clients,
        servers: finished.servers,
        client: finished.client,
        requests: observed.requests.clone(),
        telemetry: observed.telemetry.clone(),
        objectives: objectives(spec),
        kill: observed.killed.map(|(at, server)| Kill { at, server, recovery: observed.recovery }),
    }
}

/// What a phase demands of one request.
pub(super) fn objectives(CellSpec { slo: Slo { ttft, tpot, e2e, .. }, expect, .. }: &CellSpec) -> Objectives {
    let nanos = |period: &Option<Period>| period.map(|period| Nanos::from(period.duration()));
    let reply = if *expect == Expect::default() { Demand::Nothing } else { Demand::Expected };
    Objectives { reply, ttft: nanos(ttft), tpot: nanos(tpot), e2e: nanos(e2e) }
}

/// Requests sent inside the window by how they ended, in alphabetical order.
/// A whole reply that failed `expect` is an "unexpected reply".
fn outcomes(window: &Window<'_>) -> IndexMap<String, u64> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for request in window.sent() {
        let unexpected = request.outcome.is_success() && request.unexpected.is_some();
        let kind = if unexpected { "unexpected reply" } else { request.outcome.kind() };
        *counts.entry(kind).or_default() += 1;
    }
    counts.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect()
}
