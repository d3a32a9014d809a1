//! Which run is to be resumed, and whether it can be.
#![expect(clippy::disallowed_methods, reason = "looks for the run directory that a user names")]

use std::fs;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::clock::Clock;
use crate::names::RunId;
use crate::plan::Plan;
use crate::record::Manifest;
use crate::run::{Resumption, World, same_system};
use crate::scenario::Scenario;
use crate::store::{self, Past, RunDirectory};
use crate::units::Nanos;

/// Between the last record of a session and the first of the next.
const GAP: Nanos = Nanos(1_000_000_000);

/// A run that has ended and is to go on.
pub(super) struct Earlier {
    pub(super) directory: RunDirectory,
    pub(super) past: Past,
}

impl Earlier {
    /// Finds it by its directory, or by its id among the results.
    pub(super) fn find(run: &Path, results: &Path) -> Result<Self, Failure> {
        let path = find(run, results)?;
        // Whoever else goes on with it is waited for by nobody.
        let directory = RunDirectory::claim(path)?;
        let past = store::past(directory.path())?;
        Ok(Self { directory, past })
    }

    /// Its id.
    pub(super) fn run_id(run: &Path, results: &Path) -> Result<RunId, Failure> {
        Ok(store::manifest(&find(run, results)?)?.run_id)
    }

    /// Counts on from its last record.
    pub(super) fn clock(&self) -> Clock {
        Clock::start_at(self.past.last.plus(GAP))
    }

    /// Where it goes on, if what is decided is the same as before.
    pub(super) fn goes_on(&self, scenario: &Scenario, plan: &Plan) -> Result<Resumption, Failure> {
        Ok(Resumption::of(&self.past, scenario, plan)?)
    }

    /// Goes on in its directory, as its next session. Refuses another machine
    /// or another `runexp`.
    pub(super) fn take_up(self, manifest: Manifest, world: &World) -> Result<(RunDirectory, Manifest), Failure> {
        let (environment, _) = world.observe();
        same_system(&self.past.manifest, &manifest, &environment)?;
        let sessions_before = self.past.manifest.sessions();
        Ok((self.directory, Manifest { sessions_before, ..manifest }))
    }
}

fn find(run: &Path, results: &Path) -> Result<PathBuf, Failure> {
    let is_run = |path: &PathBuf| path.join("manifest.json").is_file();
    let named = [run.to_owned()].into_iter();
    let scenarios = fs::read_dir(results).into_iter().flatten().flatten();
    let found = named.chain(scenarios.map(|scenario| scenario.path().join(run))).find(is_run);
    let path = found.ok_or_else(|| Failure::NoRun { run: run.to_owned(), results: results.to_owned() })?;
    fs::canonicalize(&path).map_err(|source| Failure::Host { what: "find the run directory", source })
}
