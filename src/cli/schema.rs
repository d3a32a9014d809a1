use super::exit::{DONE, print};
use crate::handbook;

/// Prints the JSON Schema of the scenario format.
pub(super) fn schema() -> u8 {
    print(handbook::schema().trim_end());
    DONE
}
