//! A run that goes on where an earlier session of it has ended.

mod refused;

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

use insta::assert_snapshot;
use rustix::process::Signal;
use serde_json::Value;

use super::folder::{Folder, RunFolder, Said, is_gone};
use super::undisturbed::{measured, undisturbed};
use super::{real, simulated};

/// Two slots levels, two loads, this many blocks.
fn tiny(blocks: u32) -> Folder {
    Folder::with(&simulated::TINY.replace("repetitions = 1", &format!("repetitions = {blocks}")))
}

/// A real server over two blocks.
fn two_real_blocks() -> Folder {
    let folder = real::folder("good");
    folder.write("x.toml", &real::scenario("good").replace("repetitions = 1", "repetitions = 2"));
    folder
}

/// What a finished run looks like: every repetition that counts, how many each
/// estimate stands on, and the order of the epochs that count.
fn shape(run: &RunFolder) -> String {
    let summary = run.json("summary.json");
    let mut shape = String::new();
    for (id, cell) in summary["cells"].as_object().unwrap() {
        let of_each = cell["repetitions"].as_array().unwrap().iter();
        let blocks: Vec<String> = of_each.map(|one| format!("{} {}", one["block"], one["validity"]["state"])).collect();
        let n = &cell["estimates"]["output_throughput"]["estimate"]["n"];
        writeln!(shape, "{id}: {}; n = {n}", blocks.join(", ")).unwrap();
    }
    let mut void = Vec::new();
    let events = run.records("events.jsonl");
    for seam in events.iter().filter(|event| event["event"] == "resumed") {
        void.extend(seam["void"].as_array().unwrap().clone());
    }
    for epoch in events.iter().filter(|event| event["event"] == "epoch_started" && !void.contains(&event["epoch"])) {
        writeln!(shape, "block {} {}", epoch["block"], epoch["treatment"]).unwrap();
    }
    shape
}

/// Whether every moment of a file of records is later than all before it, but
/// for those of requests, which end at once.
fn is_in_order(run: &RunFolder, name: &str, key: &str) -> bool {
    run.records(name).iter().map(|record| record[key].as_u64().unwrap()).is_sorted()
}

/// What the report says of its sessions, without the moments.
fn told(run: &RunFolder, name: &str) -> String {
    let report = run.read(name);
    let number = |text: &str| {
        regex::Regex::new(r"\d+ measurements? that .* not count")
            .unwrap()
            .replace_all(text, "N do not count")
            .into_owned()
    };
    let report = number(&report);
    let rows: Vec<&str> = report
        .lines()
        .filter(|line| ["| Resumed", "| Outcome", "| Design"].iter().any(|row| line.starts_with(row)))
        .collect();
    regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
        .unwrap()
        .replace_all(&rows.join("\n"), "MOMENT")
        .into_owned()
}

fn resume(folder: &Folder, run: &RunFolder, options: &str) -> Said {
    folder.runexp(&format!("x.toml --resume {} {options}", run.path("").display()))
}

#[test]
fn a_simulated_run_that_was_interrupted_goes_on_with_its_second_block() {
    let options = "--simulate h100 --set vars.window=\"300ms\"";
    let ((folder, before), said) = undisturbed(0, || {
        let folder = tiny(2);
        let said = folder.start(&format!("x.toml {options}")).until_said("[5/8]").signal(Signal::INT).wait();
        assert_eq!(said.code, Some(130), "{said}");
        let before = said.run().read("requests.jsonl");
        let said = resume(&folder, &said.run(), options);
        ((folder, before), said)
    });
    let run = said.run();
    assert_snapshot!(said, @r"
    exit 0

    stdout:
    FOLDER/results/tiny/RUN-ID

    stderr:
    resumed: 2 of 4 epochs are whole
      step sleep
    epoch 3/4 · block 2 · slots=1
      server llama[0] ready after TIME
      [5/8] slots=1/concurrent/clients=2 · N requests
      [6/8] slots=1/concurrent/clients=1 · N requests
    epoch 4/4 · block 2 · slots=2
      server llama[0] ready after TIME
      [7/8] slots=2/concurrent/clients=2 · N requests
      [8/8] slots=2/concurrent/clients=1 · N requests
    teardown
    report: summary.json SIMULATED-summary.md SIMULATED-guide.md SIMULATED-decision.md
    ");
    assert!(run.read("requests.jsonl").starts_with(&before));
    assert!(is_in_order(&run, "telemetry.jsonl", "at_ns") && is_in_order(&run, "steps.jsonl", "started_ns"));
    assert_snapshot!(told(&run, "SIMULATED-summary.md"), @r"
    | Outcome | completed |
    | Design | 2 blocks, 4 epochs, 4 cells |
    | Resumed | MOMENT, with block 2; the session before was interrupted by SIGINT; N do not count |
    ");
    let whole = measured(&folder, &format!("x.toml {options} --quiet")).run();
    assert_eq!(shape(&run), shape(&whole));
    assert_snapshot!(shape(&run), @r#"
    slots=1/concurrent/clients=1: 0 "valid", 1 "valid"; n = 2
    slots=1/concurrent/clients=2: 0 "valid", 1 "valid"; n = 2
    slots=2/concurrent/clients=1: 0 "valid", 1 "valid"; n = 2
    slots=2/concurrent/clients=2: 0 "valid", 1 "valid"; n = 2
    block 0 "slots=2"
    block 0 "slots=1"
    block 1 "slots=1"
    block 1 "slots=2"
    "#);
}

#[test]
fn a_real_run_goes_on_in_a_copy_of_its_directory() {
    let (elsewhere, said) = undisturbed(0, || {
        let folder = two_real_blocks();
        let said = folder.start("x.toml").until_file("asked", |servers| servers == "..").signal(Signal::TERM).wait();
        assert_eq!(said.code, Some(143), "{said}");
        let elsewhere = two_real_blocks();
        std::fs::rename(said.run().path(""), elsewhere.path("copied")).unwrap();
        let said = elsewhere.runexp("x.toml --resume copied");
        (elsewhere, said)
    });
    assert_snapshot!(said, @r"
    exit 0

    stdout:
    FOLDER/copied

    stderr:
    resumed: 1 of 2 epochs are whole
    epoch 2/2 · block 2 · default
      server python[0] ready after TIME
      [2/2] default/load/clients=1 · N requests
    teardown
    report: summary.json summary.md guide.md decision.md
    ");
    assert!(is_gone(&elsewhere.read("server.pid")));
    let run = said.run();
    assert_snapshot!(shape(&run), @r#"
    default/load/clients=1: 0 "valid", 1 "valid"; n = 2
    block 0 "default"
    block 1 "default"
    "#);
    assert_snapshot!(told(&run, "summary.md"), @r"
    | Outcome | completed |
    | Design | 2 blocks, 2 epochs, 1 cells |
    | Resumed | MOMENT, with block 2; the session before was interrupted by SIGTERM; N do not count |
    ");
    let logs: Vec<String> = RunFolder::at(run.path("logs")).files();
    assert_eq!(logs.len(), 3, "{logs:?}");
    let manifest = run.json("manifest.json");
    let before = manifest["sessions_before"].as_array().unwrap();
    assert_eq!((before.len(), &before[0]["outcome"]["signal"]), (1, &Value::from("SIGTERM")));
    assert_eq!(manifest["outcome"]["state"], "completed");
}

#[test]
fn a_run_that_was_killed_goes_on_when_it_is_undone_and_a_torn_line_is_left_out() {
    let (_folder, said) = undisturbed(0, || {
        let folder = two_real_blocks();
        let started = folder.start("x.toml").until_file("asked", |servers| servers == "..");
        let runner = started.children()[0];
        rustix::process::kill_process(runner, Signal::KILL).unwrap();
        assert_eq!(started.wait().code, Some(3));
        let results = RunFolder::at(folder.path("results/real"));
        let id = results.files().remove(0);
        let run = RunFolder::at(results.path(&id));
        for name in ["events.jsonl", "requests.jsonl"] {
            let mut file = OpenOptions::new().append(true).open(run.path(name)).unwrap();
            file.write_all(b"{\"cell\":{\"ce").unwrap();
        }
        let said = folder.runexp(&format!("x.toml --resume {id} --quiet"));
        (folder, said)
    });
    assert_eq!(said.code, Some(0), "{said}");
    let run = said.run();
    assert_snapshot!(shape(&run), @r#"
    default/load/clients=1: 0 "valid", 1 "valid"; n = 2
    block 0 "default"
    block 1 "default"
    "#);
    assert_snapshot!(told(&run, "summary.md"), @r"
    | Outcome | completed |
    | Design | 2 blocks, 2 epochs, 1 cells |
    | Resumed | MOMENT, with block 2; the session before failed: the run died: signal: 9 (SIGKILL) |
    ");
}

#[test]
fn a_finished_run_goes_on_with_more_blocks_and_otherwise_there_is_nothing_to_do() {
    let ((folder, asked_again), said) = undisturbed(0, || {
        let folder = tiny(1);
        let run = simulated::run(&folder, "");
        let records = run.read("events.jsonl");
        let asked_again = resume(&folder, &run, "--simulate h100");
        assert_eq!(run.read("events.jsonl"), records);
        let said = resume(&folder, &run, "--simulate h100 --quiet --set design.repetitions=3");
        ((folder, asked_again), said)
    });
    assert_snapshot!(asked_again, @r"
    exit 0

    stdout:
    FOLDER/results/tiny/RUN-ID

    stderr:
    the run is complete with 1 block: there is nothing to resume
    ");
    assert_eq!(said.code, Some(0), "{said}");
    let run = said.run();
    let whole = simulated::run(&folder, "--set design.repetitions=3");
    assert_eq!(shape(&run), shape(&whole));
    assert_eq!(run.json("manifest.json")["plan_sha256"], whole.json("manifest.json")["plan_sha256"]);
    assert_snapshot!(told(&run, "SIMULATED-summary.md"), @r"
    | Outcome | completed |
    | Design | 3 blocks, 6 epochs, 4 cells |
    | Resumed | MOMENT, with block 2; the session before had fewer blocks |
    ");
}
