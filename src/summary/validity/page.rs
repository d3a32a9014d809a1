//! The page of `scenarios/reference/validity.md`, and what
//! `runexp explain validity` prints.

use super::rule::RuleDefinition;
use super::rules::RULES;

/// The word of the page of all rules.
const VALIDITY: &str = "validity";

const BEGINNING: &str = "# When a repetition does not count

A repetition that breaks one of these rules stays in the store with its reasons, is counted in the report, and is left
out of every figure and verdict. `runexp explain late_schedule` shows one of them.
";

/// Every word of this room that has a page, and how that page begins.
pub fn rule_words() -> impl Iterator<Item = (&'static str, &'static str)> {
    let pages = RULES.iter().map(|definition| (definition.rule.id(), definition.protects.trim_end_matches('.')));
    [(VALIDITY, "When a repetition does not count")].into_iter().chain(pages)
}

/// The page of a rule, or of all rules for `validity`, as Markdown.
pub fn explain_rule(word: &str) -> Option<String> {
    if word == VALIDITY {
        let sections: String = RULES.iter().map(|definition| section(definition, "##")).collect();
        return Some(format!("{BEGINNING}{sections}"));
    }
    RULES
        .iter()
        .find(|definition| definition.rule.id() == word)
        .map(|definition| section(definition, "# A rule of validity:"))
}

fn section(RuleDefinition { rule, cause, protects, limit, check: _ }: &RuleDefinition, heading: &str) -> String {
    let between = if heading == "##" { "\n" } else { "" };
    format!("{between}{heading} `{}`\n\n{protects}\n\nFires if {limit}. It is {}.\n", rule.id(), cause.words())
}
