use serde::{Deserialize, Serialize};

/// Where the cause of an invalid repetition lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// In something beside the experiment, a busy machine say: the repetition
    /// is worth another try.
    Circumstance,
    /// In the servers under this load, or in the scenario: another try would
    /// end the same way.
    Workload,
}

impl Cause {
    /// What follows, as words for a table.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Circumstance => "a circumstance: another try may be spared it",
            Self::Workload => "an outcome: another try would end the same way",
        }
    }
}
