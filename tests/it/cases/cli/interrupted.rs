//! A signal in the middle of a run.

use insta::assert_snapshot;
use rustix::process::Signal;

use super::folder::{Folder, Said, is_gone};
use super::real;

/// Two blocks of a server: the signal comes in the second, when the first is
/// whole.
fn interrupted(signal: Signal) -> (Folder, Said) {
    let folder = real::folder("good");
    let long = real::scenario("good").replace("repetitions = 1", "repetitions = 2");
    folder.write("x.toml", &long);
    let said = folder.start("x.toml").until_file("asked", |servers| servers == "..").signal(signal).wait();
    (folder, said)
}

#[test]
fn ctrl_c_undoes_everything_and_reports_what_is_whole() {
    let (folder, said) = interrupted(Signal::INT);
    // Before or after the cell's own line: who is told first is chance.
    let notice = "SIGINT: stopping, undoing everything\n";
    let shown = said.to_string();
    assert!(shown.contains(notice), "{shown}");
    assert_snapshot!(shown.replace(notice, ""), @r"
    exit 130

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    epoch 1/2 · block 1 · default
      server python[0] ready after TIME
      [1/2] default/load/clients=1 · N requests
    epoch 2/2 · block 2 · default
      server python[0] ready after TIME
      [2/2] default/load/clients=1 · N requests · interrupted
    teardown
    report: summary.json summary.md guide.md decision.md
    ");
    assert!(is_gone(&folder.read("server.pid")));
    let run = said.run();
    assert_eq!(run.json("manifest.json")["outcome"]["signal"], "SIGINT");
    let events = run.records("events.jsonl");
    assert!(events.iter().any(|event| event["event"] == "signal" && event["name"] == "SIGINT"), "{events:?}");
    let summary = run.read("summary.md");
    let counted: Vec<_> = summary.lines().filter(|line| line.contains("success")).collect();
    assert_snapshot!(folder.redacted(&counted.join("\n")), @"| default | clients=1 | 1 of 2 | success N, interrupted N |");
    // Whether a request had succeeded by then is chance.
    let spoiled = summary.lines().find(|line| line.contains("not_complete")).unwrap();
    assert!(spoiled.starts_with("| default/load/clients=1 | 1 | it was interrupted (not_complete)"), "{spoiled}");
}

#[test]
fn every_signal_has_an_exit_code_of_its_own() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let (folder, said) = interrupted(signal);
        assert_eq!(said.code, Some(code), "{said}");
        assert!(is_gone(&folder.read("server.pid")));
    }
}

#[test]
fn a_signal_while_a_server_starts_stops_it() {
    let folder = real::folder("never");
    let started = folder.start("x.toml").until_file("server.pid", |pid| !pid.is_empty());
    let said = started.signal(Signal::INT).wait();
    assert_snapshot!(said, @r"
    exit 130

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    epoch 1/1 · block 1 · default
    SIGINT: stopping, undoing everything
    teardown
    report: summary.json summary.md guide.md decision.md
    ");
    assert!(is_gone(&folder.read("server.pid")));
}

#[test]
fn a_signal_in_the_teardown_comes_too_late_to_change_what_was_measured() {
    let folder = real::folder("good");
    let slow = "\n[[teardown]]\nshell = \"echo > down; until test -e go; do sleep 0.01; done\"\n";
    folder.write("x.toml", &(real::scenario("good") + slow));
    let started = folder.start("x.toml").until_file("down", |_| true).signal(Signal::INT);
    let started = started.until_said("SIGINT");
    folder.write("go", "");
    let said = started.wait();
    assert_ne!(said.code, Some(130), "{said}");
    assert_eq!(said.run().json("manifest.json")["outcome"]["state"], "completed");
}
