//! How requests are started: by clients that wait, or by a clock that does not.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How requests are started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// Closed loop: each client waits for its reply, then sends the next.
    Clients(u32),
    /// Open loop: requests start at drawn moments, whatever the replies do.
    Rate {
        /// Requests per second.
        per_second: f64,
        /// How the moments are drawn.
        arrival: Arrival,
    },
    /// Open loop whose rate changes evenly from the start of the measured
    /// window to its end; before it is `from`.
    Ramp {
        /// Requests per second at the window's start.
        from: f64,
        /// Requests per second at its end.
        to: f64,
        /// How the moments are drawn.
        arrival: Arrival,
    },
    /// Open loop at recorded moments.
    Trace {
        /// Where they stand; absolute.
        file: PathBuf,
        /// How many times as fast as recorded.
        scale: f64,
    },
}

impl Load {
    /// Clients of a closed loop.
    pub const fn clients(&self) -> Option<u32> {
        if let Self::Clients(clients) = self { Some(*clients) } else { None }
    }

    /// Requests per second, if that is one number.
    pub const fn rate(&self) -> Option<f64> {
        if let Self::Rate { per_second, .. } = self { Some(*per_second) } else { None }
    }

    /// Whether requests start whatever the replies do.
    pub const fn is_open(&self) -> bool {
        !matches!(self, Self::Clients(_))
    }
}

/// `clients=3`, `rate=2`, `rate=2..8`, `trace=day.jsonl` or `trace=day.jsonl,scale=2`.
impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clients(clients) => write!(f, "clients={clients}"),
            Self::Rate { per_second, .. } => write!(f, "rate={per_second}"),
            Self::Ramp { from, to, .. } => write!(f, "rate={from}..{to}"),
            Self::Trace { file, scale } => {
                write!(f, "trace={}", file.file_name().unwrap_or(file.as_os_str()).display())?;
                if (scale - 1.0).abs() < f64::EPSILON { Ok(()) } else { write!(f, ",scale={scale}") }
            }
        }
    }
}

/// How the sending times of an open loop are drawn. The mean gap is the same
/// for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrival {
    /// Exponential gaps.
    #[default]
    Poisson,
    /// Equal gaps.
    Constant,
    /// Gaps of a gamma distribution.
    Gamma {
        /// Its shape, as `--burstiness` of `vllm bench serve`: 1 is a Poisson
        /// process, less comes in bursts, more is more even. The squared
        /// coefficient of variation of the gaps is 1 ÷ burstiness.
        burstiness: f64,
    },
}

/// An `arrival` that a word names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Arrival")]
pub(in crate::scenario) enum NamedArrival {
    /// Exponential gaps.
    #[default]
    Poisson,
    /// Equal gaps.
    Constant,
}

/// `rate = { from = 1, to = 20 }`: a rate that changes evenly over the phase.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct Ramp {
    /// Requests per second when the measured window begins, and in the warm-up.
    pub(in crate::scenario) from: f64,
    /// Requests per second when it ends.
    pub(in crate::scenario) to: f64,
}
