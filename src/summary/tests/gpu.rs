use super::{plan, record, repetition, spec, summed};
use crate::metric::examples::{ms, reply};
use crate::record::{CellEnd, Event, EventRecord, GpuReading, HeldDown, ProcessOnGpu, Reading, TelemetryRecord};
use crate::scenario::{Arrival, Load};
use crate::summary::Cause;

const GPU: &str = "GPU-1";

fn sample(at_ms: u64, gpu: GpuReading) -> TelemetryRecord {
    let gpus = vec![GpuReading { uuid: GPU.to_owned(), ..gpu }];
    TelemetryRecord { at_ns: ms(at_ms), took_ns: ms(5), memory_available_bytes: None, load_1m: None, gpus }
}

/// Why a window of 10 s with these samples is invalid, and where the cause lies.
fn reasons(telemetry: Vec<TelemetryRecord>, events: Vec<(u64, Event)>) -> (Vec<String>, Option<Cause>) {
    let good = repetition("cell", 0, (None, 10), CellEnd::Complete, vec![reply(0, 0, &[100; 9])]);
    let (mut run, requests) = record(vec![good]);
    run.telemetry = telemetry;
    run.events.extend(events.into_iter().map(|(at, event)| EventRecord { at_ns: ms(at), event }));
    let summary = summed(
        (run, requests),
        &plan(vec![("cell", spec(1, Load::Rate { per_second: 2.0, arrival: Arrival::Poisson }))]),
    );
    let validity = &summary.cells[0].repetitions[0].validity;
    (validity.reasons().iter().map(ToString::to_string).collect(), validity.cause())
}

fn held(at_ms: u64, change: fn(&mut HeldDown)) -> TelemetryRecord {
    let zero = || Reading::Value(0);
    let mut held = HeldDown {
        power_cap_ns: zero(),
        sync_boost_ns: zero(),
        thermal_software_ns: zero(),
        thermal_hardware_ns: zero(),
        power_brake_ns: zero(),
    };
    change(&mut held);
    sample(at_ms, GpuReading { held_down: Reading::Value(held), ..GpuReading::default() })
}

#[test]
fn a_gpu_held_down_by_heat_brake_or_its_group_invalidates_and_one_at_its_power_limit_does_not() {
    let from_cold = |change| reasons(vec![held(0, |_| {}), held(10_000, change)], Vec::new());
    let throttled = |what: &str, share: &str| {
        let text = format!(
            "the clocks of GPU-1 were held down by {what} for {share} of the window, more than 1 % (throttled)"
        );
        (vec![text], Some(Cause::Circumstance))
    };
    assert_eq!(
        from_cold(|held| held.thermal_software_ns = Reading::Value(500_000_000)),
        throttled("heat, by software", "5.0 %")
    );
    assert_eq!(
        from_cold(|held| held.thermal_hardware_ns = Reading::Value(1_000_000_000)),
        throttled("heat, by hardware", "10.0 %")
    );
    assert_eq!(
        from_cold(|held| held.power_brake_ns = Reading::Value(1_000_000_000)),
        throttled("the power brake", "10.0 %")
    );
    let group = "the slowest GPU of its sync boost group";
    assert_eq!(from_cold(|held| held.sync_boost_ns = Reading::Value(1_000_000_000)), throttled(group, "10.0 %"));
    assert_eq!(from_cold(|held| held.power_cap_ns = Reading::Value(9_000_000_000)), (Vec::new(), None));
    assert_eq!(from_cold(|held| held.thermal_software_ns = Reading::Value(50_000_000)), (Vec::new(), None));
}

#[test]
fn without_counters_the_samples_bits_tell() {
    let bits = |at, clock_events| {
        sample(at, GpuReading { clock_events: Reading::Value(clock_events), ..GpuReading::default() })
    };
    // At rest, at the power limit, too hot.
    let samples = |last| vec![bits(0, 0x1), bits(100, 0x4), bits(200, 0x4), bits(300, last)];
    assert_eq!(reasons(samples(0x4), Vec::new()), (Vec::new(), None));
    let hot =
        "the clocks of GPU-1 were held down by heat, by hardware for 25.0 % of the window, more than 1 % (throttled)";
    assert_eq!(reasons(samples(0x40), Vec::new()).0, [hot]);
}

#[test]
fn a_foreign_process_invalidates_the_windows_in_which_it_computed() {
    let foreign_process =
        Event::ForeignProcess { gpu: GPU.to_owned(), pid: 30, program: "python3".to_owned(), memory_bytes: None };
    let listing = |at, pids: &[u32]| {
        let process = |pid: &u32| ProcessOnGpu { pid: *pid, memory_bytes: None, is_mps: false };
        let processes = Reading::Value(pids.iter().map(process).collect());
        sample(at, GpuReading { processes, ..GpuReading::default() })
    };
    let found = "`python3` (pid 30) computed on GPU-1 beside it (foreign_process)";
    assert_eq!(reasons(vec![listing(5_000, &[20, 30])], vec![(5_006, foreign_process.clone())]).0, [found]);
    // It came before the window, and is still there.
    assert_eq!(reasons(vec![listing(5_000, &[20, 30])], vec![(0, foreign_process.clone())]).0, [found]);
    assert_eq!(reasons(vec![listing(5_000, &[20])], vec![(11_000, foreign_process)]).0, Vec::<String>::new());
}
