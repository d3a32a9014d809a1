//! An audit as plain text that is Markdown too, of at most 100 columns.

use super::finding::{Audited, Audits, Check, ExpertsRead, Finding, Unchecked, Verdict};
use super::shown::short;
use super::{Across, Contradiction, Side};
use crate::text::one_line;

const WIDTH: usize = 100;
/// What may follow the last word of a line: ` %),`.
const SIGN: usize = 5;

/// What is wrong, in the order of how much.
const SECTIONS: [(Verdict, &str); 4] = [
    (Verdict::Inconsistent, "Inconsistent"),
    (Verdict::Implausible, "Physically implausible"),
    (Verdict::Unsupported, "Not borne out by what is published beside it"),
    (Verdict::Rounded, "Consistent only by rounding"),
];

/// The audit of several files for people.
pub fn render(audits: &Audits) -> String {
    let mut parts = Vec::new();
    if let [_, _, ..] = audits.files.as_slice() {
        parts.push(format!("# Audit of {} files together\n", audits.files.len()));
    }
    let across = across(&audits.across);
    let files = audits.files.iter().map(file);
    match audits.files.as_slice() {
        // What several sources say of the same comes first where they were asked together.
        [_] => parts.extend(files.chain(across)),
        _ => parts.extend(across.into_iter().chain(files)),
    }
    parts.join("\n")
}

fn file(audited: &Audited) -> String {
    let mut text = format!("# Audit of {}\n\n", one_line(&audited.file));
    text += &wrapped("", "", &counts(audited));
    for (verdict, title) in SECTIONS {
        let told: String = audited.with(verdict).map(wrong).collect();
        if !told.is_empty() {
            text += &["\n## ", title, "\n", &told].concat();
        }
    }
    text += &right(audited);
    text += &unchecked(&audited.unchecked);
    text
}

fn counts(audited: &Audited) -> String {
    let count = |verdict| audited.with(verdict).count();
    let unchecked = audited.claims - audited.findings.len();
    format!(
        "{} claim{}: {} inconsistent, {} physically implausible, {} not borne out, {} only by rounding, {} consistent or \
         plausible; {} without a check of their own.",
        audited.claims,
        if audited.claims == 1 { "" } else { "s" },
        count(Verdict::Inconsistent),
        count(Verdict::Implausible),
        count(Verdict::Unsupported),
        count(Verdict::Rounded),
        count(Verdict::Consistent) + count(Verdict::Plausible),
        unchecked,
    )
}

/// A claim with every check of it: first what speaks against it.
fn wrong(finding: &Finding) -> String {
    let Finding { claim, says, source, verdict, checks } = finding;
    let section = source.section.as_ref().map(|section| format!(", {section}")).unwrap_or_default();
    let head = format!("`{claim}`: \"{says}\" ({}{section})", source.file);
    let mut text = "\n".to_owned() + &wrapped("* ", "  ", &head);
    for check in checks {
        let but = if check.verdict > Verdict::Rounded && *verdict < Verdict::Rounded {
            "it agrees all the same: "
        } else if check.verdict == Verdict::Rounded && *verdict != Verdict::Rounded {
            "it agrees by rounding: "
        } else {
            ""
        };
        text += &wrapped(
            "  * ",
            "    ",
            &format!("{but}{}{}", check.arithmetic, check.experts.map(experts).unwrap_or_default()),
        );
        if check.verdict.is_wrong() {
            text += &check
                .assumes
                .iter()
                .map(|assumed| wrapped("  * ", "    ", &format!("assumed: {assumed}")))
                .collect::<String>();
        }
        text += &check.notes.iter().map(|note| wrapped("  * ", "    ", note)).collect::<String>();
    }
    text
}

fn right(audited: &Audited) -> String {
    let right: Vec<&Finding> = audited.findings.iter().filter(|finding| finding.verdict > Verdict::Rounded).collect();
    if right.is_empty() {
        return String::new();
    }
    let mut text = "\n## Consistent or plausible\n\n".to_owned();
    for Finding { claim, checks, .. } in right {
        let told = |check: &Check| {
            let arithmetic = check.arithmetic.clone() + &check.experts.map(experts).unwrap_or_default();
            std::iter::once(arithmetic).chain(check.notes.iter().cloned()).collect::<Vec<_>>().join("; ")
        };
        let all: Vec<String> = checks.iter().map(told).collect();
        text += &wrapped("* ", "  ", &format!("`{claim}`: {}", all.join("; ")));
    }
    text + &assumed(audited)
}

/// On what the plausible ones rest, one line for each assumption.
fn assumed(audited: &Audited) -> String {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    let sound = audited.findings.iter().filter(|finding| !finding.verdict.is_wrong());
    let held: Vec<(&Finding, &Check)> =
        sound.flat_map(|finding| finding.checks.iter().map(move |check| (finding, check))).collect();
    for (finding, check) in &held {
        if let Some(assumed) = &check.assumes {
            group(&mut groups, assumed, format!("`{}`", finding.claim));
        }
    }
    let line =
        |(assumed, claims): &(&str, Vec<String>)| wrapped("* ", "  ", &format!("{assumed}: {}", claims.join(", ")));
    let lines: String = groups.iter().map(line).collect();
    let has_experts = held.iter().any(|(_, check)| check.experts.is_some());
    let rule = if has_experts { format!("\n{}", wrapped("", "", EXPERTS)) } else { String::new() };
    if lines.is_empty() { lines } else { format!("\nHeld against memory bandwidth, assuming\n\n{lines}{rule}") }
}

/// What stands for a step of several tokens of a mixture of experts.
const EXPERTS: &str = "A step of t tokens reads k of E experts of a layer if all take the same, and E × (1 − (1 − k / E)^t) if \
                       each takes its own at random: from the one to the other is what is held.";

/// `, 4 to 15.3 of 128 experts`.
fn experts(ExpertsRead { count, least, at_random }: ExpertsRead) -> String {
    format!(", {least} to {} of {count} experts", short(at_random))
}

/// One line for each reason.
fn unchecked(unchecked: &[Unchecked]) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for Unchecked { claim, reason } in unchecked {
        group(&mut reasons, reason, format!("`{claim}`"));
    }
    let line =
        |(reason, claims): &(&str, Vec<String>)| wrapped("* ", "  ", &format!("{reason}: {}", claims.join(", ")));
    let lines: String = reasons.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("\n## Not checked\n\n{lines}") }
}

fn group<'t>(groups: &mut Vec<(&'t str, Vec<String>)>, key: &'t str, claim: String) {
    match groups.iter_mut().find(|(known, _)| *known == key) {
        Some((_, claims)) => claims.push(claim),
        None => groups.push((key, vec![claim])),
    }
}

/// Where sources contradict each other; nothing where none speak of the same.
fn across(across: &Across) -> Option<String> {
    let Across { pairs, agreeing, contradictions } = across;
    if *pairs == 0 {
        return None;
    }
    let mut text = "## Sources against each other\n\n".to_owned();
    let counts = format!(
        "Pairs of claims of different sources about the same machine, model, quantisation and load: {pairs}; {agreeing} agree \
         within digits and tolerance, {} do not.",
        pairs - agreeing
    );
    text += &wrapped("", "", &counts);
    text += &contradictions.iter().map(contradiction).collect::<String>();
    Some(text)
}

fn contradiction(contradiction: &Contradiction) -> String {
    let Contradiction { about, sides, differs, unstated } = contradiction;
    let times = contradiction.times().map(|times| format!(": up to {times} apart")).unwrap_or_default();
    let mut text = "\n".to_owned() + &wrapped("* ", "  ", &format!("{about}{times}"));
    for Side { claim, source, date, printed, .. } in sides {
        let date = date.as_ref().map_or_else(|| "undated".to_owned(), Clone::clone);
        text += &wrapped("  * ", "    ", &format!("{printed}: `{claim}` ({source}, {date})"));
    }
    let told = |title: &str, what: &[String]| {
        if what.is_empty() { String::new() } else { wrapped("  * ", "    ", &format!("{title}: {}", what.join("; "))) }
    };
    text + &told("they differ in", differs) + &told("their claims leave open", unstated)
}

/// A paragraph whose first line and whose others begin so.
fn wrapped(first: &str, others: &str, text: &str) -> String {
    let (mut lines, mut line) = (String::new(), first.to_owned());
    let mut is_empty = true;
    let text = one_line(text);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        // A sign stays with its number.
        if !is_empty && !word.starts_with('%') && line.chars().count() + 1 + word.chars().count() > WIDTH - SIGN {
            lines += &line;
            lines.push('\n');
            others.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    lines + &line + "\n"
}
