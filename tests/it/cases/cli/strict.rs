//! A server that refuses every field that it does not know.

use insta::assert_snapshot;
use serde_json::Value;

use super::folder::Folder;
use super::undisturbed::undisturbed;
use crate::support::{ScriptedServer, answer, chunk, end, stream_head, token};

/// All that this server knows.
const KNOWN: [&str; 4] = ["model", "messages", "stream", "max_completion_tokens"];

/// Of a request that is a question, and not about the server itself.
fn body(heard: &str) -> Option<Value> {
    let (opening, body) = heard.split_once("\r\n\r\n")?;
    opening.starts_with("POST").then(|| serde_json::from_str(body).unwrap())
}

/// Counts a token for each five letters of what is said.
fn serve(heard: &str, stream: &mut std::net::TcpStream) {
    let Some(body) = body(heard) else { return answer(stream, "200 OK", "{\"data\":[]}") };
    if let Some(unknown) = body.as_object().unwrap().keys().find(|key| !KNOWN.contains(&key.as_str())) {
        let message = format!("{{\"detail\":\"extra inputs are not permitted: {unknown}\"}}");
        return answer(stream, "422 Unprocessable Entity", &message);
    }
    let prompt_tokens = body["messages"][0]["content"].as_str().unwrap().len().div_ceil(5);
    stream_head(stream);
    chunk(stream, &token("a"));
    chunk(stream, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
    let usage = format!("{{\"prompt_tokens\":{prompt_tokens},\"completion_tokens\":1}}");
    chunk(stream, &format!("data: {{\"choices\":[],\"usage\":{usage}}}\n\ndata: [DONE]\n\n"));
    end(stream);
}

/// Every body that the server heard in a run of this request, once, without
/// what is said.
fn asked(request: &str) -> String {
    let (server, _) = undisturbed(0, || {
        let server = ScriptedServer::start_hearing(serve);
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
