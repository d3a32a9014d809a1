//! Metrics that publications speak of and that nothing here measures yet: a
//! claim about them must say so, not fail to load.

use super::{Better, Family, Measure, MetricDefinition, Unit};

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    nothing(
        "memory_capacity_ratio",
        "memory of one machine ÷ memory of another",
        Unit::Ratio,
        Better::Higher,
        "it takes a run on a second machine",
    ),
    nothing(
        "system_throughput_ratio",
        "throughput of one machine ÷ throughput of another",
        Unit::Ratio,
        Better::Higher,
        "it takes a run on a second machine",
    ),
];

const fn nothing(
    id: &'static str,
    title: &'static str,
    unit: Unit,
    better: Better,
    reason: &'static str,
) -> MetricDefinition {
    MetricDefinition { id, title, unit, better, family: Family::Operation, measure: Measure::Nothing(reason) }
}
