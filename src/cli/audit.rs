use std::path::PathBuf;

use super::args::{AuditArguments, Format};
use super::exit::{CONTRADICTED, DONE, Failure, print};
use super::scenario::load_published;
use crate::audit;

/// Holds published numbers against each other, against what the machines can do
/// and against other sources, without any of the machines.
pub(super) fn audit(arguments: &AuditArguments) -> Result<u8, Failure> {
    let AuditArguments { files, changes, format } = arguments;
    let load = |file: &PathBuf| Ok((file.display().to_string(), load_published(file, changes)?));
    let published = files.iter().map(load).collect::<Result<Vec<_>, Failure>>()?;
    let audits = audit::audit(&published);
    match format {
        Format::Human => print(audit::render(&audits).trim_end()),
        Format::Json => print(serde_json::to_string_pretty(&audits)?),
    }
    Ok(if audits.is_sound() { DONE } else { CONTRADICTED })
}
