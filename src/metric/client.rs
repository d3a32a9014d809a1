use super::{Better, Family, Gap, Measure, MetricDefinition, Unit, UnitValue, Window, reply};
use crate::units::Nanos;

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    client("schedule_lag_p99", "driver late to start a request, p99", Unit::Seconds, schedule_lag_p99),
    client("loop_stall_max", "driver stalled, longest", Unit::Seconds, loop_stall_max),
    client("client_cpu", "CPU the driver used", Unit::Cores, client_cpu),
    client("client_cpu_wait", "CPU the driver waited for", Unit::Cores, client_cpu_wait),
    client("stamp_error_mean", "arrival stamped late, mean", Unit::Seconds, stamp_error_mean),
];

const fn client(
    id: &'static str,
    title: &'static str,
    unit: Unit,
    formula: fn(&Window<'_>) -> UnitValue,
) -> MetricDefinition {
    let measure = Measure::Window(formula);
    MetricDefinition { id, title, unit, better: Better::Lower, family: Family::Client, measure }
}

fn recorded<T>(value: Option<T>) -> Result<T, Gap> {
    value.ok_or_else(|| Gap::not_measured("the driver did not record it"))
}

/// 99th percentile of started − scheduled, as the driver took it.
fn schedule_lag_p99(window: &Window<'_>) -> UnitValue {
    recorded(window.client.schedule_lag_p99_ns).map(Nanos::seconds)
}

/// The longest that the driver's own ticker was late.
fn loop_stall_max(window: &Window<'_>) -> UnitValue {
    recorded(window.client.loop_stall_max_ns).map(Nanos::seconds)
}

/// CPU time of the driver's process ÷ wall time. On a simulated machine this
/// includes the simulated servers.
fn client_cpu(window: &Window<'_>) -> UnitValue {
    recorded(window.client.cpu_cores)
}

/// How long the driver's threads were ready to run in the window while others
/// were on the CPU ÷ window. Threads of simulated servers are not counted.
fn client_cpu_wait(window: &Window<'_>) -> UnitValue {
    recorded(window.client.cpu).map(|cpu| cpu.waited())
}

/// Mean over requests of the mean difference between our arrival time and the
/// server's own send time. Only a simulated server tells the latter.
fn stamp_error_mean(window: &Window<'_>) -> UnitValue {
    let errors = window.sent().filter_map(|request| request.stamp_error_ns);
    reply::mean(errors.map(|(mean, _)| Nanos(mean).seconds()), "only a simulated server stamps its chunks")
}
