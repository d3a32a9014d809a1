use serde::{Deserialize, Serialize};

use super::{CellKey, ServerKey};

/// How long prompts must be that a server counts as so many tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromptLengthFound {
    /// For which cell.
    pub cell: CellKey,
    /// The server.
    pub server: ServerKey,
    /// Tokens that a prompt is to have.
    pub asked_tokens: u32,
    /// Characters of text that stand for them.
    pub characters: u32,
    /// What the server counted of prompts with so many, on average.
    pub counted_tokens: f64,
    /// Every prompt that was tried: its characters, and the server's count.
    pub probes: Vec<(u32, u64)>,
}
