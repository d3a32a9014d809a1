//! Servers that a run found and did not start.

use std::collections::BTreeSet;

use crate::plan::Plan;
use crate::record::AlreadyThere;
use crate::report::text::line;
use crate::scenario::{ServerOrigin, ServerSpec};
use crate::summary::Summary;

/// What an interval of this run is over. On a simulated machine every server is
/// started.
pub(super) fn repetitions(plan: &Plan, is_simulated: bool) -> String {
    let servers = || plan.epochs.iter().flat_map(|epoch| &epoch.servers);
    let found: BTreeSet<String> = servers().filter(|server| is_found(server)).map(ServerSpec::label).collect();
    if is_simulated || found.is_empty() {
        return "repetitions with fresh servers".to_owned();
    }
    if servers().all(is_found) {
        return "repetitions on servers that were already there and were not restarted".to_owned();
    }
    let labels: Vec<String> = found.iter().map(|label| format!("`{label}`")).collect();
    let were = if labels.len() == 1 { "which was already there and was" } else { "which were already there and were" };
    format!("repetitions with fresh servers, except {}, {were} not restarted", labels.join(", "))
}

const fn is_found(server: &ServerSpec) -> bool {
    matches!(server.origin, ServerOrigin::Url { .. })
}

/// What could be seen of each from outside.
pub(super) fn sentences(summary: &Summary) -> Vec<String> {
    let sentence = |(label, seen): &(String, AlreadyThere)| {
        let AlreadyThere { program, variables } = seen;
        let program = program.as_ref().map(|program| format!("{program} listens there, ")).unwrap_or_default();
        let with = match variables {
            None => "what it was started with could not be read".to_owned(),
            Some(variables) if variables.is_empty() => "started with Ollama's defaults".to_owned(),
            Some(variables) => {
                let pairs: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("started with {}", pairs.join(" "))
            }
        };
        line(&format!("{label}, not restarted: {program}{with}"))
    };
    summary.already_there.iter().map(sentence).collect()
}
