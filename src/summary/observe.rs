//! Events sorted by the cell they belong to.

use std::collections::{BTreeMap, BTreeSet};

use super::Repetition;
use crate::metric::{ForeignProcess, Kill, MemoryBefore, Upkeep};
use crate::names::CellId;
use crate::record::{
    CellEnd, CellKey, ClientHonesty, Event, EventRecord, Moment, MpsWitness, ProbeVerdict, RunRecord, ServerAnswered,
    ServerKey, ServerKilled, ServerRecovered, ServerSeen, ServerSilent,
};
use crate::units::{Bytes, Nanos};

/// What was observed of one cell.
#[derive(Default)]
pub(super) struct ObservedCell<'a> {
    /// By block, then epoch, then try of a search.
    pub(super) repetitions: BTreeMap<(u32, u32, Option<u32>), ObservedRepetition<'a>>,
    /// Why it was skipped, the first time it was.
    pub(super) skipped: Option<&'a str>,
}

/// What was observed of one repetition.
#[derive(Default)]
pub(super) struct ObservedRepetition<'a> {
    pub(super) finished: Option<Finished<'a>>,
    /// The load of a try, and what the run made of it.
    pub(super) probed: Option<(f64, &'a ProbeVerdict)>,
    /// What was killed in it, and what became of that.
    pub(super) kill: Option<Kill<'a>>,
    /// The servers before and after the load.
    pub(super) seen: (Option<&'a [ServerSeen]>, Option<&'a [ServerSeen]>),
    /// Tokens that the context of one request may have, of each server that tells.
    pub(super) contexts: BTreeMap<ServerKey, u64>,
    /// Who was a client of MPS.
    pub(super) mps: Option<&'a MpsWitness>,
    /// When the servers of its epoch were at rest, if that was measured.
    pub(super) rest: Option<(Nanos, Nanos)>,
    /// Who computed on a GPU and should not have, in the whole run.
    pub(super) foreign_processes: Vec<ForeignProcess<'a>>,
    /// What came of it, once its requests have been looked at.
    pub(super) measured: Option<Repetition>,
    /// In use before the epoch's first server, and all there is.
    pub(super) memory: (MemoryBefore, Option<Bytes>),
    /// What each server that was started in its epoch says its model takes.
    pub(super) models: BTreeMap<ServerKey, Option<Bytes>>,
    /// What its epoch takes.
    pub(super) upkeep: Option<Upkeep>,
}

/// What [`Event::CellFinished`] says.
#[derive(Clone, Copy)]
pub(super) struct Finished<'a> {
    pub(super) start: Nanos,
    pub(super) end: Nanos,
    pub(super) clients: Option<u32>,
    pub(super) servers: u32,
    pub(super) how: &'a CellEnd,
    pub(super) client: &'a ClientHonesty,
}

pub(super) type Cells<'a> = BTreeMap<&'a CellId, ObservedCell<'a>>;

/// Sorts a run's events by cell and repetition.
pub(super) fn by_cell(record: &RunRecord) -> Cells<'_> {
    let mut cells = Cells::new();
    let void = void(record);
    for event in &record.events {
        observe_event(&mut cells, event);
    }
    for cell in cells.values_mut() {
        cell.repetitions.retain(|(_, epoch, _), _| !void.contains(epoch));
    }
    let rests: BTreeMap<u32, (Nanos, Nanos)> = record.events.iter().filter_map(|record| rest(&record.event)).collect();
    let foreign_processes = foreign_processes(record);
    for ((_, epoch, _), repetition) in cells.values_mut().flat_map(|cell| &mut cell.repetitions) {
        repetition.rest = rests.get(epoch).copied();
        repetition.foreign_processes.clone_from(&foreign_processes);
    }
    cells
}

/// The epochs whose block was measured again after the run was resumed.
fn void(record: &RunRecord) -> BTreeSet<u32> {
    let void =
        |event: &EventRecord| if let Event::Resumed(seam) = &event.event { seam.void.clone() } else { Vec::new() };
    record.events.iter().flat_map(void).collect()
}

const fn rest(event: &Event) -> Option<(u32, (Nanos, Nanos))> {
    let Event::IdleBaseline { epoch, start_ns, end_ns } = event else { return None };
    Some((*epoch, (*start_ns, *end_ns)))
}

/// When a run is resumed, pids begin anew: whoever was seen before is not meant
/// by the same number later.
fn foreign_processes<'a>(record: &'a RunRecord) -> Vec<ForeignProcess<'a>> {
    let seams: Vec<Nanos> =
        record.events.iter().filter(|one| matches!(one.event, Event::Resumed(_))).map(|one| one.at_ns).collect();
    let foreign_process = |one: &'a EventRecord| {
        let Event::ForeignProcess { gpu, pid, program, .. } = &one.event else { return None };
        let until = seams.iter().copied().find(|seam| *seam > one.at_ns);
        Some(ForeignProcess { gpu, pid: *pid, program, since: one.at_ns, until })
    };
    record.events.iter().filter_map(foreign_process).collect()
}

/// What an [`Event::CellFinished`] says, and of which measurement.
pub(super) const fn finished(event: &Event) -> Option<(&CellKey, Finished<'_>)> {
    let Event::CellFinished { cell, window_start_ns, window_end_ns, clients, servers, end, client, load_start_ns: _ } =
        event
    else {
        return None;
    };
    let (start, end_ns) = (*window_start_ns, *window_end_ns);
    Some((cell, Finished { start, end: end_ns, clients: *clients, servers: *servers, how: end, client }))
}

fn repetition<'map, 'a>(cells: &'map mut Cells<'a>, key: &'a CellKey) -> &'map mut ObservedRepetition<'a> {
    cells.entry(&key.cell).or_default().repetitions.entry((key.block, key.epoch, key.probe)).or_default()
}

fn after_kill<'a>(cells: &mut Cells<'a>, key: &'a CellKey, note: impl FnOnce(&mut Kill<'a>)) {
    if let Some(kill) = &mut repetition(cells, key).kill {
        note(kill);
    }
}

fn observe_event<'a>(cells: &mut Cells<'a>, record: &'a EventRecord) {
    match &record.event {
        end @ Event::CellFinished { cell, .. } => {
            repetition(cells, cell).finished = finished(end).map(|(_, finished)| finished);
        }
        Event::Probed { cell, level, verdict } => repetition(cells, cell).probed = Some((*level, verdict)),
        Event::CellSkipped { cell, reason } => {
            cells.entry(&cell.cell).or_default().skipped.get_or_insert(reason);
        }
        Event::ServerKilled(ServerKilled { cell, server, pids: _ }) => {
            let kill = Kill { at: record.at_ns, server, ready: None, probed: None, silent: None };
            repetition(cells, cell).kill.get_or_insert(kill);
        }
        Event::ServerRecovered(ServerRecovered { cell, recovery_ns, .. }) => {
            after_kill(cells, cell, |kill| kill.ready = Some(*recovery_ns));
        }
        Event::ServerAnswered(ServerAnswered { cell, first_token_ns, .. }) => {
            after_kill(cells, cell, |kill| kill.probed = Some(*first_token_ns));
        }
        Event::ServerSilent(ServerSilent { cell, waited_ns, reason, .. }) => {
            after_kill(cells, cell, |kill| kill.silent = Some((*waited_ns, reason)));
        }
        Event::ServersSeen { cell, moment, servers } => {
            let seen = &mut repetition(cells, cell).seen;
            match moment {
                Moment::Before => seen.0 = Some(servers),
                Moment::After => seen.1 = Some(servers),
            }
        }
        Event::MpsWitnessed(witness) => repetition(cells, &witness.cell).mps = Some(witness),
        Event::EpochStarted { .. }
        | Event::ServerReady { .. }
        | Event::ServerFailed { .. }
        | Event::ServerStopped { .. }
        | Event::Memory { .. }
        | Event::Contained { .. }
        | Event::Undo { .. }
        | Event::Signal { .. }
        | Event::MeasuredAgain { .. }
        | Event::Checkpoint { .. }
        | Event::Sealed(_)
        | Event::Begun(_)
        | Event::Ended(_)
        | Event::Resumed(_)
        | Event::Look(_)
        | Event::IdleBaseline { .. }
        | Event::GpuLost { .. }
        | Event::GpuBack { .. }
        | Event::ForeignProcess { .. }
        | Event::TelemetryCosts { .. }
        | Event::PromptLengthFound(_)
        | Event::Warning { .. } => {}
    }
}
