//! A run on a simulated machine that searches for the highest load.

use insta::assert_snapshot;
use serde_json::json;

use super::folder::Folder;

const FIND: &str = r#"
schema = 1
name = "find"
title = "A search"

[[server]]
name = "llama"
api = "llama-server"
model = "llama3.1:8b"
slots = 2
run = ["llama-server", "--port", "{{ port }}"]

[[phase]]
name = "capacity"
find = { max = "clients", from = 1, to = 4 }
duration = "600ms"
warmup = "100ms"
drain = "500ms"
request = { prompt = "hello", max_tokens = 20, temperature = 0, ignore_eos = true }
slo = { ttft = "100ms" }
"#;

#[test]
fn a_search_records_every_try_and_its_report_can_be_made_again() {
    let folder = Folder::with(FIND);
    let said = folder.runexp("x.toml --simulate h100");
    let run = said.run();
    let probed: Vec<_> = run.records("events.jsonl").into_iter().filter(|event| event["event"] == "probed").collect();
    assert!(probed.len() >= 2, "{said}");
    assert_eq!(
        (&probed[0]["cell"]["cell"], &probed[0]["level"]),
        (&json!("default/capacity/max=clients"), &json!(1.0))
    );
    for (number, event) in probed.iter().enumerate() {
        assert_eq!(event["cell"]["probe"], json!(number));
    }
    let requests = run.records("requests.jsonl");
    assert!((0..probed.len()).all(|number| requests.iter().any(|request| request["cell"]["probe"] == json!(number))));
    let before = (run.read("SIMULATED-summary.md"), run.read("summary.json"));
    assert!(before.0.contains("## The highest load that meets the objectives"), "{}", before.0);
    let summary: serde_json::Value = serde_json::from_str(&before.1).unwrap();
    let search = &summary["cells"]["default/capacity/max=clients"]["repetitions"][0]["search"];
    assert_eq!(search["probes"].as_array().unwrap().len(), probed.len());
    assert_eq!(folder.runexp(&format!("report {}", run.path("").display())).code, Some(0));
    assert_eq!((run.read("SIMULATED-summary.md"), run.read("summary.json")), before);
}

#[test]
fn a_plan_says_how_many_tries_a_search_may_take() {
    let plan = Folder::with(FIND).runexp("plan x.toml").to_string();
    let told = ["capacity", "seed", "  at least", "  at most", "search"];
    let lines: Vec<&str> = plan.lines().filter(|line| told.iter().any(|word| line.contains(word))).collect();
    assert_snapshot!(lines.join("\n"), @"");
}

#[test]
fn what_a_search_cannot_be_is_told_at_its_place() {
    let folder = Folder::with(FIND);
    let wrong = FIND
        .replace("to = 4 }", "to = 4, attainment = \"20%\" }\nclients = 2\narrival = \"constant\"")
        .replace("slo = { ttft = \"100ms\" }", "");
    folder.write("y.toml", &wrong);
    folder.write("z.toml", &FIND.replace("max = \"clients\", from = 1", "max = \"clients\", from = 9"));
    let both = ["check y.toml", "check z.toml"].map(|command| folder.runexp(command).to_string());
    assert_snapshot!(both.join("\n"), @"");
}
