//! Workload phases: who sends what, how often, for how long.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::find::Find;
use super::prompt::PromptTemplate;
use super::prompt_format::PromptFormat;
use super::prompt_tokens::one_or_more;
use super::traffic::Load;
use crate::dialect::{BodyField, FieldChanges, Route};
use crate::format::{OneOrMore, one_at_most};
use crate::names::{PhaseName, ServerName};
use crate::units::{Nanos, Period, Share};

/// One phase, resolved for a treatment. Each of its load levels is a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseSpec {
    /// What the author calls it.
    pub name: PhaseName,
    /// One cell each.
    pub loads: Vec<Load>,
    /// If the highest load is searched for; then `loads` is the lowest.
    pub find: Option<Find>,
    /// The most requests of an open loop in flight at once; any number if
    /// `None`.
    pub max_in_flight: Option<u32>,
    /// When the measured window ends.
    pub length: Length,
    /// Load before the window; it runs on into the window without draining.
    pub warmup: Period,
    /// How long requests still in flight after the window may take to finish.
    pub drain: Period,
    /// What is sent.
    pub request: RequestSpec,
    /// What a reply must look like to be a success.
    pub expect: Expect,
    /// What a good request is, for `goodput`.
    pub slo: Slo,
    /// What is broken on purpose.
    pub fault: Option<Fault>,
}

/// When the measured window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// After this time.
    Duration(Period),
    /// When this many requests have finished.
    Requests(u64),
}

/// `request = { … }`: what is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Request", extend("oneOf" = one_at_most(&["prompts", "prompt", "prompt_tokens"])))]
#[schemars(extend("dependentRequired" = limits_of_replies()))]
pub struct RequestSpec {
    /// A file of prompts, relative to the scenario's folder; absolute once
    /// loaded. What it is, its content says, and `plan` shows: JSON with an
    /// object like `{"prompt": "…"}` a line or in one list, `ShareGPT`'s
    /// conversations, CSV with a heading, a trace of Mooncake, `BurstGPT` or
    /// Azure, or text, one prompt a line. Left out beside a trace of arrivals,
    /// the trace says what to ask too.
    ///
    /// An object has one of `prompt`, `messages` (`OpenAI`'s form, chat only),
    /// `turns` (a list of texts, a conversation, chat only, with `system` before
    /// it) and `prompt_tokens`. Beside `prompt` it may have `images` (a list in
    /// base64), and beside any of them `max_tokens` in place of the request's.
    /// Any other key is for `template`.
    #[serde(default)]
    pub prompts: Option<PathBuf>,
    /// What the file of prompts is, where it does not say so itself: `text`, a
    /// prompt a line, or `csv`, under a heading. A file `.txt` or `.csv` needs
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<PromptFormat>,
    /// What is said of each line of the file: a text with templates over the
    /// keys of the line, `{{ prompt.question }}` say, and over variables and
    /// factors. In a plain text file a line is `{{ prompt.prompt }}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub template: Option<PromptTemplate>,
    /// One prompt, instead of a file.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Prompts of so many tokens, of words without meaning, instead of a file.
    /// A list has its lengths taken by turns; for a cell of each length, make it
    /// a factor.
    ///
    /// Before the load the server is asked with a few prompts, until its own
    /// count of their tokens, with all that stands around the text, is right
    /// within 2 %, or within 2 tokens. A cell whose prompts are counted farther
    /// off on average is invalid. A server that does not count cannot be asked
    /// so.
    #[serde(default, deserialize_with = "one_or_more", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<OneOrMore<NonZeroU32>>")]
    pub prompt_tokens: Vec<u32>,
    /// Put before every prompt, before the first message of several.
    #[serde(default)]
    pub preamble: Option<String>,
    /// Chat or plain completion.
    #[serde(default)]
    pub endpoint: Endpoint,
    /// The most tokens a reply may have; may be left out where every line of the
    /// file says so itself.
    #[schemars(range(min = 1))]
    #[serde(default)]
    pub max_tokens: Option<u32>,
    /// The sampler's temperature; 0 is greedy.
    #[schemars(range(min = 0))]
    #[serde(default)]
    pub temperature: f64,
    /// The sampler's seed; the server's own choice if left out.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Whether tokens come one by one.
    #[serde(default = "yes")]
    pub stream: bool,
    /// Go on to `max_tokens` whatever the model says, where the server can.
    #[serde(default)]
    pub ignore_eos: bool,
    /// Whether a fresh word at the start of each prompt defeats the servers'
    /// prompt caches.
    #[serde(default = "yes")]
    pub nonce: bool,
    /// What it means that prompts were answered from the servers' prompt caches.
    #[serde(default)]
    pub prompt_cache: PromptCache,
    /// The pause between a reply and the next turn of a conversation; none if
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub think: Option<Period>,
    /// Which servers are asked, in turn; all if empty.
    #[serde(default)]
    pub servers: Vec<ServerName>,
    /// Fields of the body that are not sent, for servers that refuse them:
    /// `["stream_options", "temperature"]`. Without `max_tokens` a reply ends
    /// where the model ends it; the number still says what the plan counts on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<BodyField>,
    /// Fields of the body that a server calls otherwise:
    /// `{ max_tokens = "max_completion_tokens" }`. They stay where they stand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<BodyField, String>,
    /// Further fields of the request body, put in last. Tables complete the
    /// body's own of the same name, however deep, `options` of Ollama for one;
    /// an empty table takes the body's own field of that name out; anything else
    /// takes the place of what stands there.
    #[serde(default)]
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// Longest silence between two reads before the request has stalled. Any byte
    /// breaks it, a comment of the stream too.
    #[serde(default = "a_minute")]
    pub stall: Period,
    /// The longest that a request may take as a whole. Without a limit, a server
    /// that sends signs of life and no end would hold up a phase for ever. Replies
    /// that take longer need a higher one. In records of before 2026-11-28 `null`
    /// is no limit.
    #[serde(default = "ten_minutes")]
    #[schemars(with = "Period")]
    pub timeout: Option<Period>,
}

/// Only a file can say how long replies may be.
fn limits_of_replies() -> serde_json::Value {
    serde_json::json!({ "prompt": ["max_tokens"], "prompt_tokens": ["max_tokens"] })
}

impl RequestSpec {
    /// What its bodies have not, or call otherwise.
    pub fn changes(&self) -> FieldChanges<'_> {
        FieldChanges { omit: &self.omit, rename: &self.rename }
    }

    /// When a request that is sent at this moment must be over.
    pub fn deadline(&self, sent: Nanos) -> Option<Nanos> {
        self.timeout.map(|timeout| sent.plus(timeout.duration().into()))
    }

    /// Whether servers are told `max_tokens`.
    pub fn limits_replies(&self) -> bool {
        !self.omits(BodyField::MaxTokens)
    }

    /// Whether servers are told to go on whatever the model says.
    pub fn ignores_end(&self) -> bool {
        self.ignore_eos && !self.omits(BodyField::IgnoreEos)
    }

    /// Whether bodies are sent without this field whatever it would be.
    pub(in crate::scenario) fn omits(&self, field: BodyField) -> bool {
        self.omit.contains(&field)
    }
}

const fn yes() -> bool {
    true
}

fn a_minute() -> Period {
    Period::from_secs(60)
}

/// As `OpenAI`'s own clients wait.
#[expect(clippy::unnecessary_wraps, reason = "serde asks so")]
fn ten_minutes() -> Option<Period> {
    Some(Period::from_secs(600))
}

/// Which route of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// `/api/chat`, `/v1/chat/completions`.
    #[default]
    Chat,
    /// `/api/generate`, `/v1/completions`, `/completion`.
    Completion,
}

impl Endpoint {
    /// The same as a dialect knows it.
    pub const fn route(self) -> Route {
        match self {
            Self::Chat => Route::Chat,
            Self::Completion => Route::Completion,
        }
    }
}

/// What it means that prompts were answered from the servers' prompt caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PromptCache {
    /// The cell is invalid.
    #[default]
    Refuse,
    /// They are what is to be measured.
    Allow,
}

/// `expect = { … }`: a reply that fails it is not a success.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The least share of `max_tokens` that the reply must have.
    pub output_tokens_at_least: Option<Share>,
    /// A regular expression that the whole text must match somewhere.
    pub matches: Option<String>,
    /// The least share of the tokens that a server counts that must come as
    /// token events of their own: less than the usual 90 % for an Ollama or a
    /// llama.cpp that sends several at once (speculative decoding) or keeps some
    /// to itself, or any for another server, which is usually not judged by
    /// this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_events_at_least: Option<Share>,
}

/// `slo = { … }`: service level objectives, of one request (`ttft`) and of a
/// percentile of all requests of a cell (`ttft_p95`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Slo {
    /// Time to first token.
    pub ttft: Option<Period>,
    /// Time per output token.
    pub tpot: Option<Period>,
    /// Whole request.
    pub e2e: Option<Period>,
    /// Time to first token, median.
    pub ttft_p50: Option<Period>,
    /// Time to first token, 90th percentile.
    pub ttft_p90: Option<Period>,
    /// Time to first token, 95th percentile.
    pub ttft_p95: Option<Period>,
    /// Time to first token, 99th percentile.
    pub ttft_p99: Option<Period>,
    /// Time per output token, median.
    pub tpot_p50: Option<Period>,
    /// Time per output token, 95th percentile.
    pub tpot_p95: Option<Period>,
    /// Whole request, median.
    pub e2e_p50: Option<Period>,
    /// Whole request, 95th percentile.
    pub e2e_p95: Option<Period>,
}
