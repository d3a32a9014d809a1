//! The registry: one definition per metric. Pure.
//!
//! A metric on data already recorded is one function, whose rustdoc is its
//! formula, and one entry in the table of its family; reports pick it up by
//! iterating over [`all`].
//!
//! Conventions. A request counts for request metrics if it was **sent** inside
//! `[window start, window end)`. A token counts for throughput if it
//! **arrived** inside `(window start, window end]`, whichever request it
//! belongs to. A *good* request came whole and passed `expect`; latencies are
//! over good requests only.

mod against;
mod at_once;
mod basis;
mod claimed;
mod client;
mod counted;
mod definition;
mod energy;
mod estimator;
mod fault;
mod gap;
mod gpu;
mod latency;
mod memory;
mod objective;
mod operation;
mod quality;
mod reply;
mod reported;
mod search;
mod throughput;
mod window;

#[cfg(test)]
pub(crate) mod examples;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

pub use against::{Reference, Side};
pub use at_once::AtOnce;
pub use basis::Basis;
pub use counted::Counted;
pub use definition::{Better, Family, Measure, MetricDefinition, Unit};
pub use energy::gainsaid;
pub use estimator::Estimator;
pub use fault::{NextAnswer, next_answer};
pub use gap::{Gap, UnitValue};
pub use latency::percentile_of;
pub use objective::Bounded;
pub use operation::Upkeep;
pub use throughput::{events_in_window, share_at_full_load, tokens_by_part};
pub use window::{Demand, ForeignProcess, Kill, MemoryBaseline, MemoryBefore, Objectives, Window};

static ALL: LazyLock<Vec<MetricDefinition>> = LazyLock::new(|| {
    [
        throughput::DEFINITIONS,
        search::DEFINITIONS,
        against::DEFINITIONS,
        reported::DEFINITIONS,
        latency::DEFINITIONS,
        quality::DEFINITIONS,
        fault::DEFINITIONS,
        energy::DEFINITIONS,
        gpu::DEFINITIONS,
        client::DEFINITIONS,
        memory::DEFINITIONS,
        operation::DEFINITIONS,
        claimed::DEFINITIONS,
    ]
    .concat()
});

/// Every metric, grouped by family, in the order of reports.
pub fn all() -> &'static [MetricDefinition] {
    &ALL
}

/// The id of every metric, in the order of [`all`].
pub fn ids() -> Vec<&'static str> {
    all().iter().map(|definition| definition.id).collect()
}

/// The id of every metric that is a time.
pub fn times() -> Vec<&'static str> {
    all().iter().filter(|definition| definition.unit == Unit::Seconds).map(|definition| definition.id).collect()
}

/// The metric of this id, if there is one.
pub fn find(id: &str) -> Option<&'static MetricDefinition> {
    all().iter().find(|definition| definition.id == id)
}
