use serde::{Deserialize, Serialize};

use super::{ModelState, ServerKey};
use crate::units::Nanos;

/// When servers were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Just before the load of a cell began.
    Before,
    /// Just after it was over.
    After,
}

/// A server, seen beside a load: what tells whether it has loaded its model
/// anew meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSeen {
    /// Which.
    pub server: ServerKey,
    /// Its own processes, if we started it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<ProcessSeen>,
    /// The models that it says are loaded; `None` if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<LoadedModel>>,
}

/// A process of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSeen {
    /// Its pid.
    pub pid: u32,
    /// When it started, to a hundredth of a second.
    pub started_ns: Nanos,
}

/// A model that a server says is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedModel {
    /// Its name.
    pub name: String,
    /// Its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How it is loaded.
    #[serde(flatten)]
    pub state: ModelState,
}
