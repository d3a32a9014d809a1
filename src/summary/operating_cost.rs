//! What every epoch takes beside its requests: memory, and what must be
//! started.

use std::collections::BTreeMap;

use super::observe::Cells;
use crate::metric::{MemoryBefore, Upkeep};
use crate::plan::{Epoch, Plan};
use crate::record::{Environment, Event, EventRecord, MemoryRecord, RunRecord, ServerKey};
use crate::scenario::{GpuStep, MpsAction, MpsStep, Rights, ServerOrigin, ServerSpec, StepKind, StepSpec};
use crate::units::{Bytes, Nanos};

/// MPS has a control daemon, and a server that it starts for a user's clients.
const PROCESSES_OF_MPS: u32 = 2;

/// Tells every repetition what its epoch takes.
pub(super) fn fill(record: &RunRecord, plan: &Plan, cells: &mut Cells<'_>) {
    let (before, total) = (memory_before(record), memory_total(&record.manifest.environment));
    let ready = times_to_ready(record);
    let (models, contexts) = (models(record), contexts(record));
    // On a simulated machine every server is started.
    let is_simulated = record.manifest.simulated.is_some();
    for (id, cell) in cells {
        // Whatever its number, an epoch of a treatment takes what any other does.
        let epoch = plan.epochs.iter().find(|epoch| epoch.cells.iter().any(|planned| planned.cell == **id));
        // Of servers that come and go there is no count.
        let whole = epoch.filter(|epoch| plan.servers_at_first(epoch) == epoch.servers.len());
        for (key, repetition) in &mut cell.repetitions {
            let read = before.get(&key.1).copied().map_or(MemoryBefore::Unread, MemoryBefore::Read);
            let were_there = epoch.is_some_and(|epoch| !is_simulated && epoch.servers.iter().any(was_there));
            repetition.memory = (if were_there { MemoryBefore::WithServers } else { read }, total);
            repetition.models = models.get(&key.1).cloned().unwrap_or_default();
            repetition.contexts = contexts.get(&key.1).cloned().unwrap_or_default();
            let ready = ready.get(&key.1).copied().filter(|_| !were_there);
            repetition.upkeep = whole.map(|epoch| upkeep(epoch, ready));
        }
    }
}

/// In use before the first server of each epoch.
fn memory_before(record: &RunRecord) -> BTreeMap<u32, MemoryRecord> {
    let before = |record: &EventRecord| match record.event {
        Event::Memory { epoch, servers: 0, memory } => Some((epoch, memory)),
        _ => None,
    };
    record.events.iter().filter_map(before).collect()
}

/// Of the GPUs, or of the host where they have none of their own.
fn memory_total(environment: &Environment) -> Option<Bytes> {
    let own = environment.gpus.iter().filter_map(|gpu| gpu.memory_bytes);
    own.reduce(|all, one| Bytes(all.0.saturating_add(one.0))).or(environment.memory_bytes)
}

/// What each server of each epoch says its model takes.
fn models(record: &RunRecord) -> BTreeMap<u32, BTreeMap<ServerKey, Option<Bytes>>> {
    let mut models: BTreeMap<u32, BTreeMap<ServerKey, Option<Bytes>>> = BTreeMap::new();
    for EventRecord { event, .. } in &record.events {
        if let Event::ServerReady { epoch, server, about, .. } = event {
            models.entry(*epoch).or_default().insert(server.clone(), about.weights.or(about.state.bytes));
        }
    }
    models
}

/// Tokens that the context of one request may have, by each server of each
/// epoch that tells.
fn contexts(record: &RunRecord) -> BTreeMap<u32, BTreeMap<ServerKey, u64>> {
    let mut contexts: BTreeMap<u32, BTreeMap<ServerKey, u64>> = BTreeMap::new();
    for EventRecord { event, .. } in &record.events {
        let Event::ServerReady { epoch, server, about, .. } = event else { continue };
        let Some(tokens) = about.state.context_tokens else { continue };
        contexts.entry(*epoch).or_default().insert(server.clone(), tokens);
    }
    contexts
}

/// From the start of each epoch until its last server was first ready.
fn times_to_ready(record: &RunRecord) -> BTreeMap<u32, Nanos> {
    let (mut started, mut ready) = (BTreeMap::new(), BTreeMap::new());
    for EventRecord { at_ns, event } in &record.events {
        match event {
            Event::EpochStarted { epoch, .. } => {
                started.insert(*epoch, *at_ns);
            }
            Event::ServerReady { epoch, .. } => {
                let start = started.get(epoch).copied().unwrap_or(*at_ns);
                ready.insert(*epoch, at_ns.since(start));
            }
            _ => {}
        }
    }
    ready
}

fn upkeep(epoch: &Epoch, ready: Option<Nanos>) -> Upkeep {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let ours = epoch.servers.iter().filter(|server| !was_there(server)).count();
    let changing = || epoch.setup.iter().filter(|step| changes(step));
    let daemons = changing().filter(|step| matches!(step.kind, StepKind::Gpu(GpuStep::Mps(_)))).count();
    Upkeep {
        processes: count(epoch.servers.len()) + PROCESSES_OF_MPS * count(daemons),
        ports: count(epoch.servers.len()),
        steps: count(changing().count() + ours),
        privileged: count(changing().filter(|step| step.rights() != Rights::Own).count()),
        ready,
    }
}

/// Whether a run does not start it.
const fn was_there(server: &ServerSpec) -> bool {
    matches!(server.origin, ServerOrigin::Url { .. })
}

/// Whether a step does more than look.
fn changes(step: &StepSpec) -> bool {
    !matches!(step.kind, StepKind::Look(_) | StepKind::Gpu(GpuStep::Mps(MpsStep { action: MpsAction::Absent, .. })))
}
