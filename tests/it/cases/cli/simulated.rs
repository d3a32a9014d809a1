//! A whole run on a simulated machine, and its report from the directory alone.

use insta::{assert_json_snapshot, assert_snapshot};

use super::folder::{Folder, RunFolder};
use super::undisturbed::measured;

/// A few hundred milliseconds of load.
pub(super) const TINY: &str = r#"
schema = 1
name = "tiny"
title = "A tiny experiment"

[vars]
window = "150ms"

[factors]
slots = [1, 2]

[design]
repetitions = 1
rerun = 0
seed = 11
baseline = { slots = 1 }

[[setup]]
sleep = "1h"

[[server]]
name = "llama"
api = "llama-server"
model = "llama3.1:8b"
slots = "{{ slots }}"
run = ["llama-server", "--port", "{{ port }}"]

[[phase]]
name = "concurrent"
clients = [1, 2]
duration = "{{ window }}"
drain = "0s"
request = { prompt = "hello", max_tokens = 8, temperature = 0, ignore_eos = true }

[profile.brief.vars]
window = "100ms"
"#;

pub(super) const DERIVED: [&str; 4] =
    ["SIMULATED-decision.md", "SIMULATED-guide.md", "SIMULATED-summary.md", "summary.json"];

/// One run of the tiny experiment.
pub(super) fn run(folder: &Folder, options: &str) -> RunFolder {
    let said = measured(folder, &format!("x.toml --simulate h100 --quiet {options}"));
    assert_eq!(said.code, Some(0), "{said}");
    said.run()
}

#[test]
fn a_run_tells_its_way_and_ends_with_its_directory() {
    let folder = Folder::with(TINY);
    assert_snapshot!(folder.runexp("x.toml --simulate h100"), @r"
    exit 0

    stdout:
    FOLDER/results/tiny/RUN-ID

    stderr:
      step sleep
    epoch 1/2 · block 1 · slots=2
      server llama[0] ready after TIME
      [1/4] slots=2/concurrent/clients=1 · N requests
      [2/4] slots=2/concurrent/clients=2 · N requests
    epoch 2/2 · block 1 · slots=1
      server llama[0] ready after TIME
      [3/4] slots=1/concurrent/clients=1 · N requests
      [4/4] slots=1/concurrent/clients=2 · N requests
    teardown
    report: summary.json SIMULATED-summary.md SIMULATED-guide.md SIMULATED-decision.md
    ");
}

#[test]
fn a_quiet_run_says_nothing_but_its_directory() {
    assert_snapshot!(Folder::with(TINY).runexp("x.toml --simulate h100 --quiet"), @r"
    exit 0

    stdout:
    FOLDER/results/tiny/RUN-ID

    stderr:
    ");
}

#[test]
fn a_run_leaves_the_files_that_the_readme_lists() {
    let folder = Folder::with(TINY);
    let run = run(&folder, "");
    assert_eq!(
        run.files().join(" "),
        "SIMULATED-decision.md SIMULATED-guide.md SIMULATED-summary.md events.jsonl logs manifest.json plan.json \
        requests.jsonl scenario.toml steps.jsonl summary.json telemetry.jsonl"
    );
    for name in DERIVED.iter().filter(|name| name.starts_with("SIMULATED-")) {
        assert!(run.read(name).contains("SIMULATED on h100"), "{name}");
    }
    assert_eq!(run.json("manifest.json")["simulated"]["machine"], "h100");
}

#[test]
fn a_run_for_programs_prints_one_object() {
    let folder = Folder::with(TINY);
    let said = folder.runexp("x.toml --simulate h100 --quiet --format json --only slots=2");
    let object: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(std::path::Path::new(object["run_dir"].as_str().unwrap()).join("manifest.json").is_file());
    assert_snapshot!(said, @r#"
    exit 0

    stdout:
    {"run_dir":"FOLDER/results/tiny/RUN-ID","outcome":{"state":"completed"},"not_undone":[],"files":["summary.json","SIMULATED-summary.md","SIMULATED-guide.md","SIMULATED-decision.md"],"exit_code":0}

    stderr:
    "#);
}

#[test]
fn what_the_command_line_changed_is_kept() {
    let folder = Folder::with(TINY);
    let run = run(&folder, "--set vars.window=\"120ms\" --profile brief --only slots=1 --seed 5");
    let manifest = run.json("manifest.json");
    assert_json_snapshot!((&manifest["seed"], &manifest["overrides"]), @r#"
    [
      5,
      {
        "set": [
          "vars.window=\"120ms\""
        ],
        "profile": "brief",
        "only": [
          "slots=1"
        ]
      }
    ]
    "#);
    assert_eq!(run.json("plan.json")["cells"].as_object().unwrap().len(), 2);
}

#[test]
fn the_same_seed_plans_the_same_run_and_another_another() {
    let folder = Folder::with(TINY);
    let digest = |options| run(&folder, options).json("manifest.json")["plan_sha256"].clone();
    let first = digest("");
    assert_eq!(digest(""), first);
    assert_ne!(digest("--seed 12"), first);
}

#[test]
fn an_unknown_machine_is_answered_with_the_known_ones() {
    assert_snapshot!(Folder::with(TINY).runexp("x.toml --simulate h1000"), @r"
    exit 2

    stdout:

    stderr:
    error: no simulated machine is called `h1000`; there are dgx-spark, h100, m4-pro, rtx-5090
    ");
}

#[test]
fn a_simulated_gpu_is_asked_for_its_memory_and_other_steps_change_nothing() {
    let demand = |at_least: &str| {
        let steps = format!(
            "memory_available = {{ at_least = \"{at_least}\", of = \"gpu\" }}\n[[setup]]\npull = {{ model = \"m\" }}\n[[setup]]\n"
        );
        Folder::with(&TINY.replacen("sleep =", &format!("{steps}sleep ="), 1))
    };
    let enough = demand("79GiB");
    let run = run(&enough, "");
    let facts: Vec<String> = run
        .records("steps.jsonl")
        .iter()
        .map(|step| format!("{} {} {}", step["kind"], step["outcome"], step["facts"]))
        .collect();
    assert_snapshot!(facts.join("\n"), @r#"
    "memory_available" {"state":"simulated"} [{"name":"gpu0_memory_available_bytes","value":"85520809984"},{"name":"gpu0_memory_total_bytes","value":"85520809984"}]
    "pull" {"state":"simulated"} [{"name":"simulated","value":"true"}]
    "sleep" {"state":"simulated"} [{"name":"simulated","value":"true"}]
    "#);
    assert_snapshot!(demand("81GiB").runexp("x.toml --simulate h100 --quiet"), @r"
    exit 3

    stdout:
    FOLDER/results/tiny/RUN-ID

    stderr:
    error: step `memory_available` failed: 79.6 GiB of 79.6 GiB memory of `NVIDIA H100 80GB HBM3` are available, less than the 81.0 GiB asked for
    ");
}

#[test]
fn treatments_that_differ_in_nothing_that_is_simulated_are_called_alike() {
    let placed = TINY
        .replace("slots = [1, 2]\n", "gpu = [0, 1]\nslots = [1, 2]\n")
        .replace("slots = \"{{ slots }}\"", "slots = \"{{ slots }}\"\ngpu = \"{{ gpu }}\"");
    let folder = Folder::with(&placed);
    let said = measured(&folder, "x.toml --simulate h100 --quiet");
    assert_snapshot!(said, @r"
    exit 0

    stdout:
    FOLDER/results/tiny/RUN-ID

    stderr:
    warning: A simulated machine cannot tell `gpu=0,slots=1` and `gpu=1,slots=1` apart: it knows servers and their slots, MPS and the load, and not what these differ by. That they are equal here says nothing of a real machine.
    warning: A simulated machine cannot tell `gpu=0,slots=2` and `gpu=1,slots=2` apart: it knows servers and their slots, MPS and the load, and not what these differ by. That they are equal here says nothing of a real machine.
    ");
    let alike = "A simulated machine cannot tell ";
    for document in &DERIVED[..3] {
        let document = said.run().read(document);
        assert_eq!(document.lines().filter(|line| line.contains(alike)).count(), 2, "{document}");
    }
    let placed = folder.runexp("plan x.toml --format json");
    assert!(!placed.to_string().contains(alike), "{placed}");
}

#[test]
fn a_machine_file_that_is_none_is_told_with_its_line_and_the_reason() {
    let folder = Folder::with(TINY);
    std::fs::create_dir(folder.path("machines")).unwrap();
    folder.write("machines/mine.toml", "title = \"Mine\"\nspeed =\n");
    assert_snapshot!(folder.runexp("x.toml --simulate mine"), @r"
    exit 2

    stdout:

    stderr:
    error: machine file `FOLDER/machines/mine.toml` is not a machine: TOML parse error at line 2, column 8
      |
    2 | speed =
      |        ^
    string values must be quoted, expected literal string
    ");
}
