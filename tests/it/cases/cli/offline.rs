//! What starts nothing: usage, `check` and `plan`.

use std::process::Command;

use insta::assert_snapshot;

use super::folder::Folder;

const SEVEN: &str = include_str!("../scenario/seven.toml");
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/mps_vs_multi.toml");

#[test]
fn without_arguments_it_says_how_it_is_used() {
    assert_snapshot!(Folder::new().runexp(""), @r"
    exit 2

    stdout:

    stderr:
    Run declared experiments on model servers and report what was measured

    Usage: runexp <COMMAND>

    Commands:
      run        Run a scenario: setup, servers, load, teardown, report
      calibrate  Run one treatment of a scenario, its baseline, under two labels: how far do equals
                 differ?
      check      Show every problem in scenarios, or whether run directories are as their runs wrote
                 them
      plan       Show what would be done, in order; nothing is touched
      audit      Show where published numbers contradict each other, other sources or physics
      report     Render the report of a run again, from its directory alone
      cleanup    Undo what a run has left that was killed, kept or could not undo it
      doctor     Examine this machine: what runs can use, what disturbs them, what it can drive
      init       Write a first scenario, and the schema for editors beside it
      schema     Print the JSON Schema of the scenario format, for editors
      explain    Explain a step kind, the code of a problem, a rule of validity or a way for a request
                 to end
      help       Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    `runexp FILE` is short for `runexp run FILE`.

    Exit codes: 0 done · 1 an audit found a contradiction, or a claim has a verdict of `--fail-on` · 2
    usage or invalid scenario · 3 setup failed · 4 nothing valid was measured · 5 teardown incomplete ·
    6 another run is at work · 7 an earlier run is not undone · 129/130/143 interrupted by SIGHUP,
    SIGINT, SIGTERM
    ");
}

#[test]
fn an_unknown_option_is_a_mistake_of_usage() {
    assert_snapshot!(Folder::new().runexp("run x.toml --sed 3"), @r"
    exit 2

    stdout:

    stderr:
    error: unexpected argument '--sed' found

      tip: a similar argument exists: '--seed'

    Usage: runexp run --seed <SEED> <SCENARIO>

    For more information, try '--help'.
    ");
}

#[test]
fn its_version_is_data() {
    assert_snapshot!(Folder::new().runexp("--version"), @r"
    exit 0

    stdout:
    runexp 0.1.0

    stderr:
    ");
}

#[test]
fn a_missing_file_is_named() {
    assert_snapshot!(Folder::new().runexp("check nowhere.toml"), @r"
    exit 2

    stdout:

    stderr:
    error[E001]: cannot read `nowhere.toml`: No such file or directory (os error 2)
    --> nowhere.toml
     = help: `runexp init` writes a first scenario
    checked 1 file: 1 error, 0 warnings
    ");
}

#[test]
fn broken_toml_is_shown_where_it_breaks() {
    let folder = Folder::with("schema = 1\nname = \"x\ntitle = 3\n");
    assert_snapshot!(folder.runexp("x.toml"), @r#"
    exit 2

    stdout:

    stderr:
    error[E002]: invalid basic string, expected `"`
     --> x.toml:2:10
      |
    2 | name = "x
      |          ^
    "#);
}

#[test]
fn seven_mistakes_are_told_at_once() {
    assert_snapshot!(Folder::with(SEVEN).runexp("check x.toml"), @r#"
    exit 2

    stdout:

    stderr:
    error[E008]: `repetitions` is 0 but must be from 1 to 1000
     --> x.toml:9:15
      |
    9 | repetitions = 0
      |               ^

    error[E013]: `mps` has no level `of`
      --> x.toml:10:20
       |
    10 | baseline = { mps = "of" }
       |                    ^^^^
       |
       = help: its levels are `off`, `on`

    error[E007]: unknown value `olama`
      --> x.toml:14:7
       |
    14 | api = "olama"
       |       ^^^^^^^
       |
       = help: did you mean `ollama`?

    error[E011]: `prot` is not defined
      --> x.toml:17:37
       |
    17 | env = { OLLAMA_HOST = "127.0.0.1:{{ prot }}" }
       |                                     ^^^^
       |
       = help: did you mean `port`?

    error[E005]: unknown key `actoin`
      --> x.toml:21:9
       |
    21 | mps = { actoin = "start", action = "start" }
       |         ^^^^^^
       |
       = help: did you mean `action`?

    error[E007]: expected a string, found the number 60
      --> x.toml:26:12
       |
    26 | duration = 60
       |            ^^
       |
       = help: put it in quotes, with its unit if it has one, like "60s"

    error[E013]: there is no server `olama`
      --> x.toml:27:59
       |
    27 | request = { prompt = "hello", max_tokens = 16, servers = ["olama"] }
       |                                                           ^^^^^^^
       |
       = help: did you mean `ollama`?
    checked 1 file: 7 errors, 0 warnings
    "#);
}

#[test]
fn every_file_of_a_check_is_judged() {
    let folder = Folder::with("schema = 2\n");
    folder.write("good.toml", super::simulated::TINY);
    assert_snapshot!(folder.runexp("check x.toml good.toml"), @r"
    exit 2

    stdout:
    good.toml: ok, 2 treatments

    stderr:
    error[E006]: `name` is missing
     --> x.toml:1:1
      |
    1 | schema = 2
      | ^

    error[E006]: `server` is missing
     --> x.toml:1:1
      |
    1 | schema = 2
      | ^

    error[E006]: `phase` is missing
     --> x.toml:1:1
      |
    1 | schema = 2
      | ^

    error[E004]: scenario format 2 is not known
     --> x.toml:1:10
      |
    1 | schema = 2
      |          ^
      |
      = help: this program reads format 1; a newer one is needed
    checked 2 files: 4 errors, 0 warnings
    ");
}

#[test]
fn a_plan_tells_the_whole_run_on_one_screen() {
    assert_snapshot!(Folder::new().runexp(&format!("plan {SHIPPED}")));
}

#[test]
fn a_plan_for_programs_is_json() {
    let said = Folder::new().runexp(&format!("plan {SHIPPED} --format json --seed 3"));
    let plan: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&plan["seed"], plan["epochs"].as_array().unwrap().len()), (&3.into(), 30));
}

#[test]
fn a_selection_of_nothing_is_answered_with_an_example() {
    assert_snapshot!(Folder::with(super::simulated::TINY).runexp("plan x.toml --only nothing"), @r"
    exit 2

    stdout:

    stderr:
    error: no cell is meant by --only `nothing`; of 4 cells the nearest are `slots=1/concurrent/clients=1`, `slots=1/concurrent/clients=2`, `slots=2/concurrent/clients=1`
    ");
}

#[test]
fn checking_and_planning_need_no_program_and_leave_no_trace() {
    let folder = Folder::with(super::simulated::TINY);
    let empty = folder.path("empty");
    std::fs::create_dir(&empty).unwrap();
    for word in ["check", "plan", "plan --verbose", "plan --format json", "plan --script"] {
        let mut command = folder.command(&format!("{word} ../x.toml"));
        let output = command.current_dir(&empty).env_clear().env("PATH", &empty).output().unwrap();
        assert!(output.status.success(), "{word}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 2);
}

/// The kernel's own word for the test before, where `strace` can be had.
#[test]
fn checking_and_planning_start_no_process_and_write_no_file() {
    let folder = Folder::with(super::simulated::TINY);
    if !Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|probe| probe.status.success()) {
        return;
    }
    for word in ["check", "plan", "plan --verbose", "plan --format json", "plan --script"] {
        let own = folder.command(&format!("{word} x.toml"));
        let mut traced = Command::new("strace");
        traced.args(["-f", "-e", "trace=%file,%process,%network", "-o"]).arg(folder.path("trace"));
        assert!(
            traced
                .arg(own.get_program())
                .args(own.get_args())
                .current_dir(folder.path(""))
                .output()
                .unwrap()
                .status
                .success()
        );
        let trace = folder.read("trace");
        let calls = |names: &[&str]| trace.lines().filter(|line| names.iter().any(|name| line.contains(name))).count();
        assert_eq!(calls(&["execve("]), 1, "{word}: {trace}");
        assert_eq!(calls(&["fork(", "socket(", "connect(", "bind("]), 0, "{word}: {trace}");
        assert_eq!(calls(&["O_WRONLY", "O_RDWR", "O_CREAT", "mkdir", "unlink", "rename"]), 0, "{word}: {trace}");
    }
}
