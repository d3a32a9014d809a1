use std::fmt::Write;

use super::{comment, function};
use crate::scenario::{OnError, ScriptLines, StepSpec};
use crate::text::typed;

/// What a failing step means where it stands.
#[derive(Clone, Copy)]
pub(super) enum Failing {
    /// The script ends, after teardown.
    Ends,
    /// The other steps are performed; the script's status tells.
    IsNotUndone,
}

/// For each step a function that performs it, and one that takes it back.
pub(super) fn functions(text: &mut String, scope: &str, steps: &[StepSpec]) {
    for (step, number) in steps.iter().zip(1..) {
        let ScriptLines { perform, check, undo } = step.script();
        let _ = writeln!(text, "\n# {}: {}", comment(&step.name), comment(&step.words()));
        function(text, &format!("step_{scope}_{number}"), &[all(&[perform, check].concat())]);
        if !undo.is_empty() {
            function(text, &format!("undo_{scope}_{number}"), &[all(&undo)]);
        }
    }
}

/// The lines that perform them, in order.
pub(super) fn calls(scope: &str, steps: &[StepSpec], failing: Failing) -> Vec<String> {
    let mut calls = Vec::new();
    for (step, number) in steps.iter().zip(1..) {
        let name = typed(&[&step.name]);
        if !step.script().undo.is_empty() {
            calls.push(format!("undo_later undo_{scope}_{number}"));
        }
        let otherwise = match (step.on_error, failing) {
            (OnError::Warn, _) => "go_on_without",
            (OnError::Fail, Failing::Ends) => "end_at",
            (OnError::Fail, Failing::IsNotUndone) => "not_undone",
        };
        let (seconds, tries) = (step.timeout.duration().as_secs(), step.retries + 1);
        calls.push(format!("perform {name} step_{scope}_{number} {seconds} {tries} || {otherwise} {name}"));
    }
    calls
}

/// Lines of which each needs the one before: inside `until` and `||` a shell
/// does not end at a failure by itself.
fn all(lines: &[String]) -> String {
    lines.join(" &&\n    ")
}
