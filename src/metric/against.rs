use super::{Better, Family, Measure, MetricDefinition, Unit};

/// The cell of the same block that a cell is held against. Phase is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The same treatment with one client.
    OneClient,
    /// The same load on one server process, in a treatment that differs in
    /// exactly one factor.
    OneServer,
}

/// What is known of a cell that is held against another.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// Its `output_throughput`, above zero.
    pub output_throughput: f64,
    /// Clients of its closed loop.
    pub clients: u32,
}

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    MetricDefinition {
        id: "scaling_efficiency",
        title: "scaling efficiency",
        unit: Unit::Share,
        better: Better::Higher,
        family: Family::Sharing,
        measure: Measure::Against(Reference::OneClient, scaling_efficiency),
    },
    MetricDefinition {
        id: "context_switch_overhead",
        title: "throughput lost to several processes",
        unit: Unit::Share,
        better: Better::Lower,
        family: Family::Sharing,
        measure: Measure::Against(Reference::OneServer, context_switch_overhead),
    },
];

/// `output_throughput(n clients) ÷ (n × output_throughput(1 client))`, within a
/// block.
fn scaling_efficiency(here: Side, one_client: Side) -> f64 {
    here.output_throughput / (f64::from(here.clients) * one_client.output_throughput)
}

/// `1 − output_throughput(n processes) ÷ output_throughput(1 process)` at the
/// same clients, within a block. Negative means that sharing gains.
fn context_switch_overhead(here: Side, one_server: Side) -> f64 {
    1.0 - here.output_throughput / one_server.output_throughput
}
