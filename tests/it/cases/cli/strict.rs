//! A server that refuses every field that it does not know.

use insta::assert_snapshot;
use serde_json::Value;

use super::folder::Folder;
use super::undisturbed::undisturbed;
use crate::support::chat::{Chat, body};

/// A server that knows little.
const STRICT: Chat = Chat { around: 0, knows: &["model", "messages", "stream", "max_completion_tokens"] };

/// Every body that the server heard in a run of this request, once, without
/// what is said.
fn asked(request: &str) -> String {
    let (server, _) = undisturbed(0, || {
        let server = STRICT.start();
        let text = format!(
            r#"
schema = 1
name = "strict"
design = {{ repetitions = 1 }}
telemetry = {{ gpu = "off" }}

[[server]]
name = "strict"
api = "openai"
model = "m"
preload = true
url = "{}"

[[phase]]
name = "load"
clients = 1
requests = 4
request = {{ prompt_tokens = 64, max_tokens = 4, {request} }}
"#,
            server.url()
        );
        let said = Folder::with(&text).runexp("x.toml --quiet");
        (server, said)
    });
    let mut bodies: Vec<String> = Vec::new();
    for mut body in server.heard().iter().filter_map(|heard| body(heard)) {
        body["messages"] = Value::Null;
        let body = body.to_string();
        if !bodies.contains(&body) {
            bodies.push(body);
        }
    }
    bodies.join("\n")
}

#[test]
fn first_generation_probes_and_load_all_leave_out_what_is_omitted() {
    assert_snapshot!(asked(
        "omit = [\"stream_options\", \"temperature\"], rename = { max_tokens = \"max_completion_tokens\" }"
    ), @r#"
    {"model":"m","messages":null,"max_completion_tokens":4,"stream":true}
    {"model":"m","messages":null,"max_completion_tokens":1,"stream":true}
    "#);
    assert_snapshot!(asked(
        "omit = [\"temperature\"], rename = { max_tokens = \"max_completion_tokens\" }, extra = { stream_options = {} }"
    ), @r#"
    {"model":"m","messages":null,"max_completion_tokens":4,"stream":true}
    {"model":"m","messages":null,"max_completion_tokens":1,"stream":true}
    "#);
    // The first generation is refused, and nothing else is asked.
    assert_snapshot!(asked("seed = 1"), @r#"
    {"model":"m","messages":null,"max_tokens":4,"temperature":0.0,"seed":1,"stream":true,"stream_options":{"include_usage":true}}
    "#);
}
