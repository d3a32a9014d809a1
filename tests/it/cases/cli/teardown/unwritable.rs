//! What can no longer be written while a run is at work keeps nothing from
//! being undone.

use insta::assert_snapshot;

use super::super::machine::Machine;

/// The last step of the setup: what becomes of the results while they are made.
/// They are a small file system of their own, so each can be filled.
const TROUBLES: [(&str, &str); 6] = [
    ("the folder is removed", "rm -rf results/machine"),
    ("the folder is moved", "mv results/machine results/elsewhere"),
    ("the folder is read-only", "mount --bind results results && mount -o remount,bind,ro results"),
    ("the folder is hidden", "mount -t tmpfs tmpfs results"),
    ("no inode is left", "i=0; while mkdir results/full-$i; do i=$((i+1)); done 2> /dev/null; true"),
    ("no block is left", "cat /dev/zero > results/full 2> /dev/null; true"),
];

const SMALL: &str = "mkdir -p results && mount -t tmpfs -o size=400k,nr_inodes=60 tmpfs results";

fn machine_with(trouble: &str) -> Machine {
    let machine = Machine::new();
    // Its sockets are in the results.
    machine.edit("x.toml", "[[setup]]\nname = \"mps\"\nmps = { action = \"start\" }\n", "");
    machine.edit(
        "x.toml",
        "[[server]]",
        &format!("[[setup]]\nname = \"trouble\"\nshell = '''{trouble}'''\n\n[[server]]"),
    );
    machine
}

/// Undone all the same, and the run directory is told.
#[test]
fn whatever_becomes_of_the_results_everything_is_undone() {
    for (name, trouble) in TROUBLES {
        let machine = machine_with(trouble);
        let said = machine.runexp_after(SMALL, "x.toml --quiet");
        assert_eq!(said.code, Some(3), "{name}: {said}");
        assert!(said.stdout.trim_end().contains("/results/machine/"), "{name}: {said}");
        assert!(!said.to_string().contains("not undone"), "{name}: {said}");
        assert_eq!(machine.changes(), [""; 0], "{name}: {said}");
    }
}

/// What cannot be undone is told with the command that would, and by the exit
/// code, although the records are lost too.
#[test]
fn what_is_not_undone_is_told_although_the_records_are_lost() {
    for (name, trouble) in TROUBLES {
        let machine = machine_with(trouble);
        machine.edit("x.toml", "undo = \"rm -f world/flag\"", "undo = \"test -e go && rm -f world/flag\"");
        let said = machine.runexp_after(SMALL, "x.toml --quiet").to_string();
        assert!(said.starts_with("exit 5\n"), "{name}: {said}");
        assert!(said.contains("FOLDER/results/machine/RUN-ID\n"), "{name}: {said}");
        let by_hand = "to do it by hand: `cd FOLDER && sh -c 'test -e go && rm -f world/flag'`";
        assert!(said.contains(by_hand), "{name}: {said}");
        assert!(said.contains("not all is undone; to try again: `runexp cleanup RUN-ID`"), "{name}: {said}");
        machine.folder.write("go", "");
        let cleanup = machine.runexp("cleanup --all").to_string();
        assert!(cleanup.starts_with("exit 0\n\nstdout:\nRUN-ID: 1 effect undone\n"), "{name}: {cleanup}");
        assert_eq!(machine.changes(), [""; 0], "{name}");
    }
}

#[test]
fn a_teardown_step_runs_although_its_log_cannot_be_written() {
    let machine = machine_with("rm -rf results/machine");
    let teardown = "[[teardown]]\nname = \"last\"\nshell = \"echo said; rm world/left\"\n\n[[server]]";
    machine.edit("x.toml", "[[server]]", teardown);
    machine.edit("x.toml", "echo on > world/flag", "echo on > world/flag; echo > world/left");
    assert_snapshot!(machine.runexp("x.toml --quiet"), @r"
    exit 3

    stdout:
    FOLDER/results/machine/RUN-ID

    stderr:
    error: step `trouble` failed: `sh -c 'rm -rf results/machine'` could not be followed to its end: No such file or directory (os error 2)
    error: not all is in the records: failed to write `FOLDER/results/machine/RUN-ID/manifest.json`: No such file or directory (os error 2)
    error: failed to read `FOLDER/results/machine/RUN-ID/manifest.json`: No such file or directory (os error 2)
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

/// A journal that can no longer be written says what is undone by now as if it
/// were not, and so `runexp cleanup` would do it once more.
#[test]
fn a_state_folder_that_cannot_be_written_keeps_nothing_from_being_undone() {
    let state = "mkdir -m 700 state && mount -t tmpfs -o mode=700,size=200k tmpfs state";
    for (trouble, code, told) in [
        ("cat /dev/zero > state/full 2> /dev/null", 4, "nothing valid was measured"),
        (
            "mount --bind state state && mount -o remount,bind,ro state",
            5,
            "not undone: everything is, but not the journal",
        ),
    ] {
        let machine = Machine::new();
        machine.edit("server.sh", "echo ready", &format!("{trouble}\necho ready"));
        let said = machine.runexp_after(state, "x.toml --quiet");
        assert!(said.code == Some(code) && said.to_string().contains(told), "{said}");
        assert_eq!(machine.changes(), [""; 0], "{said}");
    }
}

/// Nobody reads, or nobody can be written to.
#[test]
fn a_standard_output_that_cannot_be_written_keeps_nothing_from_being_undone() {
    for to in ["> /dev/full 2>&1", ">&- 2>&-", "2>&1 | true"] {
        let machine = machine_with("true");
        let said = machine.runexp_after(&format!("sh -c '\"$@\" {to}' sh \"$@\"; exit 0"), "x.toml");
        assert_eq!(machine.changes(), [""; 0], "{to}: {said}");
    }
}
