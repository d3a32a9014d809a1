use super::{HONEST, assert_values, gap, value};
use crate::metric::examples::{ms, reply, window};
use crate::metric::{Gap, Window, gainsaid};
use crate::record::{GpuReading, HeldDown, Performance, Reading, RequestRecord, TelemetryRecord};

fn sample(at_ms: u64, gpu: GpuReading) -> TelemetryRecord {
    TelemetryRecord { at_ns: ms(at_ms), took_ns: ms(0), memory_available_bytes: None, load_1m: None, gpus: vec![gpu] }
}

/// What was read: energy in J, if it was, and power in W.
fn drawn(at_ms: u64, energy_j: Option<f64>, power_w: f64) -> TelemetryRecord {
    let energy_j = energy_j.map(Reading::Value).unwrap_or_default();
    sample(at_ms, GpuReading { energy_j, power_w: Reading::Value(power_w), ..GpuReading::default() })
}

/// Tokens at 100, 500, 900 and 1,300 ms.
fn requests() -> [RequestRecord; 1] {
    [reply(0, 0, &[100, 400, 400, 400])]
}

fn of<'a>(telemetry: &'a [TelemetryRecord], rest: &'a [TelemetryRecord]) -> Window<'a> {
    let (telemetry, rest) = (telemetry.iter().collect(), rest.iter().collect());
    let requests = requests().iter().collect();
    Window { requests, telemetry, rest, ..window((0, 2_000), 1, &HONEST, &[]) }
}

#[test]
fn energy_per_token_spans_the_readings_inside_the_window() {
    let reading = |at, joules| sample(at, GpuReading { energy_j: Reading::Value(joules), ..GpuReading::default() });
    let samples = [reading(200, 1_000.0), reading(1_200, 1_060.0)];
    // 60 J for the tokens at 500 and 900 ms; nothing to hold it against.
    assert_values(&of(&samples, &[]), &[("energy_per_token", 30.0)]);
    assert_eq!(value("power_mean", &of(&samples, &[])), gap("no GPU was read inside the window"));
    assert_eq!(value("energy_per_token_net", &of(&samples, &[])), gap("power at rest was not measured in this epoch"));
    let short = [reading(200, 1_000.0), reading(1_100, 1_060.0)];
    let too_short = gap("the energy counter was not read at two moments at least 1 s apart");
    assert_eq!(value("energy_per_token", &of(&short, &[])), too_short);
}

#[test]
fn energy_at_rest_is_taken_off_by_the_counter_or_by_power() {
    let samples = [drawn(200, Some(0.0), 60.0), drawn(700, None, 60.0), drawn(1_200, Some(60.0), 60.0)];
    let by_counter = [drawn(5_000, Some(0.0), 99.0), drawn(7_000, Some(40.0), 99.0)];
    let expected =
        [("energy_per_token", 30.0), ("energy_per_token_net", 20.0), ("power_at_rest", 20.0), ("energy_check", 0.0)];
    assert_values(&of(&samples, &by_counter), &expected);
    let by_power = [drawn(5_000, None, 15.0), drawn(5_100, None, 25.0)];
    assert_values(&of(&samples, &by_power), &expected);
}

#[test]
fn a_counter_that_power_gainsays_by_more_than_5_percent_over_all_repetitions_gives_no_energy() {
    // 50 W rising to 70 W in the middle and back: 60 J.
    let counted = |joules| [drawn(200, Some(0.0), 50.0), drawn(700, None, 70.0), drawn(1_200, Some(joules), 50.0)];
    assert_values(&of(&counted(62.0), &[]), &[("energy_per_token", 31.0), ("energy_check", 2.0 / 60.0)]);
    // One repetition alone may be beside it by chance.
    assert_values(&of(&counted(66.0), &[]), &[("energy_per_token", 33.0), ("energy_check", 0.1)]);
    let apart = Gap::not_measured("the energy counter and power over time differ by -10.0 %, more than 5 %");
    assert_eq!(gainsaid("energy_per_token", -0.1), Some(apart));
    assert_eq!([gainsaid("energy_per_token_net", 0.05), gainsaid("power_mean", 0.1)], [None, None]);
}

#[test]
fn parts_of_a_gpu_are_means_over_the_samples_that_asked_for_them() {
    let busy = |sm| Performance {
        sm_percent: Reading::Value(sm),
        tensor_percent: Reading::Absent("not counted here".to_owned()),
        ..Performance::default()
    };
    let first = Reading::Absent("it takes two samples, and this is the first".to_owned());
    let of_performance = |at, performance| sample(at, GpuReading { performance, ..GpuReading::default() });
    let samples = [
        of_performance(0, first),
        of_performance(100, Reading::default()),
        of_performance(1_000, Reading::Value(busy(60.0))),
        of_performance(2_000, Reading::Value(busy(80.0))),
    ];
    assert_values(&of(&samples, &[]), &[("sm_utilization", 0.7)]);
    assert_eq!(value("tensor_utilization", &of(&samples, &[])), gap("not counted here"));
}

#[test]
fn time_under_the_power_limit_is_the_difference_of_its_counter() {
    let held = |at, ns| {
        let held_down = Reading::Value(HeldDown { power_cap_ns: Reading::Value(ns), ..HeldDown::default() });
        sample(at, GpuReading { held_down, ..GpuReading::default() })
    };
    let samples = [held(0, 5_000_000_000), held(2_000, 5_500_000_000)];
    assert_values(&of(&samples, &[]), &[("power_capped", 0.25)]);
}
