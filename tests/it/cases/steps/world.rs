use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use runexp::process::{ForcedShutdown, Unannounced};
use runexp::record::{GpuIdentity, GpuReading, UndoEntry, UndoState};
use runexp::scenario::{OnError, StepSpec};
use runexp::step::{Performed, StepContext, StepError, perform};
use runexp::undo::UndoStack;
use runexp::units::Period;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A folder for a scenario and its run, and an undo stack whose journal is kept.
pub(super) struct World<J> {
    pub(super) dir: TempDir,
    pub(super) cancel: CancellationToken,
    pub(super) undo: UndoStack<J>,
    /// What a look at the GPUs finds.
    pub(super) gpus: Result<Vec<(GpuIdentity, GpuReading)>, String>,
    journal: Receiver<String>,
}

pub(super) fn world() -> World<impl FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced>> {
    let dir = TempDir::new().unwrap();
    let (sink, journal) = mpsc::channel();
    let note = move |entry: &UndoEntry, state: &UndoState| {
        let what = serde_json::to_value(&entry.undo).unwrap();
        let state = serde_json::to_value(state).unwrap();
        let line = format!("{} {} {}", entry.sequence, what["kind"], state["state"]).replace('"', "");
        sink.send(line).unwrap();
        Ok(())
    };
    let undo = UndoStack::new(dir.path().join("undo.log"), ForcedShutdown::default(), note);
    World { undo, dir, cancel: CancellationToken::new(), gpus: Err("there is none".to_owned()), journal }
}

impl<J: FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced>> World<J> {
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) async fn perform(&mut self, step: &StepSpec) -> Result<Performed, StepError> {
        let log = self.path("step.log");
        let dir = self.dir.path();
        let gpus = || self.gpus.clone();
        let context = StepContext { dir, run_id: "r1", run_dir: dir, log: &log, gpus: &gpus, cancel: &self.cancel };
        perform(step, &context, &mut self.undo).await
    }

    pub(super) fn journal(&self) -> String {
        self.journal.try_iter().collect::<Vec<_>>().join("\n")
    }
}

/// A step as a scenario writes it.
pub(super) fn step(kind: &serde_json::Value) -> StepSpec {
    StepSpec {
        name: "the step".to_owned(),
        kind: serde_json::from_value(kind.clone()).unwrap(),
        timeout: Period::from_secs(20),
        retries: 0,
        on_error: OnError::Fail,
        privileged: false,
    }
}

pub(super) fn within(milliseconds: u64, step: StepSpec) -> StepSpec {
    StepSpec { timeout: Duration::from_millis(milliseconds).into(), ..step }
}

pub(super) fn pid_in(path: &Path) -> Option<u32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}
