use super::reply::tpot;
use super::window::is_good;
use super::{Gap, Window};
use crate::record::{Request, RequestOutcome};
use crate::stats::Pool;
use crate::units::Nanos;

/// A latency that an objective can bound on a percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounded {
    /// First token − scheduled.
    Ttft,
    /// Time per output token.
    Tpot,
    /// Last token − scheduled.
    E2e,
}

impl Bounded {
    /// What the requests sent inside the window took, in seconds, for a
    /// percentile of them.
    ///
    /// Waiting is counted from the scheduled moment, as for `attainment`: in
    /// an open loop a full server cannot hide it (coordinated omission). A
    /// request that failed, or failed `expect`, never answered; so did one
    /// that was cut off when it had already waited for more than `limit`. One
    /// cut off earlier, or without a pace to speak of, does not count.
    ///
    /// # Errors
    /// The gap when the replies had no such time.
    pub fn pool(self, window: &Window<'_>, limit: Nanos) -> Result<Pool, Gap> {
        if self != Self::E2e && window.good().next().is_some() && window.good().all(|request| request.not_streamed) {
            return Err(Gap::NotStreamed);
        }
        let known = window.sent().filter_map(|request| self.of(&request, limit));
        let (answered, never): (Vec<_>, Vec<_>) = known.partition(Option::is_some);
        Ok(Pool::new(answered.into_iter().flatten(), never.len() as u64))
    }

    /// How many of the requests sent inside the window took less than `limit`,
    /// and of how many that is known; who waits, who never answered and who
    /// does not count as in [`Self::pool`].
    pub fn under(self, window: &Window<'_>, limit: Nanos) -> (u64, u64) {
        let known = window.sent().filter_map(|request| self.of(&request, limit));
        let is_under = |took: Option<f64>| took.is_some_and(|took| took < limit.seconds());
        known.fold((0, 0), |(under, all), took| (under + u64::from(is_under(took)), all + 1))
    }

    /// Seconds, or never; `None` if nobody knows.
    #[expect(clippy::option_option, reason = "known or not, and answered or not, are two questions")]
    fn of(self, request: &Request<'_>, limit: Nanos) -> Option<Option<f64>> {
        let waited = |until: Nanos| until.since(request.scheduled_ns);
        let value = match self {
            Self::Ttft => request.first_token_ns.map(|first| waited(first).seconds()),
            Self::Tpot => tpot(request),
            Self::E2e if request.outcome.is_success() => request.last_token_ns.map(|last| waited(last).seconds()),
            Self::E2e => None,
        };
        match request.outcome {
            RequestOutcome::Interrupted => None,
            RequestOutcome::Cut if value.is_none() => {
                (self != Self::Tpot && waited(request.finished_ns) > limit).then_some(None)
            }
            RequestOutcome::Cut => Some(value),
            _ if is_good(request) => value.map(Some),
            _ => Some(None),
        }
    }
}
