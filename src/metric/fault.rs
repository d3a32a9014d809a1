use super::window::is_good;
use super::{Better, Counted, Family, Gap, Kill, Measure, MetricDefinition, Unit, UnitValue, Window};
use crate::units::Nanos;

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    MetricDefinition {
        id: "fault_reach",
        title: "other servers' requests that fail when one dies",
        unit: Unit::Share,
        better: Better::Lower,
        family: Family::Fault,
        measure: Measure::Kills(fault_reach),
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

/// The next good answer of a server that was killed: the first token of a reply
/// that then came whole, to a request that was sent after the kill. To be ready
/// is no answer: a server may have its model still to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextAnswer<'a> {
    /// The load got it, so long after the kill.
    ToTheLoad(Nanos),
    /// A short request of the run's own got it, so long after the kill.
    ToTheRun(Nanos),
    /// Nobody got one as long as the run waited, and what it got.
    NotWithin(Nanos, &'a str),
    /// Nobody got one as long as the load asked, and nobody waited.
    NotInTheRecords,
}

/// When a server that was killed answered well again.
pub fn next_answer<'a>(kill: Kill<'a>, window: &Window<'_>) -> NextAnswer<'a> {
    let answers = window
        .requests
        .iter()
        .filter(|request| request.server == kill.server && request.sent_ns > kill.at && is_good(request));
    let to_the_load = answers.filter_map(|request| request.first_token_ns).min();
    match (to_the_load, kill.probed, kill.silent) {
        (Some(load), probed, _) if probed.is_none_or(|probed| load <= probed) => {
            NextAnswer::ToTheLoad(load.since(kill.at))
        }
        (_, Some(probed), _) => NextAnswer::ToTheRun(probed.since(kill.at)),
        (_, None, Some((waited, got))) => NextAnswer::NotWithin(waited, got),
        (_, None, None) => NextAnswer::NotInTheRecords,
    }
}

fn kill<'a>(window: &Window<'a>) -> Result<Kill<'a>, Gap> {
    window.kill.ok_or_else(|| Gap::not_measured("no server was killed"))
}

/// Failed ÷ all requests to **other** servers that were under way at any time
/// between the kill and the killed server's [next good answer](NextAnswer), or
/// after the kill if it gave none.
fn fault_reach(window: &Window<'_>) -> Result<Counted, Gap> {
    let kill = kill(window)?;
    let over = match next_answer(kill, window) {
        NextAnswer::ToTheLoad(after) | NextAnswer::ToTheRun(after) => kill.at.plus(after),
        NextAnswer::NotWithin(..) | NextAnswer::NotInTheRecords => Nanos(u64::MAX),
    };
    let bystanders = window
        .requests
        .iter()
        .filter(|request| request.server != kill.server && request.sent_ns < over && request.finished_ns > kill.at);
    let (failed, all) = bystanders.fold((0, 0), |(failed, all), request| {
        let (failure, success) = (request.outcome.is_failure(), request.outcome.is_success());
        (failed + u64::from(failure), all + u64::from(failure || success))
    });
    Counted::new(failed, all, "no request to another server was under way")
}

/// From the kill to the same server's [next good answer](NextAnswer).
fn recovery_time(window: &Window<'_>) -> UnitValue {
    let kill = kill(window)?;
    match next_answer(kill, window) {
        NextAnswer::ToTheLoad(after) | NextAnswer::ToTheRun(after) => Ok(after.seconds()),
        NextAnswer::NotWithin(waited, _) => {
            Err(Gap::Censored { reason: format!("it did not answer well within {waited}") })
        }
        NextAnswer::NotInTheRecords => {
            Err(Gap::Censored { reason: "the records end before its next good answer".to_owned() })
        }
    }
}
