//! Records sorted by the cell they belong to.

use std::collections::BTreeMap;

use crate::names::CellId;
use crate::record::{
    CellEnd, CellKey, ClientHonesty, Event, EventRecord, RequestRecord, RunRecord, ServerKey, TelemetryRecord,
};
use crate::units::Nanos;

/// What was observed of one cell.
#[derive(Default)]
pub(super) struct ObservedCell<'a> {
    /// By block, then epoch.
    pub(super) repetitions: BTreeMap<(u32, u32), ObservedRepetition<'a>>,
    /// Why it was skipped, the first time it was.
    pub(super) skipped: Option<&'a str>,
}

/// What was observed of one repetition.
#[derive(Default)]
pub(super) struct ObservedRepetition<'a> {
    pub(super) finished: Option<Finished<'a>>,
    pub(super) requests: Vec<&'a RequestRecord>,
    /// Samples taken inside the window.
    pub(super) telemetry: Vec<&'a TelemetryRecord>,
    pub(super) killed: Option<(Nanos, &'a ServerKey)>,
    pub(super) recovery: Option<Nanos>,
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

type Cells<'a> = BTreeMap<&'a CellId, ObservedCell<'a>>;

/// Sorts a run's records by cell and repetition.
pub(super) fn by_cell(record: &RunRecord) -> Cells<'_> {
    let mut cells = Cells::new();
    for event in &record.events {
        observe_event(&mut cells, event);
    }
    for request in &record.requests {
        repetition(&mut cells, &request.cell).requests.push(request);
    }
    for repetition in cells.values_mut().flat_map(|cell| cell.repetitions.values_mut()) {
        if let Some(Finished { start, end, .. }) = repetition.finished {
            let inside = |sample: &&TelemetryRecord| start <= sample.at_ns && sample.at_ns <= end;
            repetition.telemetry = record.telemetry.iter().filter(inside).collect();
        }
    }
    cells
}

fn repetition<'map, 'a>(cells: &'map mut Cells<'a>, key: &'a CellKey) -> &'map mut ObservedRepetition<'a> {
    cells.entry(&key.cell).or_default().repetitions.entry((key.block, key.epoch)).or_default()
}

fn observe_event<'a>(cells: &mut Cells<'a>, record: &'a EventRecord) {
    match &record.event {
        Event::CellFinished {
            cell,
            window_start_ns,
            window_end_ns,
            clients,
            servers,
            end,
            client,
            load_start_ns: _,
        } => {
            repetition(cells, cell).finished = Some(Finished {
                start: *window_start_ns,
                end: *window_end_ns,
                clients: *clients,
                servers: *servers,
                how: end,
                client,
            });
        }
        Event::CellSkipped { cell, reason } => {
            cells.entry(&cell.cell).or_default().skipped.get_or_insert(reason);
        }
        Event::ServerKilled { cell, server } => {
            repetition(cells, cell).killed.get_or_insert((record.at_ns, server));
        }
        Event::ServerRecovered { cell, recovery_ns, .. } => {
            repetition(cells, cell).recovery.get_or_insert(*recovery_ns);
        }
        Event::EpochStarted { .. }
        | Event::ServerReady { .. }
        | Event::ServerFailed { .. }
        | Event::ServerStopped { .. }
        | Event::Contained { .. }
        | Event::Undo { .. }
        | Event::Signal { .. }
        | Event::Look(_)
        | Event::Warning { .. } => {}
    }
}
