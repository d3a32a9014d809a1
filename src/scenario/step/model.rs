//! Steps that change which models a server keeps; Ollama's API, see
//! <https://github.com/ollama/ollama/blob/main/docs/api.md>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Kind, Reading, Rights, ScriptLines};
use crate::text::{one_line, quoted, typed};

family! {
    /// Models of a server.
    ModelStep in StepKind::Model {
        /// Downloads a model.
        "pull" => Pull(PullStep),
        /// Takes a model out of memory.
        "unload" => Unload(UnloadStep),
    }
}

/// Lets an Ollama server that is already running download a model, unless it
/// has it. The progress is in the step's log. A large model takes long: set
/// `timeout`.
///
/// # Checks
/// The server lists the model; its digest and size are recorded, and whether it
/// was downloaded (`pulled`).
///
/// # Undo
/// None: models are kept. With `remove_after = true` it is deleted again, but
/// only if it was not there before.
///
/// # Rights
/// Your own.
///
/// # Example
/// ```toml
/// [[setup]]
/// timeout = "1h"
/// pull = { model = "llama3.1:8b" }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PullStep {
    /// The model, with its tag; `latest` if it has none.
    pub model: String,
    /// Where the server listens.
    #[serde(default = "default_server")]
    pub server: String,
    /// Whether it is deleted at the end, if it was not there before.
    #[serde(default)]
    pub remove_after: bool,
}

/// Takes a model out of the memory of an Ollama server that is already running,
/// so that the next request has to load it again.
///
/// # Checks
/// The server no longer lists the model as loaded; whether it was loaded is
/// recorded (`was_loaded`).
///
/// # Undo
/// None: the next request loads it.
///
/// # Rights
/// Your own.
///
/// # Example
/// ```toml
/// [[epoch.setup]]
/// unload = { model = "llama3.1:8b", server = "http://127.0.0.1:11434" }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnloadStep {
    /// The model, with its tag; `latest` if it has none.
    pub model: String,
    /// Where the server listens.
    #[serde(default = "default_server")]
    pub server: String,
}

fn default_server() -> String {
    "http://127.0.0.1:11434".to_owned()
}

/// A model's name as Ollama lists it: with its tag.
pub fn tagged_model(model: &str) -> String {
    let name = model.rsplit('/').next().unwrap_or(model);
    if name.contains(':') { model.to_owned() } else { format!("{model}:latest") }
}

impl PullStep {
    /// Where to ask what.
    pub fn url(&self, path: &str) -> String {
        url(&self.server, path)
    }
}

impl UnloadStep {
    /// Where to ask what.
    pub fn url(&self, path: &str) -> String {
        url(&self.server, path)
    }
}

fn url(server: &str, path: &str) -> String {
    format!("{}{path}", server.trim_end_matches('/'))
}

/// A request whose answer does not matter.
fn curl(method: &str, url: &str, body: &serde_json::Value) -> String {
    typed(&["curl", "-fsS", "-o", "/dev/null", "-X", method, "-d", &body.to_string(), url])
}

/// A pipe that succeeds if the answer lists the model.
fn listed(url: &str, model: &str) -> String {
    let name = format!("\"name\":{}", json!(tagged_model(model)));
    format!("{} | {}", typed(&["curl", "-fsS", url]), typed(&["grep", "-qF", &name]))
}

impl Kind for PullStep {
    fn settle(&mut self, reading: &Reading<'_>) {
        reading.check_model(&self.model, &self.server);
    }

    fn words(&self) -> String {
        let after = if self.remove_after { ", and delete it afterwards" } else { "" };
        one_line(&format!("let {} pull {}, unless it is there{after}", self.server, self.model))
    }

    fn script(&self, _rights: Rights) -> ScriptLines {
        let there = listed(&self.url("/api/tags"), &self.model);
        // Its answer is one object, with a status that tells of failure.
        let pull = curl("POST", &self.url("/api/pull"), &json!({"model": self.model, "stream": false}));
        let mut lines = ScriptLines { check: vec![there.clone()], ..ScriptLines::default() };
        if self.remove_after {
            let mark = quoted(&format!("{}#{}", self.server, self.model));
            let delete = curl("DELETE", &self.url("/api/delete"), &json!({"model": self.model}));
            lines.perform = vec![format!("{there} || {{ pulled=\"${{pulled-}} \"{mark}; {pull}; }}")];
            lines.undo = vec![format!("case \"${{pulled-}} \" in *\" \"{mark}\" \"*) {delete} ;; esac")];
        } else {
            lines.perform = vec![format!("{there} || {pull}")];
        }
        lines
    }
}

impl Kind for UnloadStep {
    fn settle(&mut self, reading: &Reading<'_>) {
        reading.check_model(&self.model, &self.server);
    }

    fn words(&self) -> String {
        one_line(&format!("let {} unload {}", self.server, self.model))
    }

    fn script(&self, _rights: Rights) -> ScriptLines {
        let unload = curl("POST", &self.url("/api/generate"), &json!({"model": self.model, "keep_alive": 0}));
        let loaded = listed(&self.url("/api/ps"), &self.model);
        ScriptLines {
            perform: vec![unload],
            check: vec![format!("while {loaded}; do in_time || return 1; nap; done")],
            ..ScriptLines::default()
        }
    }
}
