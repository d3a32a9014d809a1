use std::fmt;

use serde::{Deserialize, Serialize};

use crate::names::{CellId, ServerName};

/// One measurement of a cell: which cell, in which block and epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellKey {
    /// The cell.
    pub cell: CellId,
    /// The block (repetition), from 0.
    pub block: u32,
    /// The epoch, from 0 over the whole run.
    pub epoch: u32,
    /// Which try of a search for the highest load it is, from 0; `None` for a
    /// cell that is measured once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<u32>,
}

/// What a try of a search for the highest load says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ProbeVerdict {
    /// The load met the objectives.
    Passed,
    /// It did not.
    Failed {
        /// Which, in a sentence.
        reason: String,
    },
    /// Nobody can tell.
    Unjudged {
        /// Why, in a sentence.
        reason: String,
    },
}

/// `passed`, or `failed: …`.
impl fmt::Display for ProbeVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => write!(f, "passed"),
            Self::Failed { reason } => write!(f, "failed: {reason}"),
            Self::Unjudged { reason } => write!(f, "not judged: {reason}"),
        }
    }
}

/// One server instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServerKey {
    /// Its declared name.
    pub name: ServerName,
    /// Which instance.
    pub index: u32,
}

/// `ollama[1]`.
impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.name, self.index)
    }
}

/// How the measurement of a cell ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CellEnd {
    /// The window ran to its planned end.
    Complete,
    /// A person or a signal stopped it.
    Interrupted,
    /// It could not go on.
    Failed {
        /// Why, in a sentence.
        reason: String,
    },
}
