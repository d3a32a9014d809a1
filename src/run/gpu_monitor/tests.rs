use std::process::{Child, Command};

use super::*;
use crate::names::{RunId, ScenarioName};
use crate::record::{GpuReading, Reading};
use crate::store::{Ledger, RunDirectory};
use crate::units::Nanos;

const GPU: &str = "GPU-1";

/// A child of this process, which counts as the run's own.
struct Ours(Child);

impl Ours {
    fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a real process to be told from a stranger")]
        Self(Command::new("sleep").arg("1000").spawn().unwrap())
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn sample(gpu: GpuReading) -> TelemetryRecord {
    let gpus = vec![GpuReading { uuid: GPU.to_owned(), ..gpu }];
    TelemetryRecord { at_ns: Nanos(0), took_ns: Nanos(0), memory_available_bytes: None, load_1m: None, gpus }
}

fn listing(pids: &[u32]) -> TelemetryRecord {
    let process = |pid: &u32| ProcessOnGpu { pid: *pid, memory_bytes: None, is_mps: false };
    sample(GpuReading { processes: Reading::Value(pids.iter().map(process).collect()), ..GpuReading::default() })
}

fn lost(reason: Option<&str>) -> TelemetryRecord {
    sample(GpuReading { lost: reason.map(str::to_owned), ..GpuReading::default() })
}

/// What is recorded when these samples are seen, and what the run is told.
fn seen(samples: Vec<TelemetryRecord>, allowed: &[&str]) -> (Vec<Event>, Findings) {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, run) = (ScenarioName::new("by_hand").unwrap(), RunId::new("one").unwrap());
    let directory = RunDirectory::create(folder.path(), &scenario, &run).unwrap();
    let ledger = Ledger::open(&directory, &run).unwrap();
    let foreign_processes = ForeignProcesses {
        run_id: "one".to_owned(),
        containment: Containment::Subreaper,
        allowed: allowed.iter().map(|name| (*name).to_owned()).collect(),
    };
    let findings = Findings::default();
    let mut gpu_monitor = GpuMonitor::new(Clock::start(), ledger.pen(), findings.clone(), Some(foreign_processes));
    for sample in samples {
        gpu_monitor.see(sample);
    }
    drop(gpu_monitor);
    ledger.close(Nanos::ZERO).unwrap();
    #[expect(clippy::disallowed_methods, reason = "reads what was recorded")]
    let text = std::fs::read_to_string(directory.path().join("events.jsonl")).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<EventRecord>(line).unwrap().event);
    let events = events.filter(|event| !matches!(event, Event::Sealed(_)));
    (events.collect(), findings)
}

#[test]
fn a_gpu_that_is_lost_is_recorded_once_and_once_more_when_it_is_back() {
    let reason = "device fell off the bus";
    let samples = vec![lost(None), lost(Some(reason)), lost(Some(reason)), lost(None), lost(None)];
    let (events, findings) = seen(samples, &[]);
    let gpu = || GPU.to_owned();
    assert_eq!(events, [Event::GpuLost { gpu: gpu(), reason: reason.to_owned() }, Event::GpuBack { gpu: gpu() }]);
    assert_eq!(findings.lost().as_deref(), Some("GPU-1: device fell off the bus"));
    assert_eq!([findings.is_news(), findings.is_news()], [true, false]);
}

#[test]
fn a_process_that_is_neither_the_run_s_nor_allowed_nor_gone_is_recorded_once() {
    let ours = Ours::start();
    // No test has started the first process, and no process has the last number.
    let found = || vec![listing(&[1, ours.0.id(), u32::MAX]), listing(&[1, ours.0.id()])];
    let (events, _) = seen(found(), &[]);
    let first = program(1).unwrap();
    let foreign_process =
        Event::ForeignProcess { gpu: GPU.to_owned(), pid: 1, program: first.clone(), memory_bytes: None };
    assert_eq!(events, [foreign_process]);
    assert_eq!(seen(found(), &[&first]).0, []);
}
