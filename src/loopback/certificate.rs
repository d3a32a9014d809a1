use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::server::Pace;
use super::trial::{Traffic, Trial, Tried, attempt};
use super::{Accuracy, LoopbackError};
use crate::clock::Clock;
use crate::host;
use crate::record::{Envelope, Environment};
use crate::scenario::Length;
use crate::stats::Sample;
use crate::units::{Nanos, Period};

/// What the load driver of this machine can do, as it was found once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// When.
    pub made: DateTime<Utc>,
    /// The version of `runexp`.
    pub runexp: String,
    /// Where; without GPUs, which have no part in it.
    pub machine: Environment,
    /// The load average of the minute before: what else was going on.
    pub load_1m: Option<f64>,
    /// Clients of a server that answers at once.
    pub at_once: Vec<AtOnce>,
    /// An open loop on the same server.
    pub open: Vec<OpenLoop>,
    /// Streams whose tokens come one by one.
    pub paced: Vec<Streams>,
}

/// How much the driver takes: replies of 128 tokens, each an event and an HTTP
/// chunk of its own, all in one write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtOnce {
    /// Of a closed loop.
    pub clients: u32,
    /// Answered.
    pub requests_per_s: f64,
    /// Tokens of the answers.
    pub events_per_s: f64,
    /// CPU time over wall time, the server's not in it.
    pub driver_cores: Option<f64>,
}

/// How well the driver keeps a schedule of even gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenLoop {
    /// Requests that were due.
    pub requests_per_s: f64,
    /// 99th percentile of started − scheduled.
    pub schedule_lag_p99_ns: Option<Nanos>,
}

/// How late the driver notices: 64 tokens a reply, the first after 50 ms, then
/// one every 10 ms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Streams {
    /// At once.
    pub streams: u32,
    /// The driver's time to first token less the server's own; mean, in s.
    pub ttft_error_mean_s: Option<f64>,
    /// Its 99th percentile in s; `None` if there were fewer than 100 replies.
    pub ttft_error_p99_s: Option<f64>,
    /// The longest that the driver's own ticker was late.
    pub longest_stall_ns: Option<Nanos>,
}

const CLIENTS: [u32; 3] = [1, 8, 32];
const RATES: [f64; 3] = [100.0, 500.0, 2_000.0];
const STREAMS: [u32; 3] = [1, 100, 400];
const FIRST: Duration = Duration::from_millis(50);
const GAP: Duration = Duration::from_millis(10);
const PACE: Pace = Pace::Paced { first: FIRST, gap: GAP };
/// Of a reply at that pace.
const TOKENS: u32 = 64;
/// Below, the 99th percentile is no more than the largest value.
const FEWEST_FOR_P99: f64 = 100.0;
/// A mean that a time to first token of 50 ms does not feel.
const FAITHFUL_S: f64 = 0.001;

impl Certificate {
    /// Tries the driver out for about 17 s.
    ///
    /// # Errors
    /// When server or driver cannot be started, or a request fails.
    pub fn obtain(clock: Clock, runexp: &str) -> Result<Self, LoopbackError> {
        Ok(Self {
            made: clock.wall(),
            runexp: runexp.to_owned(),
            machine: host::environment(),
            load_1m: host::load_1m(),
            at_once: CLIENTS.into_iter().map(|clients| at_once(clients, clock)).collect::<Result<_, _>>()?,
            open: RATES.into_iter().map(|rate| open(rate, clock)).collect::<Result<_, _>>()?,
            paced: STREAMS.into_iter().map(|streams| paced(streams, clock)).collect::<Result<_, _>>()?,
        })
    }

    /// The most requests per second that were answered at once.
    pub fn requests_per_s(&self) -> f64 {
        self.at_once.iter().map(|row| row.requests_per_s).fold(0.0, f64::max)
    }

    /// The most events per second that came with them.
    pub fn events_per_s(&self) -> f64 {
        self.at_once.iter().map(|row| row.events_per_s).fold(0.0, f64::max)
    }

    /// The most streams whose mean time to first token is off by less than
    /// 1 ms; `None` if not even one is.
    pub fn faithful_streams(&self) -> Option<u32> {
        let faithful = |row: &&Streams| row.ttft_error_mean_s.is_some_and(|error| error < FAITHFUL_S);
        self.paced.iter().filter(faithful).map(|row| row.streams).max()
    }

    /// What a run's cells are held against; `None` on another machine than this,
    /// or if another version of `runexp` has made it.
    pub fn envelope(&self, runexp: &str, here: &Environment) -> Option<Envelope> {
        let is_ours = self.runexp == runexp && (&self.machine.cpu, self.machine.cpus) == (&here.cpu, here.cpus);
        let reply = FIRST + GAP * (TOKENS - 1);
        let timely = f64::from(self.faithful_streams().unwrap_or(0)) * f64::from(TOKENS) / reply.as_secs_f64();
        is_ours.then(|| Envelope {
            made: self.made,
            requests_per_s: self.requests_per_s(),
            events_per_s: self.events_per_s(),
            timely_events_per_s: timely,
        })
    }
}

fn at_once(clients: u32, clock: Clock) -> Result<AtOnce, LoopbackError> {
    let tried = full(Traffic::Clients(clients), clock)?;
    Ok(AtOnce {
        clients,
        requests_per_s: tried.per_second(tried.requests),
        events_per_s: tried.per_second(tried.tokens),
        driver_cores: tried.driver_cores(),
    })
}

fn open(requests_per_s: f64, clock: Clock) -> Result<OpenLoop, LoopbackError> {
    let tried = full(Traffic::Rate(requests_per_s), clock)?;
    Ok(OpenLoop { requests_per_s, schedule_lag_p99_ns: tried.driven.health.schedule_lag_p99_ns })
}

fn full(load: Traffic, clock: Clock) -> Result<Tried, LoopbackError> {
    let (warmup, window) = (Period::default(), Period::from(Duration::from_millis(1_500)));
    attempt(&Trial { pace: Pace::AtOnce, tokens: 128, load, warmup, length: Length::Duration(window) }, clock, None)
}

fn paced(streams: u32, clock: Clock) -> Result<Streams, LoopbackError> {
    let trial = Trial {
        pace: PACE,
        tokens: TOKENS,
        load: Traffic::Clients(streams),
        // A reply, so that streams have spread when the window begins.
        warmup: Period::from(Duration::from_millis(700)),
        length: Length::Duration(Period::from(Duration::from_millis(1_500))),
    };
    let Tried { accuracy, driven, .. } = attempt(&trial, clock, None)?;
    let error = accuracy.map(|Accuracy { ttft, .. }| ttft);
    let enough = error.as_ref().filter(|error| error.count() >= FEWEST_FOR_P99);
    Ok(Streams {
        streams,
        ttft_error_mean_s: error.as_ref().map(Sample::mean),
        ttft_error_p99_s: enough.map(|error| error.quantile(0.99)),
        longest_stall_ns: driven.health.loop_stall_max_ns,
    })
}
