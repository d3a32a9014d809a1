//! What each factor contributes on a simulated machine, against the model's own
//! arithmetic.

use regex::Regex;

use super::folder::Folder;
use super::undisturbed::MOST_TRIES;

/// A machine whose steps take 4 ms however many requests they work on: 4.6 GB at
/// 2,300 GB/s are 2 ms of kernels, and 2 ms are gaps between them. Prompts,
/// contexts, the host and changes of process take next to nothing.
fn even_machine() -> String {
    let mut machine = include_str!("../../../../scenarios/machines/h100.toml").to_owned();
    for (parameter, value) in [
        ("bandwidth_gb_per_s", "2300"),
        ("bandwidth_share", "1.0"),
        ("decode_tflops", "1000000"),
        ("prefill_tflops", "1000000"),
        ("launch_gaps_ms", "2.0"),
        ("slice_ms", "4.0"),
        ("switch_ms", "0"),
        ("interference", "0"),
        ("kv_bytes_per_token", "1"),
        ("request_ms", "0"),
        ("token_ms", "0"),
    ] {
        let written = Regex::new(&format!(r"(?m)^{parameter} = \{{ value = [0-9.]+")).unwrap();
        assert!(written.is_match(&machine), "{parameter}");
        machine = written.replace(&machine, format!("{parameter} = {{ value = {value}")).into_owned();
    }
    machine
}

const SIX: &str = r#"
schema = 1
name = "six"
title = "Six treatments of eight"

[factors]
mps = ["off", "on"]
servers = [1, 3]
slots = [1, 3]

[[exclude]]
servers = 3
slots = 3

[design]
repetitions = 3
rerun = 3
baseline = { mps = "off", servers = 1, slots = 1 }

[[server]]
name = "s"
api = "llama-server"
model = "llama3.1:8b"
count = "{{ servers }}"
slots = "{{ slots }}"
run = ["llama-server", "--port", "{{ port }}"]

[[epoch.setup]]
name = "MPS"
when = "mps == 'on'"
mps = { action = "start" }

[[phase]]
name = "concurrent"
clients = 6
duration = "1s"
warmup = "200ms"
drain = "1s"
request = { prompt = "hello", max_tokens = 50, ignore_eos = true }
"#;

/// Every line of the table of effects: what, where, ratio and interval, which
/// has no width where every block says the same.
fn effects(summary: &str) -> Vec<(String, String, [f64; 3])> {
    let line =
        Regex::new(r"(?m)^\| ([^|]+ over [^|]+) \| ([^|]+) \| ×([0-9.]+)(?: \[([0-9.]+), ([0-9.]+)\])? \|").unwrap();
    let found = line.captures_iter(summary).map(|found| {
        let number =
            |group: usize| found.get(group).map_or(&found[3], |number| number.as_str()).parse::<f64>().unwrap();
        (found[1].to_owned(), found[2].to_owned(), [3, 4, 5].map(number))
    });
    found.collect()
}

/// Of six clients some always wait, so no slot is ever empty while a client
/// makes up its next request, however busy this computer is. Then one server of
/// one slot gives a token every 4 ms, and one of three slots three. Three
/// processes in turns hold the device for 4 ms each, a token every 4 ms; under
/// MPS they share it, each wants half of it, together one and a half times all
/// of it: each takes 6 ms, three tokens every 6 ms.
#[test]
fn effects_are_recovered_within_their_intervals_against_the_models_own_arithmetic() {
    let folder = Folder::with(SIX);
    std::fs::create_dir(folder.path("machines")).unwrap();
    folder.write("machines/even.toml", &even_machine());
    let run = |_| {
        let said = folder.runexp("x.toml --simulate even");
        assert_eq!(said.code, Some(0), "{said}");
        let summary = said.run().read("SIMULATED-summary.md");
        (effects(&summary), summary)
    };
    // Where a machine that stands still has spoiled every try of a cell, effects
    // are missing: then once more.
    let (found, summary) = (1..MOST_TRIES).map(run).find(|(found, _)| found.len() == 12).unwrap_or_else(|| run(0));
    let (mps, servers, slots) = ("mps=on over mps=off", "servers=3 over servers=1", "slots=3 over slots=1");
    let truth = [
        (mps, "average over servers=1,slots=1; servers=1,slots=3; servers=3,slots=1", 2_f64.cbrt()),
        (mps, "servers=1,slots=1", 1.0),
        (mps, "servers=1,slots=3", 1.0),
        (mps, "servers=3,slots=1", 2.0),
        (servers, "average over mps=off,slots=1; mps=on,slots=1", 2_f64.sqrt()),
        (servers, "mps=off,slots=1", 1.0),
        (servers, "mps=on,slots=1", 2.0),
        (slots, "average over mps=off,servers=1; mps=on,servers=1", 3.0),
        (slots, "mps=off,servers=1", 3.0),
        (slots, "mps=on,servers=1", 3.0),
        ("(mps=on over mps=off) × (servers=3 over servers=1)", "slots=1", 2.0),
        ("(mps=on over mps=off) × (slots=3 over slots=1)", "servers=1", 1.0),
    ];
    for (effect, at, truth) in truth {
        let line = found.iter().find(|(what, place, _)| what == effect && place == at);
        let (_, _, [ratio, lower, upper]) = line.unwrap_or_else(|| panic!("{effect} at {at}: {found:#?}\n{summary}"));
        // A window holds 200 tokens or more, and one more or less at each end.
        let grain = 1.02;
        assert!(
            lower / grain <= truth && truth <= upper * grain && (ratio / truth).ln().abs() < 0.05,
            "{effect} at {at} is {truth}, found {ratio} from {lower} to {upper}"
        );
    }
    assert!(!found.iter().any(|(what, _, _)| what.contains("servers=3") && what.contains("slots=3")), "{found:#?}");
}
