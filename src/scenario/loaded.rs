//! A scenario while it is being loaded.

use super::files::referenced_file::ReferencedFile;
use super::files::referenced_files::read_referenced;
use super::resolve::Scenario;
use crate::format::{Notes, Problems, SourceMap};

/// A scenario as far as it could be read. What is wrong with it is noted, and a
/// stand-in is in its place, so that the rest can be checked too. A
/// [`Scenario`], which has no problem, comes of it by [`Loaded::settle`] alone.
pub(super) struct Loaded(Scenario);

impl Loaded {
    pub(super) const fn new(draft: Scenario) -> Self {
        Self(draft)
    }

    /// What there is of it, to be checked.
    pub(super) const fn draft(&self) -> &Scenario {
        &self.0
    }

    /// Reads the files that it names; what is wrong with them is noted.
    pub(super) fn read_files(&mut self, files: &[ReferencedFile], notes: &Notes) {
        let held = read_referenced(files, &self.0.dir, notes);
        (self.0.prompts, self.0.traces, self.0.facts) = (held.prompts, held.traces, held.facts);
        self.0.doubts = notes.doubts();
    }

    /// The scenario, if nothing is wrong with it.
    ///
    /// # Errors
    /// Everything that was noted.
    pub(super) fn settle(self, ports_needed: usize, notes: Notes, sources: &SourceMap) -> Result<Scenario, Problems> {
        notes.settle(Scenario { ports_needed, ..self.0 }, sources)
    }
}
