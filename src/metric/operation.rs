//! What it takes to operate a way to serve, counted from the plan and the
//! records, so that nobody's taste decides.

use super::{Better, Family, Gap, Measure, MetricDefinition, Unit, UnitValue, Window};
use crate::units::Nanos;

/// What one epoch takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Processes that must stay alive: one for each server, whoever has started
    /// it (a container counts as one), and under MPS its control daemon and its
    /// server.
    pub processes: u32,
    /// Ports that clients must know: one for each server.
    pub ports: u32,
    /// What is done before the first request: each step of the epoch that
    /// changes something, and each start of a server.
    pub steps: u32,
    /// Those of these steps that need more rights than the user's.
    pub privileged: u32,
    /// From the epoch's start, steps included, until its last server is ready.
    pub ready: Option<Nanos>,
}

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    counted("processes_to_run", "processes to keep alive", processes_to_run),
    counted("ports_to_run", "ports that clients must know", ports_to_run),
    counted("steps_to_start", "steps before the first request", steps_to_start),
    counted("privileged_steps", "steps that need more rights", privileged_steps),
    counted("operational_complexity", "processes, ports, steps and privileged steps", operational_complexity),
    MetricDefinition {
        id: "time_to_ready",
        title: "until every server is ready",
        unit: Unit::Seconds,
        better: Better::Lower,
        family: Family::Operation,
        measure: Measure::Window(time_to_ready),
    },
];

const fn counted(id: &'static str, title: &'static str, formula: fn(&Window<'_>) -> UnitValue) -> MetricDefinition {
    let measure = Measure::Window(formula);
    MetricDefinition { id, title, unit: Unit::Count, better: Better::Lower, family: Family::Operation, measure }
}

/// The count, of servers that the plan knows.
fn count(window: &Window<'_>, of: fn(&Upkeep) -> u32) -> UnitValue {
    let upkeep = window.upkeep.ok_or_else(|| Gap::not_measured("servers come and go in this epoch"))?;
    Ok(f64::from(of(&upkeep)))
}

/// [`Upkeep::processes`].
fn processes_to_run(window: &Window<'_>) -> UnitValue {
    count(window, |upkeep| upkeep.processes)
}

/// [`Upkeep::ports`].
fn ports_to_run(window: &Window<'_>) -> UnitValue {
    count(window, |upkeep| upkeep.ports)
}

/// [`Upkeep::steps`].
fn steps_to_start(window: &Window<'_>) -> UnitValue {
    count(window, |upkeep| upkeep.steps)
}

/// [`Upkeep::privileged`].
fn privileged_steps(window: &Window<'_>) -> UnitValue {
    count(window, |upkeep| upkeep.privileged)
}

/// `processes_to_run + ports_to_run + steps_to_start + privileged_steps`: each
/// is one thing more that can go wrong, and a privileged step counts as a step
/// too. A count has no error; it is the same in every repetition.
fn operational_complexity(window: &Window<'_>) -> UnitValue {
    count(window, |Upkeep { processes, ports, steps, privileged, .. }| processes + ports + steps + privileged)
}

/// From the epoch's start until its last server was ready, its steps and
/// preloads included, one server after the other. None where a server was there
/// before.
fn time_to_ready(window: &Window<'_>) -> UnitValue {
    let ready = window.upkeep.and_then(|upkeep| upkeep.ready);
    ready.map(Nanos::seconds).ok_or_else(|| Gap::not_measured("no server was started for it alone"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::examples::window;
    use crate::record::ClientHonesty;

    #[test]
    fn everything_that_has_to_be_there_counts_once() {
        let honest = ClientHonesty::default();
        let ready = Some(Nanos::from_seconds(2.5));
        let upkeep = Some(Upkeep { processes: 5, ports: 3, steps: 4, privileged: 1, ready });
        let window = Window { upkeep, ..window((0, 1_000), 1, &honest, &[]) };
        let found = [operational_complexity(&window), time_to_ready(&window)];
        assert_eq!(found, [Ok(13.0), Ok(2.5)]);
        assert!(operational_complexity(&Window { upkeep: None, ..window }).is_err());
    }
}
