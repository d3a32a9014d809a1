//! `runexp doctor`, but for what it measures.

use std::path::PathBuf;
use std::process::Command;

use insta::assert_snapshot;
use regex::Regex;
use serde_json::Value;

use super::folder::{Folder, Said};
use super::machine::Machine;

const TOPICS: [&str; 9] =
    ["gpu", "mps", "docker", "rights", "governor", "clock_source", "memory", "descriptors", "containment"];

/// The command among processes of its own, since other tests have MPS daemons
/// too; behind these words, if any.
fn apart(command: &Command, before: &[&str]) -> Command {
    let mut apart = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        apart.arg("--map-root-user");
    }
    apart.args(["--pid", "--fork", "--mount-proc"]).args(before);
    apart.arg(command.get_program()).args(command.get_args());
    apart.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    apart.current_dir(command.get_current_dir().unwrap());
    apart
}

/// A machine with all programs of MPS, and an empty folder for what is
/// temporary.
fn machine_with_mps() -> (Machine, PathBuf) {
    let machine = Machine::new();
    let temporary = machine.folder.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    std::fs::copy(machine.folder.path("bin/nvidia-smi"), machine.folder.path("bin/nvidia-cuda-mps-server")).unwrap();
    (machine, temporary)
}

/// The finding on a topic.
fn finding<'a>(examination: &'a Value, topic: &str) -> &'a Value {
    let findings = examination["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["what"] == topic).unwrap()
}

#[test]
fn a_quick_examination_has_a_finding_on_every_topic_in_order() {
    let folder = Folder::new();
    let said = folder.runexp("doctor --quick --format json");
    assert_eq!(said.code, Some(0), "{said}");
    let examination: Value = serde_json::from_str(&said.stdout).unwrap();
    let findings = examination["findings"].as_array().unwrap();
    assert_eq!(findings.iter().map(|finding| finding["what"].as_str().unwrap()).collect::<Vec<_>>(), TOPICS);
    for finding in findings {
        assert!(!finding["found"].as_str().unwrap().is_empty(), "{finding}");
        match finding["state"].as_str().unwrap() {
            "good" => assert!(finding["advice"].is_null(), "{finding}"),
            "attention" | "missing" => assert!(finding["advice"].is_string(), "{finding}"),
            other => panic!("`{other}` is no state"),
        }
    }
    assert!(examination["noise"].is_null() && examination["certificate"].is_null());
}

#[test]
fn what_no_folder_of_path_has_is_missing_with_advice() {
    let folder = Folder::new();
    let mut command = apart(&folder.command("doctor --quick"), &["env", "PATH=nowhere"]);
    let said = Said::of(&folder, &command.output().unwrap()).to_string();
    let about = Regex::new(r"(?m)^(MPS|Docker|rights) .*\n( +help: .*\n)?").unwrap();
    let lines: String = about.find_iter(&said).map(|found| found.as_str()).collect();
    assert_snapshot!(lines, @r"
    MPS           missing    `nvidia-cuda-mps-control` and `nvidia-cuda-mps-server` are not on PATH
                             help: install the NVIDIA driver's compute utilities, which bring MPS, beside a GPU
    Docker        missing    `docker` is not on PATH
                             help: install Docker Engine with its Compose plugin, for scenarios with Compose; others do without
    rights        good       root
    ");
}

#[test]
fn a_private_mps_daemon_is_started_and_nothing_of_it_is_left() {
    let (machine, temporary) = machine_with_mps();
    let mut command = apart(&machine.command("doctor --quick --format json"), &[]);
    let said = Said::of(&machine.folder, &command.env("TMPDIR", &temporary).output().unwrap());
    let examination: Value = serde_json::from_str(&said.stdout).unwrap();
    let found = finding(&examination, "mps")["found"].as_str().unwrap();
    assert!(found.starts_with("a private daemon started, answered and quit"), "{found}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    assert_eq!(machine.changes(), [""; 0]);
}

/// Kills an examination, `"$@"`, as soon as it has started a daemon.
const KILLED: &str = r#"
"$@" >&2 & doctor=$!
daemons() { pgrep -fc 'mps-contro[l] --daemon'; }
until test -s "$TMPDIR"/runexp-doctor-*/pipe/nvidia-cuda-mps-control.pid; do sleep 0.01; done
kill -9 $doctor
echo "daemons: $(daemons)"
"$1" x.toml; echo "exit $?"
"$1" cleanup --all
echo "daemons: $(daemons), folders: $(ls "$TMPDIR" | wc -l)"
"$1" cleanup --all
"#;

#[test]
fn what_a_killed_examination_has_started_stops_runs_until_it_is_cleaned_up() {
    let (machine, temporary) = machine_with_mps();
    machine.edit("bin/nvidia-cuda-mps-control", "get_server_list)", "get_server_list) exit 1 ;;\nno_such_word)");
    let mut command = apart(&machine.command("doctor --quick"), &["sh", "-c", KILLED, "sh"]);
    let said = Said::of(&machine.folder, &command.env("TMPDIR", &temporary).output().unwrap());
    let said = Regex::new(r"runexp-doctor-[-0-9]+").unwrap().replace_all(&said.to_string(), "DOCTOR").into_owned();
    assert_snapshot!(said, @r"
    exit 0

    stdout:
    daemons: 1
    exit 7
    DOCTOR: 2 effects undone
    daemons: 0, folders: 0
    nothing to do

    stderr:
    error: what an earlier run changed has not been undone: `DOCTOR`
    help: runexp cleanup DOCTOR
    ");
}

#[test]
fn the_parts_of_an_examination_exclude_each_other() {
    assert_snapshot!(Folder::new().runexp("doctor --quick --loopback"), @r"
    exit 2

    stdout:

    stderr:
    error: the argument '--quick' cannot be used with '--loopback'

    Usage: runexp doctor --quick

    For more information, try '--help'.
    ");
}
