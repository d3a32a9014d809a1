use serde::{Deserialize, Serialize};

use crate::units::Bytes;

/// What a server tells of itself once its model is loaded. Absent is what it
/// did not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerAbout {
    /// Program and version: `Ollama 0.12.6`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The model that it serves, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The digest of that model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How its weights are quantised: `Q4_K_M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantisation: Option<String>,
    /// The digest of its chat template: twelve hexadecimal digits of a SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The digest of its default parameters, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
    /// What its weights take, whatever the context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Bytes>,
    /// How it is loaded.
    #[serde(flatten)]
    pub state: ModelState,
    /// How many requests it works on at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<SlotsSeen>,
}

impl ServerAbout {
    /// What it is, without the state that its model is in.
    #[must_use]
    pub fn identity(&self) -> Self {
        Self { state: ModelState::default(), slots: None, ..self.clone() }
    }
}

/// How a model is loaded. None of it is part of what the model is: memory and
/// context follow from how many requests a server works on at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelState {
    /// What the loaded model takes: weights, and the context of every slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// Of this, in device memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_bytes: Option<Bytes>,
    /// Tokens that the context of one request may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u64>,
    /// When it will be unloaded if nobody asks for it, in the server's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// How many requests a server works on at once, as far as could be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotsSeen {
    /// So many.
    pub count: u32,
    /// Who says so.
    pub by: SlotsSource,
}

/// What the number of a server's slots is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotsSource {
    /// The server tells it (`total_slots` of llama.cpp's `/props`).
    Server,
    /// A line of its log (`Parallel:` of Ollama 0.17).
    Log,
    /// The command line of its child (`-np` of newer ones).
    CommandLine,
    /// So many replies of a trial before the load were seen under way at once.
    Trial,
}

impl SlotsSource {
    /// As the end of "it works on 3 requests at once, …".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Server => "as it tells",
            Self::Log => "by its log",
            Self::CommandLine => "by its child's command line",
            Self::Trial => "as a trial showed",
        }
    }
}
