//! A run on a simulated machine that searches for the highest load.

use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use insta::assert_snapshot;
use regex::Regex;
use serde_json::json;

use super::folder::{Folder, Said};
use super::undisturbed::{measured, undisturbed};
use crate::support::chat::{DONE, body, finish, usage};
use crate::support::{ScriptedServer, answer, chunk, end, stream_head, token};

const FIND: &str = r#"
schema = 1
name = "find"
title = "A search"

[design]
repetitions = 1
rerun = 0

[[server]]
name = "llama"
api = "llama-server"
model = "llama3.1:8b"
slots = 2
run = ["llama-server", "--port", "{{ port }}"]

[[phase]]
name = "capacity"
find = { max = "clients", from = 1, to = 4 }
duration = "600ms"
warmup = "100ms"
drain = "500ms"
request = { prompt = "hello", max_tokens = 20, temperature = 0, ignore_eos = true }
slo = { ttft = "100ms" }
"#;

#[test]
fn a_search_records_every_try_and_its_report_can_be_made_again() {
    let folder = Folder::with(FIND);
    let said = measured(&folder, "x.toml --simulate h100");
    let run = said.run();
    let probed: Vec<_> = run.records("events.jsonl").into_iter().filter(|event| event["event"] == "probed").collect();
    assert!(probed.len() >= 2, "{said}");
    assert_eq!(
        (&probed[0]["cell"]["cell"], &probed[0]["level"]),
        (&json!("default/capacity/max=clients"), &json!(1.0))
    );
    for (number, event) in probed.iter().enumerate() {
        assert_eq!(event["cell"]["probe"], json!(number));
    }
    let requests = run.records("requests.jsonl");
    assert!((0..probed.len()).all(|number| requests.iter().any(|request| request["cell"]["probe"] == json!(number))));
    let before = (run.read("SIMULATED-summary.md"), run.read("summary.json"));
    assert!(before.0.contains("## The highest load that meets the objectives"), "{}", before.0);
    let summary: serde_json::Value = serde_json::from_str(&before.1).unwrap();
    let search = &summary["cells"]["default/capacity/max=clients"]["repetitions"][0]["search"];
    assert_eq!(search["probes"].as_array().unwrap().len(), probed.len());
    assert_eq!(folder.runexp(&format!("report {}", run.path("").display())).code, Some(0));
    assert_eq!((run.read("SIMULATED-summary.md"), run.read("summary.json")), before);
}

/// A server that works on four requests at once and refuses the fifth.
fn server_of_four() -> ScriptedServer {
    let busy = AtomicUsize::new(0);
    ScriptedServer::start_hearing(move |heard, stream| {
        if body(heard).is_none() {
            return answer(stream, "200 OK", "{\"data\":[]}");
        }
        if busy.fetch_add(1, Ordering::SeqCst) < 4 {
            twenty_tokens(stream);
            // Whoever has read the end of the reply finds the place free.
            busy.fetch_sub(1, Ordering::SeqCst);
            chunk(stream, DONE);
            end(stream);
        } else {
            busy.fetch_sub(1, Ordering::SeqCst);
            answer(stream, "503 Service Unavailable", "{\"error\":\"busy\"}");
        }
    })
}

fn twenty_tokens(stream: &mut TcpStream) {
    stream_head(stream);
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(2));
        chunk(stream, &token("a "));
    }
    chunk(stream, &finish("length"));
    chunk(stream, &usage("\"completion_tokens\":20"));
}

/// A search at a server on this machine, and not at a simulated one.
fn search_at_a_server_of_four() -> (Folder, Said) {
    undisturbed(0, || {
        let server = format!("api = \"openai\"\nmodel = \"m\"\nurl = \"{}\"", server_of_four().url());
        let (before, rest) = FIND.split_once("api = ").unwrap();
        let (_, phase) = rest.split_once("\n\n[[phase]]").unwrap();
        let scenario = format!("{before}{server}\n\n[[phase]]{phase}")
            .replace("repetitions = 1", "repetitions = 2")
            .replace("to = 4", "to = 16")
            .replace("ttft = \"100ms\"", "ttft = \"5s\"")
            .replace("prompt = \"hello\"", "prompt = \"hello\", nonce = false, prompt_cache = \"allow\"");
        let folder = Folder::with(&scenario);
        let said = folder.runexp("x.toml --quiet");
        (folder, said)
    })
}

#[test]
fn a_search_at_a_server_whose_capacity_is_known_finds_it_and_the_decision_says_so() {
    let (folder, said) = search_at_a_server_of_four();
    assert_eq!(said.code, Some(0), "{said}");
    let decision = folder.redacted(&said.run().read("decision.md"));
    let masked = [
        (r"\d+(\.\d+)? ms", "N ms"),
        (r"\b\d+ of \d+ \|", "N of N |"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME"),
        (r"\*\*Trust:\*\* [^;]*;", "**Trust:** GPU;"),
    ];
    let decision = masked
        .into_iter()
        .fold(decision, |text, (pattern, name)| Regex::new(pattern).unwrap().replace_all(&text, name).into_owned());
    assert_snapshot!(decision);
}

/// Why the search that asks for this says nothing.
fn without_answer(slo: &str) -> String {
    let folder = Folder::with(&FIND.replace("{ ttft = \"100ms\" }", slo));
    let said = measured(&folder, "x.toml --simulate h100 --quiet");
    let counted = Regex::new(r"\d+ of the 130").unwrap();
    counted.replace(&said.reasons(), "SOME of the 130").into_owned()
}

#[test]
fn a_search_whose_lowest_load_already_fails_has_no_answer() {
    assert_snapshot!(without_answer("{ ttft = \"1ms\" }"), @"`default/capacity/max=clients`, block 0: no load met the objectives every time (no_load_passed)");
}

#[test]
fn a_search_at_a_load_that_nobody_can_judge_is_open() {
    assert_snapshot!(without_answer("{ ttft_p95 = \"100ms\" }"), @"`default/capacity/max=clients`, block 0: the search ended at a load nobody could judge: `ttft_p95`: SOME of the 130 values that it needs (search_open)");
}

#[test]
fn a_plan_says_how_many_tries_a_search_may_take() {
    let plan = Folder::with(FIND).runexp("plan x.toml").to_string();
    let told = ["capacity", "seed", "  at least", "  at most", "search"];
    let lines: Vec<&str> = plan.lines().filter(|line| told.iter().any(|word| line.contains(word))).collect();
    assert_snapshot!(lines.join("\n"), @"
    find — A search
    seed 1 · 1 block · 1 treatment · 1 epoch · 1 measurement · at least 1s 400ms
      capacity             600ms after 100ms of warm-up, at most 20 tokens, 2 to 7 times to find max clients from 1 to 4 within 5 % · max=clients
      at least 1s 400ms: 1s 400ms of load
      at most 1m 8s 820ms, with every limit used up: 420ms for windows to begin at random, 3s 500ms for searches, 3s 500ms for drains, 1m for servers' starts
      1 search sends what the loads that it tries take: nobody knows which before
    ");
}

#[test]
fn what_a_search_cannot_be_is_told_at_its_place() {
    let folder = Folder::with(FIND);
    let wrong = FIND
        .replace("to = 4 }", "to = 4, attainment = \"20%\" }\nclients = 2\narrival = \"constant\"")
        .replace("slo = { ttft = \"100ms\" }", "");
    folder.write("y.toml", &wrong);
    folder.write("z.toml", &FIND.replace("max = \"clients\", from = 1", "max = \"clients\", from = 9"));
    let both = ["check y.toml", "check z.toml"].map(|command| folder.runexp(command).to_string());
    assert_snapshot!(both.join("\n"), @r#"
    exit 2

    stdout:

    stderr:
    error[E006]: `find` without `slo` has nothing to meet
      --> y.toml:19:1
       |
    19 | find = { max = "clients", from = 1, to = 4, attainment = "20%" }
       | ^^^^
       |
       = help: give the phase a `slo`, { ttft = "300ms" } say

    error[E008]: `attainment` is 0.2 but must be from 0.5 to 1
      --> y.toml:19:8
       |
    19 | find = { max = "clients", from = 1, to = 4, attainment = "20%" }
       |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[E009]: `clients` means nothing beside `find`
      --> y.toml:20:1
       |
    20 | clients = 2
       | ^^^^^^^
       |
       = help: `find` tries loads between its `from` and its `to`

    error[E009]: `arrival` means nothing beside `max = "clients"`
      --> y.toml:21:1
       |
    21 | arrival = "constant"
       | ^^^^^^^
       |
       = help: clients send when their last reply has come
    checked 1 file: 4 errors, 0 warnings

    exit 2

    stdout:

    stderr:
    error[E008]: `find` goes from 9 to 4 but must rise, between 1 and 10000
      --> z.toml:19:8
       |
    19 | find = { max = "clients", from = 9, to = 4 }
       |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    checked 1 file: 1 error, 0 warnings
    "#);
}
