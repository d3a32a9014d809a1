//! `[[server]]`.

use std::net::IpAddr;
use std::path::PathBuf;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::model::header::FromEnvironment;
use super::super::model::server::{Preload, Ready, Stop};
use crate::dialect::Api;
use crate::format::{Condition, exactly_one, table};
use crate::names::ServerName;

/// Where a server comes from.
pub(in crate::scenario) const ORIGINS: [&str; 3] = ["run", "compose", "url"];

table! {
    /// A server under test: started with `run` or `compose`, or already there
    /// under a `url`. Templates may use `port`, `index` and its own `slots`.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields, extend("oneOf" = exactly_one(&ORIGINS)))]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct Server as pub(in crate::scenario) ServerKeys {
        /// Its name, also in `fault` and in a request's `servers`.
        name: ServerName,
        /// The protocol it speaks.
        api: Api,
        /// An expression over variables and factors; the server is left out where
        /// it does not hold.
        when: Option<Condition>,
        /// How many instances of it, 1 to 64.
        #[schemars(range(min = 1, max = 64), default = "one")]
        count: Option<u32>,
        /// The command that starts it, without a shell: `["ollama", "serve"]`.
        run: Option<Vec<String>>,
        /// The service of a Docker Compose file that it is.
        compose: Option<ComposeOrigin>,
        /// Where it is already, without a path: `http://127.0.0.1:8000`,
        /// `https://models.example`, or `unix:///run/model.sock` for a socket in the
        /// file system. It is left as it is. A certificate must be vouched for by
        /// the roots that the machine trusts, or by the file that `SSL_CERT_FILE`
        /// names.
        url: Option<String>,
        /// Added to its environment. Values are text.
        env: Option<IndexMap<String, String>>,
        /// Its working directory; the scenario's folder if left out.
        dir: Option<String>,
        /// The CPUs that it may run on, as Linux counts them: `"0-3,8"`, or
        /// `"{{ 4 * index }}-{{ 4 * index + 3 }}"`. Only with `run`.
        cpus: Option<NumberOrText>,
        /// The GPU that it may use: its number in `nvidia-smi -L`, or its UUID;
        /// `"{{ index }}"` gives each instance its own. Only with `run`.
        gpu: Option<NumberOrText>,
        /// The port of the first instance, the next ones following; free ones if
        /// left out.
        #[schemars(range(min = 1))]
        port: Option<u16>,
        /// When it counts as ready.
        ready: Option<Ready>,
        /// One short generation before the clock starts, so that the model is
        /// loaded: `true`, or how.
        preload: Option<PreloadOrNot>,
        /// How it is asked to stop.
        stop: Option<Stop>,
        /// Headers of every request to it, and of its ready check. A value is a
        /// text, or `{ env = "NAME" }`: a secret that is read from the environment
        /// when a run begins, and never written or shown.
        headers: Option<IndexMap<String, TextOrSecret>>,
        /// The secret that it wants as a bearer token, in the header
        /// `authorization`.
        bearer: Option<FromEnvironment>,
        /// Addresses of this machine that its connections come from, by turns:
        /// `["127.0.0.2", "127.0.0.3"]`. One address has ports for some 28 000
        /// connections to a server. The kernel chooses if left out.
        source_addresses: Option<Vec<IpAddr>>,
        /// The model's name in requests.
        model: Option<String>,
        /// How many requests an instance works on at once. What makes it so is its
        /// own configuration, in which `{{ slots }}` is this number.
        #[schemars(range(min = 1, max = 4096))]
        slots: Option<u32>,
    }
}

const fn one() -> u32 {
    1
}

/// A text, or a secret.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::scenario) enum TextOrSecret {
    Text(String),
    Secret(FromEnvironment),
}

/// A number, or a text.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::scenario) enum NumberOrText {
    Number(u16),
    Text(String),
}

/// `true` for the defaults, or how.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::scenario) enum PreloadOrNot {
    Default(bool),
    As(Preload),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ComposeService")]
pub(in crate::scenario) struct ComposeOrigin {
    /// The Compose file, relative to the scenario's folder.
    pub(in crate::scenario) file: PathBuf,
    /// The service, met where the file publishes it: `127.0.0.1:${PORT}:11434`.
    pub(in crate::scenario) service: String,
}
