//! The journal and the locks as a person meets them.

mod one_run;

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use regex::Regex;
use rustix::process::{Signal, kill_process};

use super::folder::Started;
use super::machine::Machine;

#[test]
fn a_second_run_on_the_host_is_refused_and_so_is_cleanup_while_the_first_is_alive() {
    let machine = Machine::new();
    machine.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let first = Started::of(&machine.folder, machine.command("x.toml")).until_said("ready after");
    let pid = |text: String| one_run::holder(&text);
    assert_snapshot!(pid(machine.runexp("x.toml").to_string()), @r"
    exit 6

    stdout:

    stderr:
    error: this host is in use by run `RUN-ID` of user USER (pid PID, since TIME)
    ");
    assert_snapshot!(pid(machine.runexp("cleanup --all").to_string()), @r"
    exit 6

    stdout:

    stderr:
    error: this host is in use by run `RUN-ID` of user USER (pid PID, since TIME)
    ");
    assert_eq!(first.signal(Signal::TERM).wait().code, Some(143));
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn a_killed_run_holds_no_lock_and_leaves_a_journal_that_refuses_the_next() {
    let machine = Machine::new();
    machine.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let first = Started::of(&machine.folder, machine.command("x.toml")).until_said("ready after");
    let run = machine.only_run().json("manifest.json")["run_id"].as_str().unwrap().to_owned();
    let second = machine.command("x.toml").output().unwrap();
    assert_eq!(second.status.code(), Some(6));
    let refusal = String::from_utf8(second.stderr).unwrap();
    assert!(refusal.starts_with(&format!("error: this host is in use by run `{run}` of user ")), "{refusal}");
    for pid in [vec![first.pid()], first.children()].concat() {
        kill_process(pid, Signal::KILL).unwrap();
    }
    assert_eq!(first.wait().code, None);
    assert_eq!(machine.runexp("x.toml").code, Some(7));
    assert_eq!(machine.runexp("cleanup --all").code, Some(0));
    assert_eq!(machine.changes(), [""; 0]);
}

/// The knob is read-only from when it is set until the run's own view of the
/// file system is gone.
#[test]
fn a_knob_that_cannot_be_written_is_left_to_a_person_or_to_a_later_cleanup() {
    let machine = Machine::new();
    machine.edit(
        "x.toml",
        "echo tuned > world/knob",
        "echo tuned > world/knob; mount --bind world/knob world/knob; mount -o remount,bind,ro world/knob",
    );
    let said = machine.runexp_after("true", "x.toml --quiet").to_string();
    // Every shell has its own words and status for it.
    let of_shell = Regex::new(r"(exit status:|  sh:) .*?(; the|Read-only file system)").unwrap();
    assert_snapshot!(of_shell.replace_all(&said, "$1 … $2"), @r"
    exit 5

    stdout:
    FOLDER/results/machine/RUN-ID

    stderr:
    warning: default/load/clients=1: MPS is on and `shell[0]` is not its client
    error: not undone: `knob` was not undone: `sh -c 'echo default > world/knob'` ended with exit status: … ; the last lines of its log:
        sh: … Read-only file system; to do it by hand: `cd FOLDER && sh -c 'echo default > world/knob'`
    not all is undone; to try again: `runexp cleanup RUN-ID`
    ");
    assert_eq!(machine.folder.read("world/knob"), "tuned\n");
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 0

    stdout:
    RUN-ID: 1 effect undone

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn what_is_kept_goes_on_until_cleanup() {
    let machine = Machine::new();
    let kept = machine.runexp("x.toml --keep --quiet");
    assert_snapshot!(kept, @r"
    exit 4

    stdout:
    FOLDER/results/machine/RUN-ID

    stderr:
    warning: default/load/clients=1: MPS is on and `shell[0]` is not its client
    kept as it is; to undo it: `runexp cleanup RUN-ID`
    error: nothing valid was measured
      `default/load/clients=1`, block 0: no request succeeded: N of N: N × connect `Connection refused (os error 111)` (nothing_succeeded)
      `default/load/clients=1`, block 0: 100.0 % of the requests failed, more than 1 % (errors)
      `default/load/clients=1`, block 0: MPS is on and `shell[0]` is not its client (mps_state)
    help: `runexp explain nothing_succeeded` says what this protects against
    ");
    let alive = || {
        let mut alive = machine.alive();
        alive.sort();
        alive
    };
    // Ten times a second the daemon's own `sleep` ends, and the next begins.
    let deadline = Instant::now() + Duration::from_secs(30);
    while alive() != ["nvidia-cuda-mps", "sleep", "sleep", "sleep", "sleep"] {
        assert!(Instant::now() < deadline, "{:?}", alive());
    }
    assert_eq!(machine.runexp("x.toml").code, Some(7));
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 0

    stdout:
    RUN-ID: 6 effects undone

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

/// The state folder is a file system of three pages: one for the lock, one that
/// is taken, one for the journal.
#[test]
fn what_the_journal_of_a_full_disk_cannot_hold_does_not_happen() {
    let machine = Machine::new();
    let long = format!("echo on > world/flag # {}", "x".repeat(5000));
    machine.edit("x.toml", "echo on > world/flag", &long);
    machine.edit("x.toml", "rm -f world/flag", &format!("rm -f world/flag # {}", "x".repeat(5000)));
    std::fs::create_dir(machine.folder.path("state")).unwrap();
    let full = "mount -t tmpfs -o size=12k,mode=700 tmpfs state && head -c 4096 /dev/zero > state/full";
    assert_snapshot!(machine.runexp_after(full, "x.toml"), @r"
    exit 3

    stdout:
    FOLDER/results/machine/RUN-ID

    stderr:
      step knob
      step flag
    teardown
    error: step `flag` failed: nothing is changed that could not be undone: the journal `FOLDER/state/runs/RUN-ID/journal.jsonl` cannot be written: No space left on device (os error 28)
    report: summary.json summary.md guide.md decision.md
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn what_a_failed_up_leaves_behind_is_removed_by_its_label() {
    for trouble in ["up-fails", "down-fails"] {
        let mut machine = Machine::new();
        machine.folder.write(&format!("world/{trouble}"), "");
        machine.take_as_found();
        machine.runexp("x.toml --quiet");
        assert_eq!(machine.changes(), [""; 0], "{trouble}");
    }
}

#[test]
fn a_state_folder_that_others_may_enter_is_refused() {
    let machine = Machine::new();
    let state = machine.folder.path("state");
    std::fs::create_dir(&state).unwrap();
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_snapshot!(machine.runexp("x.toml"), @r"
    exit 3

    stdout:

    stderr:
    error: `FOLDER/state` is not private to this user (others may enter it); what an undo journal says is executed
    help: chmod 700 FOLDER/state, as its owner
    ");
    assert!(!machine.folder.path("results").exists());
}

#[test]
fn a_journal_that_was_never_begun_or_never_quite_removed_is_nothing_to_undo() {
    for text in [None, Some("")] {
        let machine = Machine::new();
        machine.runexp("x.toml --quiet");
        let run = machine.folder.path("state/runs/20261122T202505Z-a165c0de");
        std::fs::DirBuilder::new().mode(0o700).create(&run).unwrap();
        if let Some(text) = text {
            std::fs::write(run.join("journal.jsonl"), text).unwrap();
        }
        assert_eq!(machine.runexp("x.toml").code, Some(7));
        let cleanup = machine.runexp("cleanup --all").to_string();
        assert_eq!(cleanup, "exit 0\n\nstdout:\nRUN-ID: 0 effects undone\n\nstderr:\n");
        assert_eq!(machine.changes(), [""; 0]);
    }
}
