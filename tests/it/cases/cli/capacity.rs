//! Runs that add servers until one more cannot be had: on a simulated machine
//! and with real children that refuse.

use insta::assert_snapshot;
use serde_json::json;

use super::folder::{Folder, RunFolder, is_gone};
use super::undisturbed::measured;

/// Up to four servers of this kind, tried for 300 ms each.
fn scenario(server: &str, phase: &str) -> String {
    format!(
        r#"
schema = 1
name = "capacity"
title = "How many"

[design]
repetitions = 1
rerun = 0

[[server]]
name = "s"
model = "llama3.1:8b"
count = 4
{server}

[[phase]]
name = "together"
find = {{ max = "servers", from = 1, to = 4 }}
duration = "400ms"
drain = "1s"
request = {{ prompt = "hello", max_tokens = 3, ignore_eos = true }}
{phase}
"#
    )
}

const SIMULATED: &str = "api = \"llama-server\"\nrun = [\"llama-server\", \"--port\", \"{{ port }}\"]";
/// The third of them finds no memory, the second is in another mode.
const REFUSING: &str = r#"api = "openai"
ready = { http = "/v1/models", within = "20s" }
stop = { signal = "KILL", within = "5s" }
run = ["sh", "-c", "if [ $0 -gt 1 ]; then echo out of memory; exit 7; fi; [ $0 = 0 ] || mode=$2; exec python3 server.py $1 ${mode-good}", "{{ index }}", "{{ port }}", "MODE"]"#;

/// An H100 with 12 GB: room for two of 5,376 MiB.
fn small_machine(folder: &Folder, unified: bool) {
    let h100 = include_str!("../../../../scenarios/machines/h100.toml");
    let small = h100.replace("memory_mib = { value = 81559", "memory_mib = { value = 12000");
    assert_ne!(small, h100);
    std::fs::create_dir(folder.path("machines")).unwrap();
    folder
        .write("machines/small.toml", &small.replace("unified_memory = false", &format!("unified_memory = {unified}")));
}

/// A run of `x.toml`, of which every try was judged.
fn run(folder: &Folder, words: &str) -> RunFolder {
    measured(folder, &format!("x.toml {words}")).run()
}

/// How every try was judged, in order.
fn tries(run: &RunFolder) -> Vec<String> {
    let probed = run.records("events.jsonl").into_iter().filter(|event| event["event"] == "probed");
    let told = probed.map(|event| {
        let reason = event["verdict"]["reason"].as_str().unwrap_or_default().to_owned();
        let (level, state) = (event["level"].as_f64().unwrap(), event["verdict"]["state"].as_str().unwrap());
        format!("servers={level} {state} {reason}").trim_end().to_owned()
    });
    let share = regex::Regex::new(r"\d+\.\d %").unwrap();
    told.map(|told| share.replace_all(&told, "N %").into_owned()).collect()
}

/// What the summary says of how many run together.
fn told(summary: &str) -> String {
    let section = summary.split("## How many servers run together").nth(1).unwrap();
    let lines = section.split("\n## ").next().unwrap().lines();
    lines.filter(|line| line.contains("practical")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_simulated_machine_takes_servers_until_its_memory_is_full() {
    let folder = Folder::with(&scenario(SIMULATED, ""));
    small_machine(&folder, false);
    let run = run(&folder, "--simulate small");
    assert_snapshot!(tries(&run).join("\n"), @r"
    servers=1 passed
    servers=2 passed
    servers=3 failed simulated server `s[2]` needs 5.2 GiB of device memory, 1.2 GiB of 11.7 GiB are free
    servers=2 passed
    servers=3 failed simulated server `s[2]` needs 5.2 GiB of device memory, 1.2 GiB of 11.7 GiB are free
    ");
    assert_snapshot!(told(&run.read("SIMULATED-summary.md")), @"default, block 0: **practical: 2 servers ran together, and 3 did not**; theoretical: 12.6 GB ÷ 5.64 GB for each = 2.23, so 2.");
    let summary = run.json("summary.json");
    let values = &summary["cells"]["default/together/max=servers"]["repetitions"][0]["values"];
    let value = |metric: &str| values[metric]["value"].clone();
    assert_eq!(
        ["instances_max_practical", "instances_max_theoretical", "memory_per_instance", "memory_total"].map(value),
        [json!(2.0), json!(2.0), json!(5376.0 * 1_048_576.0), json!(12000.0 * 1_048_576.0)]
    );
    assert!(run.read("SIMULATED-guide.md").contains("SIMULATED"));
}

#[test]
fn a_machine_that_shares_its_memory_with_the_host_is_not_driven_into_the_last_of_it() {
    let folder = Folder::with(&scenario(SIMULATED, ""));
    small_machine(&folder, true);
    let run = run(&folder, "--simulate small");
    assert_snapshot!(tries(&run).join("\n"), @r"
    servers=1 passed
    servers=2 passed
    servers=3 failed `s[2]` was not started: 1.2 GiB of memory are available, and one before it has taken 5.2 GiB
    servers=2 passed
    servers=3 failed `s[2]` was not started: 1.2 GiB of memory are available, and one before it has taken 5.2 GiB
    ");
    assert_snapshot!(told(&run.read("SIMULATED-summary.md")), @"default, block 0: **practical: 2 servers ran together, and 3 did not**; theoretical: 12.6 GB ÷ 5.64 GB for each = 2.23, so 2.");
}

#[test]
fn an_objective_that_is_missed_ends_it_too() {
    let folder = Folder::with(&scenario(SIMULATED, "clients = 2\nslo = { tpot = \"1us\" }"));
    let run = run(&folder, "--simulate h100");
    assert_snapshot!(tries(&run).join("\n"), @r"
    servers=1 failed N % met the objectives, less than 95 %
    servers=1 failed N % met the objectives, less than 95 %
    ");
}

/// A run of real children in this mode.
fn real(mode: &str, phase: &str) -> (Folder, RunFolder) {
    let folder = Folder::with(&scenario(&REFUSING.replace("MODE", mode), phase));
    folder.write("server.py", include_str!("server.py"));
    let run = run(&folder, "");
    (folder, run)
}

#[test]
fn a_real_server_that_refuses_to_start_ends_the_search_and_not_the_run() {
    let (folder, run) = real("good", "");
    assert_snapshot!(folder.redacted(&tries(&run).join("\n")), @r"
    servers=1 passed
    servers=2 passed
    servers=N failed `s[2]` ended while it was starting (exit status: 7); the last lines of its log:
        out of memory
    servers=2 passed
    servers=N failed `s[2]` ended while it was starting (exit status: 7); the last lines of its log:
        out of memory
    ");
    let summary = run.json("summary.json");
    let search = &summary["cells"]["default/together/max=servers"]["repetitions"][0]["search"];
    assert_eq!(
        (&search["passed"], &search["failed"], &search["is_complete"]),
        (&json!(2.0), &json!(3.0), &json!(true))
    );
    let events = run.records("events.jsonl");
    let memory = events.iter().filter(|event| event["event"] == "memory");
    let up: Vec<_> = memory.map(|event| event["servers"].as_u64().unwrap()).collect();
    assert_eq!(up, [0, 1, 2]);
    let failed = events.iter().filter(|event| event["event"] == "server_failed").count();
    assert_eq!(failed, 2, "tried once more");
    assert!(is_gone(&folder.read("server.pid")));
}

#[test]
fn a_real_server_that_ends_under_load_is_a_result() {
    let (folder, run) = real("die", "clients = 4");
    assert_snapshot!(folder.redacted(&tries(&run).join("\n")), @r"
    servers=1 passed
    servers=N failed `s[1]` ended by itself (exit status: 9); the last lines of its log:
        loading the model
        out of memory
    servers=1 passed
    servers=N failed `s[1]` ended by itself (exit status: 9); the last lines of its log:
        loading the model
        out of memory
    ");
}

#[test]
fn what_adding_servers_cannot_be_is_told_at_its_place() {
    let folder = Folder::new();
    let wrong = scenario(SIMULATED, "rate = 2").replace("to = 4", "to = 5");
    folder.write("y.toml", &wrong);
    let other =
        "[[phase]]\nname = \"other\"\nclients = 1\nduration = \"1s\"\nrequest = { prompt = \"x\", max_tokens = 1 }";
    folder.write("z.toml", &format!("{}\n{other}\n", scenario(SIMULATED, "")));
    let both = ["check y.toml", "check z.toml"].map(|command| folder.runexp(command).to_string());
    assert_snapshot!(both.join("\n"), @r#"
    exit 2

    stdout:

    stderr:
    error[E008]: `find` goes up to 5 servers, and 4 are declared
      --> y.toml:19:8
       |
    19 | find = { max = "servers", from = 1, to = 5 }
       |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: give the server a `count` as high as `to`

    error[E009]: `rate` means nothing beside `find`
      --> y.toml:23:1
       |
    23 | rate = 2
       | ^^^^
       |
       = help: `find` tries loads between its `from` and its `to`
    checked 1 file: 2 errors, 0 warnings

    exit 2

    stdout:

    stderr:
    error[E009]: `together` starts its servers one by one, so no other phase can share its treatments
      --> z.toml:19:1
       |
    19 | find = { max = "servers", from = 1, to = 4 }
       | ^^^^
       |
       = help: move the other phases to a scenario of their own, or keep them apart by `when`
    checked 1 file: 1 error, 0 warnings
    "#);
}
