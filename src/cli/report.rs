use super::args::{Format, ReportArguments};
use super::derive::derive;
use super::exit::{CONTRADICTED, DONE, Failure, print};

/// Renders the report of a run again, from its directory alone.
pub(super) fn report(arguments: &ReportArguments) -> Result<u8, Failure> {
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
