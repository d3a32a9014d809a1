//! An undo is owed only for what may have begun, and never for ever.

use insta::assert_snapshot;

use super::super::machine::Machine;
use super::super::real;

/// What the preflight cannot see: Docker goes away after it was asked.
#[test]
fn what_never_reached_docker_is_not_owed() {
    let machine = Machine::new();
    let gone = "[[setup]]\nname = \"gone\"\nshell = { script = \"echo > world/docker-gone\", undo = \"rm world/docker-gone\" }";
    let services = "[[setup]]\nname = \"services\"";
    machine.edit("x.toml", services, &format!("{gone}\n\n{services}"));
    assert_snapshot!(machine.runexp("x.toml --quiet"), @r"
    exit 3

    stdout:
    FOLDER/results/machine/RUN-ID

    stderr:
    error: step `services` failed: `docker version --format '{{.Server.Version}}'` ended with exit status: 1; its log is empty
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

/// `false` would fail: it is not run.
#[test]
fn a_command_that_could_not_be_started_owes_nothing() {
    for step in [
        "run = { argv = ['no-such-program'], undo = ['false'] }\non_error = 'warn'",
        "run = { argv = ['true'], undo = ['false'], dir = 'no-such-folder' }\non_error = 'warn'",
    ] {
        let folder = real::folder("good");
        folder.write("x.toml", &format!("{}\n[[setup]]\nname = \"odd\"\n{step}\n", real::scenario("good")));
        let said = folder.runexp("x.toml --quiet");
        assert_eq!(said.code, Some(0), "{step}: {said}");
        assert_eq!(folder.runexp("cleanup --all").stdout, "nothing to do\n", "{step}");
    }
}

/// `nvidia-smi` says so by its exit status. One that fails otherwise may have
/// locked the clocks of one GPU and not those of another.
#[test]
fn clocks_that_may_not_be_locked_are_not_owed() {
    let step = "[[setup]]\nname = \"clocks\"\nlock_clocks = { graphics_mhz = 1500 }\n\n[[server]]";
    for (status, code) in [(4, 3), (255, 5)] {
        let machine = Machine::new();
        machine.edit("x.toml", "[[server]]", step);
        machine.edit("bin/nvidia-smi", "cd \"$WORLD/clocks\"", &format!("exit {status}"));
        let said = machine.runexp("x.toml --quiet");
        assert_eq!(said.code, Some(code), "{said}");
        assert_eq!(machine.changes().is_empty(), code == 3, "{said}");
    }
}

#[test]
fn a_start_that_finds_too_few_open_files_leaves_no_journal() {
    for most in 4..40 {
        let machine = Machine::new();
        let said = machine.runexp_after(&format!("ulimit -n {most}"), "x.toml --quiet");
        assert_eq!(machine.changes(), [""; 0], "{most}: {said}");
    }
}

#[test]
fn what_keeps_failing_is_given_up_by_its_number() {
    let machine = Machine::new();
    machine.edit("x.toml", "undo = \"rm -f world/flag\"", "undo = \"rm -f world/flag; exit 1\"");
    let run = machine.runexp("x.toml --quiet").run().json("manifest.json")["run_id"].as_str().unwrap().to_owned();
    let cleanup = machine.runexp(&format!("cleanup {run}"));
    assert_eq!((cleanup.code, machine.runexp("x.toml").code), (Some(5), Some(7)), "{cleanup}");
    assert_snapshot!(machine.runexp(&format!("cleanup {run} --dry-run")), @r"
    exit 0

    stdout:
    RUN-ID: 1 effect to undo
      1: cd FOLDER && sh -c 'rm -f world/flag; exit 1'

    stderr:
    ");
    assert_snapshot!(machine.runexp(&format!("cleanup {run} --forget=0")), @r"
    exit 2

    stdout:

    stderr:
    error: `RUN-ID` owes no effect 0
    help: `runexp cleanup RUN-ID --dry-run` shows what it owes, by number
    ");
    assert_snapshot!(machine.runexp(&format!("cleanup {run} --forget=1")), @r"
    exit 0

    stdout:
    RUN-ID: 1 effect given up, which nobody undoes any more
      1: cd FOLDER && sh -c 'rm -f world/flag; exit 1'

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
    assert_eq!(machine.runexp("x.toml --quiet").code, Some(5));
    assert_eq!(machine.runexp("cleanup --all --forget").code, Some(2));
}

#[test]
fn all_that_is_left_is_given_up_and_printed() {
    let machine = Machine::new();
    machine.edit("x.toml", "undo = \"rm -f world/flag\"", "undo = \"rm -f world/flag; exit 1\"");
    machine.edit("x.toml", "\"echo default > world/knob\"", "\"echo default > world/knob; exit 1\"");
    let run = machine.runexp("x.toml --quiet").run().json("manifest.json")["run_id"].as_str().unwrap().to_owned();
    assert_snapshot!(machine.runexp(&format!("cleanup {run} --forget")), @r"
    exit 0

    stdout:
    RUN-ID: 2 effects given up, which nobody undoes any more
      1: cd FOLDER && sh -c 'rm -f world/flag; exit 1'
      0: cd FOLDER && sh -c 'echo default > world/knob; exit 1'

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
}
