//! `--fail-on`: a published claim that is not reproduced stops a script.

use insta::assert_snapshot;

use super::folder::Folder;
use super::undisturbed::measured;

fn scenario(value: &str) -> String {
    format!(
        r#"
schema = 1
name = "gate"
title = "A claim to stop at"

[design]
repetitions = 2
rerun = 0

[[server]]
name = "llama"
api = "llama-server"
model = "llama3.1:8b"
run = ["llama-server", "--port", "{{{{ port }}}}"]

[[phase]]
name = "load"
clients = 1
duration = "400ms"
drain = "0s"
request = {{ prompt = "hello", max_tokens = 8, temperature = 0, ignore_eos = true }}

[[claim]]
id = "fast"
says = "it is {value} tokens a second"
source = {{ file = "guide.md" }}
kind = "at_least"
metric = "output_throughput"
where = {{ phase = "load", clients = 1 }}
value = {value}
"#
    )
}

#[test]
fn a_run_or_report_whose_claim_is_not_reproduced_fails_where_that_is_asked() {
    let folder = Folder::with(&scenario("1e6"));
    let asked = measured(&folder, "x.toml --simulate h100 --quiet --fail-on not-reproduced");
    assert_snapshot!(asked, @r#"
    exit 1

    stdout:
    FOLDER/results/gate/RUN-ID

    stderr:
    error: claim `fast` is not reproduced: "it is 1e6 tokens a second"
    "#);
    let run = asked.run();
    let report = |words: &str| folder.runexp(&format!("report {} {words}", run.path("").display())).code;
    assert_eq!(report(""), Some(0));
    assert_eq!(report("--fail-on not-run --fail-on invalid"), Some(0));
    assert_eq!(report("--fail-on not-run --fail-on not-reproduced"), Some(1));
}

#[test]
fn a_claim_that_holds_passes() {
    let folder = Folder::with(&scenario("1"));
    assert_eq!(measured(&folder, "x.toml --simulate h100 --quiet --fail-on not-reproduced").code, Some(0));
}
