use super::{UndoError, UndoLog, apply, by_hand};
use crate::process::{ForcedShutdown, SpareFiles, Unannounced, Undoing};
use crate::record::{Certainty, Leftover, Undo, UndoEntry, UndoState};
use crate::text::with_causes;

/// Every effect that has to be taken back, in the order of registration.
///
/// `journal` hears of every change of state *before* the call that made it
/// returns, so an effect never happens unannounced. Where it fails for an
/// intent, the effect is refused. Where it fails later, what it has of the
/// intent suffices: an undo may be done twice.
#[derive(Debug)]
pub struct UndoStack<J> {
    entries: Vec<UndoEntry>,
    next: u32,
    log: UndoLog,
    forced: ForcedShutdown,
    spare: SpareFiles,
    journal: J,
}

/// An effect that could not be taken back.
#[derive(Debug)]
pub struct UndoFailure {
    /// What was to be taken back.
    pub entry: UndoEntry,
    /// Why it could not be.
    pub error: UndoError,
}

impl UndoFailure {
    /// Why, with all causes.
    pub fn told(&self) -> String {
        with_causes(&self.error)
    }

    /// The command by which a person can do it.
    pub fn help(&self) -> String {
        by_hand(&self.entry.undo)
    }
}

impl<J: FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced>> UndoStack<J> {
    /// An empty stack; the output of undo commands goes to `log`.
    pub fn new(log: impl Into<UndoLog>, forced: ForcedShutdown, journal: J) -> Self {
        Self::resumed(Vec::new(), log.into(), forced, journal)
    }

    /// The stack that another process has left, in the order of registration.
    pub fn resumed(entries: Vec<UndoEntry>, log: UndoLog, forced: ForcedShutdown, journal: J) -> Self {
        let next = entries.last().map_or(0, |entry| entry.sequence.saturating_add(1));
        Self { entries, next, log, forced, spare: SpareFiles::keep(), journal }
    }

    /// The next number: what is registered from now on can be unwound alone.
    pub const fn mark(&self) -> u32 {
        self.next
    }

    /// Whether there is nothing to take back.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes everything back. A second call has nothing left to do but what
    /// failed in the first.
    pub async fn unwind(&mut self) -> Vec<UndoFailure> {
        self.brace();
        self.unwind_registered_since(0).await
    }

    /// Frees what is kept for the time when everything must be taken back.
    pub fn brace(&mut self) {
        self.spare.release();
    }

    /// Takes back what was registered since [`mark`](Self::mark), the last
    /// first, and returns what could not be. That stays on the stack.
    pub async fn unwind_to(&mut self, mark: u32) -> Vec<UndoFailure> {
        self.brace();
        let failures = self.unwind_registered_since(mark).await;
        self.spare = SpareFiles::keep();
        failures
    }

    async fn unwind_registered_since(&mut self, mark: u32) -> Vec<UndoFailure> {
        let mut failures = Vec::new();
        for position in (0..self.entries.len()).rev() {
            let Some(entry) = self.entries.get(position).filter(|entry| entry.sequence >= mark).cloned() else {
                break;
            };
            match apply(&entry.undo, &self.log, &self.forced).await {
                Ok(()) => {
                    self.entries.remove(position);
                    self.note(&entry, &UndoState::Undone);
                }
                Err(error) => {
                    let reason = format!("{}; to do it by hand: `{}`", with_causes(&error), by_hand(&entry.undo));
                    self.note(&entry, &UndoState::Failed { reason });
                    failures.push(UndoFailure { entry, error });
                }
            }
        }
        failures
    }

    /// Announces processes that could not be ended, so that a later process
    /// tries again; `None` if all of them are announced already.
    pub fn owe(&mut self, mut processes: Vec<Leftover>) -> Option<UndoFailure> {
        processes.retain(|leftover| !self.entries.iter().any(|entry| names(&entry.undo, leftover)));
        if processes.is_empty() {
            return None;
        }
        let error = UndoError::Alive { processes: processes.clone() };
        let undo = Undo::EndProcesses { processes, certainty: Certainty::Ours };
        let entry = UndoEntry { sequence: self.next, undo };
        self.next += 1;
        // Where it cannot be written down, it is told all the same.
        self.note(&entry, &UndoState::Failed { reason: with_causes(&error) });
        self.entries.push(entry.clone());
        Some(UndoFailure { entry, error })
    }

    fn note(&mut self, entry: &UndoEntry, state: &UndoState) {
        // Without this line the undo is done once more by whoever reads the journal.
        let _ = (self.journal)(entry, state);
    }
}

impl<J: FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced>> Undoing for UndoStack<J> {
    fn register(&mut self, undo: Undo) -> Result<u32, Unannounced> {
        let entry = UndoEntry { sequence: self.next, undo };
        (self.journal)(&entry, &UndoState::Intent)?;
        self.next += 1;
        self.entries.push(entry);
        Ok(self.next - 1)
    }

    fn withdraw(&mut self, sequence: u32) {
        if let Some(position) = self.entries.iter().position(|entry| entry.sequence == sequence) {
            let entry = self.entries.remove(position);
            self.note(&entry, &UndoState::Undone);
        }
    }

    fn done(&mut self, sequence: u32, undo: Undo) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.sequence == sequence) {
            entry.undo = undo;
            let entry = entry.clone();
            self.note(&entry, &UndoState::Done);
        }
    }
}

fn names(undo: &Undo, leftover: &Leftover) -> bool {
    matches!(undo, Undo::EndProcesses { processes, .. } if processes.iter().any(|known| known.process == leftover.process))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use indexmap::IndexMap;
    use tokio::time;

    use super::*;

    #[tokio::test]
    async fn an_undo_that_hangs_has_its_own_time_and_the_others_are_done() {
        let folder = tempfile::tempdir().unwrap();
        let (log, forced) = (folder.path().join("undo.log"), ForcedShutdown::default());
        let mut states = Vec::new();
        let mut stack = UndoStack::new(log, forced, |entry: &UndoEntry, state: &UndoState| {
            states.push(format!("{} {}", entry.sequence, serde_json::to_value(state).unwrap()["state"]));
            Ok(())
        });
        for script in ["echo > first", "echo > begun; exec sleep 1000", "echo > last"] {
            let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
            let (label, dir) = ("knob".to_owned(), Some(folder.path().to_owned()));
            stack.register(Undo::Command { label, argv, env: IndexMap::new(), dir, privileged: false }).unwrap();
        }
        let a_minute_passes = async {
            while !folder.path().join("begun").exists() {
                time::sleep(Duration::from_millis(1)).await;
            }
            time::pause();
            time::advance(Duration::from_secs(61)).await;
            time::resume();
        };
        let (failures, ()) = tokio::join!(stack.unwind(), a_minute_passes);
        let failures: Vec<String> = failures.iter().map(UndoFailure::told).collect();
        assert_eq!(
            failures,
            ["`knob` was not undone: `sh -c 'echo > begun; exec sleep 1000'` did not end within 1m; its log is empty"]
        );
        assert!(folder.path().join("first").exists() && folder.path().join("last").exists());
        drop(stack);
        let said = states.join(", ").replace('"', "");
        assert_eq!(said, "0 intent, 1 intent, 2 intent, 2 undone, 1 failed, 0 undone");
    }
}
