//! Cells held against what `doctor` has seen this machine's driver take.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;

use insta::assert_snapshot;
use regex::Regex;
use runexp::host;
use runexp::loopback::{AtOnce, Certificate, Streams};

use super::folder::{Folder, Said};
use super::undisturbed::measured;

const LOAD: &str = r#"
schema = 1
name = "certified"
title = "As much as the driver takes"

[design]
repetitions = 1

[[server]]
name = "llama"
api = "llama-server"
model = "llama3.1:8b"
run = ["llama-server", "--port", "{{ port }}"]

[[phase]]
name = "load"
clients = 1
duration = "600ms"
drain = "1s"
request = { prompt = "hello", max_tokens = 20, temperature = 0, ignore_eos = true }
"#;

/// Of this machine and version, on which every stream's first token was noticed
/// within a millisecond.
fn certificate(requests_per_s: f64, events_per_s: f64) -> Certificate {
    let error = Some(0.000_5);
    Certificate {
        made: "2026-11-25T12:00:00Z".parse().unwrap(),
        runexp: env!("CARGO_PKG_VERSION").to_owned(),
        machine: host::environment(),
        load_1m: None,
        at_once: vec![AtOnce { clients: 32, requests_per_s, events_per_s, driver_cores: None }],
        open: Vec::new(),
        paced: vec![Streams {
            streams: 400,
            ttft_error_mean_s: error,
            ttft_error_p99_s: error,
            longest_stall_ns: None,
        }],
    }
}

fn run_with(certificate: &Certificate) -> (Folder, Said) {
    let folder = Folder::with(LOAD);
    DirBuilder::new().mode(0o700).create(folder.path("state")).unwrap();
    folder.write("state/loopback.json", &serde_json::to_string(certificate).unwrap());
    let said = measured(&folder, "x.toml --simulate h100 --quiet");
    (folder, said)
}

/// Why nothing was measured, without how much it was.
fn reason(certificate: &Certificate) -> String {
    let (_folder, said) = run_with(certificate);
    let much = Regex::new(r"at [\d.]+ per second").unwrap();
    much.replace_all(&said.reasons(), "at MUCH per second").into_owned()
}

/// What the report says of the driver.
fn fact((_folder, said): &(Folder, Said)) -> String {
    assert_eq!(said.code, Some(0), "{said}");
    let summary = said.run().read("SIMULATED-summary.md");
    summary.lines().find(|line| line.starts_with("| Load driver")).unwrap().to_owned()
}

#[test]
fn a_cell_inside_the_certificate_counts_and_the_report_says_what_was_certified() {
    let inside = run_with(&certificate(20_000.0, 2_000_000.0));
    assert_snapshot!(fact(&inside), @"| Load driver | certified on 2026-11-25 for 20000 requests/s and 2000000 token events/s, first tokens within 1 ms up to 37647 events/s |");
}

#[test]
fn more_requests_than_certified_are_not_believed() {
    assert_snapshot!(reason(&certificate(0.5, 2_000_000.0)), @"`default/load/clients=1`, block 0: requests were sent at MUCH per second, more than the 0.5 that this machine's driver took on 2026-11-25; `runexp doctor` finds out anew what that is (beyond_envelope)");
}

#[test]
fn nor_are_more_tokens_or_more_than_were_noticed_in_time() {
    let mut late = certificate(20_000.0, 2_000_000.0);
    late.paced[0].ttft_error_mean_s = Some(0.02);
    let reasons = [certificate(20_000.0, 10.0), late].map(|certificate| reason(&certificate));
    assert_snapshot!(reasons.join("\n"), @r"
    `default/load/clients=1`, block 0: token events came at MUCH per second, more than the 10.0 that this machine's driver took on 2026-11-25; `runexp doctor` finds out anew what that is (beyond_envelope)
    `default/load/clients=1`, block 0: token events came at MUCH per second, more than the 0.0 up to which it noticed first tokens within 1 ms on 2026-11-25; `runexp doctor` finds out anew what that is (beyond_envelope)
    ");
}

#[test]
fn a_certificate_of_another_machine_or_version_says_nothing() {
    let mut elsewhere = certificate(0.5, 0.5);
    elsewhere.machine.cpus = Some(4_096);
    let mut earlier = certificate(0.5, 0.5);
    earlier.runexp = "0.0.1".to_owned();
    let facts = [elsewhere, earlier].map(|certificate| fact(&run_with(&certificate)));
    assert_snapshot!(facts.join("\n"), @r"
    | Load driver | not certified: \`runexp doctor\` finds out once what it takes on a machine |
    | Load driver | not certified: \`runexp doctor\` finds out once what it takes on a machine |
    ");
}
