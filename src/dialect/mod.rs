//! API protocols without sockets: a request body out; bytes in, events out.
//!
//! One file per API. Nothing here knows HTTP, time or threads: the same bytes
//! give the same events however they are split.

use serde::{Deserialize, Serialize};

/// The protocol a server speaks, as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// Ollama's `/api/chat` and `/api/generate` (NDJSON).
    Ollama,
    /// `OpenAI`'s `/v1/chat/completions` and `/v1/completions` (SSE).
    #[serde(rename = "openai")]
    OpenAi,
    /// llama.cpp's server: the same chat route with its extensions, and its
    /// own `/completion`.
    LlamaServer,
}

/// One route of one API: what is really spoken on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// `/api/chat`.
    OllamaChat,
    /// `/api/generate`.
    OllamaGenerate,
    /// `/v1/chat/completions`.
    OpenAiChat,
    /// `/v1/completions`.
    OpenAiCompletions,
    /// `/v1/chat/completions` with llama.cpp's extra fields.
    LlamaChat,
    /// `/completion`.
    LlamaCompletion,
}

/// What is asked of a model, whatever the dialect.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The model's name, where the API wants one.
    pub model: Option<&'a str>,
    /// The prompt; a single user message on chat routes.
    pub prompt: &'a str,
    /// The most tokens the reply may have.
    pub max_tokens: u32,
    /// 0 is greedy.
    pub temperature: f64,
    /// The sampler's seed.
    pub seed: Option<u64>,
    /// Whether tokens come one by one.
    pub stream: bool,
    /// Go on to `max_tokens` whatever the model says, where the API can.
    pub ignore_eos: bool,
    /// Further fields, put in last.
    pub extra: &'a serde_json::Map<String, serde_json::Value>,
}

/// What a reply is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Generated text; never empty.
    Token {
        /// The text.
        text: String,
        /// What kind of text.
        kind: TokenKind,
    },
    /// Counts and times from the server; later ones complete earlier ones.
    Usage(Usage),
    /// The server reports an error inside the stream.
    Error {
        /// Its message, at most 300 characters.
        message: String,
    },
    /// The reply is whole.
    Done {
        /// Why it ended: `stop`, `length`, …
        finish: String,
    },
    /// A simulated server's own send time, ns after the run's origin.
    Stamp(u64),
}

/// What kind of text a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The answer.
    Content,
    /// Thinking before the answer.
    Reasoning,
    /// A call of a tool.
    ToolCall,
}

/// Counts and times from the server; what it does not state is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub prompt_tokens: Option<u64>,
    /// Of these, taken from a cache.
    pub cached_tokens: Option<u64>,
    /// Tokens generated.
    pub output_tokens: Option<u64>,
    /// Time on the uncached prompt, ns.
    pub prefill_ns: Option<u64>,
    /// Time generating, ns.
    pub decode_ns: Option<u64>,
    /// Time loading the model, ns.
    pub load_ns: Option<u64>,
    /// The server's total, ns.
    pub total_ns: Option<u64>,
    /// The server's own decode rate, tokens per second.
    pub decode_per_s: Option<f64>,
}

/// The bytes are not the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A line grew beyond the limit.
    #[error("a line of the reply is longer than {limit} bytes")]
    LineTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A line is not what the protocol says.
    #[error("not {expected}: `{excerpt}`")]
    Malformed {
        /// What it should be.
        expected: &'static str,
        /// Its start, at most 80 characters.
        excerpt: String,
    },
}
