//! SIGKILL after every single line of the undo journal: of the process that
//! does the work, of the one above it, and of both.

use insta::assert_snapshot;
use regex::Regex;
use rustix::process::{Signal, kill_process};
use serde_json::json;

use super::folder::Started;
use super::machine::{Canary, Machine};

/// Six effects, each with an intent, a word that it happened, and its undo.
const LINES: u32 = 18;

#[test]
fn the_machine_is_as_it_was_after_a_run_that_nobody_kills() {
    let machine = Machine::new();
    let mut canary = Canary::hatch();
    let said = machine.run_until(LINES + 1, "both");
    assert_eq!(said.code, Some(4), "{said}");
    assert_eq!(machine.changes(), [""; 0]);
    assert!(canary.is_alive());
}

#[test]
fn whoever_is_killed_the_one_who_lives_undoes_everything() {
    for (victim, code) in [("runner", Some(3)), ("warden", None)] {
        let machine = Machine::new();
        let mut canary = Canary::hatch();
        for line in 1..=LINES {
            let said = machine.run_until(line, victim);
            assert_eq!(said.code, code, "{victim} {line}: {said}");
            assert_eq!(machine.changes(), [""; 0], "{victim} {line}: {said}");
            assert_eq!(machine.runexp("cleanup --all").to_string(), "exit 0\n\nstdout:\nnothing to do\n\nstderr:\n");
        }
        assert!(canary.is_alive());
    }
}

#[test]
fn when_both_are_killed_cleanup_undoes_everything_and_a_second_one_nothing() {
    let machine = Machine::new();
    let mut canary = Canary::hatch();
    for line in 1..=LINES {
        let said = machine.run_until(line, "both");
        assert_eq!(said.code, None, "{line}: {said}");
        let cleanup = machine.runexp("cleanup --all");
        assert_eq!(cleanup.code, Some(0), "{line}: {cleanup}");
        assert_eq!(machine.changes(), [""; 0], "{line}: {cleanup}");
        assert_eq!(machine.runexp("cleanup --all").to_string(), "exit 0\n\nstdout:\nnothing to do\n\nstderr:\n");
    }
    assert!(canary.is_alive());
}

#[test]
fn a_command_that_has_not_ended_does_not_go_on_where_its_undo_has_been() {
    let machine = Machine::new();
    let command = "echo > begun; until test -e go; do sleep 0.01; done; echo late > world/flag; exec sleep 1000";
    // It lets the command go on, and fails if there is one.
    let undo = "echo > go; for i in $(seq 30); do test ! -e world/flag || exit 1; sleep 0.01; done";
    machine.edit("x.toml", "echo on > world/flag", command);
    machine.edit("x.toml", "rm -f world/flag", undo);
    let started = Started::of(&machine.folder, machine.command("x.toml --quiet")).until_file("begun", |_| true);
    let runner = started.children().remove(0);
    kill_process(runner, Signal::KILL).unwrap();
    let said = started.wait();
    assert_eq!(said.code, Some(3), "{said}");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn a_run_that_died_is_told_of_by_the_process_above_and_by_its_records() {
    let machine = Machine::new();
    assert_snapshot!(machine.run_until(12, "runner"), @r"
    exit 3

    stdout:

    stderr:
    the run died (signal: 9 (SIGKILL)): undoing everything
    error: the run died: signal: 9 (SIGKILL); 6 effects undone
    ");
    assert_eq!(
        machine.only_run().json("manifest.json")["outcome"],
        json!({"state": "failed", "reason": "the run died: signal: 9 (SIGKILL)"})
    );
}

#[test]
fn a_run_refuses_to_start_over_what_another_has_left() {
    let machine = Machine::new();
    machine.run_until(12, "both");
    assert_snapshot!(machine.runexp("x.toml"), @r"
    exit 7

    stdout:

    stderr:
    error: what an earlier run changed has not been undone: `RUN-ID`
    help: runexp cleanup RUN-ID
    ");
    let dry = machine.runexp("cleanup --dry-run").to_string();
    assert_snapshot!(Regex::new(r"-- -\d+|-p runexp-\S+").unwrap().replace_all(&dry, "NAME"), @r"
    exit 0

    stdout:
    RUN-ID: 6 effects to undo
      kill -KILL NAME
      docker compose NAME -f FOLDER/compose.yaml down
      echo quit | env CUDA_MPS_PIPE_DIRECTORY=FOLDER/results/machine/RUN-ID/mps nvidia-cuda-mps-control
      rm -r -- FOLDER/results/machine/RUN-ID/mps
      cd FOLDER && sh -c 'rm -f world/flag'
      cd FOLDER && sh -c 'echo default > world/knob'

    stderr:
    ");
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 0

    stdout:
    RUN-ID: 6 effects undone

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
    let reason = &machine.only_run().json("manifest.json")["outcome"]["reason"];
    assert_eq!(reason, "the run was killed, and `runexp cleanup` undid it");
    assert_snapshot!(machine.runexp("cleanup"), @r"
    exit 2

    stdout:

    stderr:
    error: the following required arguments were not provided:
      <RUN-ID>

    Usage: runexp cleanup <RUN-ID>

    For more information, try '--help'.
    ");
}
