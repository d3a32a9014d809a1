use serde::{Deserialize, Serialize};

/// A metric in one repetition.
pub type UnitValue = Result<f64, Gap>;

/// Why there is no number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Gap {
    /// The cell was not run.
    #[error("not run")]
    NotRun,
    /// Every repetition was invalid.
    #[error("invalid: {reason}")]
    Invalid {
        /// The first reason.
        reason: String,
    },
    /// Too few values for this percentile.
    #[error("{n} of the {floor} values that it needs")]
    TooFew {
        /// Values there are.
        n: u64,
        /// Values it needs.
        floor: u64,
    },
    /// So many requests never answered that the percentile is one of them.
    #[error("the percentile falls among requests without an answer")]
    Unanswered,
    /// It took longer than anybody watched (in statistics: it is censored), so
    /// that the repetitions where it ended in time are no fair sample.
    #[error("{reason}")]
    Censored {
        /// At least how long it took.
        reason: String,
    },
    /// Replies came as one body each, which has no first token before its last.
    #[error("not streamed")]
    NotStreamed,
    /// The records do not hold what it needs.
    #[error("{reason}")]
    NotMeasured {
        /// What is missing.
        reason: String,
    },
}

impl Gap {
    /// The records do not hold what it needs.
    pub fn not_measured(reason: impl Into<String>) -> Self {
        Self::NotMeasured { reason: reason.into() }
    }
}
