//! A report made from the directory of a run alone.

use insta::assert_snapshot;

use super::folder::Folder;
use super::simulated::{DERIVED, TINY, run};

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
and value('valid_rate', {slots: 2, clients: 2}).lower > 0.01
"""
because = "two slots serve two"

[[decision.rule]]
recommend = "nothing"
when = "value('system_throughput_ratio', {slots: 1, clients: 2}).upper < 1"
because = "another machine is no better"

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
    | Nothing | not decidable
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
fn a_torn_line_behind_all_that_was_sealed_is_told_and_touches_nothing() {
    let folder = Folder::with(TINY);
    let run = run(&folder, "");
    let torn = run.read("requests.jsonl") + r#"{"cell":{"cell":"slots=1/conc"#;
    std::fs::write(run.path("requests.jsonl"), torn).unwrap();
    assert_eq!(folder.runexp(&format!("report {}", run.path("").display())).code, Some(0));
    let summary: serde_json::Value = serde_json::from_str(&run.read("summary.json")).unwrap();
    let flaw =
        serde_json::json!({ "file": "requests.jsonl", "what": "the last line is cut off", "touches": "nothing" });
    assert_eq!(summary["integrity"], serde_json::json!({ "sealing": "whole", "flaws": [flaw] }));
    assert!(!run.read("summary.json").contains("records_changed"));
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
