//! How the throughput ran through a window.

use serde::{Deserialize, Serialize};

use crate::metric::{self, Window};
use crate::stats::{Sample, Steadiness, steadiness};

/// White 1997 takes 60; fewer where tokens are few.
const PARTS: u32 = 60;
/// Fewer parts than these show no course.
const FEWEST_PARTS: u32 = 20;
/// In seconds. The parts of a shorter window are so short that they tell of
/// the machine's scheduler.
const SHORTEST: f64 = 5.0;
/// A part with fewer tokens is noise.
const TOKENS_A_PART: f64 = 20.0;

/// How the throughput ran through a window: the classes of Barrett et al. 2017,
/// "Virtual Machine Warmup Blows Hot and Cold".
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "course", rename_all = "snake_case")]
pub enum ThroughputCourse {
    /// Steady from the first part.
    Steady,
    /// It settled higher than it began.
    WarmUp {
        /// When, after the window's start.
        seconds: f64,
        /// Mean over the whole window ÷ mean since then, less 1.
        off: f64,
    },
    /// It settled lower than it began: heat, or a limit on power.
    Slowdown {
        /// When, after the window's start.
        seconds: f64,
        /// Mean over the whole window ÷ mean since then, less 1.
        off: f64,
    },
    /// It did not settle.
    Unsettled,
    /// Too few tokens arrived to tell, or the window is too short.
    TooFewTokens,
}

/// From the tokens that arrived in each of up to 60 equal parts, which have 20
/// on average and more, of a window of 5 s and more.
pub(super) fn course(window: &Window<'_>) -> ThroughputCourse {
    let whole: f64 = metric::tokens_by_part(window, 1).iter().sum();
    let has_tokens = |parts: &u32| whole >= f64::from(*parts) * TOKENS_A_PART;
    let parts = (FEWEST_PARTS..=PARTS).rev().find(has_tokens).filter(|_| window.seconds() >= SHORTEST);
    let Some(parts) = parts else { return ThroughputCourse::TooFewTokens };
    let tokens = metric::tokens_by_part(window, parts);
    let settled = |drop: usize| {
        let (before, after) = (tokens.iter().take(drop), tokens.iter().skip(drop));
        let share = as_f64(before.len()) / f64::from(parts);
        let mean = after.clone().sum::<f64>() / as_f64(after.len());
        (share * window.seconds(), whole / f64::from(parts) / mean - 1.0)
    };
    match Sample::new(tokens.clone()).map(|tokens| steadiness(&tokens)) {
        Ok(Steadiness::Flat) => ThroughputCourse::Steady,
        Ok(Steadiness::WarmUp { drop }) => {
            let (seconds, off) = settled(drop);
            ThroughputCourse::WarmUp { seconds, off }
        }
        Ok(Steadiness::Slowdown { drop }) => {
            let (seconds, off) = settled(drop);
            ThroughputCourse::Slowdown { seconds, off }
        }
        Ok(Steadiness::NoSteadyState) => ThroughputCourse::Unsettled,
        Err(_) => ThroughputCourse::TooFewTokens,
    }
}

#[expect(clippy::cast_precision_loss, reason = "60 parts at most")]
const fn as_f64(count: usize) -> f64 {
    count as f64
}
