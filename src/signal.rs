//! Signals that end a process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A signal that ends a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum StopSignal {
    /// SIGTERM: please stop.
    #[default]
    Term,
    /// SIGINT: as Ctrl-C.
    Int,
    /// SIGKILL: at once.
    Kill,
}
