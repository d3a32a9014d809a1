use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::ServerName;
use crate::signal::StopSignal;
use crate::units::Period;

/// `fault = { at = "10s", kill = "ollama[1]" }`: a server is killed on purpose.
///
/// What is done stands in a key of its own, `kill`, whose value is the victim;
/// what all kinds have in common, when and which processes, stands beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// After the window's start.
    pub at: Period,
    /// Which server.
    pub server: ServerName,
    /// Which instance.
    pub index: u32,
    /// How.
    pub signal: StopSignal,
    /// Which of its processes.
    #[serde(default, skip_serializing_if = "Processes::are_all")]
    pub processes: Processes,
}

/// Which processes of a server a fault hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Processes {
    /// Its whole process group. The run starts it again.
    #[default]
    All,
    /// What the process that listens has started, Ollama's runner say, and not
    /// that process itself: what runs out of memory, or loses its device, dies
    /// so. The server is to help itself.
    Workers,
}

impl Processes {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes by reference")]
    fn are_all(&self) -> bool {
        *self == Self::All
    }
}

impl Fault {
    /// The server that is hit: `ollama[1]`.
    pub fn label(&self) -> String {
        format!("{}[{}]", self.server, self.index)
    }

    /// Whether this is the instance that is hit.
    pub fn hits(&self, server: &ServerName, index: u32) -> bool {
        (&self.server, self.index) == (server, index)
    }

    /// What is killed: `ollama[1]`, or `the workers of ollama[1]`.
    pub fn victim(&self) -> String {
        match self.processes {
            Processes::All => self.label(),
            Processes::Workers => format!("the workers of {}", self.label()),
        }
    }
}
