//! Where results go, and that root relies on nobody else there.

use std::io;
use std::path::Path;

use super::exit::Failure;
use crate::names::{RunId, ScenarioName};
use crate::store::RunDirectory;
use crate::trust;

/// Whether the run changes this host, or only simulates one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    /// It has logs, which commands open by their names.
    Host,
    /// All that it writes it opens in the folder that it has made, which may be
    /// somebody else's.
    Nothing,
}

/// Makes the directory of a run.
pub(super) fn create(
    results: &Path,
    scenario: &ScenarioName,
    run: &RunId,
    changes: Changes,
) -> Result<RunDirectory, Failure> {
    let doubt = match changes {
        Changes::Host => trust::doubt_to_be(results),
        Changes::Nothing => trust::foreign_link(results),
    };
    trust::rely_on(doubt.map_err(unfound)?)?;
    Ok(RunDirectory::create(results, scenario, run)?)
}

/// Refuses, as root, a directory that somebody else could put another in the
/// place of.
pub(super) fn relied_on(directory: RunDirectory, changes: Changes) -> Result<RunDirectory, Failure> {
    if changes == Changes::Host {
        trust::rely_on(trust::doubt(directory.path()).map_err(unfound)?)?;
    }
    Ok(directory)
}

fn unfound(source: io::Error) -> Failure {
    Failure::Host { what: "find the results folder", source }
}
