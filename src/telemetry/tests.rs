//! What drivers answered, asked again: that of an H100 as it was read in a run on
//! 2026-11-25, those of a GB10 as people have reported them.

use std::sync::{Arc, Mutex};

use super::*;
use crate::record::{GpuReading, MemorySource, PowerSource, Reading};
use crate::units::Bytes;

const H100: &str = include_str!("tests/h100.jsonl");
const GB10: &str = include_str!("tests/gb10.jsonl");
const GB10_LOST: &str = include_str!("tests/gb10_lost.jsonl");
const DRIVERLESS: &str = include_str!("tests/driverless.jsonl");

fn opened(recording: &str) -> Opened {
    replay(recording).map_err(|(line, problem)| format!("line {line}: {problem}")).unwrap()
}

fn read(opened: &mut Opened, tier: Tier) -> GpuReading {
    opened.probe.read(tier).remove(0)
}

#[test]
fn a_whole_reading_of_an_h100_with_three_clients_of_mps() {
    let mut machine = opened(H100);
    let (_, second) = (read(&mut machine, Tier::Whole), read(&mut machine, Tier::Whole));
    insta::assert_json_snapshot!(second);
}

#[test]
fn a_quick_reading_asks_for_nothing_that_costs_much() {
    let mut machine = opened(H100);
    let quick = read(&mut machine, Tier::Quick);
    let is_unasked = [quick.energy_j.is_unasked(), quick.held_down.is_unasked(), quick.processes.is_unasked()];
    assert_eq!((is_unasked, quick.power_w), ([true; 3], Reading::Value(627.93)));
    let asked: Vec<String> = machine.probe.costs().into_iter().map(|cost| cost.call).collect();
    assert!(!asked.iter().any(|call| call.contains("energy") || call.contains("processes")), "{asked:?}");
}

#[test]
fn a_process_in_both_lists_is_listed_once_as_a_client_of_mps() {
    let mut machine = opened(H100);
    let Reading::Value(processes) = machine.probe.processes() else { panic!("no processes") };
    let told: Vec<(u32, Option<Bytes>, bool)> =
        processes.into_iter().map(|process| (process.pid, process.memory, process.is_mps)).collect();
    let client = |pid, bytes| (pid, Some(Bytes(bytes)), true);
    let clients = [client(717, 5_498_732_544), client(777, 5_498_732_544), client(839, 5_496_635_392)];
    assert_eq!(told[0], (722, Some(Bytes(66 << 20)), false));
    assert_eq!(told[1..], clients);
}

#[test]
fn a_gb10_shares_the_host_s_memory_and_what_is_used_is_what_its_processes_hold() {
    let mut machine = opened(GB10);
    assert_eq!(machine.gpus[0].memory_bytes, None);
    let untold = read(&mut machine, Tier::Whole).memory_used_bytes;
    assert_eq!(untold, Reading::Absent("the driver does not tell what its processes hold".to_owned()));
    let whole = read(&mut machine, Tier::Whole);
    insta::assert_json_snapshot!(whole);
    let quick = read(&mut machine, Tier::Quick);
    assert_eq!((quick.memory_used_bytes, quick.power_source), (whole.memory_used_bytes, Some(PowerSource::Usage)));
}

#[test]
fn a_gb10_whose_driver_tells_the_host_s_memory_is_told_from_an_h100_beside_as_much() {
    let as_host = GB10.replace(
        r#"{"gpu": 0, "call": "memory", "refusal": {"kind": "not_supported", "reason": "the requested operation is not available on the target device"}}"#,
        r#"{"gpu": 0, "call": "memory", "answer": {"memory": {"total": 128516161536, "used": 1, "free": 2}}}"#,
    );
    assert_ne!(as_host, GB10);
    let source = |recording: &str| read(&mut opened(recording), Tier::Quick).memory_source;
    assert_eq!(source(&as_host), Some(MemorySource::Unified));
    assert_eq!(source(&H100.replace("135148564480", "85899345920")), Some(MemorySource::Device));
    assert_eq!(source(&H100.replace(r#""total": 85520809984"#, r#""total": 0"#)), Some(MemorySource::Unified));
}

#[test]
fn a_gpu_that_is_lost_says_so_and_does_not_become_one_with_unified_memory() {
    let reading = read(&mut opened(GB10_LOST), Tier::Quick);
    let reason = "device fell off the bus or has otherwise become inacessible";
    assert_eq!((reading.lost.as_deref(), reading.memory_source), (Some(reason), None));
    assert_eq!(reading.memory_used_bytes, Reading::Absent(reason.to_owned()));
}

#[test]
fn a_machine_without_a_driver_says_so_and_has_nothing_to_read() {
    let mut machine = opened(DRIVERLESS);
    assert!(machine.absent.is_some_and(|reason| reason.starts_with("no NVIDIA driver was found")));
    assert_eq!((machine.probe.read(Tier::Whole), machine.probe.processes()), (Vec::new(), Reading::Value(Vec::new())));
    assert_eq!(call_costs(machine.probe.as_mut()), []);
}

#[test]
fn every_call_is_timed_twenty_times_and_refusals_are_named() {
    let costs = call_costs(opened(GB10).probe.as_mut());
    assert_eq!(costs.len(), 16);
    assert!(
        costs.iter().all(|cost| cost.asked == 20 && cost.min_ns <= cost.median_ns && cost.median_ns <= cost.max_ns)
    );
    let energy = costs.iter().find(|cost| cost.call == "energy counter").unwrap();
    assert_eq!(energy.refused.as_deref(), Some("the requested operation is not available on the target device"));
    let table = cost_table(&costs);
    assert_eq!(table.lines().count(), 17, "{table}");
}

#[test]
fn what_is_recorded_of_a_driver_answers_as_the_driver_did() {
    let lines = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&lines);
    let mut recorded = recording::recorded(H100, move |line| sink.lock().unwrap().push_str(&(line + "\n")));
    let mut both = || [read(&mut recorded, Tier::Whole), read(&mut recorded, Tier::Whole)];
    let readings = both();
    let mut again = opened(&lines.lock().unwrap());
    assert_eq!([read(&mut again, Tier::Whole), read(&mut again, Tier::Whole)], readings);
}

#[test]
fn a_line_that_is_none_is_named() {
    assert_eq!(replay("").err(), Some((1, "it is empty".to_owned())));
    let (line, _) = replay(&format!("{}\nnonsense", H100.lines().next().unwrap())).err().unwrap();
    assert_eq!(line, 2);
}
