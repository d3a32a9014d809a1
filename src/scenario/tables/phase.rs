//! `[[phase]]`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::super::model::fault::Processes;
use super::super::model::find::WrittenFind;
use super::super::model::phase::{Expect, RequestSpec, Slo};
use super::super::model::traffic::{NamedArrival, Ramp};
use crate::format::{Condition, OneOrMore, exactly_one, table};
use crate::names::PhaseName;
use crate::signal::StopSignal;
use crate::units::Period;

/// What arrivals are described by that take more than a word.
pub(in crate::scenario) const DESCRIBED: [&str; 2] = ["burstiness", "trace"];
/// When a phase ends.
pub(in crate::scenario) const LENGTHS: [&str; 2] = ["duration", "requests"];

/// An `arrival` that is a trace.
fn recorded() -> Value {
    json!({ "type": "object", "required": ["trace"] })
}

/// A request that says itself what to ask.
fn asks() -> Value {
    json!({ "anyOf": exactly_one(&["prompts", "prompt", "prompt_tokens"]) })
}

/// A `find` that adds servers.
fn counts_servers() -> Value {
    json!({ "properties": { "find": { "properties": { "max": { "const": "servers" } } } } })
}

table! {
    /// A workload: who sends what, how often, for how long.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields, extend("allOf" = json!([
        { "oneOf": [
            {
                "required": ["clients"],
                "properties": { "arrival": false, "find": false, "max_in_flight": false, "request": asks() },
            },
            { "required": ["rate"], "properties": { "arrival": { "not": recorded() }, "request": asks() } },
            { "required": ["arrival"], "properties": { "arrival": recorded() } },
            {
                "required": ["find"],
                "properties": { "arrival": { "not": recorded() }, "fault": false, "request": asks() },
                "anyOf": [counts_servers(), { "properties": { "clients": false } }],
            },
        ] },
        { "oneOf": exactly_one(&LENGTHS) },
    ])))]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct Phase as pub(in crate::scenario) PhaseKeys {
        /// What it is called, in words.
        name: PhaseName,
        /// An expression over variables and factors; the phase is left out where
        /// it does not hold.
        when: Option<Condition>,
        /// Closed loop: so many clients, each of which waits for its reply before it
        /// sends again. A list makes a cell of each. Beside a `find` that adds
        /// servers, the clients of each server.
        clients: Option<OneOrMore<NonZeroU32>>,
        /// Open loop: requests per second, sent whatever the replies do. A list
        /// makes a cell of each.
        rate: Option<OneOrMore<Rate>>,
        /// Instead of a load: the highest that meets the phase's `slo` is searched
        /// for, or the most servers that run together. What percentiles `slo` bounds
        /// must be kept, and enough requests meet what it asks of one.
        find: Option<WrittenFind>,
        /// How the moments of an open loop are drawn, or where they were recorded;
        /// `poisson` if left out.
        arrival: Option<Arrival>,
        /// The most requests of an open loop in flight at once: one that comes due
        /// beyond them is dropped, which counts as failed. More than 1 % dropped
        /// make the cell invalid. Any number may be in flight if left out.
        #[schemars(range(min = 1))]
        max_in_flight: Option<u32>,
        /// How long is measured: `60s`, `5m`.
        duration: Option<Period>,
        /// How many requests are measured, instead of a time.
        #[schemars(range(min = 1))]
        requests: Option<u64>,
        /// Load before the measured window, which begins without a pause. None if
        /// left out. Where clients are measured for a time it goes on for a random
        /// moment, at most as long again and at most a tenth of the window: else every
        /// repetition would cut the replies at the same place.
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
        /// A server that is killed on purpose. What is told of it: which requests to
        /// other servers failed, and how long it took to its next good answer: the
        /// first token of a reply that came whole, to a request of the load or to a
        /// short one that the run sends, as soon as it is ready, until one is
        /// answered. The run waits for it beyond the window, as long as `ready` and
        /// `preload` of the server give it.
        fault: Option<Fault>,
    }
}

/// Requests per second: the same all the time, or changing evenly.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::scenario) enum Rate {
    PerSecond(f64),
    Ramp(Ramp),
}

/// How the moments of an open loop come about.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::scenario) enum Arrival {
    Named(NamedArrival),
    Described(Arrivals),
}

table! {
    /// Arrivals that take more than a word: `burstiness` or a `trace`.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields, extend("oneOf" = exactly_one(&DESCRIBED)))]
    #[schemars(extend("dependentRequired" = json!({ "scale": ["trace"] })))]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct Arrivals as pub(in crate::scenario) ArrivalsKeys {
        /// Gaps of a gamma distribution of this shape, as in `vllm bench serve`: 1
        /// is a Poisson process, less comes in bursts, more is more even. The mean
        /// gap is that of the rate.
        #[schemars(range(min = 0.01, max = 1000))]
        burstiness: Option<f64>,
        /// A file of recorded arrivals, instead of a rate; relative to the
        /// scenario's folder. JSON has a `timestamp` in milliseconds for each, any
        /// other file seconds or a date in its column `Timestamp`, else in its first.
        /// Times count from the first, at which the warm-up starts. A request without
        /// `prompts`, `prompt` and `prompt_tokens` takes those from the trace, or their
        /// lengths: Mooncake's, `BurstGPT`'s and Azure's traces have them.
        trace: Option<PathBuf>,
        /// How many times as fast as recorded; 1 if left out.
        #[schemars(range(min = 0.001, max = 1000))]
        scale: Option<f64>,
    }
}

table! {
    /// A server instance that is killed in the middle of the phase.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct Fault as pub(in crate::scenario) FaultKeys {
        /// When, from the window's start.
        at: Period,
        /// Which instance, from 0: `ollama[1]`.
        kill: String,
        /// The signal; `KILL` if left out.
        signal: Option<StopSignal>,
        /// Which of its processes: `all`, its process group, after which the run
        /// starts it again, or `workers`, what the process that listens has started
        /// (Ollama's runner), which the server itself must replace. `all` if left out.
        processes: Option<Processes>,
    }
}
