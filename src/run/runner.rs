use std::path::Path;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use super::context::Context;
pub(super) use super::error::RunStop;
use super::event::RunEvent;
use super::guard::{Announce, announce};
use super::interrupt::Interrupt;
use super::memory::Gauge;
use super::resumption::Resumption;
use crate::journal::Journal;
use crate::plan::Epoch;
use crate::process::{ForcedShutdown, MemoryLog};
use crate::record::{Event, EventRecord, Scope, StepOutcome, StepRecord};
use crate::scenario::{OnError, StepSpec};
use crate::step::Performed;
use crate::store::{Ledger, Pen};
use crate::text::with_causes;
use crate::undo::{UndoLog, UndoStack};

/// Why an epoch is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// It is planned.
    First,
    /// Something has spoiled what was measured.
    Again,
}

/// Owns everything that must be taken back.
pub(super) struct Runner<'a> {
    pub(super) context: Context<'a>,
    pub(super) undo: UndoStack<Announce>,
    pub(super) stop: CancellationToken,
    pub(super) forced: ForcedShutdown,
    /// Whether anything may have been changed.
    pub(super) has_begun: bool,
    /// Whether `runexp cleanup` will have something to do.
    pub(super) is_in_debt: bool,
    pub(super) cells_done: usize,
    pub(super) pass: Pass,
    /// The number of the next epoch in the records.
    pub(super) next_epoch: u32,
    /// That of the first in this session.
    pub(super) first_epoch: u32,
    /// What the setup's steps want all servers to find in their environment.
    pub(super) setup_environment: IndexMap<String, String>,
    /// The same, with what the epoch's own steps want.
    pub(super) server_environment: IndexMap<String, String>,
    /// Memory in use by this epoch's servers.
    pub(super) gauge: Gauge,
    pub(super) ledger: &'a Ledger,
    /// What is measured suffices: the cells that are left were never due.
    pub(super) is_enough: bool,
    pen: Pen,
    watch: &'a dyn Fn(RunEvent),
    logs: u32,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        context: Context<'a>,
        journal: Option<Journal>,
        ledger: &'a Ledger,
        interrupt: &Interrupt,
        watch: &'a dyn Fn(RunEvent),
    ) -> Self {
        let (pen, forced) = (ledger.pen(), interrupt.forced().clone());
        let Resumption { next_epoch, logs, .. } = context.resumption.clone().unwrap_or_default();
        let beside_journal = journal.as_ref().map(|journal| Journal::undo_log(journal.folder()));
        let log = UndoLog::first_of([context.directory.log(0, "undo")].into_iter().chain(beside_journal));
        let log = log.hiding(context.directory.redaction());
        let announce = announce(journal, context.clock, pen.clone());
        Self {
            undo: UndoStack::new(log, forced.clone(), announce),
            context,
            stop: interrupt.token().clone(),
            forced,
            has_begun: false,
            is_in_debt: false,
            cells_done: 0,
            pass: Pass::First,
            next_epoch,
            first_epoch: next_epoch,
            setup_environment: IndexMap::new(),
            server_environment: IndexMap::new(),
            gauge: Gauge::default(),
            ledger,
            is_enough: false,
            pen,
            watch,
            logs,
        }
    }

    /// Setup, and every epoch or as many as it takes.
    pub(super) async fn perform(&mut self) -> Result<(), RunStop> {
        let plan = self.context.plan;
        self.resume();
        if let Some(containment) = self.context.containment.clone() {
            self.note(Event::Contained { containment });
        }
        self.require_gpus()?;
        self.require_places()?;
        self.may_do_all().await?;
        self.refuse_foreign()?;
        self.require_needs().await?;
        self.has_begun = true;
        self.setup_environment = self.steps(&plan.setup, Scope::Setup).await?;
        self.catch_up().await?;
        for round in plan.rounds() {
            if !self.is_enough && !self.is_kept(round) {
                self.round(round).await?;
            }
        }
        Ok(())
    }

    /// Epochs that are whole only together, and a look at what they say.
    async fn round(&mut self, round: &[Epoch]) -> Result<(), RunStop> {
        let Some(last) = round.last() else { return Ok(()) };
        for epoch in round {
            self.go_on()?;
            self.epoch(epoch).await?;
        }
        self.checkpoint(round)?;
        self.rerun(round).await?;
        self.is_enough = self.is_enough_after(last.block + 1);
        Ok(())
    }

    /// Says that these epochs, and all before them, are whole.
    pub(super) fn checkpoint(&self, round: &[Epoch]) -> Result<(), RunStop> {
        // What a signal has cut short is not whole.
        self.go_on()?;
        // Whoever finds the checkpoint finds everything before it.
        self.ledger.seal(self.context.clock.now());
        self.ledger.settle();
        if let Some(last) = round.last() {
            self.note(Event::Checkpoint { epochs: last.index + 1 });
        }
        Ok(())
    }

    /// All steps in order; what they want servers to find in their environment.
    pub(super) async fn steps(
        &mut self,
        steps: &[StepSpec],
        scope: Scope,
    ) -> Result<IndexMap<String, String>, RunStop> {
        let mut environment = IndexMap::new();
        for step in steps {
            self.go_on()?;
            environment.extend(self.step(step, scope).await?);
        }
        Ok(environment)
    }

    pub(super) async fn step(&mut self, step: &StepSpec, scope: Scope) -> Result<IndexMap<String, String>, RunStop> {
        self.tell(RunEvent::Step { name: step.name.clone() });
        let started_ns = self.context.clock.now();
        let log = self.log(&step.name);
        // What takes effects back runs even where its log cannot be written.
        let memory = (scope == Scope::Teardown).then(|| MemoryLog::instead_of(&log)).flatten();
        let world = &self.context.world;
        let gpus = || world.gpus();
        let context = self.context.step_context(memory.as_ref().map_or(&log, MemoryLog::path), &gpus, &self.stop);
        let result = world.perform(step, &context, &mut self.undo).await;
        let (outcome, performed, error) = match (result, step.on_error) {
            (Ok((outcome, performed)), _) => (outcome, performed, None),
            (Err(error), OnError::Warn) => {
                let reason = with_causes(&error);
                self.warn(format!("step `{}`: {reason}", step.name));
                (StepOutcome::Warned { reason }, Performed::default(), None)
            }
            (Err(error), OnError::Fail) => {
                (StepOutcome::Failed { reason: with_causes(&error) }, Performed::default(), Some(error))
            }
        };
        self.pen.step(StepRecord {
            sequence: self.logs,
            scope,
            name: step.name.clone(),
            kind: step.kind.key().to_owned(),
            started_ns,
            finished_ns: self.context.clock.now(),
            outcome,
            facts: performed.facts,
            log: log.exists().then(|| relative(&log, self.context.directory.path())),
        });
        match error {
            None => Ok(performed.server_env),
            Some(_) if self.stop.is_cancelled() => Err(RunStop::Interrupted),
            Some(source) => Err(RunStop::Step { name: step.name.clone(), source: Box::new(source) }),
        }
    }

    /// The next log file.
    pub(super) fn log(&mut self, name: &str) -> std::path::PathBuf {
        self.logs += 1;
        self.context.directory.log(self.logs, name)
    }

    pub(super) fn go_on(&self) -> Result<(), RunStop> {
        if self.stop.is_cancelled() {
            Err(RunStop::Interrupted)
        } else if self.ledger.is_writing() {
            Ok(())
        } else {
            Err(RunStop::Records)
        }
    }

    pub(super) const fn pen(&self) -> &Pen {
        &self.pen
    }

    pub(super) fn note(&self, event: Event) {
        self.pen.event(EventRecord { at_ns: self.context.clock.now(), event });
    }

    pub(super) fn tell(&self, event: RunEvent) {
        (self.watch)(event);
    }

    pub(super) fn warn(&self, message: String) {
        self.note(Event::Warning { message: message.clone() });
        self.tell(RunEvent::Warning { message });
    }
}

fn relative(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).display().to_string()
}
