use std::ffi::OsString;

use super::args::{Format, ReportArguments};
use super::derive::derive;
use super::exit::{CONTRADICTED, DONE, Failure, print};
use super::template_limits;

/// Renders the report of a run again, from its directory alone. With templates
/// of a user a process of its own does so.
pub(super) fn report(arguments: &ReportArguments, words: &[OsString]) -> Result<u8, Failure> {
    if !arguments.templates.is_empty() && !arguments.rendering {
        return template_limits::apart(words);
    }
    let derived = derive(&arguments.directory, &arguments.templates)?;
    match arguments.format {
        Format::Human => {
            for name in &derived.files {
                print(arguments.directory.join(name).display());
            }
        }
        Format::Json => print(serde_json::to_string_pretty(&derived.summary)?),
    }
    Ok(if arguments.gate.lets_pass(&derived.verdicts) { DONE } else { CONTRADICTED })
}
