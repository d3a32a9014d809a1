use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metric::{Basis, Window};
use crate::record::Failures;

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
}

impl Answers {
    /// Of one repetition.
    pub(super) fn of(window: &Window<'_>) -> Self {
        let basis = Basis::of(window);
        let has_choices = window.good().any(|request| request.has_choices);
        Self {
            basis,
            failures: failures(window),
            counts_one_choice: has_choices && basis == Some(Basis::Events),
            passed_over: window.requests.passed_over().clone(),
        }
    }

    /// Whether there is nothing to tell.
    pub fn are_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// How many requests failed, of those that ended by themselves, and what was
/// said of it.
pub(super) fn failures(window: &Window<'_>) -> Option<String> {
    let (mut failures, mut all) = (Failures::default(), 0);
    for request in window.ended() {
        failures.note(request.outcome);
        all += 1;
    }
    failures.told(all)
}
