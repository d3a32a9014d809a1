//! Loading scenarios: what a good one means, and what is said of bad ones.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests write scenarios into folders of their own")]

mod changes;
mod files;
mod mutation;
mod prompts;
mod question;
mod robustness;
mod slots;
mod warned;

use std::fs;
use std::path::{Path, PathBuf};

use runexp::format::{Color, Problems};
use runexp::scenario::{Bindings, Length, LoadOptions, Order, PromptLine, Scenario, ServerOrigin, load, load_frozen};
use tempfile::TempDir;

const GOOD: &str = include_str!("scenario/good.toml");
const PUBLISHED: &str = include_str!("scenario/published.toml");
const SEVEN_MISTAKES: &str = include_str!("scenario/seven.toml");
const METRICS: [&str; 2] = ["output_throughput", "ttft"];

/// The smallest scenario there is.
const SMALL: &str = r#"schema = 1
name = "small"

[[server]]
name = "there"
api = "openai"
url = "http://127.0.0.1:8000"

[[phase]]
name = "one"
clients = 1
requests = 1
request = { prompt = "hello", max_tokens = 16 }
"#;

/// A folder with a scenario in it.
struct Folder {
    dir: TempDir,
    set: Vec<String>,
    profile: Option<&'static str>,
}

impl Folder {
    fn with(scenario: &str) -> Self {
        let folder = Self { dir: TempDir::new().unwrap(), set: Vec::new(), profile: None };
        folder.file("scenario.toml", scenario)
    }

    fn good() -> Self {
        Self::with(GOOD)
            .file("published.toml", PUBLISHED)
            .file("prompts.jsonl", "{\"prompt\": \"one\"}\n\n{\"prompt\": \"two\"}\n")
            .file("prompts.txt", "three\n")
            .file("arrivals.csv", "0\n1.5\n")
            .file("compose.yml", "services: {}\n")
    }

    fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.dir.path().join(name), text).unwrap();
        self
    }

    fn set(mut self, text: &str) -> Self {
        self.set.push(text.to_owned());
        self
    }

    fn profile(mut self, name: &'static str) -> Self {
        self.profile = Some(name);
        self
    }

    fn path(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn load(&self) -> Result<Scenario, Problems> {
        let options = LoadOptions { set: &self.set, profile: self.profile, metrics: &METRICS, times: &["ttft"] };
        load(&self.path().join("scenario.toml"), &options)
    }

    /// What is said of it, with its folder left out.
    fn problems(&self) -> String {
        let problems = self.load().unwrap_err();
        self.shorten(&problems.render(Color::Plain))
    }

    fn shorten(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.path().display()), "").replace(&self.path().display().to_string(), "FOLDER")
    }
}

fn bindings() -> Bindings {
    Bindings { run_id: "r1".to_owned(), run_dir: PathBuf::from("/results/r1"), ports: vec![4001, 4002, 4003] }
}

#[test]
fn a_scenario_with_every_key_resolves_to_plain_values() {
    let folder = Folder::good();
    let scenario = folder.load().unwrap();
    let treatments = scenario.treatments();
    let names: Vec<String> = treatments.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["mps=off,servers=1", "mps=off,servers=2", "mps=on,servers=2"]);
    assert_eq!(scenario.ports_needed(), 3);
    let declared = (&scenario.name, &scenario.title, &scenario.factors, &scenario.design, &scenario.claims);
    insta::assert_json_snapshot!("declared", declared);
    insta::assert_json_snapshot!("setup", shortened(&folder, &scenario.setup(&bindings()).unwrap()));
    insta::assert_json_snapshot!("teardown", shortened(&folder, &scenario.teardown(&bindings()).unwrap()));
    let resolved = scenario.resolve(&treatments[2], &bindings()).unwrap();
    let resolved = (resolved.epoch_setup, resolved.servers, resolved.phases);
    insta::assert_json_snapshot!("resolved", shortened(&folder, &resolved));
    assert_eq!(scenario.rules.len(), 1);
    assert!(scenario.rules[0].holds(&[1.04, 0.4]).unwrap());
    assert!(!scenario.rules[0].holds(&[1.02, 0.4]).unwrap());
    let prompts: Vec<_> = scenario.prompts.values().collect();
    let lines = |texts: &[&str]| texts.iter().map(|text| PromptLine::from((*text).to_owned())).collect::<Vec<_>>();
    assert_eq!(prompts, [&lines(&["one", "two"]), &lines(&["three"])]);
}

fn shortened(folder: &Folder, value: &impl serde::Serialize) -> serde_json::Value {
    let text = serde_json::to_string(value).unwrap();
    serde_json::from_str(&text.replace(&folder.path().display().to_string(), "/FOLDER")).unwrap()
}

#[test]
fn seven_mistakes_make_seven_problems_each_at_its_place() {
    let folder = Folder::with(SEVEN_MISTAKES);
    assert_eq!(folder.load().unwrap_err().iter().count(), 7);
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn every_other_kind_of_mistake_is_told_in_words() {
    let folder = Folder::with(include_str!("scenario/many.toml")).file("p.txt", "\n");
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn trends_and_shares_that_mean_nothing_are_shown_where_they_are_wrong() {
    insta::assert_snapshot!(Folder::with(&format!("{SMALL}\n{}", include_str!("scenario/claims.toml"))).problems());
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    insta::assert_snapshot!(Folder::with(&SMALL.replace("schema = 1", "schema = 2")).problems());
}

#[test]
fn an_exclusion_of_everything_is_a_mistake() {
    insta::assert_snapshot!(Folder::with(&format!("{SMALL}\n[[exclude]]\n")).problems());
}

#[test]
fn a_treatment_without_servers_is_found_before_anything_runs() {
    let text = SMALL.replace("api = ", "when = \"mps == 'on'\"\napi = ") + "\n[factors]\nmps = [\"on\", \"off\"]\n";
    insta::assert_snapshot!(Folder::with(&text).problems());
}

#[test]
fn a_wild_template_ends_by_itself() {
    let text =
        "\n[[setup]]\nshell = \"{% for x in range(99999) %}{% for y in range(99999) %}.{% endfor %}{% endfor %}\"\n";
    insta::assert_snapshot!(Folder::with(&format!("{SMALL}{text}")).problems());
}

#[test]
fn every_syntax_error_is_shown_at_once() {
    let folder = Folder::with("schema = \nname = 'x\ntitle = \"fine\"\n[design\n");
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn an_include_loop_is_found_where_it_closes() {
    let folder =
        Folder::with(&format!("include = [\"a.toml\"]\n{SMALL}")).file("a.toml", "include = [\"scenario.toml\"]");
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn files_that_are_missing_or_out_of_bounds_are_shown_where_they_are_named() {
    let folder = Folder::with(&format!("include = [\"none.toml\", \"../../../../../../etc/passwd\"]\n{SMALL}"));
    insta::assert_snapshot!(folder.problems());
    let folder = Folder::with(&SMALL.replace("prompt = \"hello\"", "prompts = \"none.jsonl\""));
    insta::assert_snapshot!(folder.problems());
    let absent = load(Path::new("/nowhere/x.toml"), &LoadOptions::default()).unwrap_err();
    insta::assert_snapshot!(absent);
}

#[test]
fn a_prompt_line_that_is_none_is_named_by_file_and_line() {
    let lines = "{\"prompt\": \"fine\"}\n{\"prompt\": 3}\n";
    let folder = Folder::with(&SMALL.replace("prompt = \"hello\"", "prompts = \"p.jsonl\"")).file("p.jsonl", lines);
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn an_undefined_name_is_underlined_inside_its_string() {
    let text = "\n[[setup]]\nshell = \"\"\"\necho first\necho {{ modle }} second\n\"\"\"\n[vars]\nmodel = \"x\"\n";
    insta::assert_snapshot!(Folder::with(&format!("{SMALL}{text}")).problems());
}

#[test]
fn an_override_that_addresses_nothing_is_shown_in_its_own_text() {
    let folder = Folder::with(&format!("{SMALL}\n[vars]\nmodel = \"x\"\n"))
        .set("vars.modle=llama3.1:8b")
        .set("phase.one.clients=3")
        .set("phase.0.request.max_tokenz=3")
        .set("design.seed")
        .set("title=two words");
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn an_unknown_key_of_an_override_is_shown_in_the_override() {
    insta::assert_snapshot!(Folder::with(SMALL).set("phase.0.request.max_tokenz=3").problems());
}

#[test]
fn an_unknown_profile_is_answered_with_the_known_ones() {
    insta::assert_snapshot!(Folder::good().profile("quik").problems());
}

#[test]
fn a_profile_then_the_overrides_in_order_win_over_the_file() {
    let folder = Folder::good()
        .profile("quick")
        .set("design.seed=11")
        .set("phase.0.duration=4s")
        .set("vars.model=llama3.1:8b")
        .set("vars.command=[\"serve\", \"{{ model }}\"]");
    let scenario = folder.load().unwrap();
    assert_eq!((scenario.design.repetitions, scenario.design.seed), (1, 11));
    let resolved = scenario.resolve(&scenario.treatments()[0], &bindings()).unwrap();
    let ServerOrigin::Run { argv, .. } = &resolved.servers[0].origin else { panic!("{:?}", resolved.servers[0]) };
    assert_eq!(argv, &["serve", "llama3.1:8b", "--port", "4001"]);
    assert_eq!(resolved.phases[0].length, Length::Duration("4s".parse().unwrap()));
}

#[test]
fn a_variable_decides_which_file_is_included() {
    let folder = Folder::good().file("ours.toml", "title = \"the including file wins\"").set("vars.flavour=ours");
    let scenario = folder.load().unwrap();
    assert_eq!((scenario.claims.len(), scenario.title.as_str()), (0, "A scenario with every key"));
}

#[test]
fn a_frozen_scenario_means_the_same_as_the_one_it_came_from() {
    let folder = Folder::good().profile("quick").set("design.seed=11");
    let scenario = folder.load().unwrap();
    let options = LoadOptions { metrics: &METRICS, ..LoadOptions::default() };
    let thawed = load_frozen(&scenario.frozen(), &options).unwrap();
    assert_eq!(thawed.frozen(), scenario.frozen());
    assert_eq!((&thawed.name, &thawed.title, &thawed.dir), (&scenario.name, &scenario.title, &scenario.dir));
    assert_eq!((&thawed.factors, &thawed.design), (&scenario.factors, &scenario.design));
    assert_eq!((&thawed.claims, &thawed.rules), (&scenario.claims, &scenario.rules));
    assert_eq!(thawed.question, scenario.question);
    assert_eq!(thawed.treatments(), scenario.treatments());
    assert_eq!(thawed.setup(&bindings()).unwrap(), scenario.setup(&bindings()).unwrap());
    assert_eq!(thawed.teardown(&bindings()).unwrap(), scenario.teardown(&bindings()).unwrap());
    for treatment in scenario.treatments() {
        let (ours, theirs) = (scenario.resolve(&treatment, &bindings()), thawed.resolve(&treatment, &bindings()));
        assert_eq!(ours.unwrap(), theirs.unwrap());
    }
}

#[test]
fn too_few_ports_are_a_problem_of_the_run() {
    let scenario = Folder::good().load().unwrap();
    let bindings = Bindings { ports: vec![4001], ..bindings() };
    let problems = scenario.resolve(&scenario.treatments()[1], &bindings).unwrap_err();
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["E017", "E017"]);
}

#[test]
fn an_included_file_includes_by_the_variables_of_its_includer() {
    let folder = Folder::with(&format!("include = [\"a.toml\"]\n{SMALL}\n[vars]\nkind = \"b\"\n"))
        .file("a.toml", "include = [\"{{ kind }}.toml\", \"b.toml\"]\n[design]\nseed = 3\nrepetitions = 4\n")
        .file("b.toml", "[design]\nrepetitions = 9\norder = \"as-written\"\n");
    let design = folder.load().unwrap().design;
    assert_eq!((design.seed, design.repetitions, design.order), (3, 4, Order::AsWritten));
}
