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

/// What the report says of a driver that was stopped for 400 ms of its 2 s.
#[expect(clippy::panic, reason = "a run that ends too early must fail its test")]
fn stopped(scenario: &str) -> String {
    let folder = Folder::with(scenario);
    let started = folder.start("x.toml --simulate h100").while_alive_until(|| is_under_way(&folder));
    let stopped = started.unwrap_or_else(|said| panic!("{said}")).signal(Signal::STOP);
    std::thread::sleep(Duration::from_millis(400));
    let said = stopped.signal(Signal::CONT).wait();
    assert_eq!(said.code, Some(4), "{said}");
    let summary = said.run().read("SIMULATED-summary.md");
    let invalid = summary.lines().find(|line| line.starts_with("| default/load/") && line.contains('_')).unwrap();
    let invalid = Regex::new(r"\d+\.\d ms( late|, more)").unwrap().replace_all(invalid, "TIME$1");
    // At which percentile depends on how many requests there were.
    Regex::new(r"at p\d+, more than \d+\.\d ms")
        .unwrap()
        .replace(&invalid, "at PERCENTILE, more than LIMIT")
        .into_owned()
}

#[test]
fn a_driver_that_was_stopped_for_a_fifth_of_the_window_has_measured_nothing() {
    assert_snapshot!(stopped(LOAD), @"| default/load/clients=1 | 0 | the driver stalled for TIME, more than 100.0 ms (driver_stalled) |");
}

#[test]
fn in_an_open_loop_it_has_not_kept_the_schedule_either() {
    let open = LOAD.replace("clients = 1", "rate = 100\narrival = \"constant\"");
    assert_snapshot!(stopped(&open), @"| default/load/rate=100 | 0 | the driver started requests TIME late at PERCENTILE, more than LIMIT (late_schedule); the driver stalled for TIME, more than 100.0 ms (driver_stalled) |");
}
