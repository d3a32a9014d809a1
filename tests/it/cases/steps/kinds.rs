//! What every kind says of itself: its page, its words, its lines for a shell.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use runexp::format::Color;
use runexp::scenario::{LoadOptions, ScriptLines, StepKind, StepSpec, load};
use schemars::SchemaGenerator;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::mps::write_program;
use super::world::step;

/// A scenario but for its steps; its factor is for the examples.
const AROUND: &str = r#"
schema = 1
name = "small"

[factors]
mps = ["off", "on"]

[[server]]
name = "there"
api = "openai"
url = "http://127.0.0.1:8000"

[[phase]]
name = "one"
when = "mps != 'neither'"
clients = 1
requests = 1
request = { prompt = "hello", max_tokens = 16 }
"#;

/// Every kind at least once.
fn steps() -> Vec<StepSpec> {
    let sudo = |kind| StepSpec { privileged: true, ..step(&kind) };
    let server = "http://127.0.0.1:11434";
    vec![
        sudo(
            json!({"run": {"argv": ["echo", "it's"], "dir": "/a b", "env": {"A": "b c"}, "check": ["true"], "undo": ["false"]}}),
        ),
        step(&json!({"shell": {"script": "date > 'a b'", "undo": "rm 'a b'"}})),
        step(&json!({"compose": {"file": "/c.yml", "services": ["db"], "env": {"TAG": "1"}}})),
        step(&json!({"wait": {"http": "http://me:secret@127.0.0.1:1/"}})),
        step(&json!({"wait": {"tcp": "127.0.0.1:1"}})),
        step(&json!({"wait": {"file": "/a b"}})),
        step(&json!({"http": {"url": "http://127.0.0.1:1/x?a=1&b=2", "json": {"name": "it's"}, "status": 404}})),
        step(&json!({"http": {"url": "http://127.0.0.1:1/"}})),
        step(&json!({"memory_available": {"at_least": "70%"}})),
        step(&json!({"memory_available": {"at_least": "8GiB", "of": "gpu"}})),
        step(&json!({"sleep": "250ms"})),
        step(&json!({"drop_caches": {"level": "pagecache"}})),
        sudo(json!({"drop_caches": {"level": "all"}})),
        step(&json!({"drop_caches": {"files": ["/a b.gguf", "/c.gguf"]}})),
        step(&json!({"mps": {"action": "start"}})),
        sudo(json!({"mps": {"action": "start", "control": "/opt/mps control"}})),
        sudo(json!({"mps": {"action": "start", "active_thread_percentage": 33, "pinned_memory_limit": "4GiB"}})),
        step(&json!({"mps": {"action": "absent"}})),
        sudo(json!({"lock_clocks": {"graphics_mhz": 1500, "memory_mhz": 2619}})),
        step(&json!({"pull": {"model": "llama3.1:8b", "server": server}})),
        step(&json!({"pull": {"model": "llama3.1", "server": server, "remove_after": true}})),
        step(&json!({"unload": {"model": "it's", "server": server}})),
    ]
}

#[test]
fn every_kind_has_words_and_lines_for_a_shell() {
    let mut table = String::new();
    for step in steps() {
        let ScriptLines { perform, check, undo } = step.script();
        let _ = writeln!(table, "{}: {}", step.kind.key(), step.words());
        for (mark, lines) in [('+', perform), ('?', check), ('-', undo)] {
            for line in lines {
                let _ = writeln!(table, "  {mark} {line}");
                let checked = Command::new("sh").args(["-n", "-c", &line]).status().unwrap();
                assert!(checked.success(), "{line}");
            }
        }
    }
    insta::assert_snapshot!(table);
    let shown: BTreeSet<&str> = steps().iter().map(|step| step.kind.key()).collect();
    assert_eq!(shown, StepKind::entries().map(|entry| entry.key).collect());
}

/// Runs lines as one script that ends at the first failure.
fn sh(lines: &[String], dir: &TempDir) -> bool {
    let script = format!("set -eu\n{}", lines.join("\n"));
    Command::new("sh").args(["-c", &script]).current_dir(dir.path()).status().unwrap().success()
}

#[test]
fn the_lines_do_check_and_undo_what_they_say() {
    let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let smi = dir.path().join("a smi");
    write_program(&smi, "#!/bin/sh\ncase $3 in --query*) cat clocks ;; *) echo \"$3\" >> calls ;; esac\n");
    std::fs::write(dir.path().join("clocks"), "1500, 2619\n").unwrap();
    std::fs::write(dir.path().join("model file"), "weights").unwrap();
    for kind in [
        json!({"run": {"argv": ["touch", "it's"], "dir": dir.path(), "check": ["test", "-e", "it's"], "undo": ["rm", "it's"]}}),
        json!({"shell": {"script": "echo \"$WHO\" > 'who is'", "env": {"WHO": "a  b"}, "undo": "test \"$(cat 'who is')\" = 'a  b'"}}),
        json!({"wait": {"file": "model file"}}),
        json!({"memory_available": {"at_least": "1MiB"}}),
        json!({"sleep": "1ms"}),
        json!({"drop_caches": {"files": ["model file"]}}),
        json!({"lock_clocks": {"graphics_mhz": 1500, "program": smi}}),
    ] {
        let ScriptLines { perform, check, undo } = step(&kind).script();
        assert!(sh(&[perform, check, undo].concat(), &dir), "{kind}");
    }
    assert!(!dir.path().join("it's").exists());
    assert_eq!(
        std::fs::read_to_string(dir.path().join("calls")).unwrap(),
        "--lock-gpu-clocks=1500,1500\n--reset-gpu-clocks\n"
    );
}

#[test]
fn the_lines_fail_where_the_step_would() {
    let dir = TempDir::new().unwrap();
    let smi = dir.path().join("smi");
    write_program(&smi, "#!/bin/sh\ncase $3 in --query*) echo 1980, 2619 ;; esac\n");
    for kind in [
        json!({"run": {"argv": ["true"], "dir": dir.path(), "check": ["false"]}}),
        json!({"http": {"url": "http://127.0.0.1:1/"}}),
        json!({"memory_available": {"at_least": "101%"}}),
        json!({"drop_caches": {"files": ["missing"]}}),
        json!({"lock_clocks": {"graphics_mhz": 1500, "program": smi}}),
        json!({"pull": {"model": "m", "server": "http://127.0.0.1:1"}}),
    ] {
        let ScriptLines { perform, check, .. } = step(&kind).script();
        assert!(!sh(&[perform, check].concat(), &dir), "{kind}");
    }
}

/// What is said of a scenario with these steps.
fn problems(steps: &str) -> String {
    let folder = TempDir::new().unwrap();
    let scenario = folder.path().join("scenario.toml");
    std::fs::write(&scenario, format!("{AROUND}{steps}")).unwrap();
    let problems = load(&scenario, &LoadOptions { set: &[], profile: None, metrics: &[], times: &[] }).unwrap_err();
    problems.render(Color::Plain).replace(scenario.to_str().unwrap(), "scenario.toml")
}

#[test]
fn what_a_kind_cannot_mean_is_told_at_its_place() {
    insta::assert_snapshot!(problems(
        r#"
[[setup]]
run = 5
[[setup]]
drop_caches = {}
[[setup]]
drop_caches = { level = "pagecache", files = ["x"] }
[[setup]]
drop_caches = { files = [] }
[[setup]]
memory_available = { at_least = "70%", of = "cpu" }
[[setup]]
lock_clocks = { graphics_mhz = 0 }
[[setup]]
lock_clocks = { graphic_mhz = 1500, memory_mhz = "fast" }
[[setup]]
pull = { model = "", server = "http://me:secret@127.0.0.1:11434" }
[[setup]]
unload = { model = "m", server = "127.0.0.1:11434" }
"#
    ));
}

#[test]
fn every_kind_has_a_page_whose_example_is_a_scenario() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("docker-compose.yml"), "services: {}\n").unwrap();
    let scenario = folder.path().join("scenario.toml");
    for entry in StepKind::entries() {
        let schema = (entry.schema)(&mut SchemaGenerator::default());
        let page = schema.get("description").and_then(Value::as_str).unwrap();
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        assert_eq!(headings, ["Checks", "Undo", "Rights", "Example"], "{}", entry.key);
        let (_, example) = page.split_once("```toml\n").unwrap();
        let example = example.strip_suffix("```").unwrap();
        std::fs::write(&scenario, format!("{AROUND}{example}")).unwrap();
        let loaded = load(&scenario, &LoadOptions { set: &[], profile: None, metrics: &[], times: &[] });
        assert!(loaded.is_ok(), "{}: {}", entry.key, loaded.unwrap_err().render(Color::Plain));
        assert!(example.contains(&format!("\n{} = ", entry.key)), "{}", entry.key);
    }
}
