//! SIGKILL after every single line of the undo journal: of the process that
//! does the work, of the one above it, and of both.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use insta::assert_snapshot;
use regex::Regex;
use rustix::process::{Signal, kill_process};
use serde_json::json;

use super::super::folder::Started;
use super::super::machine::{Canary, Machine};

/// Nine effects, each with an intent, a word that it happened, and its undo.
const LINES: u32 = 27;
/// A killed run mostly waits, so more of them at once than there are cores.
const AT_ONCE: usize = 4;

/// Every kill point for one victim, each beside the same canary; says how many
/// there were and how long it took.
fn at_every_line(victim: &str, is_undone: impl Fn(&Machine, u32) + Sync) {
    let (begun, next) = (Instant::now(), AtomicU32::new(1));
    let mut canary = Canary::hatch();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let machine = Machine::with_every_kind();
                while let Some(line) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|line| *line <= LINES) {
                    is_undone(&machine, line);
                    assert_eq!(machine.changes(), [""; 0], "{victim} {line}");
                    assert_eq!(machine.runexp("cleanup --all").to_string(), NOTHING_TO_DO, "{victim} {line}");
                }
            });
        }
    });
    assert!(canary.is_alive());
    println!("{victim}: killed after each of {LINES} journal lines, in {:.1} s", begun.elapsed().as_secs_f64());
}

const NOTHING_TO_DO: &str = "exit 0\n\nstdout:\nnothing to do\n\nstderr:\n";

#[test]
fn the_machine_is_as_it_was_after_every_kind_of_step_and_a_run_that_nobody_kills() {
    let machine = Machine::with_every_kind();
    let mut canary = Canary::hatch();
    let said = machine.run_until(LINES + 1, "both");
    assert_eq!(said.code, Some(4), "{said}");
    assert_eq!(machine.changes(), [""; 0]);
    assert!(canary.is_alive());
    let run = machine.only_run();
    let steps = run.records("steps.jsonl");
    assert!(steps.iter().all(|step| step["outcome"] == json!({"state": "done"})), "{steps:?}");
    let kinds: BTreeSet<&str> = steps.iter().map(|step| step["kind"].as_str().unwrap()).collect();
    let explained = machine.runexp("explain").stdout;
    let pages = explained.lines().filter_map(|line| line.split_whitespace().next());
    assert_eq!(kinds, pages.take_while(|page| *page != "E001").collect());
    let events = run.records("events.jsonl");
    assert_eq!(events.iter().filter(|event| event["event"] == "undo").count(), LINES as usize);
}

#[test]
fn whoever_is_killed_the_one_who_lives_undoes_everything() {
    for (victim, code) in [("runner", Some(3)), ("warden", None)] {
        at_every_line(victim, |machine, line| {
            let said = machine.run_until(line, victim);
            assert_eq!(said.code, code, "{victim} {line}: {said}");
        });
    }
}

#[test]
fn when_both_are_killed_cleanup_undoes_everything_and_a_second_one_nothing() {
    at_every_line("both", |machine, line| {
        let said = machine.run_until(line, "both");
        assert_eq!(said.code, None, "{line}: {said}");
        let cleanup = machine.runexp("cleanup --all");
        assert_eq!(cleanup.code, Some(0), "{line}: {cleanup}");
    });
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
    FOLDER/results/machine/RUN-ID

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
    let dry = Regex::new("  alive, of the run: .*\n").unwrap().replace_all(&dry, "");
    assert_snapshot!(Regex::new(r"-- -\d+|-p runexp-\S+").unwrap().replace_all(&dry, "NAME"), @r"
    exit 0

    stdout:
    RUN-ID: 6 effects to undo
      5: kill -KILL NAME
      4: docker compose NAME -f FOLDER/compose.yaml down
      3: echo quit | env CUDA_MPS_PIPE_DIRECTORY=FOLDER/results/machine/RUN-ID/mps nvidia-cuda-mps-control
      2: rm -r -- FOLDER/results/machine/RUN-ID/mps
      1: cd FOLDER && sh -c 'rm -f world/flag'
      0: cd FOLDER && sh -c 'echo default > world/knob'

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
