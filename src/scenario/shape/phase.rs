//! `[[phase]]`.
#![expect(dead_code, reason = "only the shapes are used")]

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde_json::json;

use super::super::phase::{Arrival, Expect, RequestSpec, Slo};
use super::server::Condition;
use super::{OneOrMore, exactly_one};
use crate::names::PhaseName;
use crate::signal::StopSignal;
use crate::units::Period;

/// A workload: who sends what, how often, for how long.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("dependentRequired" = json!({ "arrival": ["rate"] })))]
#[schemars(extend("allOf" = json!([
    { "oneOf": exactly_one(&["clients", "rate"]) },
    { "oneOf": exactly_one(&["duration", "requests"]) },
])))]
pub(super) struct Phase {
    /// What it is called, in words.
    name: PhaseName,
    /// An expression over variables and factors; the phase is left out where
    /// it does not hold.
    when: Option<Condition>,
    /// Closed loop: so many clients, each of which waits for its reply before it
    /// sends again. A list makes a cell of each.
    clients: Option<OneOrMore<NonZeroU32>>,
    /// Open loop: requests per second, sent whatever the replies do. A list
    /// makes a cell of each.
    rate: Option<OneOrMore<f64>>,
    /// How the moments of an open loop are drawn.
    #[schemars(default)]
    arrival: Option<Arrival>,
    /// How long is measured: `60s`, `5m`.
    duration: Option<Period>,
    /// How many requests are measured, instead of a time.
    #[schemars(range(min = 1))]
    requests: Option<u64>,
    /// Load before the measured window, which begins without a pause. None if
    /// left out.
    warmup: Option<Period>,
    /// How long requests still in flight after the window may take; `30s` if
    /// left out.
    drain: Option<Period>,
    /// What is sent.
    request: RequestSpec,
    /// What a reply must look like to be a success.
    expect: Option<Expect>,
    /// What a good request is, for `goodput`.
    slo: Option<Slo>,
    /// A server that is killed on purpose, and started again.
    fault: Option<Fault>,
}

/// A server instance that is killed in the middle of the phase, and started
/// again.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Fault {
    /// When, from the window's start.
    at: Period,
    /// Which instance, from 0: `ollama[1]`.
    kill: String,
    /// The signal; `KILL` if left out.
    signal: Option<StopSignal>,
}
