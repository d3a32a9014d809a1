//! A runner that is not run for a while, as on a machine that is too busy.

use std::time::Duration;

use insta::assert_snapshot;
use regex::Regex;
use rustix::process::Signal;

use super::folder::{Folder, Said};
use super::undisturbed::undisturbed;

const LOAD: &str = r#"
schema = 1
name = "stalled"
title = "A driver that is stopped in the middle"

[design]
repetitions = 1

[[server]]
name = "llama"
api = "llama-server"
model = "llama3.1:8b"
run = ["llama-server", "--port", "{{ port }}"]

[[phase]]
name = "load"
clients = 1
duration = "2s"
drain = "0s"
request = { prompt = "hello", max_tokens = 8, temperature = 0, ignore_eos = true }
"#;

/// Whether a reply has come and been recorded: the window has begun.
fn is_under_way(folder: &Folder) -> bool {
    let runs = std::fs::read_dir(folder.path("results/stalled")).into_iter().flatten().flatten();
    runs.map(|run| run.path().join("requests.jsonl")).any(|file| file.metadata().is_ok_and(|file| file.len() > 0))
}

/// What a run of the scenario says whose driver is stopped for 400 ms of its
/// first window, and which is disturbed by nothing else.
fn stopped(scenario: &str, options: &str) -> (Folder, Said) {
    undisturbed(1, || {
        let folder = Folder::with(scenario);
        let started = folder.start(&format!("x.toml --simulate h100 {options}"));
        let started = started.while_alive_until(|| is_under_way(&folder));
        let stopped = started.map_err(|said| said.to_string()).unwrap().signal(Signal::STOP);
        std::thread::sleep(Duration::from_millis(400));
        let said = stopped.signal(Signal::CONT).wait();
        (folder, said)
    })
}

/// The lines of the report that begin so and hold this, without moments.
fn lines(said: &Said, beginning: &str, holding: &str) -> String {
    let summary = said.run().read("SIMULATED-summary.md");
    let is_meant = |line: &&str| line.starts_with(beginning) && line.contains(holding);
    let lines: Vec<&str> = summary.lines().filter(is_meant).collect();
    let lines = lines.join("\n");
    let lines = Regex::new(r"\d+\.\d ms( late|, more)").unwrap().replace_all(&lines, "TIME$1");
    // At which percentile depends on how many requests there were.
    let percentile = Regex::new(r"at p\d+, more than \d+\.\d ms").unwrap();
    percentile.replace(&lines, "at PERCENTILE, more than LIMIT").into_owned()
}

/// Why the only repetition does not count that is not measured again.
fn reason(scenario: &str) -> String {
    let (_folder, said) = stopped(scenario, "--set design.rerun=0");
    assert_eq!(said.code, Some(4), "{said}");
    lines(&said, "| default/load/", "_")
}

#[test]
fn a_driver_that_was_stopped_for_a_fifth_of_the_window_has_measured_nothing() {
    assert_snapshot!(reason(LOAD), @"| default/load/clients=1 | 0 | the driver stalled for TIME, more than 100.0 ms (driver_stalled) |");
}

#[test]
fn in_an_open_loop_it_has_not_kept_the_schedule_either() {
    let open = LOAD.replace("clients = 1", "rate = 100\narrival = \"constant\"");
    assert_snapshot!(reason(&open), @"| default/load/rate=100 | 0 | the driver started requests TIME late at PERCENTILE, more than LIMIT (late_schedule); the driver stalled for TIME, more than 100.0 ms (driver_stalled) |");
}

#[test]
fn what_a_stopped_driver_has_spoiled_is_measured_again_with_fresh_servers_at_the_end_of_its_block() {
    let (folder, said) = stopped(LOAD, "--set design.repetitions=2");
    assert_snapshot!(said, @r"
    exit 0

    stdout:
    FOLDER/results/stalled/RUN-ID

    stderr:
    epoch 1/2 · block 1 · default
      server llama[0] ready after TIME
      [1/2] default/load/clients=1 · N requests
    again: 1 repetition that something has spoiled
    epoch 1/2 · block 1 · default
      server llama[0] ready after TIME
      [1/2] default/load/clients=1 · N requests
    epoch 2/2 · block 2 · default
      server llama[0] ready after TIME
      [2/2] default/load/clients=1 · N requests
    teardown
    report: summary.json SIMULATED-summary.md SIMULATED-guide.md SIMULATED-decision.md
    ");
    let run = said.run();
    let cells = &run.json("summary.json")["cells"]["default/load/clients=1"]["repetitions"];
    let told = cells
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("block {} epoch {} {}", one["block"], one["epoch"], one["validity"]["state"]));
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    block 0 epoch 0 "invalid"
    block 0 epoch 1 "valid"
    block 1 epoch 2 "valid"
    "#);
    assert_snapshot!([lines(&said, "| default/load/", "_"), lines(&said, "- Repetitions", "")].join("\n"), @r#"
    | default/load/clients=1 | 0 | the driver stalled for TIME, more than 100.0 ms (driver_stalled); it was run again |
    - Repetitions that do not count: 1 (see "Validity"). Of these, 1 was run again.
    "#);
    let again: Vec<_> =
        run.records("events.jsonl").into_iter().filter(|event| event["event"] == "measured_again").collect();
    assert_eq!((again.len(), &again[0]["first"]["epoch"]), (1, &serde_json::json!(0)));
    let done = folder
        .runexp(&format!("x.toml --simulate h100 --set design.repetitions=2 --resume {}", run.path("").display()));
    assert!(done.to_string().contains("the run is complete with 2 blocks"), "{done}");
}

#[test]
fn servers_that_stay_up_over_all_blocks_are_started_again_for_what_was_spoiled() {
    let (_folder, said) = stopped(&LOAD.replace("repetitions = 1", "repetitions = 2\nreplicate = \"phase\""), "");
    assert_eq!(said.code, Some(0), "{said}");
    let run = said.run();
    let epochs = run.records("events.jsonl").into_iter().filter(|event| event["event"] == "epoch_started").count();
    assert_eq!(epochs, 2);
    let cell = &run.json("summary.json")["cells"]["default/load/clients=1"];
    assert_eq!(
        (cell["repetitions"].as_array().unwrap().len(), &cell["estimates"]["output_throughput"]["estimate"]["n"]),
        (3, &serde_json::json!(2))
    );
}
