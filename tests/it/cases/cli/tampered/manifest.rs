//! The manifest of a run, changed after the run.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::super::folder::{Folder, RunFolder};
use super::super::simulated;
use super::{folder, replace, told};

fn change(run: &RunFolder, change: impl FnOnce(&mut Value)) {
    let mut manifest = run.json("manifest.json");
    change(&mut manifest);
    std::fs::write(run.path("manifest.json"), manifest.to_string()).unwrap();
}

fn without(run: &RunFolder, keys: &[&str]) {
    change(run, |manifest| {
        let fields = manifest.as_object_mut().unwrap();
        fields.retain(|key, _| !keys.contains(&key.as_str()));
    });
}

#[test]
fn whatever_is_changed_in_a_manifest_is_named() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let told = |what: &str, tamper: &dyn Fn(&RunFolder)| told(&folder, &run, what, |run| tamper(run));
    let set = |what: &str, pointer: &'static str, value: Value| {
        told(what, &|run| change(run, |manifest| *manifest.pointer_mut(pointer).unwrap() = value.clone()))
    };
    let all = [
        told("written anew in other order", &|run| {
            change(run, |manifest| manifest.as_object_mut().unwrap().sort_keys());
        }),
        set("another end", "/finished", json!("2026-01-01T00:00:00Z")),
        set("another start", "/started", json!("2026-01-01T00:00:00Z")),
        set("another outcome", "/outcome", json!({ "state": "interrupted", "signal": "SIGINT" })),
        set("a failure", "/outcome", json!({ "state": "failed", "reason": "no" })),
        set("another kernel", "/environment/kernel", json!("Linux 9")),
        set("another GPU", "/environment/gpus", json!([{ "uuid": "GPU-1", "name": "NVIDIA B200" }])),
        set("nothing simulated", "/simulated", Value::Null),
        set("another machine simulated", "/simulated/title", json!("A B200")),
        set("another title", "/title", json!("A better title")),
        set("another seed", "/seed", json!(12)),
        set("other overrides", "/overrides/set", json!(["a=1"])),
        set("another program", "/runexp", json!("9.9.9")),
        set("another seal", "/sealed/sha256", json!("00")),
        set("another hash of a claim", "/declared/parts/claim.faster", json!("00")),
        told("no seal", &|run| without(run, &["sealed"])),
        told("no declaration", &|run| without(run, &["declared"])),
        told("neither", &|run| without(run, &["declared", "sealed"])),
        told("a certificate", &|run| {
            change(run, |manifest| manifest["certified"] = certificate());
        }),
    ];
    assert_snapshot!(all.join("\n"));
}

fn certificate() -> Value {
    json!({ "made": "2026-01-01T00:00:00Z", "requests_per_s": 1.0, "events_per_s": 1.0, "timely_events_per_s": 1.0 })
}

/// A claim that is edited together with its hash.
#[test]
fn a_declaration_that_was_changed_too_is_no_witness_for_the_rules() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    replace(&run, "scenario.toml", "1.03", "0.5");
    change(&run, |manifest| {
        let parts = manifest["declared"]["parts"].as_object_mut().unwrap();
        parts.retain(|part, _| !part.starts_with("decision"));
    });
    assert_snapshot!(rules_stand(&folder, &run), @r"
    > The records are not what the run wrote: \`manifest.json\`: \`declared\` is not as it was when the run began.
    > Post hoc: in the scenario \`decision.rule.0\` was added after the run had begun.
    Whether each was written down before the run nobody can tell: what the run had declared was changed.
    ");
}

fn rules_stand(folder: &Folder, run: &RunFolder) -> String {
    assert_eq!(folder.runexp(&format!("report {}", run.path("").display())).code, Some(0));
    let text = run.read("SIMULATED-decision.md");
    let lines = text.lines().filter(|line| {
        line.starts_with("> The records") || line.starts_with("> Post hoc") || line.contains("conditions and reasons")
    });
    lines.map(|line| line.rsplit("reasons. ").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Whoever writes records and seals anew, all of them, leaves no trace: only the
/// first word of it is told here.
#[test]
fn an_end_that_is_changed_in_manifest_and_events_alike_is_told_by_the_seals() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let told = told(&folder, &run, "both", |run| {
        let finished = run.json("manifest.json")["finished"].as_str().unwrap().to_owned();
        replace(run, "manifest.json", &finished, "2026-01-01T00:00:00Z");
        replace(run, "events.jsonl", &finished, "2026-01-01T00:00:00Z");
    });
    assert_snapshot!(told, @r"
    both:
      events.jsonl: N lines, but not as written
      8 of 8 do not count: records_changed
    ");
}

/// A run that was killed between its last event and its last manifest, and then
/// cleaned up, has two ends and no flaw.
#[test]
fn a_run_that_died_before_its_last_manifest_was_not_changed() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let told = told(&folder, &run, "killed last", |run| {
        change(run, |manifest| {
            manifest["outcome"] = json!({ "state": "failed", "reason": "the run was killed" });
            manifest["finished"] = json!("2026-01-01T00:00:00Z");
        });
        without(run, &["sealed"]);
    });
    assert_snapshot!(told, @r"
    killed last:
      0 of 8 do not count: no rule
    ");
}

/// Runs of before that do not say how they began have a plan still.
#[test]
fn a_manifest_that_says_otherwise_than_its_plan_is_named_in_any_run() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let told = told(&folder, &run, "an old run", |run| {
        super::untouched::unsealed(run);
        change(run, |manifest| {
            manifest["seed"] = json!(12);
            manifest["title"] = json!("Another");
        });
    });
    assert_snapshot!(told, @r"
    an old run:
      manifest.json: `seed` is not that of the plan
      manifest.json: `title` is not that of the plan
      0 of 8 do not count: no rule
    ");
}
