//! `[[setup]]`, `[[epoch.setup]]` and `[[teardown]]`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::super::step::{OnError, StepKind};
use crate::format::{Condition, exactly_one, table};
use crate::units::Period;

table! {
    /// The keys that every step may have.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct CommonKeys as pub(in crate::scenario) StepKeys {
        /// What it is called; its kind if left out.
        name: Option<String>,
        /// An expression over variables and factors; the step is left out where it
        /// does not hold.
        when: Option<Condition>,
        /// It is stopped, and has failed, after this time; `60s` if left out.
        timeout: Option<Period>,
        /// How often it is tried again after a failure, 0 to 100.
        #[schemars(range(max = 100))]
        retries: Option<u32>,
        /// What its failure means for the run.
        on_error: Option<OnError>,
        /// Whether its command runs through `sudo -n`.
        privileged: Option<bool>,
    }
}

/// A table of one of the sections: exactly one kind key beside the common ones.
pub(in crate::scenario) struct Step;

impl JsonSchema for Step {
    fn schema_name() -> Cow<'static, str> {
        "Step".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut step = CommonKeys::json_schema(generator);
        if let Some(Value::Object(properties)) = step.get_mut("properties") {
            for kind in StepKind::entries() {
                properties.insert(kind.key.to_owned(), (kind.schema)(generator).into());
            }
        }
        let keys: Vec<&str> = StepKind::entries().map(|kind| kind.key).collect();
        step.insert("description".to_owned(), "Something done to the machine. Exactly one key says what.".into());
        step.insert("oneOf".to_owned(), exactly_one(&keys));
        step
    }
}
