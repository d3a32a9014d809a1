//! The journal and the locks as a person meets them.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;
use regex::Regex;
use runexp::process::identity;
use runexp::record::ProcessIdentity;
use rustix::process::Signal;

use super::folder::Started;
use super::machine::{Canary, Machine};

#[test]
fn a_second_run_on_the_host_is_refused_and_so_is_cleanup_while_the_first_is_alive() {
    let machine = Machine::new();
    machine.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let first = Started::of(&machine.folder, machine.command("x.toml")).until_said("ready after");
    let pid = |text: String| Regex::new(r"pid \d+").unwrap().replace_all(&text, "pid PID").into_owned();
    assert_snapshot!(pid(machine.runexp("x.toml").to_string()), @r"
    exit 6

    stdout:

    stderr:
    error: this host is in use by run `RUN-ID` (pid PID)
    ");
    assert_snapshot!(pid(machine.runexp("cleanup --all").to_string()), @r"
    exit 6

    stdout:

    stderr:
    error: this host is in use by run `RUN-ID` (pid PID)
    ");
    assert_eq!(first.signal(Signal::TERM).wait().code, Some(143));
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
    kept as it is; to undo it: `runexp cleanup RUN-ID`
    error: nothing valid was measured; the report says why for every cell
    ");
    let mut alive = machine.alive();
    alive.sort();
    assert_eq!(alive, ["nvidia-cuda-mps", "sleep", "sleep", "sleep", "sleep"]);
    assert_eq!(machine.runexp("x.toml").code, Some(7));
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 0

    stdout:
    RUN-ID: 6 effects undone

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn a_torn_last_line_was_never_acted_upon_and_a_damaged_earlier_one_is_fatal() {
    let machine = Machine::new();
    machine.run_until(12, "both");
    let journal = machine.journal();
    let torn = std::fs::read_to_string(&journal).unwrap() + "{\"sequence\":7,\"un";
    std::fs::write(&journal, torn.replacen("\"sequence\":1", "\"sequence\":", 1)).unwrap();
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 3

    stdout:

    stderr:
    error: the undo journal `FOLDER/state/runs/RUN-ID/journal.jsonl` line 4 is damaged: expected value at line 1 column 13
    help: undo by hand what the other lines say, then remove `FOLDER/state/runs/RUN-ID/journal.jsonl`
    ");
    std::fs::write(&journal, torn).unwrap();
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 0

    stdout:
    RUN-ID: 6 effects undone

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn a_journal_of_another_boot_kills_nobody_and_undoes_the_rest() {
    let machine = Machine::new();
    machine.run_until(12, "both");
    let mut canary = Canary::hatch();
    let ProcessIdentity { pid, start_ticks, boot_id } = identity(canary.pid()).unwrap();
    let journal = machine.journal();
    let text = std::fs::read_to_string(&journal).unwrap();
    let server = Regex::new(r#""pid":\d+,"start_ticks":\d+,"boot_id":"[^"]+""#).unwrap();
    assert!(server.is_match(&text) && text.contains(&boot_id), "{text}");
    let of_canary = format!(r#""pid":{pid},"start_ticks":{start_ticks},"boot_id":"another""#);
    std::fs::write(&journal, server.replace_all(&text, of_canary).into_owned()).unwrap();
    assert_eq!(machine.runexp("cleanup --all").code, Some(0));
    assert_eq!(machine.changes(), [""; 0]);
    assert!(canary.is_alive());
}

#[test]
fn an_undo_that_fails_is_told_again_until_it_works() {
    let machine = Machine::new();
    machine.edit("x.toml", "undo = \"rm -f world/flag\"", "undo = \"test -e go && rm -f world/flag\"");
    machine.run_until(12, "both");
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 5

    stdout:
    RUN-ID: 5 effects undone

    stderr:
    error: not undone: `flag` was not undone: `sh -c 'test -e go && rm -f world/flag'` ended with exit status: 1; its log is empty; to do it by hand: `cd FOLDER && sh -c 'test -e go && rm -f world/flag'`
    help: when the cause is gone, `runexp cleanup RUN-ID` tries again
    ");
    machine.folder.write("go", "");
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 0

    stdout:
    RUN-ID: 1 effect undone

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
