use std::path::Path;

use chrono::{DateTime, Utc};

use super::{RunDirectory, StoreError, read};
use crate::record::Outcome;

/// Says in the manifest of a run whose process died that it failed, and when.
/// A run that has told its end keeps it.
///
/// # Errors
/// If the manifest cannot be read or written.
pub fn conclude(directory: &Path, reason: &str, finished: DateTime<Utc>) -> Result<(), StoreError> {
    let mut manifest = read::manifest(directory)?;
    if manifest.outcome == Outcome::Running {
        manifest.outcome = Outcome::Failed { reason: reason.to_owned() };
        manifest.finished = Some(finished);
        RunDirectory::open(directory).write_manifest(&manifest)?;
    }
    Ok(())
}
