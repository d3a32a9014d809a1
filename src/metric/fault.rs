use super::reply::{count, share};
use super::{Better, Family, Gap, Kill, Measure, MetricDefinition, Unit, UnitValue, Window};
use crate::units::Nanos;

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    MetricDefinition {
        id: "fault_reach",
        title: "other servers' requests that fail when one dies",
        unit: Unit::Share,
        better: Better::Lower,
        family: Family::Fault,
        measure: Measure::Window(fault_reach),
    },
    MetricDefinition {
        id: "recovery_time",
        title: "from a server's death to its next good answer",
        unit: Unit::Seconds,
        better: Better::Lower,
        family: Family::Fault,
        measure: Measure::Window(recovery_time),
    },
];

fn kill<'a>(window: &Window<'a>) -> Result<Kill<'a>, Gap> {
    window.kill.ok_or_else(|| Gap::not_measured("no server was killed"))
}

/// Failed ÷ all requests to **other** servers that were under way at any time
/// between the kill and the recovery (or the window's end).
fn fault_reach(window: &Window<'_>) -> UnitValue {
    let kill = kill(window)?;
    let over = kill.recovery.map_or(window.end, |recovery| kill.at.plus(recovery));
    let bystanders = window
        .requests
        .iter()
        .filter(|request| request.server != kill.server && request.sent_ns < over && request.finished_ns > kill.at);
    let (failed, all) = bystanders.fold((0, 0), |(failed, all), request| {
        let (failure, success) = (request.outcome.is_failure(), request.outcome.is_success());
        (failed + u64::from(failure), all + u64::from(failure || success))
    });
    share(count(failed), count(all), "no request to another server was under way")
}

/// From the kill to the first good answer of the same server.
fn recovery_time(window: &Window<'_>) -> UnitValue {
    let recovery = kill(window)?.recovery;
    recovery.map(Nanos::seconds).ok_or_else(|| Gap::not_measured("the killed server did not serve again"))
}
