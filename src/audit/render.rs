//! An audit as plain text that is Markdown too.

use std::fmt::Write;

use super::{Audited, Finding, Unchecked, Verdict};
use crate::text::one_line;

/// The audit of the file `name` for people.
pub fn render(name: &str, audited: &Audited) -> String {
    let count = |verdict| audited.with(verdict).count();
    let mut text = format!(
        "# Audit of {}\n\n{} claims, {} checks: {} inconsistent, {} physically implausible, {} only by rounding, {} consistent, {} plausible.\n",
        one_line(name),
        audited.claims,
        audited.findings.len(),
        count(Verdict::Inconsistent),
        count(Verdict::Implausible),
        count(Verdict::Rounded),
        count(Verdict::Consistent),
        count(Verdict::Plausible),
    );
    text += &wrong("Inconsistent", audited.with(Verdict::Inconsistent));
    text += &wrong("Physically implausible", audited.with(Verdict::Implausible));
    text += &wrong("Consistent only by rounding", audited.with(Verdict::Rounded));
    text += &right(audited.findings.iter().filter(|finding| is_right(finding.verdict)));
    text += &unchecked(&audited.unchecked);
    text
}

const fn is_right(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Consistent | Verdict::Plausible)
}

fn wrong<'a>(title: &str, findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut text = String::new();
    for Finding { claim, says, source, arithmetic, notes, .. } in findings {
        if text.is_empty() {
            let _ = write!(text, "\n## {title}\n");
        }
        let section = source.section.as_ref().map(|section| format!(", {section}")).unwrap_or_default();
        let place = one_line(&format!("{}{section}", source.file));
        let _ = write!(text, "\n* `{claim}`: \"{}\" ({place})\n", one_line(says));
        for line in [arithmetic].into_iter().chain(notes) {
            let _ = writeln!(text, "  * {}", one_line(line));
        }
    }
    text
}

fn right<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut text = String::new();
    for Finding { claim, verdict, arithmetic, .. } in findings {
        if text.is_empty() {
            text += "\n## Consistent or plausible\n\n| claim | verdict | arithmetic |\n|---|---|---|\n";
        }
        let word = if *verdict == Verdict::Plausible { "plausible" } else { "consistent" };
        let _ = writeln!(text, "| `{claim}` | {word} | {} |", one_line(arithmetic).replace('|', "\\|"));
    }
    text
}

/// One line for each reason.
fn unchecked(unchecked: &[Unchecked]) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for Unchecked { claim, reason } in unchecked {
        let claim = format!("`{claim}`");
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, claims)) => claims.push(claim),
            None => reasons.push((reason, vec![claim])),
        }
    }
    let line = |(reason, claims): &(&str, Vec<String>)| format!("* {}: {}\n", one_line(reason), claims.join(", "));
    let lines: String = reasons.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("\n## Not checked\n\n{lines}") }
}
