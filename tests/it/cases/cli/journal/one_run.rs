//! One run at a time on a host, whatever its state folder, and on a run
//! directory.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::Command;

use insta::assert_snapshot;
use regex::Regex;
use rustix::process::{Signal, kill_process};

use super::super::folder::{Folder, Said, Started};
use super::super::machine::Machine;
use super::super::simulated;

/// Who has the lock, but for what differs from run to run.
pub(super) fn holder(said: &str) -> String {
    let holder = Regex::new(r"user \S+ \(pid \d+, since [-0-9]+ [:0-9]+ UTC\)").unwrap();
    holder.replace_all(said, "user USER (pid PID, since TIME)").into_owned()
}

#[test]
fn another_state_folder_is_no_way_around_the_lock_and_a_run_that_changes_nothing_needs_none() {
    let (first, second) = (Machine::new(), Machine::new());
    first.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let at_work = Started::of(&first.folder, first.command("x.toml")).until_said("ready after");
    let on_the_same_host = |words: &str| {
        let mut command = second.command(words);
        command.env("RUNEXP_HOST", first.folder.path("x.toml").parent().unwrap());
        Said::of(&second.folder, &command.output().unwrap())
    };
    for words in ["x.toml", "calibrate x.toml"] {
        let refused = holder(&on_the_same_host(words).to_string());
        let expected = "error: this host is in use by run `RUN-ID` of user USER (pid PID, since TIME)\n";
        assert!(refused.starts_with("exit 6\n") && refused.ends_with(expected), "{refused}");
    }
    let url = "url = 'http://127.0.0.1:1'\nready = { within = '100ms' }";
    let there = second.folder.read("x.toml");
    let (head, _) = there.split_once("[[setup]]").unwrap();
    let (_, phase) = there.split_once("[[phase]]").unwrap();
    let text = format!("{head}[[server]]\nname = 'there'\napi = 'openai'\nmodel = 'm'\n{url}\n\n[[phase]]{phase}");
    second.folder.write("url.toml", &text);
    let beside = on_the_same_host("url.toml --quiet");
    assert_eq!(beside.code, Some(3), "{beside}");
    assert!(beside.to_string().contains("`there[0]`"), "{beside}");
    assert_eq!(at_work.signal(Signal::TERM).wait().code, Some(143));
    assert_eq!((first.changes(), second.changes()), (Vec::new(), Vec::new()));
}

#[test]
fn a_run_whose_program_file_has_another_name_is_a_run_all_the_same() {
    let (first, second) = (Machine::new(), Machine::new());
    first.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let usual = first.command("x.toml");
    let renamed = first.folder.path("of-another-name");
    std::fs::copy(usual.get_program(), &renamed).unwrap();
    let mut command = Command::new(&renamed);
    command.args(usual.get_args()).current_dir(usual.get_current_dir().unwrap());
    command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let at_work = Started::of(&first.folder, command).until_said("ready after");
    let mut beside = second.command("x.toml --quiet");
    beside.env("RUNEXP_HOST", first.folder.path("x.toml").parent().unwrap());
    let refused = holder(&Said::of(&second.folder, &beside.output().unwrap()).to_string());
    assert_snapshot!(refused, @r"
    exit 6

    stdout:

    stderr:
    error: this host is in use by run `RUN-ID` of user USER (pid PID, since TIME)
    ");
    assert_eq!(at_work.signal(Signal::TERM).wait().code, Some(143));
    assert_eq!((first.changes(), second.changes()), (Vec::new(), Vec::new()));
}

/// From the death of the run until the last of its effects is undone, nobody
/// else changes the host, whatever state folder that is.
#[test]
fn while_a_dead_run_is_undone_another_state_folder_is_no_way_around_either() {
    let (first, second) = (Machine::new(), Machine::new());
    first.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let undo = "undo = \"echo > undoing; until test -e go; do sleep 0.01; done; rm -f world/flag\"";
    first.edit("x.toml", "undo = \"rm -f world/flag\"", undo);
    let at_work = Started::of(&first.folder, first.command("x.toml")).until_said("ready after");
    kill_process(at_work.children()[0], Signal::KILL).unwrap();
    let undoing = at_work.until_file("undoing", |_| true);
    let beside = || {
        let mut command = second.command("x.toml --quiet");
        command.env("RUNEXP_HOST", first.folder.path("x.toml").parent().unwrap());
        Said::of(&second.folder, &command.output().unwrap())
    };
    assert_snapshot!(holder(&beside().to_string()), @r"
    exit 6

    stdout:

    stderr:
    error: this host is in use by what undoes a dead run, of user USER (pid PID, since TIME)
    ");
    first.folder.write("go", "");
    assert_eq!(undoing.wait().code, Some(3));
    let after = beside();
    assert_eq!(after.code, Some(4), "{after}");
    assert_eq!((first.changes(), second.changes()), (Vec::new(), Vec::new()));
}

/// Root runs beside it; everybody else is told whose it is.
#[test]
fn whoever_holds_the_lock_without_being_a_run_is_told_and_keeps_root_not_out() {
    let machine = Machine::new();
    let name = format!("runexp/host of {}", machine.folder.path("").display());
    let name = name.trim_end_matches('/');
    let _squatter = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name).unwrap()).unwrap();
    let mut command = machine.command("x.toml --quiet");
    command.env("RUNEXP_HOST", machine.folder.path("").display().to_string().trim_end_matches('/'));
    let said = holder(&Said::of(&machine.folder, &command.output().unwrap()).to_string());
    let told = "user USER (pid PID, since TIME), who is no run of runexp";
    assert!(said.contains("the lock of this host is held by `") && said.contains(told), "{said}");
    let code = if rustix::process::geteuid().is_root() { "exit 4\n" } else { "exit 6\n" };
    assert!(said.starts_with(code), "{said}");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn of_two_that_go_on_with_one_run_the_second_is_refused() {
    let folder = Folder::with(simulated::TINY);
    let run = simulated::run(&folder, "");
    let more = format!("x.toml --simulate h100 --resume {} --set design.repetitions=", run.path("").display());
    let first = Started::of(&folder, folder.command(&format!("{more}400"))).until_said("resumed");
    let second = folder.runexp(&format!("{more}3"));
    assert_eq!(second.code, Some(6), "{second}");
    assert!(second.to_string().contains("is being written by another run"), "{second}");
    let first = first.signal(Signal::TERM).wait();
    assert_eq!(first.code, Some(143), "{first}");
}
