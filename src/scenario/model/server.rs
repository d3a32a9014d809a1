//! Servers under test.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::header::HeaderSpec;
use crate::dialect::Api;
use crate::format::table;
use crate::names::ServerName;
use crate::signal::StopSignal;
use crate::units::Period;

/// One instance of a declared server, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerSpec {
    /// The declared name.
    pub name: ServerName,
    /// 0 … count − 1.
    pub index: u32,
    /// The protocol it speaks.
    pub api: Api,
    /// Where it comes from.
    pub origin: ServerOrigin,
    /// When it counts as ready.
    pub ready: Ready,
    /// One short generation before the clock starts.
    pub preload: Option<Preload>,
    /// How it is asked to stop.
    pub stop: Stop,
    /// Headers of every request to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderSpec>,
    /// Addresses of this machine that its connections come from, by turns; the
    /// kernel chooses if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_addresses: Vec<IpAddr>,
    /// The model name put into requests.
    pub model: Option<String>,
    /// How many requests it works on at once (batching), as far as declared.
    pub slots: Option<u32>,
}

impl ServerSpec {
    /// `ollama[1]`.
    pub fn label(&self) -> String {
        format!("{}[{}]", self.name, self.index)
    }

    /// How long it may take, once a fault has hit it, to answer well again:
    /// until it is ready, and the first generation, in which it may load its
    /// model.
    pub fn recovers_within(&self) -> Duration {
        let first = self.preload.as_ref().map_or(self.ready.within, |preload| preload.within);
        self.ready.within.duration().saturating_add(first.duration())
    }
}

/// The URL of a path of a server: behind the `url` of its origin, or after a
/// colon behind the name of its socket.
pub fn url_of(server: &str, path: &str) -> String {
    let server = server.trim_end_matches('/');
    if server.starts_with("unix://") { format!("{server}:{path}") } else { format!("{server}{path}") }
}

/// Where a server comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerOrigin {
    /// A process of ours, in a process group of its own.
    Run {
        /// Program and arguments.
        argv: Vec<String>,
        /// Added to the environment.
        env: IndexMap<String, String>,
        /// Working directory; the scenario's folder if not given.
        dir: Option<PathBuf>,
        /// Where it listens, on loopback.
        port: u16,
    },
    /// A service of a Compose project.
    Compose {
        /// The Compose file.
        file: PathBuf,
        /// The service.
        service: String,
        /// Added to the environment of `docker compose`, `PORT` for one.
        env: IndexMap<String, String>,
        /// The port it is published on, on loopback.
        port: u16,
    },
    /// A server that is already there and is left as it is.
    Url {
        /// `http://HOST[:PORT]`, `https://HOST[:PORT]` or `unix:///SOCKET`,
        /// without a path.
        url: String,
    },
}

table! {
    /// When a server counts as ready: all that is given must hold.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[schemars(deny_unknown_fields, default)]
    pub struct Ready as pub(in crate::scenario) ReadyKeys {
        /// A path that must answer 2xx.
        pub http: Option<String>,
        /// A regular expression that a line of its log must match.
        pub log: Option<String>,
        /// How long it may take.
        pub within: Period,
    }
}

impl Default for Ready {
    fn default() -> Self {
        Self { http: None, log: None, within: Period::from_secs(60) }
    }
}

/// One short generation before the clock starts, so that the model is loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preload {
    /// The model to load; the server's `model` if not given.
    #[serde(default)]
    pub model: Option<String>,
    /// How long it may take.
    #[serde(default = "five_minutes")]
    pub within: Period,
}

fn five_minutes() -> Period {
    Period::from_secs(300)
}

/// How a server is asked to stop: the signal, then SIGKILL after `within`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stop {
    /// The first signal.
    pub signal: StopSignal,
    /// How long it may take.
    pub within: Period,
}

impl Default for Stop {
    fn default() -> Self {
        Self { signal: StopSignal::Term, within: Period::from_secs(10) }
    }
}
