//! What is alive when nobody of the run is: found again, or named.

use insta::assert_snapshot;
use regex::Regex;
use rustix::process::{Signal, kill_process};

use super::super::folder::{Started, is_gone};
use super::super::leftover_children::WITHOUT_CONTROL_GROUPS;
use super::super::machine::{Canary, Machine};

/// Parents, group, session, environment, folder and files say nothing of it.
const HIDDEN: &str = r#"
(exec setsid env -i sh -c 'echo $$ > "$0"; exec sleep 1000' "$PWD/pid" < /dev/null > /dev/null 2>&1) &
until test -s pid; do sleep 0.01; done
echo ready
exec sleep 1000
"#;

/// A run of which nobody is left, and the pid of what it has hidden.
fn killed(machine: &Machine) -> String {
    machine.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    machine.folder.write("server.sh", HIDDEN);
    let command = machine.command_after(WITHOUT_CONTROL_GROUPS, "x.toml");
    let started = Started::of(&machine.folder, command).until_said("ready after");
    let pid = machine.folder.read("pid").trim().to_owned();
    let known = || std::fs::read_to_string(machine.journal().with_file_name("processes.json")).unwrap_or_default();
    while !known().contains(&format!("\"{pid}\":")) {
        std::thread::yield_now();
    }
    for process in [vec![started.pid()], started.children()].concat() {
        kill_process(process, Signal::KILL).unwrap();
    }
    assert_eq!(started.wait().code, None);
    assert!(!is_gone(&pid));
    pid
}

#[test]
fn what_hides_in_every_way_is_ended_by_cleanup_when_runner_and_warden_are_killed() {
    let mut canary = Canary::hatch();
    for _ in 0..3 {
        let machine = Machine::new();
        let pid = killed(&machine);
        let dry = machine.runexp("cleanup --dry-run").to_string();
        assert!(dry.contains(&format!("  alive, of the run: `sleep` (pid {pid}, user ")), "{dry}");
        let cleanup = machine.runexp("cleanup --all");
        assert_eq!(cleanup.code, Some(0), "{cleanup}");
        assert!(is_gone(&pid), "{cleanup}");
        assert_eq!(machine.changes(), [""; 0], "{cleanup}");
    }
    assert!(canary.is_alive());
}

/// It was begun after the last look.
#[test]
fn what_nobody_has_seen_is_named_as_possible_and_not_ended() {
    let machine = Machine::new();
    let pid = killed(&machine);
    std::fs::remove_file(machine.journal().with_file_name("processes.json")).unwrap();
    let redacted = |said: String| {
        let said = Regex::new(r"user \d+").unwrap().replace_all(&said, "user USER").into_owned();
        Regex::new(&format!(r"\b{pid}\b")).unwrap().replace_all(&said, "PID").into_owned()
    };
    assert_snapshot!(redacted(machine.runexp("cleanup --all").to_string()), @r"
    exit 0

    stdout:
    RUN-ID: 6 effects undone

    stderr:
    note: alive, begun while the run was there and left by its parents, perhaps of the run: `sleep` (pid PID, user USER); if it is: `kill -KILL PID`
    ");
    assert!(!is_gone(&pid));
    // Nothing is owed for what may be anybody's.
    assert_eq!(machine.runexp("cleanup --all").to_string(), "exit 0\n\nstdout:\nnothing to do\n\nstderr:\n");
    kill_process(rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    while !is_gone(&pid) {
        std::thread::yield_now();
    }
    assert_eq!(machine.changes(), [""; 0]);
}

/// What writes into the run's logs was started by it.
#[test]
fn what_still_writes_into_the_logs_is_of_the_run() {
    let machine = Machine::new();
    machine.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let writes = HIDDEN.replace(" > /dev/null 2>&1", "");
    machine.folder.write("server.sh", &writes);
    let started = Started::of(&machine.folder, machine.command("x.toml")).until_said("ready after");
    let pid = machine.folder.read("pid").trim().to_owned();
    for process in [vec![started.pid()], started.children()].concat() {
        kill_process(process, Signal::KILL).unwrap();
    }
    assert_eq!(started.wait().code, None);
    let _ = std::fs::remove_file(machine.journal().with_file_name("processes.json"));
    assert_eq!(machine.runexp("cleanup --all").code, Some(0));
    assert!(is_gone(&pid));
    assert_eq!(machine.changes(), [""; 0]);
}
