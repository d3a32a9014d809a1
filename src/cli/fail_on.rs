//! `--fail-on`: verdicts that a script wants to stop at.

use super::args::{FailOn, Gate};
use super::exit::say;
use crate::verdict::{Verdict, Verdicts};

impl Gate {
    /// Whether every claim passes; says which do not.
    pub(super) fn lets_pass(&self, verdicts: &Verdicts) -> bool {
        let stopped = verdicts.claims.iter().filter(|judged| self.fail_on.iter().any(|at| at.is(&judged.verdict)));
        let mut is_open = true;
        for judged in stopped {
            say(format_args!(
                "error: claim `{}` is {}: \"{}\"",
                judged.claim.id,
                judged.verdict.words(),
                judged.claim.says
            ));
            is_open = false;
        }
        is_open
    }
}

impl FailOn {
    const fn is(self, verdict: &Verdict) -> bool {
        matches!(
            (self, verdict),
            (Self::NotReproduced, Verdict::NotReproduced)
                | (Self::Inconclusive, Verdict::Inconclusive { .. })
                | (Self::Invalid, Verdict::Invalid { .. })
                | (Self::NotRun, Verdict::NotRun { .. })
        )
    }
}
