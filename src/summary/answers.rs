use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dialect;
use crate::metric::{AtOnce, Basis, Window};
use crate::record::{Failures, RequestOutcome};

/// So many words for ends are told.
const WORDS: usize = 8;

/// What there is to tell of the replies of a repetition, beside its values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// What figures of tokens stand on, where that is not the server's count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// How many of the requests failed that were sent inside the window, and
    /// what was said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<String>,
    /// Whether replies hold several choices, and the servers count the tokens
    /// of fewer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_one_choice: bool,
    /// What was not as the API says and was passed over, of all requests: how
    /// often, by the name of the field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub passed_over: BTreeMap<String, u64>,
    /// Tokens of thought that the servers counted and did not send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Hidden>,
    /// Whether nearly all streamed replies came at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<AtOnce>,
    /// Words for why a reply ended that nobody knows, and how often: such a reply
    /// is taken to be whole.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown_ends: BTreeMap<String, u64>,
}

/// Tokens of good replies that were counted and not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// So many.
    pub tokens: u64,
    /// Of so many in all.
    pub of: u64,
}

impl Answers {
    /// Of one repetition.
    pub(super) fn of(window: &Window<'_>) -> Self {
        let basis = Basis::of(window);
        let has_choices = window.good().any(|request| request.has_choices);
        Self {
            basis,
            failures: failures(window).filter(|_| window.sent().any(|request| request.outcome.is_failure())),
            counts_one_choice: has_choices && basis == Some(Basis::Events),
            passed_over: window.requests.passed_over().clone(),
            hidden: hidden(window),
            at_once: AtOnce::of(window),
            unknown_ends: unknown_ends(window),
        }
    }

    /// Whether there is nothing to tell.
    pub fn are_plain(&self) -> bool {
        *self == Self::default()
    }
}

fn hidden(window: &Window<'_>) -> Option<Hidden> {
    let add = |sum: Hidden, (hidden, all): (u64, u64)| Hidden {
        tokens: sum.tokens.saturating_add(hidden),
        of: sum.of.saturating_add(all),
    };
    let counts = window.good().map(|one| (one.usage.hidden_tokens.unwrap_or(0), one.usage.output_tokens.unwrap_or(0)));
    Some(counts.fold(Hidden { tokens: 0, of: 0 }, add)).filter(|hidden| hidden.tokens > 0)
}

fn unknown_ends(window: &Window<'_>) -> BTreeMap<String, u64> {
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    for request in window.good() {
        let RequestOutcome::Success { finish } = request.outcome else { continue };
        if !dialect::is_known_end(finish) {
            let word = if ends.len() < WORDS { finish.as_str() } else { "others" };
            *ends.entry(word.to_owned()).or_default() += 1;
        }
    }
    ends
}

/// How many requests failed, of those that ended by themselves, what was said of
/// it, and how many were cut off.
pub(super) fn failures(window: &Window<'_>) -> Option<String> {
    let (mut failures, mut ended) = (Failures::default(), 0);
    for request in window.sent().filter(|request| *request.outcome != RequestOutcome::Interrupted) {
        failures.note(request.outcome);
        ended += u64::from(*request.outcome != RequestOutcome::Cut);
    }
    failures.told(ended)
}
