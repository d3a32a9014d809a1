//! Metrics that publications speak of and that nothing here measures yet: a
//! claim about them must say so, not fail to load.

use super::{Better, Family, Measure, MetricDefinition, Unit};

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    nothing(
        "memory_per_instance",
        "device memory added by one instance",
        Unit::Bytes,
        Better::Lower,
        "device memory is not attributed to single instances",
    ),
    nothing(
        "memory_efficiency",
        "model bytes × instances ÷ device memory used",
        Unit::Share,
        Better::Higher,
        "the size of the model is not recorded",
    ),
    nothing(
        "memory_total",
        "memory that a GPU can use",
        Unit::Bytes,
        Better::Higher,
        "a property of the machine, not of a cell; the environment names it",
    ),
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
    nothing(
        "instances_max_theoretical",
        "memory ÷ memory of one instance",
        Unit::Count,
        Better::Higher,
        "device memory is not attributed to single instances",
    ),
    nothing(
        "instances_max_practical",
        "most instances that run together",
        Unit::Count,
        Better::Higher,
        "no run starts instances until one fails",
    ),
    nothing(
        "operational_complexity",
        "processes, ports and privileged steps to run it",
        Unit::Count,
        Better::Lower,
        "no count of what it takes to operate is agreed on",
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
