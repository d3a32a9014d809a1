//! Runs with real children: a small server in Python.

use insta::assert_snapshot;
use regex::Regex;

use super::folder::{Folder, is_gone};
use super::undisturbed::measured;

/// One server in this mode, one client, a window of 400 ms.
pub(super) fn scenario(mode: &str) -> String {
    format!(
        r#"
schema = 1
name = "real"
title = "A real server"

[vars]
window = "400ms"

[design]
repetitions = 1
rerun = 0

[[server]]
name = "python"
api = "openai"
model = "m"
run = ["python3", "server.py", "{{{{ port }}}}", "{mode}"]
ready = {{ http = "/v1/models", within = "20s" }}
stop = {{ signal = "KILL", within = "5s" }}

[[phase]]
name = "load"
clients = 1
duration = "{{{{ window }}}}"
drain = "1s"
request = {{ prompt = "hello", max_tokens = 3 }}
"#
    )
}

/// A folder with the server in this mode.
pub(super) fn folder(mode: &str) -> Folder {
    let folder = Folder::with(&scenario(mode));
    folder.write("server.py", include_str!("server.py"));
    folder
}

/// How the requests of a run ended, each end once.
fn outcomes(requests: &[serde_json::Value]) -> Vec<&str> {
    let mut ends: Vec<_> = requests.iter().map(|request| request["outcome"]["kind"].as_str().unwrap()).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

#[test]
fn a_real_server_is_measured_and_stopped() {
    let folder = folder("good");
    folder.write("x.toml", &scenario("good").replace("clients = 1", "clients = [1, 2]"));
    let said = measured(&folder, "x.toml");
    assert_snapshot!(said, @r"
    exit 0

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    epoch 1/1 · block 1 · default
      server python[0] ready after TIME
      [1/2] default/load/clients=2 · N requests
      [2/2] default/load/clients=1 · N requests
    teardown
    report: summary.json summary.md guide.md decision.md
    ");
    let run = said.run();
    assert_eq!(outcomes(&run.records("requests.jsonl")), ["success"]);
    assert_eq!(run.read("logs/001-python-0-.log"), "loading the model\n");
    assert!(is_gone(&folder.read("server.pid")));
    assert!(!run.read("summary.md").contains("SIMULATED"));
}

#[test]
fn a_server_that_never_gets_ready_fails_the_run() {
    let python = r#"["python3", "server.py", "{{ port }}", "never"]"#;
    let shell = r#"["sh", "-c", "echo $$ > server.pid; echo loading the model; exec sleep 1000"]"#;
    let folder = folder("never");
    folder.write("x.toml", &scenario("never").replace(python, shell).replace("20s", "1s"));
    assert_snapshot!(folder.runexp("x.toml"), @r"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    epoch 1/1 · block 1 · default
    teardown
    error: server `python[0]` could not be started: `python[0]` was not ready within 1s: `http://127.0.0.1:PORT/v1/models` does not answer: Connection refused (os error 111); the last lines of its log:
        loading the model
    report: summary.json summary.md guide.md decision.md
    ");
    assert!(is_gone(&folder.read("server.pid")));
}

#[test]
fn a_server_that_ends_while_it_starts_is_quoted() {
    assert_snapshot!(folder("exit").runexp("x.toml"), @r"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    epoch 1/1 · block 1 · default
    teardown
    error: server `python[0]` could not be started: `python[0]` ended while it was starting (exit status: 7); the last lines of its log:
        loading the model
        no such model
    report: summary.json summary.md guide.md decision.md
    ");
}

#[test]
fn a_server_that_dies_under_load_is_quoted() {
    let said = folder("die").runexp("x.toml").to_string();
    // How the last request of a dying server ends is a matter of luck.
    assert_snapshot!(Regex::new("N failed: .*").unwrap().replace(&said, "N failed: WHY"), @r"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    epoch 1/1 · block 1 · default
      server python[0] ready after TIME
      [1/1] default/load/clients=1 · N requests, N failed: WHY
    teardown
    error: server `python[0]` ended by itself (exit status: 9); the last lines of its log:
        loading the model
        out of memory
    report: summary.json summary.md guide.md decision.md
    ");
}

#[test]
fn a_server_that_refuses_every_request_measures_nothing() {
    let folder = folder("refuse");
    let said = measured(&folder, "x.toml");
    assert_snapshot!(said, @r"
    exit 4

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    epoch 1/1 · block 1 · default
      server python[0] ready after TIME
      [1/1] default/load/clients=1 · N requests, N failed: N × 500 `no model`
    teardown
    error: nothing valid was measured
      `default/load/clients=1`, block 0: no request succeeded: N of N: N × 500 `no model` (nothing_succeeded)
      `default/load/clients=1`, block 0: 100.0 % of the requests failed, more than 1 % (errors)
    help: `runexp explain nothing_succeeded` says what this protects against
    report: summary.json summary.md guide.md decision.md
    ");
    let summary = said.run().read("summary.md");
    let told: Vec<_> = summary.lines().filter(|line| line.contains("| status")).collect();
    assert_snapshot!(folder.redacted(&told.join("\n")), @"| default | clients=1 | 0 of 1 | status N |");
}

#[test]
fn a_template_cannot_take_the_place_of_a_record() {
    let folder = folder("good");
    let run = folder.runexp("x.toml --quiet").run();
    let manifest = run.read("manifest.json");
    folder.write("manifest.json.j2", "gone");
    assert_snapshot!(folder.runexp(&format!("report {} --template manifest.json.j2", run.path("").display())), @r"
    exit 2

    stdout:

    stderr:
    error: `manifest.json` is a record of the run, which no report may replace; call the template something else
    ");
    assert_eq!(run.read("manifest.json"), manifest);
}

#[test]
fn a_server_that_is_killed_on_purpose_serves_again() {
    let folder = folder("good");
    let fault = "drain = \"1s\"\nfault = { at = \"100ms\", kill = \"python[0]\", signal = \"KILL\" }";
    folder.write("x.toml", &scenario("good").replace("drain = \"1s\"", fault));
    let run = folder.runexp("x.toml --quiet").run();
    let events = run.records("events.jsonl");
    // Whether the load or the run gets the first good answer is chance.
    let others = ["undo", "server_answered", "sealed", "begun", "ended"];
    let told: Vec<_> =
        events.iter().map(|event| event["event"].as_str().unwrap()).filter(|name| !others.contains(name)).collect();
    assert_eq!(
        told,
        [
            "contained",
            "epoch_started",
            "memory",
            "server_ready",
            "memory",
            "servers_seen",
            "server_killed",
            "server_recovered",
            "servers_seen",
            "cell_finished",
            "server_stopped",
            "checkpoint"
        ]
    );
    assert_eq!(run.json("manifest.json")["outcome"]["state"], "completed");
    assert!(is_gone(&folder.read("server.pid")));
}
