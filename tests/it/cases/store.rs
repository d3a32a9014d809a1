//! The run directory: what is written is read back, whole or not at all.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use insta::assert_snapshot;
use runexp::clock::Clock;
use runexp::names::{CellId, RunId, ScenarioName, ServerName};
use runexp::plan::{Choices, Plan, digest, expand};
use runexp::record::{
    CellKey, Chunks, Environment, Event, EventRecord, Fact, Manifest, Outcome, Overrides, RequestOutcome,
    RequestRecord, Requests, SCHEMA_VERSION, Scope, ServerKey, StepOutcome, StepRecord, TelemetryRecord, UsageRecord,
};
use runexp::scenario::{Bindings, LoadOptions, load_frozen};
use runexp::store::{Ledger, RunDirectory, Stored, examine, read};
use runexp::text::with_causes;
use runexp::units::Nanos;
use tempfile::TempDir;

const SCENARIO: &str = r#"
schema = 1
name = "stored"
title = "Stored"

[[server]]
name = "one"
api = "openai"
url = "http://127.0.0.1:1"

[[phase]]
name = "load"
rate = 0.1
duration = "1s"
request = { prompt = "x", max_tokens = 1 }
"#;

fn plan() -> Plan {
    let scenario = load_frozen(SCENARIO, &LoadOptions { set: &[], profile: None, metrics: &[], times: &[] }).unwrap();
    let bindings = Bindings { run_id: "r".to_owned(), run_dir: PathBuf::from("/r"), ports: Vec::new() };
    expand(&scenario, &Choices { bindings: &bindings, seed: None, only: &[] }).unwrap()
}

fn manifest(plan: &Plan) -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        run_id: RunId::new("r1").unwrap(),
        scenario: plan.scenario.clone(),
        title: plan.title.clone(),
        runexp: "0".to_owned(),
        simulated: None,
        seed: plan.seed,
        plan_sha256: digest(plan),
        overrides: Overrides::default(),
        declared: None,
        environment: Environment::default(),
        started: Clock::start().started(),
        finished: None,
        outcome: Outcome::Running,
        sealed: None,
        certified: None,
        sessions_before: Vec::new(),
    }
}

fn step() -> StepRecord {
    StepRecord {
        sequence: 1,
        scope: Scope::Epoch { epoch: 0 },
        name: "naïve \"step\"\n".to_owned(),
        kind: "run".to_owned(),
        started_ns: Nanos(1),
        finished_ns: Nanos(u64::MAX),
        outcome: StepOutcome::Done,
        facts: vec![Fact::new("key", "value")],
        log: None,
    }
}

fn request() -> RequestRecord {
    RequestRecord {
        cell: CellKey { cell: CellId::new("default/load/rate=0.1").unwrap(), block: 0, epoch: 0, probe: None },
        server: ServerKey { name: ServerName::new("one").unwrap(), index: 0 },
        client: 0,
        sequence: 0,
        turn: None,
        scheduled_ns: Nanos(1),
        started_ns: Nanos(2),
        sent_ns: Nanos(3),
        headers_ns: Some(Nanos(4)),
        first_token_ns: Some(Nanos(5)),
        first_output_token_ns: None,
        last_token_ns: Some(Nanos(6)),
        finished_ns: Nanos(7),
        outcome: RequestOutcome::Success { finish: "stop".to_owned() },
        asked_tokens: 1,
        asked_prompt_tokens: None,
        prompt_bytes: None,
        chunks: Chunks { gaps_ns: vec![2, 1], events: vec![1, 2], tokens: vec![1, 3], text: vec![2, 4] },
        not_streamed: true,
        choices: Some(2),
        calls_tool: true,
        wide_bytes: Some(3),
        passed_over: [("usage".to_owned(), 1)].into(),
        usage: UsageRecord { decode_per_s: Some(0.1 + 0.2), ..UsageRecord::default() },
        unexpected: None,
        resent: true,
        stamp_error_ns: Some((1, 2)),
    }
}

fn telemetry() -> TelemetryRecord {
    TelemetryRecord {
        at_ns: Nanos(8),
        took_ns: Nanos(9),
        memory_available_bytes: None,
        load_1m: None,
        gpus: Vec::new(),
    }
}

fn event() -> EventRecord {
    EventRecord { at_ns: Nanos(10), event: Event::Warning { message: "hot".to_owned() } }
}

/// A run directory with one record of every kind, twice.
fn written(results: &TempDir) -> RunDirectory {
    let plan = plan();
    let name = ScenarioName::new("stored").unwrap();
    let directory = RunDirectory::create(results.path(), &name, &RunId::new("r1").unwrap()).unwrap();
    directory.write_decisions(SCENARIO, &plan).unwrap();
    directory.write_manifest(&manifest(&plan)).unwrap();
    let ledger = Ledger::open(&directory, &RunId::new("r1").unwrap()).unwrap();
    let pen = ledger.pen();
    for _ in 0..2 {
        pen.step(step());
        pen.request(request());
        pen.telemetry(telemetry());
        pen.event(event());
    }
    assert!(ledger.is_writing());
    drop(pen);
    ledger.close(Nanos(20)).unwrap();
    directory
}

fn append(directory: &RunDirectory, name: &str, text: &str) {
    let mut file = OpenOptions::new().append(true).open(directory.path().join(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn read_back(directory: &RunDirectory) -> Stored {
    read(directory.path()).unwrap()
}

/// The requests of each measurement, with its block.
fn measured(stored: &Stored) -> Vec<(u32, Requests)> {
    let measurements = stored.requests.measurements().map(Result::unwrap);
    measurements.map(|(key, requests)| (key.block, requests)).collect()
}

fn packed(records: &[RequestRecord]) -> Requests {
    records.iter().collect()
}

/// Why a directory cannot be read, without its place.
fn refusal(directory: &RunDirectory) -> String {
    with_causes(&read(directory.path()).unwrap_err()).replace(directory.path().to_str().unwrap(), "RUN")
}

#[test]
fn everything_written_is_read_back_as_it_was() {
    let results = TempDir::new().unwrap();
    let directory = written(&results);
    let stored = read_back(&directory);
    assert_eq!((stored.plan.clone(), stored.scenario.as_str()), (plan(), SCENARIO));
    assert_eq!(stored.record.manifest.plan_sha256, digest(&stored.plan));
    assert_eq!(stored.record.steps, [step(), step()]);
    assert_eq!(measured(&stored), [(0, packed(&[request(), request()]))]);
    let line = std::fs::read_to_string(directory.path().join("requests.jsonl")).unwrap();
    assert_eq!(serde_json::from_str::<RequestRecord>(line.lines().next().unwrap()).unwrap(), request());
    assert_eq!(stored.record.telemetry, [telemetry(), telemetry()]);
    assert_eq!(stored.record.events[..2], [event(), event()]);
    assert!(matches!(stored.record.events[2..], [EventRecord { at_ns: Nanos(20), event: Event::Sealed(_) }]));
    assert_eq!(examine(directory.path(), &stored).unwrap().flaws, []);
}

#[test]
fn a_line_torn_anywhere_is_left_out_of_every_file() {
    let results = TempDir::new().unwrap();
    let directory = written(&results);
    let whole = serde_json::to_string(&event()).unwrap();
    let before = std::fs::read_to_string(directory.path().join("events.jsonl")).unwrap();
    for length in 0..whole.len() {
        std::fs::write(directory.path().join("events.jsonl"), format!("{before}{}", &whole[..length])).unwrap();
        assert_eq!(read_back(&directory).record.events.len(), 3, "torn after {length} bytes");
    }
    append(&directory, "steps.jsonl", "{");
    append(&directory, "requests.jsonl", "{\"cell\"");
    append(&directory, "telemetry.jsonl", "\u{0}\u{0}\u{0}");
    let stored = read_back(&directory);
    assert_eq!((stored.record.steps.len(), stored.record.telemetry.len()), (2, 2));
    assert_eq!(measured(&stored), [(0, packed(&[request(), request()]))]);
    append(&directory, "requests.jsonl", &serde_json::to_string(&request()).unwrap()["{\"cell\"".len()..]);
    assert_eq!(measured(&read_back(&directory)), [(0, packed(&[request(), request(), request()]))]);
}

#[test]
fn the_requests_of_each_measurement_are_read_together_in_whatever_order_they_ended() {
    let results = TempDir::new().unwrap();
    let directory = written(&results);
    let of = |block, sequence| RequestRecord { cell: CellKey { block, ..request().cell }, sequence, ..request() };
    let ended = [of(1, 3), of(1, 4), of(0, 5), of(2, 6), of(1, 7), of(1, 8)];
    let lines = ended.iter().map(|one| serde_json::to_string(one).unwrap() + "\n");
    // One more that was not written by this program.
    let other = format!(" {}\n", serde_json::to_string(&of(1, 9)).unwrap());
    append(&directory, "requests.jsonl", &lines.chain([other]).collect::<String>());
    let expected = [
        (0, packed(&[request(), request(), of(0, 5)])),
        (1, packed(&[of(1, 3), of(1, 4), of(1, 7), of(1, 8), of(1, 9)])),
        (2, packed(&[of(2, 6)])),
    ];
    assert_eq!(measured(&read_back(&directory)), expected);
}

#[test]
fn a_damaged_line_that_is_not_torn_is_an_error_at_its_place() {
    let results = TempDir::new().unwrap();
    let directory = written(&results);
    append(&directory, "steps.jsonl", "{\"sequence\":1}\n");
    assert_snapshot!(refusal(&directory), @"`RUN/steps.jsonl` line 3 column 14 is damaged: missing field `scope`");
}

#[test]
fn a_damaged_request_is_an_error_at_its_place_whichever_measurement_it_stands_in() {
    let results = TempDir::new().unwrap();
    let directory = written(&results);
    let whole = serde_json::to_string(&request()).unwrap();
    let damaged = whole.replace("\"client\":0", "\"client\":-1");
    append(&directory, "requests.jsonl", &format!("{damaged}\n{whole}\n"));
    let mut measurements = read_back(&directory).requests.measurements().collect::<Vec<_>>();
    let error = measurements.remove(0).unwrap_err().to_string().replace(directory.path().to_str().unwrap(), "RUN");
    assert_snapshot!(error, @"`RUN/requests.jsonl` line 3 column 106 is damaged: invalid value: integer `-1`, expected u32");
    append(&directory, "requests.jsonl", "{\"cell\":1}\n");
    assert_snapshot!(refusal(&directory), @"`RUN/requests.jsonl` line 5 column 9 is damaged: invalid type: integer `1`, expected struct CellKey");
}

#[test]
fn a_missing_or_damaged_file_is_named() {
    let results = TempDir::new().unwrap();
    let directory = written(&results);
    std::fs::write(directory.path().join("plan.json"), "[]").unwrap();
    assert_snapshot!(refusal(&directory), @"`RUN/plan.json` is damaged: invalid length 0, expected struct Plan with 17 elements at line 1 column 2");
    std::fs::remove_file(directory.path().join("events.jsonl")).unwrap();
    assert_snapshot!(refusal(&directory), @"failed to read `RUN/events.jsonl`: No such file or directory (os error 2)");
}

#[test]
fn a_newer_manifest_is_refused_before_it_is_understood() {
    let results = TempDir::new().unwrap();
    let directory = written(&results);
    std::fs::write(directory.path().join("manifest.json"), "{\"schema_version\": 2, \"all\": \"new\"}").unwrap();
    assert_snapshot!(refusal(&directory), @"`RUN/manifest.json` has schema version 2, and this runexp reads up to 1; use a newer runexp");
}

#[test]
fn a_run_directory_is_never_used_twice() {
    let results = TempDir::new().unwrap();
    let directory = written(&results);
    let name = ScenarioName::new("stored").unwrap();
    let error = RunDirectory::create(results.path(), &name, &RunId::new("r1").unwrap()).unwrap_err();
    let told = with_causes(&error).replace(directory.path().to_str().unwrap(), "RUN");
    assert_eq!(told, "failed to create `RUN`: File exists (os error 17)");
}

#[test]
fn writing_again_replaces_and_leaves_no_draft() {
    let results = TempDir::new().unwrap();
    let directory = written(&results);
    directory.write_derived("summary.md", "old").unwrap();
    directory.write_derived("summary.md", "new").unwrap();
    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_str().unwrap().starts_with('.')));
    assert_eq!(std::fs::read_to_string(directory.path().join("summary.md")).unwrap(), "new");
    for record in ["manifest.json", "plan.json", "scenario.toml", "requests.jsonl"] {
        assert!(directory.write_derived(record, "gone").is_err(), "{record}");
    }
}

#[test]
fn a_log_is_called_after_its_step_whatever_that_is_called() {
    let directory = RunDirectory::open("/run");
    let names = [("a b/../c", 7), ("é\u{0}\n", 1000), (&*"x".repeat(500), 1)]
        .map(|(name, number)| directory.log(number, name).strip_prefix("/run/logs").unwrap().display().to_string());
    assert_eq!(
        names,
        ["007-a-b-..-c.log".to_owned(), "1000----.log".to_owned(), format!("001-{}.log", "x".repeat(60))]
    );
}
