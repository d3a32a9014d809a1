use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// What could be seen of a server that the run has not started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlreadyThere {
    /// The program that listens on its port of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// What that was started with, of the variables that change how it serves.
    /// Absent where nobody may look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<IndexMap<String, String>>,
}
