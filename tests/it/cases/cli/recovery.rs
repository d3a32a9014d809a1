//! Servers that are killed on purpose, whole or only what computes for them, and
//! how long they take to their next good answer.

use insta::assert_snapshot;
use regex::Regex;
use runexp::process::pid_is_alive;

use super::folder::{Folder, RunFolder};

/// How long the server takes to load its model, in seconds.
const LOAD_S: f64 = 0.7;

/// Two servers of Ollama's kind, of which the second is hit early in a window,
/// in the middle of its first reply.
fn scenario(mode: &str, phase: &str, fault: &str) -> String {
    format!(
        r#"
schema = 1
name = "recovery"
title = "Recovery"

[design]
repetitions = 1
rerun = 0

[telemetry]
gpu = "off"

[[server]]
name = "ollama"
api = "ollama"
model = "m"
count = 2
run = ["python3", "ollama.py", "{{{{ port }}}}", "{mode}", "{LOAD_S}"]
ready = {{ http = "/api/version", within = "20s" }}
preload = {{ within = "20s" }}
stop = {{ signal = "KILL", within = "5s" }}

[[phase]]
name = "one dies"
{phase}
request = {{ prompt = "hello", max_tokens = 100, extra = {{ options = {{ num_ctx = 4096 }} }} }}
fault = {{ at = "200ms", {fault} }}
"#
    )
}

/// Clients for both servers, and time for the second to come back.
const LONG: &str = "clients = 2\nduration = \"2s\"\ndrain = \"30s\"";
/// Over long before a model is loaded.
const SHORT: &str = "clients = 2\nduration = \"300ms\"\ndrain = \"100ms\"";
const KILL: &str = "kill = \"ollama[1]\"";

fn run(mode: &str, phase: &str, fault: &str) -> (Folder, RunFolder) {
    let folder = Folder::with(&scenario(mode, phase, fault));
    folder.write("ollama.py", include_str!("ollama.py"));
    let said = folder.runexp("x.toml --quiet");
    assert!(matches!(said.code, Some(0 | 4)), "{said}");
    let run = said.run();
    (folder, run)
}

/// What `summary.md` says of the trial, without times.
fn told(run: &RunFolder) -> String {
    let summary = run.read("summary.md");
    let told = summary.lines().find(|line| line.contains("killed") && line.contains("into the window")).unwrap();
    Regex::new(r"\d+\.\d\d s").unwrap().replace_all(told, "TIME").into_owned()
}

/// The recovery time of the only repetition, valid or not, or why there is none.
fn recovery(run: &RunFolder) -> Result<f64, String> {
    let summary = run.json("summary.json");
    let cell = summary["cells"].as_object().unwrap().values().next().unwrap().clone();
    let value = &cell["repetitions"][0]["values"]["recovery_time"];
    value["value"].as_f64().ok_or_else(|| value["gap"]["reason"].as_str().unwrap().to_owned())
}

fn events(run: &RunFolder) -> Vec<String> {
    let fault = ["server_killed", "server_recovered", "server_answered", "server_silent"];
    let names = run.records("events.jsonl").into_iter().map(|event| event["event"].as_str().unwrap().to_owned());
    names.filter(|name| fault.contains(&name.as_str())).collect()
}

fn pids(folder: &Folder, name: &str) -> Vec<u32> {
    folder.read(name).lines().map(|line| line.split(' ').next_back().unwrap().parse().unwrap()).collect()
}

fn assert_nobody_is_left(folder: &Folder) {
    let left = |name| pids(folder, name).into_iter().filter(|pid| pid_is_alive(*pid)).collect::<Vec<_>>();
    assert_eq!([left("serves"), left("runners")], [Vec::<u32>::new(), Vec::new()]);
}

#[test]
fn recovery_ends_with_the_next_good_answer_and_not_with_readiness() {
    let (folder, run) = run("good", LONG, KILL);
    assert_snapshot!(told(&run).replace("to the load", "to ASKER").replace("to a short request of runexp's own", "to ASKER"), @"- default/one dies/clients=2, block 1: ollama[1] killed TIME into the window; started again by runexp, ready again after TIME; first good answer after TIME, to ASKER");
    // Ready at once, and it loads the model with its first request.
    assert!(recovery(&run).unwrap() >= LOAD_S, "{:?}", recovery(&run));
    let recovered = run.records("events.jsonl").into_iter().find(|event| event["event"] == "server_recovered").unwrap();
    assert!(recovered["recovery_ns"].as_f64().unwrap() / 1e9 < recovery(&run).unwrap() - LOAD_S / 2.0);
    assert_eq!(run.json("manifest.json")["outcome"]["state"], "completed");
    assert_nobody_is_left(&folder);
}

#[test]
fn a_server_that_no_client_asks_is_asked_by_the_run() {
    let (folder, run) = run("good", &LONG.replace("clients = 2", "clients = 1"), KILL);
    assert_snapshot!(told(&run), @"- default/one dies/clients=1, block 1: ollama[1] killed TIME into the window; started again by runexp, ready again after TIME; first good answer after TIME, to a short request of runexp's own");
    assert_eq!(events(&run), ["server_killed", "server_recovered", "server_answered"]);
    assert!(recovery(&run).unwrap() >= LOAD_S);
    // With the load's own settings: others would have the model loaded once more.
    let (serves, asked) = (folder.read("serves"), folder.read("asked"));
    let (killed, _) = serves.lines().last().unwrap().split_once(' ').unwrap();
    let last = asked.lines().filter_map(|line| line.strip_prefix(killed)).next_back().unwrap();
    assert_eq!(last, r#" /api/chat {"num_ctx": 4096, "num_predict": 4, "temperature": 0.0}"#);
    assert_nobody_is_left(&folder);
}

#[test]
fn the_answer_is_waited_for_beyond_the_load() {
    let (_folder, run) = run("good", SHORT, KILL);
    assert_eq!(events(&run), ["server_killed", "server_recovered", "server_answered"]);
    assert!(recovery(&run).unwrap() >= LOAD_S);
    let finished = run.records("events.jsonl").into_iter().find(|event| event["event"] == "cell_finished").unwrap();
    let moment = |key: &str| finished[key].as_u64().unwrap();
    assert_eq!(
        moment("window_end_ns") - moment("window_start_ns"),
        300_000_000,
        "the window has its length all the same"
    );
}

#[test]
fn a_server_that_never_answers_again_has_a_bound_and_no_small_number() {
    let folder = Folder::with(&scenario("mute", SHORT, KILL).replace("20s", "3s").replace("\"0.7\"", "\"0\""));
    folder.write("ollama.py", include_str!("ollama.py"));
    let run = folder.runexp("x.toml --quiet").run();
    assert_eq!(events(&run), ["server_killed", "server_recovered", "server_silent"]);
    assert_snapshot!(recovery(&run).unwrap_err(), @"it did not answer well within 6.0 s");
    assert_snapshot!(told(&run), @"- default/one dies/clients=2, block 1: ollama[1] killed TIME into the window; started again by runexp, ready again after TIME; no good answer within TIME: the last request failed: it was answered with status 500: no model");
}

#[test]
fn a_server_whose_runner_alone_is_killed_helps_itself() {
    let (folder, run) = run("good", LONG, "kill = \"ollama[1]\", processes = \"workers\"");
    assert_snapshot!(told(&run).replace("to the load", "to ASKER").replace("to a short request of runexp's own", "to ASKER"), @"- default/one dies/clients=2, block 1: the workers of ollama[1] killed TIME into the window; came back by itself; first good answer after TIME, to ASKER");
    assert!(recovery(&run).unwrap() >= LOAD_S);
    let killed = run.records("events.jsonl").into_iter().find(|event| event["event"] == "server_killed").unwrap();
    let (serves, runners) = (pids(&folder, "serves"), pids(&folder, "runners"));
    assert_eq!((serves.len(), runners.len()), (2, 3), "two servers, and one runner more");
    assert_eq!(killed["pids"], serde_json::json!([runners[1]]));
    // The HTTP reply under way ended cleanly, and was none.
    let ends = run.records("requests.jsonl").into_iter().map(|request| request["outcome"].clone());
    let failures: Vec<_> = ends.filter(|outcome| outcome["kind"] != "success" && outcome["kind"] != "cut").collect();
    assert_eq!(
        serde_json::to_value(failures).unwrap(),
        serde_json::json!([{
            "kind": "server_error",
            "message": "an error was encountered while running the model: unexpected EOF",
        }])
    );
    assert_nobody_is_left(&folder);
}

#[test]
fn a_server_without_workers_cannot_lose_them() {
    let folder = super::real::folder("good");
    let fault = "drain = \"1s\"\nfault = { at = \"100ms\", kill = \"python[0]\", processes = \"workers\" }";
    folder.write("x.toml", &super::real::scenario("good").replace("drain = \"1s\"", fault));
    let said = folder.runexp("x.toml --quiet").to_string();
    assert_snapshot!(Regex::new(r"port \d+").unwrap().replace_all(&said, "port PORT"), @r"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    error: `default/load/clients=1` could not be measured: `python[0]` has no workers to kill: what listens on port PORT has started no process, and computes itself, or has no model loaded
    ");
}

/// Without what later versions note of a fault, and with the notes of the load.
#[test]
fn the_records_of_an_older_run_tell_the_next_good_answer_too() {
    let (folder, run) = run("good", LONG, KILL);
    let is_newer = |line: &&str| !line.contains("server_answered");
    let events = run.read("events.jsonl");
    let older: Vec<&str> = events.lines().filter(is_newer).collect();
    let pids = Regex::new(r#","pids":\[[\d,]*\]"#).unwrap();
    std::fs::write(run.path("events.jsonl"), pids.replace_all(&older.join("\n"), "").into_owned() + "\n").unwrap();
    let report = folder.runexp(&format!("report {}", run.path("").display()));
    assert_eq!(report.code, Some(0), "{report}");
    assert_snapshot!(told(&run), @"- default/one dies/clients=2, block 1: ollama[1] killed TIME into the window; started again by runexp, ready again after TIME; first good answer after TIME, to the load");
    assert!(recovery(&run).unwrap() >= LOAD_S);
}
