//! Prompts of a given number of tokens, by the servers' own count.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::Value;

use super::folder::{Folder, RunFolder};
use super::undisturbed::{measured, undisturbed};
use crate::support::{ScriptedServer, answer_keeping_alive, chunk, end, stream_head, token};

/// Servers, and a load of prompts of two lengths.
fn scenario(servers: &str, request: &str) -> String {
    format!(
        r#"
schema = 1
name = "made-up"
title = "Made-up prompts"

[design]
repetitions = 1
{servers}

[[phase]]
name = "load"
clients = 2
requests = 24
request = {{ prompt_tokens = [64, 512], max_tokens = 4, {request} }}
"#
    )
}

fn on_machine(apis: &[&str]) -> String {
    let server = |api: &&str| {
        format!(
            "\n[[server]]\nname = \"{api}\"\napi = \"{api}\"\nmodel = \"llama3.1:8b\"\nrun = [\"served\", \"{{{{ port }}}}\"]"
        )
    };
    apis.iter().map(server).collect()
}

/// What each server was asked for and counted, by the difference of the two.
fn counts(requests: &[Value]) -> BTreeSet<String> {
    let one = |request: &Value| {
        let (asked, counted) = (request["asked_prompt_tokens"].as_i64(), request["usage"]["prompt_tokens"].as_i64());
        let (asked, counted) = (asked.unwrap(), counted.unwrap());
        format!("{}: {asked} {:+}", request["server"]["name"].as_str().unwrap(), counted - asked)
    };
    requests.iter().map(one).collect()
}

#[test]
fn prompts_have_the_tokens_they_are_asked_to_have_on_every_api() {
    let counted = ["chat", "completion"].map(|route| {
        let servers = on_machine(&["openai", "llama-server", "ollama"]);
        let text = scenario(&servers, &format!("endpoint = \"{route}\"")).replace("clients = 2", "clients = 3");
        let text = text
            .replace("[64, 512]", "\"{{ length }}\"")
            .replace("[design]", "[factors]\nlength = [64, 512]\n[design]");
        let folder = Folder::with(&text);
        let said = measured(&folder, "x.toml --simulate h100 --quiet");
        assert_eq!(said.code, Some(0), "{said}");
        let run = said.run();
        let events = run.records("events.jsonl");
        assert_eq!(events.iter().filter(|event| event["event"] == "prompt_length_found").count(), 6);
        assert_eq!(validity(&run), [r#"{"state":"valid"}"#; 2]);
        counts(&run.records("requests.jsonl")).into_iter().collect::<Vec<_>>().join("\n")
    });
    assert_eq!(counted[0], counted[1]);
    assert_snapshot!(counted[0], @r"
    llama-server: 512 +0
    llama-server: 64 +0
    ollama: 512 +0
    ollama: 64 +0
    openai: 512 +0
    openai: 64 +0
    ");
}

#[test]
fn lengths_of_a_list_come_by_turns() {
    let text = scenario(&on_machine(&["openai"]), "").replace("clients = 2", "clients = 1");
    let folder = Folder::with(&text);
    let said = measured(&folder, "x.toml --simulate h100 --quiet");
    let requests = said.run().records("requests.jsonl");
    let count = |length| requests.iter().filter(|request| request["asked_prompt_tokens"] == length).count();
    assert_eq!((count(64), count(512)), (12, 12));
}

/// Whether each repetition of each cell counts.
fn validity(run: &RunFolder) -> Vec<String> {
    let summary = run.json("summary.json");
    let cells = summary["cells"].as_object().unwrap().values();
    let repetitions = cells.flat_map(|cell| cell["repetitions"].as_array().unwrap());
    repetitions.map(|repetition| repetition["validity"].to_string()).collect()
}

/// A server behind a URL.
fn at(url: &str) -> String {
    format!("\n[[server]]\nname = \"distant\"\napi = \"openai\"\nurl = \"{url}\"")
}

#[test]
fn a_server_that_does_not_count_cannot_be_asked_so() {
    let server = ScriptedServer::start(|_, stream| answer_keeping_alive(stream));
    assert_snapshot!(Folder::with(&scenario(&at(&server.url()), "")).runexp("x.toml --quiet"), @r"
    exit 3

    stdout:
    FOLDER/results/made-up/RUN-ID

    stderr:
    error: `default/load/clients=2` could not be measured: `distant[0]`: a prompt of so many tokens needs a server that counts them, and this one does not say how many there were; give `prompts` or a `prompt` instead
    ");
}

/// What it counts does not depend on what it is asked, and changes after two
/// questions about itself and the three prompts that a length is tried with.
fn counts_otherwise_after_a_while(number: usize, stream: &mut TcpStream) {
    let counted = if number < 5 { 64 } else { 80 };
    // A client that mostly waits for it is at work for most of the window.
    std::thread::sleep(Duration::from_millis(20));
    stream_head(stream);
    chunk(stream, &token("a"));
    chunk(stream, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
    let usage = format!("{{\"prompt_tokens\":{counted},\"completion_tokens\":1,\"total_tokens\":{}}}", counted + 1);
    chunk(stream, &format!("data: {{\"choices\":[],\"usage\":{usage}}}\n\ndata: [DONE]\n\n"));
    end(stream);
}

#[test]
fn a_cell_whose_prompts_have_another_length_than_before_is_invalid() {
    let (_folder, said) = undisturbed(0, || {
        let server = ScriptedServer::start(counts_otherwise_after_a_while);
        let text = scenario(&at(&server.url()), "").replace("[64, 512]", "64");
        let folder = Folder::with(&text);
        let said = folder.runexp("x.toml --quiet");
        (folder, said)
    });
    assert_eq!(said.code, Some(4), "{said}");
    assert_snapshot!(validity(&said.run()).join("\n"), @r#"{"state":"invalid","reasons":[{"rule":"prompt_length","text":"prompts of 64.0 tokens were counted as 80.0: off by 16.0 on average, more than 2.0"}]}"#);
}

#[test]
fn lengths_of_prompts_are_checked() {
    let problems = |written: &str| {
        let text = scenario(&at("http://127.0.0.1:1"), "").replace("prompt_tokens = [64, 512]", written);
        Folder::with(&text).runexp("check x.toml").to_string()
    };
    let all =
        ["prompt_tokens = []", "prompt_tokens = 0", "prompt_tokens = \"many\"", "prompt_tokens = 5, prompt = \"x\""];
    assert_snapshot!(all.map(problems).join("\n"), @r#"
    exit 2

    stdout:

    stderr:
    error[E008]: `prompt_tokens` holds no length
      --> x.toml:18:29
       |
    18 | request = { prompt_tokens = [], max_tokens = 4,  }
       |                             ^^
    checked 1 file: 1 error, 0 warnings

    exit 2

    stdout:

    stderr:
    error[E008]: `prompt_tokens` is 0 but must be from 1 to 1000000
      --> x.toml:18:29
       |
    18 | request = { prompt_tokens = 0, max_tokens = 4,  }
       |                             ^
    checked 1 file: 1 error, 0 warnings

    exit 2

    stdout:

    stderr:
    error[E007]: expected a number of tokens, or a list of them, found the string `many`
      --> x.toml:18:29
       |
    18 | request = { prompt_tokens = "many", max_tokens = 4,  }
       |                             ^^^^^^
    checked 1 file: 1 error, 0 warnings

    exit 2

    stdout:

    stderr:
    error[E009]: `prompt_tokens` cannot stand beside `prompt`
      --> x.toml:18:13
       |
    18 | request = { prompt_tokens = 5, prompt = "x", max_tokens = 4,  }
       |             ^^^^^^^^^^^^^
       |
       = help: leave one of them out
    checked 1 file: 1 error, 0 warnings
    "#);
}
