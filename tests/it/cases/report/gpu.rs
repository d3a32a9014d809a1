//! What drivers answered, from a recording to the page: a GPU that shares the
//! host's memory, one that has its own, and none.

use indexmap::IndexMap;
use insta::assert_snapshot;
use runexp::metric::{Family, Gap, MemoryBaseline, Objectives, Window, all};
use runexp::names::MetricId;
use runexp::record::{ClientHonesty, GpuReading, Requests, TelemetryRecord};
use runexp::report::{Context, files};
use runexp::summary::Measured;
use runexp::telemetry::{Opened, Tier, replay};
use runexp::units::{Bytes, Nanos};

use super::fixture::{OFF, estimate, manifest, plan, summary};
use super::judged::verdicts;
use super::shipped;

const RECORDINGS: [&str; 3] = [
    include_str!("../../../../src/telemetry/tests/h100.jsonl"),
    include_str!("../../../../src/telemetry/tests/gb10.jsonl"),
    include_str!("../../../../src/telemetry/tests/driverless.jsonl"),
];

/// The two samples of a recording, so far apart that the 58,303 J by which the
/// H100's energy counter went on are its 630 W.
fn samples(opened: &mut Opened) -> Vec<TelemetryRecord> {
    let sample = |at_s: u64, gpus: Vec<GpuReading>| TelemetryRecord {
        at_ns: Nanos(at_s * 1_000_000_000),
        took_ns: Nanos(0),
        memory_available_bytes: Some(Bytes(57 << 30)),
        load_1m: None,
        gpus,
    };
    vec![sample(0, opened.probe.read(Tier::Whole)), sample(93, opened.probe.read(Tier::Whole))]
}

/// Every metric of the GPU in a window of these samples.
fn measured(telemetry: &[TelemetryRecord]) -> IndexMap<MetricId, Measured> {
    let client = ClientHonesty::default();
    let window = Window {
        start: Nanos(0),
        end: Nanos(94_000_000_000),
        clients: Some(1),
        servers: 1,
        client: &client,
        requests: Requests::default(),
        telemetry: telemetry.iter().collect(),
        rest: Vec::new(),
        foreign_processes: Vec::new(),
        objectives: Objectives::default(),
        kill: None,
        seen: None,
        contexts: std::collections::BTreeMap::new(),
        mps: None,
        memory: MemoryBaseline::default(),
        upkeep: None,
    };
    let gpu = all().iter().filter(|metric| metric.family == Family::Gpu);
    gpu.map(|metric| {
        let value: Result<f64, Gap> = metric.in_window(&window);
        let measured = value.map_or_else(Measured::Gap, |value| estimate(value, None, 1));
        (MetricId::new(metric.id).unwrap(), measured)
    })
    .collect()
}

/// What the summary says of the machine, and of its GPU in one cell.
fn page(recording: &str) -> String {
    let mut opened = replay(recording).map_err(|(line, problem)| format!("line {line}: {problem}")).unwrap();
    let telemetry = samples(&mut opened);
    let (mut manifest, mut summary) = (manifest(), summary());
    manifest.environment.gpus.clone_from(&opened.gpus);
    manifest.environment.gpu_absent.clone_from(&opened.absent);
    manifest.environment.driver.clone_from(&opened.driver);
    let cell = summary.cells.iter_mut().find(|(id, _)| id.as_str() == OFF).unwrap().1;
    cell.estimates = measured(&telemetry);
    let context = Context::new(&manifest, &plan(), &summary, &verdicts(), all());
    let documents = files(&context, &shipped()).unwrap();
    let (_, text) = documents.iter().find(|(name, _)| name.ends_with("summary.md")).unwrap();
    let titles: Vec<&str> = all().iter().filter(|one| one.family == Family::Gpu).map(|one| one.title).collect();
    let is_of_gpu = |line: &str| line.starts_with("| GPU") || line.starts_with("Without a figure in this phase");
    let of_machine = text.lines().filter(|line| is_of_gpu(line)).map(str::to_owned);
    let tables = text.split("\n**").filter(|table| titles.iter().any(|title| table.starts_with(*title)));
    let rows = tables.filter_map(|table| {
        let row = table.lines().find(|line| line.starts_with("| mps=off, servers=1, slots=1 |"))?;
        Some(format!("{} {row}", table.lines().next()?.replace("**", ":")))
    });
    of_machine.chain(rows).collect::<Vec<_>>().join("\n")
}

#[test]
fn memory_power_and_what_is_not_supported_are_told_of_every_kind_of_machine() {
    let pages: Vec<String> = RECORDINGS.iter().map(|recording| page(recording)).collect();
    assert_snapshot!("gpu_pages", pages.join("\n\n"));
}
