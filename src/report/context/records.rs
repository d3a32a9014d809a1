//! What there is to say of the records that a document is made from.

use serde::Serialize;

use crate::record::{Integrity, Sealing};
use crate::report::text::line;

/// Whether the records are what the run wrote, and what it declared before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordsView {
    /// Whether they are sealed, in words.
    pub sealing: &'static str,
    /// What a reader must know before anything else, in sentences.
    pub notes: Vec<String>,
    /// Since when the scenario's rules stand, in words.
    pub rules_stand: String,
}

impl RecordsView {
    /// From what was found of them.
    pub fn of(Integrity { sealing, flaws, post_hoc }: &Integrity) -> Self {
        let words = match (sealing, flaws.is_empty()) {
            (Sealing::None, _) => {
                "not sealed: the run is older than seals, and nothing tells whether they were changed"
            }
            (_, false) => "sealed, and not as the run wrote them",
            (Sealing::Open, true) => "sealed up to the last whole block",
            (Sealing::Whole, true) => "sealed, and as the run wrote them",
        };
        let unsealed = (*sealing == Sealing::None).then(|| format!("The records are {words}."));
        let altered = flaws.iter().map(|flaw| line(&format!("The records are not what the run wrote: {flaw}.")));
        let hindsight =
            post_hoc.iter().map(|part| line(&format!("Post hoc: in the scenario {part} after the run had begun.")));
        let rules: Vec<&str> =
            post_hoc.iter().filter(|part| part.starts_with("`decision.")).map(String::as_str).collect();
        let is_declaration_changed = flaws.iter().any(|flaw| flaw.what.starts_with("`declared`"));
        let rules_stand = match (sealing, rules.as_slice()) {
            _ if is_declaration_changed => {
                "Whether each was written down before the run nobody can tell: what the run had declared was changed"
                    .to_owned()
            }
            (Sealing::None, _) => {
                "Each was written down before the run, as far as records tell that are not sealed".to_owned()
            }
            (_, []) => "Each was written down before the run".to_owned(),
            (_, changed) => line(&format!("Not each was written down before the run ({})", changed.join(", "))),
        };
        Self { sealing: words, notes: unsealed.into_iter().chain(altered).chain(hindsight).collect(), rules_stand }
    }
}
