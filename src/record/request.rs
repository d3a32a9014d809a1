use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CellKey, RequestOutcome, ServerKey};
use crate::units::Nanos;

/// One request, from its scheduled moment to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The cell and repetition it belongs to.
    pub cell: CellKey,
    /// The server it went to.
    pub server: ServerKey,
    /// The client (closed loop) or the position in the schedule (open loop).
    pub client: u32,
    /// Counts the requests of one client from 0.
    pub sequence: u64,
    /// Which turn of a conversation, from 0; the turns of one conversation
    /// share `client` and `sequence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
    /// When it was meant to start; in a closed loop the same as `started_ns`.
    pub scheduled_ns: Nanos,
    /// When the driver turned to it.
    pub started_ns: Nanos,
    /// When the request had been handed to the connection.
    pub sent_ns: Nanos,
    /// When the response's head arrived.
    pub headers_ns: Option<Nanos>,
    /// When the first chunk with any generated token arrived.
    pub first_token_ns: Option<Nanos>,
    /// When the first chunk with a token that is not reasoning arrived.
    pub first_output_token_ns: Option<Nanos>,
    /// When the last chunk with a token arrived.
    pub last_token_ns: Option<Nanos>,
    /// When the response was over, well or not.
    pub finished_ns: Nanos,
    /// How it ended.
    pub outcome: RequestOutcome,
    /// The `max_tokens` it asked for.
    pub asked_tokens: u32,
    /// The `prompt_tokens` that its prompt was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_prompt_tokens: Option<u32>,
    /// Bytes of the text that it asked, without the chat template; `None` for
    /// the later turns of a conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_bytes: Option<u32>,
    /// Arrivals of chunks that carried tokens.
    pub chunks: Chunks,
    /// What the server counted.
    pub usage: UsageRecord,
    /// Whether the reply came as one body, and so has no first token to tell
    /// from its last: `first_token_ns` is absent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_streamed: bool,
    /// How many replies to its prompt it holds (`n`), where that is more than
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<u32>,
    /// Whether any token belongs to the call of a tool.
    #[serde(default, skip_serializing_if = "is_false")]
    pub calls_tool: bool,
    /// Bytes of its text that belong to characters beyond ASCII, each of which
    /// may be a token of its own that is sent with the last of its character;
    /// told where the server counted more tokens than there were events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wide_bytes: Option<u64>,
    /// What in the reply was not as its API says, was not needed and was passed
    /// over: how often, by the name of the field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub passed_over: BTreeMap<String, u32>,
    /// Why the reply failed `expect`, if it did.
    pub unexpected: Option<String>,
    /// Whether it was sent again on a fresh connection because the server had
    /// closed the kept-alive one.
    #[serde(default)]
    pub resent: bool,
    /// Mean and largest difference between our arrival time and the simulated
    /// server's own send time, in ns; only on a simulated machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp_error_ns: Option<(u64, u64)>,
}

/// Arrivals of token-bearing chunks, compactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunks {
    /// Gap to the previous one; the first is the gap to `sent_ns`.
    pub gaps_ns: Vec<u64>,
    /// Token events that shared each chunk; left out if every one had 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<u32>,
    /// Tokens in each chunk, where the server told that with every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<u32>,
    /// Bytes of text in each chunk, where the server counted clearly more
    /// tokens than there were events and did not tell which came when: the best
    /// guess at how they lie.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<u32>,
}

/// For serde.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Chunks {
    /// Token events in the chunk at `position`.
    pub fn events_at(&self, position: usize) -> u32 {
        self.events.get(position).copied().unwrap_or(1)
    }

    /// Token events in all.
    pub fn total_events(&self) -> u64 {
        if self.events.is_empty() {
            self.gaps_ns.len() as u64
        } else {
            self.events.iter().map(|events| u64::from(*events)).sum()
        }
    }
}

/// What the server said it did. Absent means it did not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Of these, taken from a cache.
    pub cached_tokens: Option<u64>,
    /// Tokens generated.
    pub output_tokens: Option<u64>,
    /// Of these, tokens of thought that the server counted and did not send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_tokens: Option<u64>,
    /// Where `output_tokens` comes from.
    pub source: TokenSource,
    /// Time the server spent on the uncached prompt.
    pub prefill_ns: Option<Nanos>,
    /// Time the server spent generating.
    pub decode_ns: Option<Nanos>,
    /// Time the server spent loading the model.
    pub load_ns: Option<Nanos>,
    /// The server's own total.
    pub total_ns: Option<Nanos>,
    /// The server's own decode rate in tokens per second, where it states one.
    pub decode_per_s: Option<f64>,
}

impl UsageRecord {
    /// Tokens that were generated and sent.
    pub fn visible_tokens(&self) -> Option<u64> {
        Some(self.output_tokens?.saturating_sub(self.hidden_tokens.unwrap_or(0)))
    }
}

/// Where the number of generated tokens comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenSource {
    /// The server counted, the reply or each chunk of it.
    Server,
    /// The server did not say; every event counts as one token.
    #[default]
    Events,
}
