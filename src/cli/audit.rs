use super::args::{AuditArguments, Format};
use super::exit::{CONTRADICTED, DONE, Failure, print};
use super::scenario::load_published;
use crate::audit;

/// Holds published numbers against each other and against what the machines
/// can do, without any of them.
pub(super) fn audit(arguments: &AuditArguments) -> Result<u8, Failure> {
    let audited = audit::audit(&load_published(&arguments.scenario)?);
    match arguments.format {
        Format::Human => {
            print(audit::render(&arguments.scenario.scenario.display().to_string(), &audited).trim_end());
        }
        Format::Json => print(serde_json::to_string_pretty(&audited)?),
    }
    Ok(if audited.is_sound() { DONE } else { CONTRADICTED })
}
