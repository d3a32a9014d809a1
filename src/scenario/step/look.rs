//! Steps that look at something and change nothing.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, MemoryFloor, Reading, Rights, ScriptLines, shell};
use crate::text::{shown_url, typed};
use crate::units::Period;

family! {
    /// Looks at the machine and changes nothing.
    LookStep in StepKind::Look {
        /// Waits until something answers.
        "wait" => Wait(WaitStep),
        /// One HTTP request.
        "http" => Http(HttpStep),
        /// Demands free memory.
        "memory_available" => MemoryAvailable(MemoryAvailableStep),
        /// Does nothing for a while.
        "sleep" => Sleep(SleepStep),
    }
}

/// Waits, at most the step's `timeout`, until something is there. Exactly one
/// of the keys is given.
///
/// # Checks
/// That it is there.
///
/// # Undo
/// None: nothing is changed.
///
/// # Rights
/// Your own.
///
/// # Example
/// ```toml
/// [[setup]]
/// timeout = "2m"
/// wait = { http = "http://127.0.0.1:9090/-/ready" }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitStep {
    /// A URL that must answer with a 2xx status: `http://…`, `https://…` or
    /// `unix:///SOCKET:/PATH`.
    #[serde(default)]
    pub http: Option<String>,
    /// `host:port` that must accept a TCP connection.
    #[serde(default)]
    pub tcp: Option<String>,
    /// A path that must exist.
    #[serde(default)]
    pub file: Option<PathBuf>,
}

impl Kind for WaitStep {
    fn settle(&mut self, reading: &Reading<'_>) {
        reading.has_exactly_one(&["http", "tcp", "file"]);
        self.file.iter_mut().for_each(|file| reading.settle_path(file));
    }

    fn words(&self) -> String {
        let url = self.http.as_deref().map(shown_url);
        let target = [url, self.tcp.clone(), self.file.as_ref().map(|path| path.display().to_string())];
        format!("wait for {}", target.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    fn script(&self, _rights: Rights) -> ScriptLines {
        let http = self.http.as_ref().map(|url| format!("http_answers {}", typed(&shell::curl_words(url))));
        let tcp = self.tcp.as_ref().map(|address| typed(&["tcp_answers", &format!("http://{address}")]));
        let file = self.file.as_ref().map(|path| format!("test -e {}", shell::path(path)));
        let looks = [http, tcp, file].into_iter().flatten();
        let perform = looks.map(|look| format!("until {look}; do in_time || return 1; nap; done")).collect();
        ScriptLines { perform, ..ScriptLines::default() }
    }
}

/// Sends one HTTP request.
///
/// # Checks
/// The status of the answer: `status`, or any 2xx.
///
/// # Undo
/// None; what the request changed over there stays changed.
///
/// # Rights
/// Your own.
///
/// # Example
/// ```toml
/// [[setup]]
/// http = { url = "http://127.0.0.1:8000/reset_prefix_cache", method = "POST" }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpStep {
    /// Where to: `http://…`, `https://…` or `unix:///SOCKET:/PATH`.
    pub url: String,
    /// The method; GET if not given, POST with a body.
    #[serde(default)]
    pub method: Option<String>,
    /// Sent as JSON.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// The status it must answer with.
    #[serde(default)]
    pub status: Option<u16>,
}

impl HttpStep {
    /// The method, given or implied.
    pub fn method(&self) -> &str {
        self.method.as_deref().unwrap_or(if self.json.is_some() { "POST" } else { "GET" })
    }
}

impl Kind for HttpStep {
    fn words(&self) -> String {
        format!("{} {}", self.method(), shown_url(&self.url))
    }

    fn script(&self, _rights: Rights) -> ScriptLines {
        let (url, json) = (shell::curl_words(&self.url), self.json.as_ref().map(serde_json::Value::to_string));
        let body = json.iter().flat_map(|json| ["-H", "content-type: application/json", "-d", json]);
        let request: Vec<&str> =
            ["-X", self.method()].into_iter().chain(body).chain(url.iter().map(String::as_str)).collect();
        let request = typed(&request);
        let perform = self.status.map_or_else(
            || format!("curl -fsS --noproxy '*' --netrc-optional -o /dev/null {request}"),
            |status| format!("test \"$(curl -sS --noproxy '*' --netrc-optional -o /dev/null -w '%{{http_code}}' {request})\" = {status}"),
        );
        ScriptLines { perform: vec![perform], ..ScriptLines::default() }
    }
}

/// Fails unless enough memory is free: of the host (`MemAvailable` of
/// `/proc/meminfo`, what programs can get without swapping), or with `of =
/// "gpu"` of every GPU. A GPU that shares the host's memory has the host's.
///
/// # Checks
/// `at_least` is a share of all memory (`"70%"`) or an amount (`"8GiB"`). What
/// was free is recorded.
///
/// # Undo
/// None: nothing is changed.
///
/// # Rights
/// Your own.
///
/// # Example
/// ```toml
/// [[setup]]
/// memory_available = { at_least = "70%" }
///
/// [[setup]]
/// memory_available = { at_least = "20GiB", of = "gpu" }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryAvailableStep {
    /// The least that must be free.
    pub at_least: MemoryFloor,
    /// Whose memory.
    #[serde(default)]
    pub of: MemoryOwner,
}

/// Whose memory is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryOwner {
    /// The host.
    #[default]
    Host,
    /// Every GPU.
    Gpu,
}

impl Kind for MemoryAvailableStep {
    fn words(&self) -> String {
        let whose = match self.of {
            MemoryOwner::Host => "memory",
            MemoryOwner::Gpu => "every GPU's memory",
        };
        match self.at_least {
            MemoryFloor::Share(share) => format!("demand {share} of {whose} free"),
            MemoryFloor::Bytes(bytes) => format!("demand {bytes} of {whose} free"),
        }
    }

    fn script(&self, _rights: Rights) -> ScriptLines {
        let line = match self.of {
            // /proc/meminfo counts in KiB.
            MemoryOwner::Host => {
                let least = self.at_least.times("total", 1 << 10);
                let free = "/^MemTotal:/ { total = $2 } /^MemAvailable:/ { free = $2 }";
                typed(&["awk", &format!("{free} END {{ exit free < {least} }}"), "/proc/meminfo"])
            }
            // nvidia-smi counts in MiB; what is no number counts as none free.
            MemoryOwner::Gpu => {
                let query = ["nvidia-smi", "--query-gpu=memory.total,memory.used", "--format=csv,noheader,nounits"];
                let least = self.at_least.times("$1", 1 << 20);
                let awk = ["awk", "-F,", &format!("$1 - $2 < {least} {{ short = 1 }} END {{ exit short || !NR }}")];
                format!("{} | {}", typed(&query), typed(&awk))
            }
        };
        ScriptLines { perform: vec![line], ..ScriptLines::default() }
    }
}

/// Does nothing for a while: `sleep = "5s"`. Waiting for something that can be
/// seen is better done by `wait`.
///
/// # Checks
/// Nothing; `timeout` must be longer.
///
/// # Undo
/// None: nothing is changed.
///
/// # Rights
/// Your own.
///
/// # Example
/// ```toml
/// [[epoch.setup]]
/// sleep = "5s"
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SleepStep(pub Period);

impl Kind for SleepStep {
    fn words(&self) -> String {
        format!("sleep {}", self.0)
    }

    fn script(&self, _rights: Rights) -> ScriptLines {
        ScriptLines { perform: vec![format!("sleep {}", self.0.duration().as_secs_f64())], ..ScriptLines::default() }
    }
}
