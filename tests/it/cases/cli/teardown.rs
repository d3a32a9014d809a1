//! Steps that fail on the way in and on the way out.

mod leftovers;
mod owed;
mod unwritable;

use insta::assert_snapshot;

use super::real;

#[test]
fn a_step_that_fails_ends_the_run_and_earlier_steps_are_undone() {
    let folder = real::folder("good");
    folder.write(
        "x.toml",
        &(real::scenario("good")
            + r#"
[[setup]]
name = "first"
shell = { script = "echo on > knob", undo = "mv knob undone" }

[[setup]]
name = "second"
shell = "echo the knob is stuck; exit 4"
"#),
    );
    let said = folder.runexp("x.toml");
    assert_snapshot!(said, @r"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
      step first
      step second
    teardown
    error: step `second` failed: `sh -c 'echo the knob is stuck; exit 4'` ended with exit status: 4; the last lines of its log:
        the knob is stuck
    report: summary.json summary.md guide.md decision.md
    ");
    assert_eq!(folder.read("undone"), "on\n");
    assert!(!folder.path("knob").exists() && !folder.path("server.pid").exists());
    let skipped = said.run().records("events.jsonl");
    assert_eq!(skipped.iter().filter(|event| event["event"] == "cell_skipped").count(), 1);
}

#[test]
fn a_teardown_step_that_fails_is_told_and_the_others_still_run() {
    let folder = real::folder("good");
    folder.write(
        "x.toml",
        &(real::scenario("good")
            + r#"
[[setup]]
name = "knob"
shell = { script = "echo on > knob", undo = "mv knob undone" }

[[teardown]]
name = "first"
shell = "exit 4"

[[teardown]]
name = "second"
shell = "echo ran > second"
"#),
    );
    assert_snapshot!(folder.runexp("x.toml --quiet"), @r"
    exit 5

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    error: not undone: step `first` failed: `sh -c 'exit 4'` ended with exit status: 4; its log is empty
    ");
    assert_eq!((folder.read("second"), folder.read("undone")), ("ran\n".to_owned(), "on\n".to_owned()));
    // A step is not tried again, so it is nothing to clean up either.
    assert!(folder.runexp("cleanup --all").stdout.contains("nothing to do"));
}

#[test]
fn an_effect_that_cannot_be_undone_is_told_with_the_command_that_would() {
    let folder = real::folder("good");
    folder.write(
        "x.toml",
        &(real::scenario("good")
            + r#"
[[setup]]
name = "knob"
shell = { script = "echo on > knob", undo = "exit 5" }
"#),
    );
    assert_snapshot!(folder.runexp("x.toml --quiet"), @r"
    exit 5

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    error: not undone: `knob` was not undone: `sh -c 'exit 5'` ended with exit status: 5; its log is empty; to do it by hand: `cd FOLDER && sh -c 'exit 5'`
    not all is undone; to try again: `runexp cleanup RUN-ID`
    ");
}
