//! The JSON Schema of the scenario format, for editors.

use schemars::generate::SchemaSettings;

use super::as_written::as_written;
use crate::scenario::ScenarioFile;

/// The JSON Schema (draft 2020-12) of a scenario file and of the files it
/// includes, as pretty JSON.
///
/// A file without `schema` and `name` counts as one to be included, and needs
/// no key at all.
pub fn schema() -> String {
    let settings = SchemaSettings::draft2020_12().with_transform(as_written);
    let schema = settings.into_generator().into_root_schema_for::<ScenarioFile>();
    // Only a key that is no string can fail, and a schema has none.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
