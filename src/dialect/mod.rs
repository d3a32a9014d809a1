//! API protocols without sockets: a request body out; bytes in, events out.
//!
//! One file per API. Nothing here knows HTTP, time or threads: the same bytes
//! give the same events however they are split.

mod body_fields;
mod bounded_list;
mod braces;
mod complaint;
mod content;
mod decoder;
mod ending;
mod error;
mod lines;
mod llama;
mod mark;
mod mend;
mod ollama;
mod openai;
mod page;
mod parts;
mod reply;
mod reply_fields;
mod sse;
mod stray;
mod text;
mod token_fast_path;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use body_fields::{BodyField, FieldChanges};
pub use complaint::{error_message, is_context_overflow};
pub use content::{Content, Refused};
pub use decoder::{Decoder, Shape};
pub use ending::{is_known_end, is_whole};
pub use error::DecodeError;

/// The protocol a server speaks, as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// Which of an API's two routes is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Messages, put through the model's chat template.
    Chat,
    /// The prompt as it is.
    Completion,
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

impl Dialect {
    /// The dialect of one route of an API.
    pub const fn of(api: Api, route: Route) -> Self {
        match (api, route) {
            (Api::Ollama, Route::Chat) => Self::OllamaChat,
            (Api::Ollama, Route::Completion) => Self::OllamaGenerate,
            (Api::OpenAi, Route::Chat) => Self::OpenAiChat,
            (Api::OpenAi, Route::Completion) => Self::OpenAiCompletions,
            (Api::LlamaServer, Route::Chat) => Self::LlamaChat,
            (Api::LlamaServer, Route::Completion) => Self::LlamaCompletion,
        }
    }

    /// Where it is spoken.
    pub const fn path(self) -> &'static str {
        match self {
            Self::OllamaChat => "/api/chat",
            Self::OllamaGenerate => "/api/generate",
            Self::OpenAiChat | Self::LlamaChat => "/v1/chat/completions",
            Self::OpenAiCompletions => "/v1/completions",
            Self::LlamaCompletion => "/completion",
        }
    }

    /// The JSON body of a request.
    ///
    /// What `ask` leaves open is left out, and so is what `ask.changes` omits.
    /// Objects in `ask.extra`, however deep, complete the objects of the same
    /// name (Ollama's `options`, `OpenAI`'s `stream_options`); an empty one takes
    /// the field of that name out; every other field of it stands as it is, in
    /// the place of a field of the same name. Of content that the route does not
    /// [take](Self::takes), what it cannot say is left out.
    pub fn body(self, ask: &Ask<'_>) -> Vec<u8> {
        let prompt = || ("prompt", ask.content.text());
        let messages = || ("messages", ask.content.openai_messages());
        let body = match self {
            Self::OllamaChat => ollama::body(ask, ("messages", ask.content.ollama_messages()), Value::Null),
            Self::OllamaGenerate => ollama::body(ask, prompt(), ask.content.images()),
            Self::OpenAiChat => openai::body(ask, messages()),
            Self::OpenAiCompletions => openai::body(ask, prompt()),
            Self::LlamaChat => llama::caching(ask, openai::body(ask, messages())),
            Self::LlamaCompletion => llama::caching(ask, llama::body(ask, prompt())),
        };
        let mut body = ask.changes.applied(self, body);
        merge(&mut body, ask.extra);
        Value::Object(body).to_string().into_bytes()
    }

    /// Reads the body of a reply that was asked for with the same `stream`.
    pub const fn decoder(self, stream: bool) -> Decoder {
        let protocol = match self {
            Self::OllamaChat | Self::OllamaGenerate => ollama::PROTOCOL,
            Self::OpenAiChat | Self::OpenAiCompletions | Self::LlamaChat => openai::PROTOCOL,
            Self::LlamaCompletion => llama::PROTOCOL,
        };
        Decoder::new(protocol, stream)
    }
}

/// An object of the fields that are not null.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let stated = fields.into_iter().filter(|(_, value)| !value.is_null());
    stated.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn merge(body: &mut Map<String, Value>, extra: &Map<String, Value>) {
    for (name, value) in extra {
        match (body.get_mut(name), value) {
            (Some(_), Value::Object(nothing)) if nothing.is_empty() => {
                body.shift_remove(name);
            }
            (Some(Value::Object(ours)), Value::Object(theirs)) => merge(ours, theirs),
            _ => {
                body.insert(name.clone(), value.clone());
            }
        }
    }
}

/// What is asked of a model, whatever the dialect.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The model's name, where the API wants one.
    pub model: Option<&'a str>,
    /// What is said.
    pub content: Content<'a>,
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
    /// Whether the start of the prompt may come from the server's cache, where
    /// the API can be told.
    pub reuse_prefix: bool,
    /// Which of these fields are not sent, and which under another name.
    pub changes: FieldChanges<'a>,
    /// Further fields, put in last.
    pub extra: &'a Map<String, Value>,
}

/// What a reply is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// Generated text; never empty.
    Token {
        /// The text.
        text: Cow<'a, str>,
        /// What kind of text.
        kind: TokenKind,
    },
    /// How many tokens the server counts in the object that this stands in;
    /// never 0. It may hold no text, and then they belong to the next one.
    Counted(u32),
    /// Counts and times from the server; later ones complete earlier ones.
    Usage(Usage),
    /// Something is not as the API says, is not needed, and was passed over.
    PassedOver {
        /// What: the name of a field, or `object` or `line`.
        field: &'static str,
    },
    /// The server reports an error, in whatever shape.
    Error {
        /// Its message, at most 300 characters.
        message: String,
    },
    /// The reply has ended as its API says that one ends.
    Done {
        /// Why: `stop`, `length`, …; `unknown` where an API ends a reply without
        /// a reason. At most 80 characters.
        finish: String,
    },
    /// A simulated server's own send time, ns after the run's origin.
    Stamp(u64),
}

/// Takes the events of a reply. Any function of an event does.
pub trait EventSink {
    /// Takes one.
    fn event(&mut self, event: Event<'_>);

    /// Takes an [`Event::Token`]. Most events are one, and a sink that has to be
    /// fast need not have it wrapped up.
    fn token(&mut self, text: &str, kind: TokenKind) {
        self.event(Event::Token { text: Cow::Borrowed(text), kind });
    }
}

impl<F: FnMut(Event<'_>)> EventSink for F {
    fn event(&mut self, event: Event<'_>) {
        self(event);
    }
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
    /// Of these, thoughts, sent or not.
    pub reasoning_tokens: Option<u64>,
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
