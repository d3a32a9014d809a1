use std::path::Path;

use indexmap::IndexMap;

use super::hashing::Hashing;
use super::lines::Lines;
use super::{EVENTS, REQUESTS, STEPS, StoreError, TELEMETRY};
use crate::names::RunId;
use crate::record::{CellKey, Event, EventRecord, RequestRecord, Seal, SealedRequests, Stretch};

/// Keeps what was written since the last seal.
pub(super) struct Sealer {
    run: RunId,
    next: u32,
    steps: Hashing,
    telemetry: Hashing,
    events: Hashing,
    requests: IndexMap<CellKey, Hashing>,
    all_events: Hashing,
}

/// Lines of each file that stand before its last seal.
#[derive(Default)]
struct Sealed {
    seals: u32,
    steps: u64,
    telemetry: u64,
    requests: u64,
    /// The last seal itself is no part of what it seals.
    events: u64,
}

impl Sealer {
    /// For a run that begins, or goes on: what an earlier session wrote after its
    /// last seal becomes a part of the next.
    pub(super) fn open(directory: &Path, run: &RunId) -> Result<Self, StoreError> {
        let mut sealer = Self {
            run: run.clone(),
            next: 0,
            steps: Hashing::default(),
            telemetry: Hashing::default(),
            events: Hashing::default(),
            requests: IndexMap::new(),
            all_events: Hashing::default(),
        };
        let mut before = Sealed::default();
        let mut lines = Lines::open(&directory.join(EVENTS))?;
        while lines.advance()? {
            sealer.all_events.take(lines.line());
            if let Some(EventRecord { event: Event::Sealed(seal), .. }) = lines.record()? {
                before.add(&seal);
            }
        }
        sealer.next = before.seals;
        unsealed(&directory.join(STEPS), before.steps, |lines| {
            sealer.step(lines.line());
            Ok(())
        })?;
        unsealed(&directory.join(TELEMETRY), before.telemetry, |lines| {
            sealer.telemetry(lines.line());
            Ok(())
        })?;
        unsealed(&directory.join(EVENTS), before.events, |lines| {
            sealer.events.take(lines.line());
            Ok(())
        })?;
        unsealed(&directory.join(REQUESTS), before.requests, |lines| {
            if let Some(RequestRecord { cell, .. }) = lines.record()? {
                sealer.request(&cell, lines.line());
            }
            Ok(())
        })?;
        Ok(sealer)
    }

    pub(super) fn step(&mut self, line: &[u8]) {
        self.steps.take(line);
    }

    pub(super) fn telemetry(&mut self, line: &[u8]) {
        self.telemetry.take(line);
    }

    pub(super) fn event(&mut self, line: &[u8]) {
        self.events.take(line);
        self.all_events.take(line);
    }

    pub(super) fn request(&mut self, cell: &CellKey, line: &[u8]) {
        if let Some(known) = self.requests.get_mut(cell) {
            known.take(line);
        } else {
            self.requests.entry(cell.clone()).or_default().take(line);
        }
    }

    /// Seals all that came since the seal before.
    pub(super) fn seal(&mut self) -> Seal {
        let requests = self.requests.drain(..).map(|(cell, lines)| SealedRequests { cell, stretch: lines.stretch() });
        let seal = Seal {
            number: self.next,
            run: self.run.clone(),
            steps: self.steps.close(),
            telemetry: self.telemetry.close(),
            events: self.events.close(),
            requests: requests.collect(),
        };
        self.next += 1;
        seal
    }

    /// The whole of `events.jsonl`, with every seal in it.
    pub(super) fn all_events(&self) -> Stretch {
        self.all_events.stretch()
    }
}

impl Sealed {
    fn add(&mut self, seal: &Seal) {
        self.seals = self.seals.max(seal.number + 1);
        self.steps += seal.steps.lines;
        self.telemetry += seal.telemetry.lines;
        self.events += seal.events.lines;
        self.requests += seal.requests.iter().map(|one| one.stretch.lines).sum::<u64>();
    }
}

/// Gives every line after so many to `take`.
fn unsealed(
    path: &Path,
    sealed: u64,
    mut take: impl FnMut(&Lines) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut lines = Lines::open(path)?;
    let mut number = 0;
    while lines.advance()? {
        number += 1;
        if number > sealed {
            take(&lines)?;
        }
    }
    Ok(())
}
