use super::exit::{DONE, print};
use crate::scenario;

/// Prints the JSON Schema of the scenario format.
pub(super) fn schema() -> u8 {
    print(scenario::schema().trim_end());
    DONE
}
