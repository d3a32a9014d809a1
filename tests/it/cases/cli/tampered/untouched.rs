//! Runs that are older than seals, those that nobody touched, and what was
//! declared too late.

use insta::assert_snapshot;
use serde_json::json;

use super::super::folder::RunFolder;
use super::super::simulated;
use super::{edit, folder, replace, told, without, without_block};

/// Makes of a run one of before there were seals.
pub(super) fn unsealed(run: &RunFolder) {
    let mut manifest = run.json("manifest.json");
    let fields = manifest.as_object_mut().unwrap();
    fields.shift_remove("declared");
    fields.shift_remove("sealed");
    std::fs::write(run.path("manifest.json"), manifest.to_string()).unwrap();
    let of_seals = ["sealed", "begun", "ended"].map(|event| format!("\"event\":\"{event}\""));
    edit(run, "events.jsonl", |lines| {
        lines.into_iter().filter(|line| !of_seals.iter().any(|event| line.contains(event))).collect()
    });
}

#[test]
fn a_run_that_is_older_than_seals_says_so_and_is_judged_by_what_its_plan_says() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let all = [
        told(&folder, &run, "an old run", unsealed),
        told(&folder, &run, "an old run without a block", |run| {
            unsealed(run);
            edit(run, "requests.jsonl", without_block);
            edit(run, "events.jsonl", without_block);
        }),
        told(&folder, &run, "an old run without a request", |run| {
            unsealed(run);
            edit(run, "requests.jsonl", without(0));
        }),
        told(&folder, &run, "an old run with a request twice", |run| {
            unsealed(run);
            edit(run, "requests.jsonl", |mut lines| {
                lines.insert(4, lines[3].clone());
                lines
            });
        }),
    ];
    assert_snapshot!(all.join("\n"), @r"
    an old run:
      0 of 8 do not count: no rule

    an old run without a block:
      4 of 8 do not count: not_in_records

    an old run without a request:
      1 of 8 do not count: impossible

    an old run with a request twice:
      1 of 8 do not count: impossible
    ");
    let old = RunFolder::at(folder.path("copies/an-old-run"));
    for name in ["SIMULATED-summary.md", "SIMULATED-decision.md", "SIMULATED-guide.md"] {
        let text = old.read(name);
        let line = text.lines().find(|line| line.contains("not sealed"));
        assert!(line.is_some(), "{name}: {text}");
    }
}

/// `RUNEXP_TRIALS=100` for a hundred of them.
#[test]
fn runs_that_nobody_touched_raise_nothing() {
    let trials: u64 = std::env::var("RUNEXP_TRIALS").ok().and_then(|count| count.parse().ok()).unwrap_or(3);
    let folder = folder();
    for seed in 0..trials {
        let run = simulated::run(&folder, &format!("--seed {seed}"));
        let integrity = run.json("summary.json")["integrity"].clone();
        assert_eq!(integrity, json!({ "sealing": "whole", "flaws": [] }), "seed {seed}");
    }
}

/// A rule that is written after the run is known is none that was written before.
#[test]
fn what_was_declared_afterwards_is_post_hoc_in_every_document() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let rule = "when = \"value('output_throughput', {slots: 1, phase: 'concurrent', clients: 1}).lower > 1\"";
    replace(
        &run,
        "scenario.toml",
        "[[claim]]",
        &format!("[[decision.rule]]\nrecommend = \"one\"\n{rule}\nbecause = \"b\"\n\n[[claim]]"),
    );
    replace(&run, "scenario.toml", "10%", "90%");
    let directory = run.path("").display().to_string();
    assert_eq!(folder.runexp(&format!("report {directory}")).code, Some(0));
    let told = ["summary", "decision", "guide"].map(|name| {
        let text = run.read(&format!("SIMULATED-{name}.md"));
        let lines =
            text.lines().filter(|line| line.contains("Post hoc") || line.contains("written down before the run"));
        format!(
            "{name}:\n{}",
            lines.map(|line| format!("  {}", line.rsplit("reasons. ").next().unwrap())).collect::<Vec<_>>().join("\n")
        )
    });
    assert_snapshot!(told.join("\n"), @r"
    summary:
      > Post hoc: in the scenario \`claim.faster.tolerance\` was changed after the run had begun.
      > Post hoc: in the scenario \`decision.rule.1\` was added after the run had begun.
    decision:
      > Post hoc: in the scenario \`claim.faster.tolerance\` was changed after the run had begun.
      > Post hoc: in the scenario \`decision.rule.1\` was added after the run had begun.
      Not each was written down before the run (\`decision.rule.1\` was added).
    guide:
      > Post hoc: in the scenario \`claim.faster.tolerance\` was changed after the run had begun.
      > Post hoc: in the scenario \`decision.rule.1\` was added after the run had begun.
    ");
    assert_snapshot!(folder.runexp(&format!("check {directory}")), @r"
    exit 2

    stdout:
    FOLDER/results/tiny/RUN-ID/: sealed, and as the run wrote them

    stderr:
    Post hoc: in the scenario `claim.faster.tolerance` was changed after the run had begun.
    Post hoc: in the scenario `decision.rule.1` was added after the run had begun.
    ");
    let untouched = simulated::run(&folder, "--seed 12");
    assert_snapshot!(folder.runexp(&format!("check {}", untouched.path("").display())), @r"
    exit 0

    stdout:
    FOLDER/results/tiny/RUN-ID/: sealed, and as the run wrote them

    stderr:
    ");
}
