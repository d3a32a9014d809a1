//! One cell: what it is, and its repetitions one by one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::answers::Answers;
use super::observe::{Cells, Finished, ObservedCell, ObservedRepetition};
use super::validity::{self, Examined};
use super::{CellSummary, Limit, Pools, Repetition, fault, fraction, objective, search, throughput_course};
use crate::dialect::Api;
use crate::metric::{self, Demand, MemoryBaseline, MetricDefinition, Objectives, Window};
use crate::names::{CellId, MetricId};
use crate::plan::{CellSpec, Plan};
use crate::record::{CellEnd, CellKey, Requests, TelemetryRecord};
use crate::scenario::{Load, Slo};
use crate::units::{Bytes, Nanos, Period};

/// What every repetition is measured with.
#[derive(Clone, Copy)]
pub(super) struct LookedAt<'a> {
    pub(super) plan: &'a Plan,
    pub(super) telemetry: &'a [TelemetryRecord],
    pub(super) limits: &'a [Limit],
}

/// Measures each repetition as its requests come, and lets go of them. One
/// without requests is measured too.
pub(super) fn measure_each<E>(
    with: LookedAt<'_>,
    observed: &mut Cells<'_>,
    requests: impl IntoIterator<Item = Result<(CellKey, Requests), E>>,
) -> Result<(), E> {
    let plan = with.plan;
    for measurement in requests {
        let (CellKey { cell, block, epoch, probe }, requests) = measurement?;
        let each = sends_each_token(plan, &cell);
        let repetition = observed.get_mut(&cell).and_then(|cell| cell.repetitions.get_mut(&(block, epoch, probe)));
        if let (Some(spec), Some(repetition)) = (plan.cells.get(&cell), repetition) {
            repetition.measured = measure((block, epoch), repetition, (spec, each), requests, with);
        }
    }
    for (cell, ObservedCell { repetitions, .. }) in observed {
        let Some(spec) = plan.cells.get(*cell) else { continue };
        let each = sends_each_token(plan, cell);
        for (&(block, epoch, _), repetition) in repetitions.iter_mut().filter(|(_, one)| one.measured.is_none()) {
            repetition.measured = measure((block, epoch), repetition, (spec, each), Requests::default(), with);
        }
    }
    Ok(())
}

/// Nothing if it has no end, or is a try of a search that nobody judged.
fn measure(
    key: (u32, u32),
    observed: &ObservedRepetition<'_>,
    (spec, each): (&CellSpec, bool),
    requests: Requests,
    LookedAt { telemetry, limits, .. }: LookedAt<'_>,
) -> Option<Repetition> {
    let finished = observed.finished?;
    let spec = match &spec.find {
        Some(find) => Cow::Owned(spec.probe(find, observed.probed?.0)),
        None => Cow::Borrowed(spec),
    };
    let window = window(observed, finished, requests, telemetry, &spec);
    let counts = fraction::counts(limits, &window);
    Some(Repetition { counts, ..summarize(key, &window, finished.how, (&spec, each)) })
}

/// Every planned cell with its repetitions and no estimates yet.
pub(super) fn summarize_each(plan: &Plan, observed: &Cells<'_>) -> IndexMap<CellId, CellSummary> {
    let summary = |(id, spec): (&CellId, &CellSpec)| {
        let mut summary = describe(plan, id, spec);
        summary.repetitions = observed.get(id).map(|cell| repetitions(cell, spec)).unwrap_or_default();
        (id.clone(), summary)
    };
    plan.cells.iter().map(summary).collect()
}

/// Whether every server that the cell asks sends each token by itself, as
/// Ollama and llama.cpp do.
fn sends_each_token(plan: &Plan, id: &CellId) -> bool {
    let epoch = plan.epochs.iter().find(|epoch| epoch.cells.iter().any(|planned| planned.cell == *id));
    epoch.is_some_and(|epoch| epoch.servers.iter().all(|server| server.api != Api::OpenAi))
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
        fractions: Vec::new(),
    }
}

fn repetitions(cell: &ObservedCell<'_>, spec: &CellSpec) -> Vec<Repetition> {
    let Some(find) = &spec.find else {
        return cell.repetitions.values().filter_map(|one| one.measured.clone()).collect();
    };
    let mut searches: BTreeMap<(u32, u32), Vec<&ObservedRepetition<'_>>> = BTreeMap::new();
    for ((block, epoch, _), one) in &cell.repetitions {
        searches.entry((*block, *epoch)).or_default().push(one);
    }
    searches.values().filter_map(|tries| search::repetition(find, tries)).collect()
}

/// One measurement, of servers that send each token by itself or may not.
pub(super) fn summarize(
    (block, epoch): (u32, u32),
    window: &Window<'_>,
    how: &CellEnd,
    (spec, sends_each_token): (&CellSpec, bool),
) -> Repetition {
    let mut pools = Pools::default();
    let value = |metric: &MetricDefinition| {
        let id = MetricId::new(metric.id).ok()?;
        let value = pools.note(&id, metric.pooled(window)).unwrap_or_else(|| metric.in_window(window));
        Some((id, value))
    };
    let values = metric::all().iter().filter_map(value).collect();
    let counted = |metric: &MetricDefinition| Some((MetricId::new(metric.id).ok()?, metric.counted(window)?));
    // What comes in an open loop follows what is asked for.
    let course = window.clients.map(|_| throughput_course::course(window));
    let examined = Examined { spec, how, window, sends_each_token, course };
    Repetition {
        block,
        epoch,
        validity: validity::examine(&examined),
        course,
        outcomes: outcomes(window),
        values,
        objectives: objective::values(&spec.slo, window, &mut pools),
        counted: metric::all().iter().filter_map(counted).collect(),
        pools,
        counts: Vec::new(),
        answers: Answers::of(window),
        search: None,
        fault: fault::trial(window),
    }
}

/// What the formulas look at.
pub(super) fn window<'a>(
    observed: &ObservedRepetition<'a>,
    finished: Finished<'a>,
    requests: Requests,
    telemetry: &'a [TelemetryRecord],
    spec: &CellSpec,
) -> Window<'a> {
    let inside = |sample: &&TelemetryRecord| finished.start <= sample.at_ns && sample.at_ns <= finished.end;
    let at_rest = |sample: &&TelemetryRecord| {
        observed.rest.is_some_and(|(start, end)| start <= sample.at_ns && sample.at_ns <= end)
    };
    Window {
        start: finished.start,
        end: finished.end,
        clients: finished.clients,
        servers: finished.servers,
        client: finished.client,
        requests,
        telemetry: telemetry.iter().filter(inside).collect(),
        rest: telemetry.iter().filter(at_rest).collect(),
        foreign_processes: observed.foreign_processes.clone(),
        objectives: objectives(spec),
        memory: baseline(observed, spec.servers),
        upkeep: observed.upkeep,
        kill: observed.kill,
        seen: observed.seen.0.zip(observed.seen.1),
        contexts: observed.contexts.clone(),
        mps: observed.mps,
    }
}

fn baseline(observed: &ObservedRepetition<'_>, instances: u32) -> MemoryBaseline {
    let (before, total) = observed.memory;
    // One after the other; of those that a search has tried, the first so many.
    let models = observed.models.values().take(instances as usize);
    let all = models.copied().try_fold(Bytes(0), |all, one| Some(Bytes(all.0.saturating_add(one?.0))));
    MemoryBaseline { before, total, instances, models: all.filter(|all| all.0 > 0) }
}

/// What a phase demands of one request.
pub(super) fn objectives(CellSpec { slo: Slo { ttft, tpot, e2e, .. }, expect, .. }: &CellSpec) -> Objectives {
    let nanos = |period: &Option<Period>| period.map(|period| Nanos::from(period.duration()));
    let is_any = expect.output_tokens_at_least.is_none() && expect.matches.is_none();
    let reply = if is_any { Demand::Nothing } else { Demand::Expected };
    Objectives { reply, ttft: nanos(ttft), tpot: nanos(tpot), e2e: nanos(e2e) }
}

/// Requests sent inside the window by how they ended, in alphabetical order.
/// A whole reply that failed `expect` is an "unexpected reply".
fn outcomes(window: &Window<'_>) -> IndexMap<String, u64> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for request in window.sent() {
        let unexpected = request.outcome.is_success() && request.unexpected;
        let kind = if unexpected { "unexpected reply" } else { request.outcome.kind().word() };
        *counts.entry(kind).or_default() += 1;
    }
    counts.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect()
}
