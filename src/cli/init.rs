//! Writes a first scenario.
#![expect(clippy::disallowed_methods, reason = "writing the user's first files is what this file does")]

use std::fs;
use std::path::{Path, PathBuf};

use super::args::InitArguments;
use super::exit::{DONE, Failure, print, say};
use crate::handbook;
use crate::trust;

const SCENARIO: &str = include_str!("../../scenarios/init.toml");
/// As the scenario's `#:schema` line names it.
const SCHEMA: &str = "scenario.schema.json";

/// Writes the scenario and, beside it, the schema that its first line names.
pub(super) fn init(arguments: &InitArguments) -> Result<u8, Failure> {
    let files =
        [(arguments.file.clone(), SCENARIO.to_owned()), (arguments.file.with_file_name(SCHEMA), handbook::schema())];
    if !arguments.force {
        refuse_to_overwrite(&files)?;
    }
    for (path, text) in &files {
        trust::replace(path, text).map_err(|source| Failure::Write { path: path.clone(), source })?;
        print(path.display());
    }
    let file = arguments.file.display();
    say(format_args!("next: `runexp plan {file}`, then `runexp run {file} --simulate dgx-spark`"));
    Ok(DONE)
}

/// Another scenario may stand here already; a schema only if it is the same.
fn refuse_to_overwrite([(scenario, _), (schema, text)]: &[(PathBuf, String); 2]) -> Result<(), Failure> {
    let exists = |path: &Path| path.symlink_metadata().is_ok();
    let is_same = |path: &Path| fs::read(path).is_ok_and(|found| found == text.as_bytes());
    if exists(scenario) {
        return Err(Failure::Exists { path: scenario.clone() });
    }
    if exists(schema) && !is_same(schema) {
        return Err(Failure::Exists { path: schema.clone() });
    }
    Ok(())
}
