//! A whole run on a simulated machine, and its report from the directory alone.

use insta::{assert_json_snapshot, assert_snapshot};

use super::folder::{Folder, RunFolder};

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

const DERIVED: [&str; 4] = ["SIMULATED-decision.md", "SIMULATED-guide.md", "SIMULATED-summary.md", "summary.json"];

/// One run of the tiny experiment.
fn run(folder: &Folder, options: &str) -> RunFolder {
    let said = folder.runexp(&format!("x.toml --simulate h100 --quiet {options}"));
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
fn a_report_is_made_again_byte_for_byte_from_the_directory_alone() {
    let folder = Folder::with(TINY);
    let run = run(&folder, "");
    let before = DERIVED.map(|name| run.read(name));
    for name in DERIVED {
        std::fs::remove_file(run.path(name)).unwrap();
    }
    std::fs::remove_file(folder.path("x.toml")).unwrap();
    assert_snapshot!(folder.runexp(&format!("report {}", run.path("").display())), @r"
    exit 0

    stdout:
    FOLDER/results/tiny/RUN-ID/summary.json
    FOLDER/results/tiny/RUN-ID/SIMULATED-summary.md
    FOLDER/results/tiny/RUN-ID/SIMULATED-guide.md
    FOLDER/results/tiny/RUN-ID/SIMULATED-decision.md

    stderr:
    ");
    assert_eq!(DERIVED.map(|name| run.read(name)), before);
}

#[test]
fn the_rules_that_were_frozen_with_a_run_are_judged_by_its_intervals() {
    let rules = r#"
[[decision.rule]]
recommend = "one client more"
when = """
ratio('output_throughput', {slots: 2, clients: 2}, {slots: 2, clients: 1}).lower > {{ margin }}
and value('valid_rate', {slots: 2, clients: 2}).lower == 1
"""
because = "two slots serve two"

[[decision.rule]]
recommend = "nothing"
when = "value('memory_per_instance', {slots: 1, clients: 2}).upper < 1"
because = "it takes no memory"

[vars]
margin = 0.01
"#;
    let scenario = TINY.replace("[vars]", rules.trim_start()).replace("repetitions = 1", "repetitions = 2");
    let folder = Folder::with(&scenario);
    let run = run(&folder, "");
    std::fs::remove_file(folder.path("x.toml")).unwrap();
    assert_eq!(folder.runexp(&format!("report {}", run.path("").display())).code, Some(0));
    let decision = run.read("SIMULATED-decision.md");
    let rows = decision.lines().filter(|line| line.starts_with("| One client more") || line.starts_with("| Nothing"));
    let rows: Vec<String> = rows.map(|row| row.split(" | ").take(2).collect::<Vec<_>>().join(" | ")).collect();
    assert_snapshot!(rows.join("\n"), @r"
    | One client more | holds
    | Nothing | not decidable: \`slots=1/concurrent/clients=2\`: device memory is not attributed to single instances
    ");
}

#[test]
fn a_template_of_ones_own_is_rendered_beside_the_others() {
    let folder = Folder::with(TINY);
    let run = run(&folder, "");
    folder.write("mine.txt.j2", "{{ simulated.banner }}: {{ run.scenario }}\n");
    let said = folder.runexp(&format!("report {} --template mine.txt.j2", run.path("").display()));
    assert_eq!(said.code, Some(0), "{said}");
    assert_snapshot!(run.read("SIMULATED-mine.txt"), @"SIMULATED on h100: no figure in this document was measured on a real server: tiny");
    assert_snapshot!(folder.runexp(&format!("report {} --template none.j2", run.path("").display())), @r"
    exit 2

    stdout:

    stderr:
    error: failed to read the template `none.j2`: No such file or directory (os error 2)
    ");
}

#[test]
fn a_torn_last_line_is_left_out() {
    let folder = Folder::with(TINY);
    let run = run(&folder, "");
    let summary = run.read("summary.json");
    let torn = run.read("requests.jsonl") + r#"{"cell":{"cell":"slots=1/conc"#;
    std::fs::write(run.path("requests.jsonl"), torn).unwrap();
    assert_eq!(folder.runexp(&format!("report {}", run.path("").display())).code, Some(0));
    assert_eq!(run.read("summary.json"), summary);
}

#[test]
fn a_damaged_line_is_named_by_file_and_number() {
    let folder = Folder::with(TINY);
    let run = run(&folder, "");
    let whole = run.read("requests.jsonl");
    let damaged = whole.replacen("}\n{", "}\n?", 1);
    std::fs::write(run.path("requests.jsonl"), damaged).unwrap();
    assert_snapshot!(folder.runexp(&format!("report {}", run.path("").display())), @r"
    exit 3

    stdout:

    stderr:
    error: `FOLDER/results/tiny/RUN-ID/requests.jsonl` line 2 column 1 is damaged: expected value
    ");
}

#[test]
fn records_of_a_newer_program_are_refused() {
    let folder = Folder::with(TINY);
    let run = run(&folder, "");
    let newer = run.read("manifest.json").replace("\"schema_version\": 1", "\"schema_version\": 999");
    std::fs::write(run.path("manifest.json"), newer).unwrap();
    assert_snapshot!(folder.runexp(&format!("report {}", run.path("").display())), @r"
    exit 3

    stdout:

    stderr:
    error: `FOLDER/results/tiny/RUN-ID/manifest.json` has schema version 999, and this runexp reads up to 1; use a newer runexp
    ");
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
