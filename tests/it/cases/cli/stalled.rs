//! A runner that is not run for a while, as on a machine that is too busy.

use std::time::Duration;

use insta::assert_snapshot;
use regex::Regex;
use rustix::process::Signal;

use super::folder::Folder;

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

#[test]
fn a_driver_that_was_stopped_for_a_fifth_of_the_window_has_measured_nothing() {
    let folder = Folder::with(LOAD);
    let started = folder.start("x.toml --simulate h100").while_alive_until(|| is_under_way(&folder));
    let stopped = started.unwrap_or_else(|said| panic!("{said}")).signal(Signal::STOP);
    std::thread::sleep(Duration::from_millis(400));
    let said = stopped.signal(Signal::CONT).wait();
    assert_eq!(said.code, Some(4), "{said}");
    let summary = said.run().read("SIMULATED-summary.md");
    let invalid = summary.lines().find(|line| line.starts_with("| default/load/clients=1 | 0 |")).unwrap();
    let told = Regex::new(r"stalled for \d+\.\d ms").unwrap().replace(invalid, "stalled for TIME");
    assert_snapshot!(told, @"| default/load/clients=1 | 0 | the driver stalled for TIME, more than 100.0 ms (driver_stalled) |");
}
