//! Run directories that somebody has changed after the run.

mod last_line;
mod manifest;
mod untouched;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use insta::assert_snapshot;
use regex::Regex;
use serde_json::{Value, json};

use super::folder::{Folder, RunFolder};
use super::simulated;

const DECIDED: &str = r#"
[decision]
[[decision.rule]]
recommend = "two slots"
when = "ratio('output_throughput', {slots: 2, phase: 'concurrent', clients: 2}, {slots: 1, phase: 'concurrent', clients: 2}).lower > 1.03"
because = "they share each step"

[[claim]]
id = "faster"
says = "about 100"
metric = "output_throughput"
kind = "absolute"
value = 100
source = { file = "guide.md" }
tolerance = "10%"
where = { slots = 1, phase = "concurrent", clients = 1 }
"#;

/// Two blocks of the tiny experiment, with a claim and a rule.
fn folder() -> Folder {
    Folder::with(&format!("{}{DECIDED}", simulated::TINY.replace("repetitions = 1", "repetitions = 2")))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            std::fs::copy(&path, &copied).unwrap();
        }
    }
}

/// What the report of a copy of the run says of its records, and how many
/// repetitions do not count.
fn told(folder: &Folder, run: &RunFolder, what: &str, tamper: impl FnOnce(&RunFolder)) -> String {
    let copied = folder.path(&format!("copies/{}", what.replace(' ', "-")));
    copy(&run.path(""), &copied);
    let copied = RunFolder::at(copied);
    tamper(&copied);
    let said = folder.runexp(&format!("report {}", copied.path("").display()));
    let mut told = format!("{what}:\n");
    if said.code != Some(0) {
        write!(told, "  {said}").unwrap();
        return told;
    }
    let integrity = &copied.json("summary.json")["integrity"];
    let flaws = integrity["flaws"].as_array().unwrap().iter();
    let flaws = flaws.map(|flaw| format!("{}: {}", flaw["file"].as_str().unwrap(), flaw["what"].as_str().unwrap()));
    let flaws = flaws.map(|flaw| folder.redacted(&flaw));
    let post_hoc = integrity["post_hoc"].as_array().into_iter().flatten();
    let post_hoc = post_hoc.map(|part| format!("post hoc: {}", part.as_str().unwrap()));
    for line in flaws.chain(post_hoc) {
        writeln!(told, "  {line}").unwrap();
    }
    let summary = copied.json("summary.json");
    let cells = summary["cells"].as_object().unwrap().values();
    let repetitions = cells.flat_map(|cell| cell["repetitions"].as_array().unwrap());
    let broken: Vec<Vec<&str>> = repetitions.map(broken_rules).filter(|rules| !rules.is_empty()).collect();
    let rules: BTreeSet<&str> = broken.iter().flatten().copied().collect();
    let rules = rules.into_iter().collect::<Vec<_>>().join(", ");
    let rules = if rules.is_empty() { "no rule" } else { &rules };
    writeln!(told, "  {} of 8 do not count: {rules}", broken.len()).unwrap();
    // How many requests a window holds, and so whose is the third, differs from run to run.
    let told =
        Regex::new(r"\b\d+( of (\d+|N))? (request|line|sample)").unwrap().replace_all(&told, "N $3").into_owned();
    Regex::new(r"of `slots=[^`]*` in").unwrap().replace_all(&told, "of `CELL` in").into_owned()
}

/// The rules about records that a repetition breaks; what a busy machine does to
/// a tiny window is another matter.
fn broken_rules(repetition: &Value) -> Vec<&str> {
    let reasons = repetition["validity"]["reasons"].as_array().into_iter().flatten();
    let rules = reasons.map(|reason| reason["rule"].as_str().unwrap());
    let of_records = ["records_changed", "not_in_records", "impossible", "beyond_max_tokens"];
    rules.filter(|rule| of_records.contains(rule)).collect()
}

fn edit(run: &RunFolder, name: &str, change: impl FnOnce(Vec<String>) -> Vec<String>) {
    let lines = run.read(name).lines().map(|line| format!("{line}\n")).collect();
    std::fs::write(run.path(name), change(lines).concat()).unwrap();
}

fn without(position: usize) -> impl Fn(Vec<String>) -> Vec<String> {
    move |mut lines| {
        lines.remove(position);
        lines
    }
}

fn block(line: &str) -> Option<u64> {
    let record: Value = serde_json::from_str(line).unwrap();
    record["cell"]["block"].as_u64().or_else(|| record["block"].as_u64())
}

fn without_block(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter(|line| block(line) != Some(1)).collect()
}

fn with_tokens(line: &str, factor: u64) -> String {
    let mut record: Value = serde_json::from_str(line).unwrap();
    record["usage"]["output_tokens"] = json!(record["usage"]["output_tokens"].as_u64().unwrap() * factor);
    format!("{record}\n")
}

fn replace(run: &RunFolder, name: &str, old: &str, new: &str) {
    let text = run.read(name);
    assert!(text.contains(old), "{name} has no {old}: {text}");
    std::fs::write(run.path(name), text.replacen(old, new, 1)).unwrap();
}

#[test]
fn whatever_was_done_to_a_run_directory_is_named() {
    let folder = folder();
    let run = simulated::run(&folder, "");
    let other = simulated::run(&folder, "--seed 12");
    let told = |what: &str, tamper: &dyn Fn(&RunFolder)| told(&folder, &run, what, |run| tamper(run));
    let from_other = |run: &RunFolder, name: &str| {
        std::fs::copy(other.path(name), run.path(name)).unwrap();
    };
    let all = [
        told("nothing", &|_| {}),
        told("a request deleted", &|run| edit(run, "requests.jsonl", without(0))),
        told("a block of requests deleted", &|run| edit(run, "requests.jsonl", without_block)),
        told("a block deleted everywhere", &|run| {
            edit(run, "requests.jsonl", without_block);
            edit(run, "events.jsonl", without_block);
        }),
        told("a stretch of telemetry deleted", &|run| {
            edit(run, "telemetry.jsonl", |lines| [&lines[..2], &lines[lines.len().min(5)..]].concat());
        }),
        told("a request twice", &|run| {
            edit(run, "requests.jsonl", |mut lines| {
                lines.insert(4, lines[3].clone());
                lines
            });
        }),
        told("tokens times 1000", &|run| {
            edit(run, "requests.jsonl", |mut lines| {
                let whole = lines.iter_mut().find(|line| line.contains("\"kind\":\"success\"")).unwrap();
                *whole = with_tokens(whole, 1000);
                lines
            });
        }),
        told("a claim edited", &|run| replace(run, "scenario.toml", "value = 100", "value = 55")),
        told("a rule edited", &|run| replace(run, "scenario.toml", "1.03", "0.5")),
        told("a margin edited", &|run| replace(run, "scenario.toml", "10%", "90%")),
        told("a plan edited", &|run| replace(run, "plan.json", "\"seed\": 11", "\"seed\": 12")),
        told("requests of another run", &|run| from_other(run, "requests.jsonl")),
        told("events of another run", &|run| from_other(run, "events.jsonl")),
        told("telemetry of another run", &|run| from_other(run, "telemetry.jsonl")),
        told("a last line cut off", &|run| {
            let text = run.read("requests.jsonl");
            std::fs::write(run.path("requests.jsonl"), &text[..text.len() - 20]).unwrap();
        }),
        told("an event edited", &|run| replace(run, "events.jsonl", "\"clients\":2", "\"clients\":3")),
        told("a seal deleted", &|run| {
            edit(run, "events.jsonl", |lines| {
                lines.into_iter().filter(|line| !line.contains("\"number\":0,\"run\"")).collect()
            });
        }),
    ];
    assert_snapshot!(all.join("\n"));
}
