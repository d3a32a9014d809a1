use super::{Better, Family, Measure, MetricDefinition, Unit};

/// What `find` is the only one to know.
const NOT_SEARCHED: Measure = Measure::Nothing("only a phase with `find` searches for it");

/// The highest load that met the phase's objectives every time it was tried,
/// where a higher one did not.
pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    MetricDefinition {
        id: "max_rate",
        title: "highest rate that meets the objectives",
        unit: Unit::RequestsPerSecond,
        better: Better::Higher,
        family: Family::Throughput,
        measure: NOT_SEARCHED,
    },
    MetricDefinition {
        id: "max_clients",
        title: "most clients that meet the objectives",
        unit: Unit::Count,
        better: Better::Higher,
        family: Family::Throughput,
        measure: NOT_SEARCHED,
    },
];
