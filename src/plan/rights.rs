//! Which steps need more rights than those of the person who runs them.

use serde::Serialize;

use super::Plan;
use super::outline::treatments;
use crate::scenario::{Rights, ScriptLines, StepSpec};
use crate::text::one_line;

/// A step that needs more rights, with everything it does with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// `setup`, `teardown`, or the treatment.
    pub place: String,
    /// Its name.
    pub step: String,
    /// Which.
    pub rights: Rights,
    /// Its commands, as lines for a shell.
    #[serde(flatten)]
    pub lines: ScriptLines,
}

/// Every step of a plan with its place, `setup`, `teardown` or the treatment, in
/// order; those of a treatment once.
pub fn steps(plan: &Plan) -> Vec<(String, &StepSpec)> {
    let treatments = treatments(plan);
    let setup = plan.setup.iter().map(|step| ("setup".to_owned(), step));
    let epochs = treatments.iter().flat_map(|epoch| {
        let place = epoch.treatment.to_string();
        epoch.setup.iter().map(move |step| (place.clone(), step))
    });
    let teardown = plan.teardown.iter().map(|step| ("teardown".to_owned(), step));
    setup.chain(epochs).chain(teardown).collect()
}

/// Every step that needs more rights.
pub(super) fn demands(plan: &Plan) -> Vec<Demand> {
    steps(plan).into_iter().filter_map(|(place, step)| demand(place, step)).collect()
}

fn demand(place: String, step: &StepSpec) -> Option<Demand> {
    let rights = step.rights();
    (rights != Rights::Own).then(|| Demand { place, step: step.name.clone(), rights, lines: step.script() })
}

/// The same for people: a line for every command, the same one once.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for Demand { step, rights, lines: ScriptLines { perform, check, undo }, .. } in demands(plan) {
        let who = match rights {
            Rights::Root => "runexp as root",
            Rights::Own | Rights::Sudo => "root",
        };
        for line in perform.into_iter().chain(check).chain(undo) {
            let line = one_line(&format!("needs {who}: {step}: {line}"));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    if lines.is_empty() {
        lines.push("no step needs more rights than yours".to_owned());
    }
    lines
}
