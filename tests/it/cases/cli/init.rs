//! A first scenario, from an empty folder, and the words about it.

use insta::assert_snapshot;
use serde_json::json;

use super::folder::Folder;
use super::undisturbed::measured;

#[test]
fn an_empty_folder_is_three_commands_from_a_plan() {
    let folder = Folder::new();
    assert_snapshot!(folder.runexp("init"), @r"
    exit 0

    stdout:
    scenario.toml
    scenario.schema.json

    stderr:
    next: `runexp plan scenario.toml`, then `runexp run scenario.toml --simulate dgx-spark`
    ");
    let check = folder.runexp("check");
    assert_eq!((check.code, check.stdout.as_str()), (Some(0), "scenario.toml: ok, 2 treatments\n"), "{check}");
    let plan = folder.runexp("plan");
    let first = plan.stdout.lines().next();
    assert_eq!((plan.code, first), (Some(0), Some("first — One server: queueing against batching")), "{plan}");
    assert_eq!(folder.read("scenario.schema.json"), runexp::handbook::schema());
}

#[test]
fn the_first_scenario_runs_on_a_simulated_machine() {
    let folder = Folder::new();
    folder.runexp("init");
    let said = measured(&folder, "run --quiet --simulate dgx-spark --set design.repetitions=1 --only clients=3");
    assert_eq!(said.code, Some(0), "{said}");
    let summary = said.run().json("summary.json");
    let valid = summary["cells"].as_object().unwrap().values();
    let valid: Vec<_> = valid.map(|cell| &cell["repetitions"][0]["validity"]["state"]).collect();
    assert_eq!(valid, [&json!("valid"), &json!("valid")]);
}

#[test]
fn nothing_is_overwritten_unless_asked_for() {
    let folder = Folder::new();
    folder.write("scenario.toml", "mine");
    assert_snapshot!(folder.runexp("init"), @r"
    exit 2

    stdout:

    stderr:
    error: `scenario.toml` is there already
    help: go to another folder, or overwrite it with `--force`
    ");
    assert_eq!(folder.read("scenario.toml"), "mine");
    assert!(!folder.path("scenario.schema.json").exists());
    assert_eq!(folder.runexp("init --force").code, Some(0));
    assert_eq!(folder.runexp("check").code, Some(0));
    folder.write("scenario.schema.json", "mine");
    assert_snapshot!(folder.runexp("init other.toml"), @r"
    exit 2

    stdout:

    stderr:
    error: `scenario.schema.json` is there already
    help: go to another folder, or overwrite it with `--force`
    ");
    assert!(!folder.path("other.toml").exists());
}

#[test]
fn without_a_scenario_it_says_how_to_come_by_one() {
    assert_snapshot!(Folder::new().runexp("plan"), @r"
    exit 2

    stdout:

    stderr:
    error[E001]: cannot read `scenario.toml`: No such file or directory (os error 2)
    --> scenario.toml
     = help: `runexp init` writes a first scenario
    ");
}

#[test]
fn a_word_without_a_page_gets_the_nearest() {
    assert_snapshot!(Folder::new().runexp("explain drop_cache"), @r"
    exit 2

    stdout:

    stderr:
    error: there is no page about `drop_cache`
    help: did you mean `drop_caches`?
    ");
}

#[test]
fn a_code_is_explained() {
    assert_snapshot!(Folder::new().runexp("explain e014"), @r"
    exit 0

    stdout:
    # E014: A factor that changes nothing

    Its treatments would differ in name only, and the report would compare a thing with itself. Use the factor in a server,
    a phase or an `[[epoch.setup]]`, as `{{ name }}` or in a `when`, or leave it out.

    stderr:
    ");
}

#[test]
fn the_scenario_in_the_readme_has_no_problem() {
    let (_, scenario) = include_str!("../../../../README.md").split_once("```toml\n").unwrap();
    let folder = Folder::new();
    folder.write("x.toml", scenario.split_once("```").unwrap().0);
    assert_snapshot!(folder.runexp("check x.toml"), @r"
    exit 0

    stdout:
    x.toml: ok, 2 treatments

    stderr:
    checked 1 file: 0 errors, 0 warnings
    ");
}
