//! Ctrl-C once, twice and three times, on a real terminal.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::folder::{Said, Started};
use super::machine::Machine;

/// A terminal, and the command as what is in its foreground.
struct Terminal(File);

impl Terminal {
    fn run<'a>(machine: &'a Machine, words: &str) -> (Self, Started<'a>) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let command = machine.command(words);
        // A session of its own, whose terminal is its standard input.
        let mut on_terminal = Command::new("setsid");
        on_terminal.arg("--ctty").arg(command.get_program()).args(command.get_args());
        on_terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        on_terminal.current_dir(command.get_current_dir().unwrap()).stdin(slave);
        (Self(master.into()), Started::of(&machine.folder, on_terminal))
    }

    fn ctrl_c(&mut self) {
        self.0.write_all(b"\x03").unwrap();
    }
}

/// What was said, but for a cell that may or may not have begun.
fn without_cell(said: &Said) -> String {
    let is_cell = |line: &&str| line.trim_start().starts_with("[1/1]");
    said.to_string().lines().filter(|line| !is_cell(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn once_stops_the_load_and_undoes_everything() {
    let machine = Machine::new();
    machine.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let (mut terminal, started) = Terminal::run(&machine, "x.toml");
    let started = started.until_said("ready after");
    terminal.ctrl_c();
    let said = without_cell(&started.wait());
    assert_snapshot!(said, @r"
    exit 130

    stdout:
    FOLDER/results/machine/RUN-ID

    stderr:
    SIGINT: stopping, undoing everything
    teardown
    report: summary.json summary.md guide.md decision.md
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn twice_does_not_wait_for_a_server_that_will_not_stop() {
    let machine = Machine::new();
    machine.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    machine.edit("x.toml", "[[phase]]", "stop = { within = \"1000s\" }\n\n[[phase]]");
    machine.edit("server.sh", "exec sleep 1000", "trap 'echo > asked' TERM; while :; do sleep 0.05; done");
    let (mut terminal, started) = Terminal::run(&machine, "x.toml");
    let started = started.until_said("ready after");
    terminal.ctrl_c();
    let started = started.until_said("SIGINT").until_file("asked", |_| true);
    terminal.ctrl_c();
    let said = without_cell(&started.wait());
    assert_snapshot!(said, @r"
    exit 130

    stdout:
    FOLDER/results/machine/RUN-ID

    stderr:
    SIGINT: killing what does not stop, undoing everything in haste
    teardown
    report: summary.json summary.md guide.md decision.md
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn three_times_leaves_everything_to_cleanup() {
    let machine = Machine::new();
    machine.edit(
        "x.toml",
        "undo = \"rm -f world/flag\"",
        "undo = \"echo > undoing; test -e go || sleep 1000; rm -f world/flag\"",
    );
    let (mut terminal, started) = Terminal::run(&machine, "x.toml --quiet");
    let started = started.until_file("undoing", |_| true);
    // The kernel makes one signal of two that come at once.
    terminal.ctrl_c();
    let started = started.until_said("SIGINT");
    terminal.ctrl_c();
    let started = started.until_said("SIGINT");
    terminal.ctrl_c();
    assert_snapshot!(started.wait(), @r"
    exit 130

    stdout:
    FOLDER/results/machine/RUN-ID

    stderr:
    SIGINT: leaving at once
    left as it is; to undo it: `runexp cleanup RUN-ID`
    ");
    machine.folder.write("go", "");
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 0

    stdout:
    RUN-ID: 2 effects undone

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

/// Whatever keeps it from answering: here it is stopped.
#[test]
fn three_times_ends_a_run_that_does_not_answer() {
    let machine = Machine::new();
    machine.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let (terminal, started) = Terminal::run(&machine, "x.toml");
    let started = started.until_said("ready after");
    kill_process(started.children()[0], Signal::STOP).unwrap();
    let terminal = RefCell::new(terminal);
    // Two that come at once are one.
    let ended = started.while_alive_until(|| {
        terminal.borrow_mut().ctrl_c();
        false
    });
    let said = without_cell(&ended.err().unwrap());
    assert_snapshot!(said, @r"
    exit 5

    stdout:
    FOLDER/results/machine/RUN-ID

    stderr:
    error: the run is dead: it did not answer the third signal
    left as it is; to undo it: `runexp cleanup RUN-ID`
    ");
    assert_eq!(machine.runexp("cleanup --all").code, Some(0));
    assert_eq!(machine.changes(), [""; 0]);
}

/// Somebody has pressed Ctrl-S, or reads no further.
#[test]
fn a_stderr_that_nobody_reads_keeps_nothing_from_being_undone() {
    let machine = Machine::new();
    machine.edit("x.toml", "duration = \"20ms\"", "duration = \"1000s\"");
    let (reader, mut writer) = std::io::pipe().unwrap();
    let flags = fcntl_getfl(&writer).unwrap();
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    while writer.write(b".").is_ok() {}
    fcntl_setfl(&writer, flags).unwrap();
    let mut command = machine.command("x.toml");
    let mut child = command.stdout(Stdio::piped()).stderr(writer).spawn().unwrap();
    drop(command);
    let deadline = Instant::now() + Duration::from_mins(1);
    let wait_for = |is_so: &dyn Fn() -> bool| {
        while !is_so() {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    wait_for(&|| machine.alive().iter().any(|name| name == "sleep"));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    // All but the two processes of the run, which have more to say.
    wait_for(&|| machine.changes().iter().all(|change| matches!(&**change, "runexp" | "exe")));
    let text = std::io::read_to_string(reader).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{text}");
    assert!(text.contains("SIGTERM: stopping, undoing everything\nteardown\n"), "{text}");
    assert_eq!(machine.changes(), [""; 0]);
}
