use crate::journal::StateFolder;
use crate::names::RunId;
use crate::process::Known;
use crate::record::ProcessIdentity;

/// Looks at what a run has started, and keeps it beside the journal for a
/// cleanup that finds neither the run nor this process.
pub(super) struct Look<'a> {
    run: &'a RunId,
    spared: &'a [ProcessIdentity],
    known: Known,
    is_kept: bool,
}

impl<'a> Look<'a> {
    pub(super) fn at(run: &'a RunId, spared: &'a [ProcessIdentity]) -> Self {
        Self { run, spared, known: Known::default(), is_kept: false }
    }

    /// What cannot be seen or kept is found by other means, or named as possible.
    pub(super) fn look(&mut self) {
        let is_new = self.known.look(self.spared).unwrap_or_default();
        let is_new = is_new || !self.is_kept;
        let kept = StateFolder::open().and_then(|state| state.remember(self.run, &self.known, is_new));
        self.is_kept = kept.unwrap_or_default();
    }
}
