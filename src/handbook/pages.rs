//! The reference pages: one for each kind of step, one for all codes, and
//! those that the summary has of its rules, outcomes and estimators.

use schemars::SchemaGenerator;
use serde_json::Value;

use super::codes::explanation;
use super::keys::{explain_key, key_names};
use crate::format::{Code, spelling};
use crate::scenario::{KindEntry, StepKind};
use crate::summary;

/// The word that means all codes.
const CODES: &str = "codes";

/// A word without a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no page about `{word}`{}", help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default())]
pub struct UnknownWord {
    /// What was asked for.
    pub word: String,
    /// The nearest words that have one.
    pub help: Option<String>,
}

/// The page, in Markdown, about a step kind (`drop_caches`), a code (`E013`),
/// all `codes`, what a summary says (a rule of validity, an outcome, an
/// estimator), or a key of a scenario: `warmup`, `phase.warmup`.
///
/// # Errors
/// When there is no such page.
pub fn explain(word: &str) -> Result<String, UnknownWord> {
    // A rule and an outcome may share a word.
    let pages = [summary::explain_rule(word), summary::explain_outcome(word), summary::explain_estimator(word)];
    let pages: Vec<String> = pages.into_iter().flatten().collect();
    if !pages.is_empty() {
        return Ok(pages.join("\n"));
    }
    if word == CODES {
        return Ok(codes_page());
    }
    if let Some(kind) = StepKind::entries().find(|kind| kind.key == word) {
        return Ok(step_page(kind));
    }
    if let Some(code) = Code::ALL.iter().find(|code| code.as_str().eq_ignore_ascii_case(word)) {
        return Ok(code_section(*code, "#"));
    }
    if let Some(page) = explain_key(word) {
        return Ok(page);
    }
    let codes = Code::ALL.iter().map(|code| code.as_str());
    let others = summary_words().map(|(word, _)| word);
    let known = StepKind::entries().map(|kind| kind.key).chain([CODES]).chain(codes).chain(others);
    let keys = key_names();
    let known = known.chain(keys.iter().map(String::as_str));
    Err(UnknownWord { word: word.to_owned(), help: spelling::advice(word, known) })
}

/// Every word that has a page, and how that page begins.
pub fn contents() -> String {
    let kinds = StepKind::entries().map(|kind| (kind.key, first_clause(&description(kind))));
    let codes = Code::ALL.iter().map(|code| (code.as_str(), headline(*code).to_owned()));
    let lines = kinds.chain(codes).map(|(word, line)| format!("{word:<18}{line}\n"));
    lines.chain(summary_words().map(|(word, line)| format!("{word:<22}{line}\n"))).collect()
}

/// Every word of a summary that has a page, and how that begins.
fn summary_words() -> impl Iterator<Item = (&'static str, &'static str)> {
    summary::rule_words().chain(summary::outcome_words()).chain(summary::estimator_words())
}

fn codes_page() -> String {
    let sections: Vec<String> = Code::ALL.iter().map(|code| code_section(*code, "##")).collect();
    format!("# What the code of a problem means\n\n`runexp explain E005` shows one of them.\n\n{}", sections.join("\n"))
}

fn code_section(code: Code, level: &str) -> String {
    let (_, rest) = explanation(code).split_once("\n\n").unwrap_or_default();
    format!("{level} {}: {}\n\n{rest}\n", code.as_str(), headline(code))
}

/// What a code means, in a few words.
fn headline(code: Code) -> &'static str {
    explanation(code).lines().next().unwrap_or_default().trim_end_matches('.')
}

/// What the kind says of itself, its keys, then its sections.
fn step_page(kind: &KindEntry) -> String {
    let text = description(kind);
    let mut parts = text.split("\n# ");
    let summary = parts.next().unwrap_or_default().trim_end();
    let section = |text: &str| format!("\n## {}\n", text.trim_end().replacen('\n', "\n\n", 1));
    let sections: String = parts.map(section).collect();
    format!("# `{}`\n\n{summary}\n{}{sections}", kind.key, keys(kind))
}

fn description(kind: &KindEntry) -> String {
    let schema = (kind.schema)(&mut SchemaGenerator::default());
    schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Up to the first full stop or colon.
fn first_clause(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = [". ", ": "].iter().filter_map(|stop| paragraph.find(stop)).min().unwrap_or(paragraph.len());
    paragraph.get(..end).unwrap_or_default().trim_end_matches('.').to_owned()
}

/// A list of the keys of the kind's table, if it has one.
fn keys(kind: &KindEntry) -> String {
    let mut generator = SchemaGenerator::default();
    let schema = (kind.schema)(&mut generator);
    // A kind with a shorthand is that or a table.
    let table = schema.get("anyOf").and_then(|either| either.get(1)).unwrap_or(schema.as_value());
    let Some(properties) = table["properties"].as_object() else { return String::new() };
    let required = table["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let required: Vec<&str> = required.collect();
    let line = |(key, shape): (&String, &Value)| {
        let text = shape["description"].as_str().unwrap_or_default().replace('\n', " ");
        let must = if required.contains(&key.as_str()) { " (must be given)" } else { "" };
        format!("- `{key}`{must}: {text}{}{}\n", choices(shape, &generator), default(shape))
    };
    format!("\n## Keys\n\n{}", properties.iter().map(line).collect::<String>())
}

/// The words that may stand for a value, each with its meaning.
fn choices(shape: &Value, generator: &SchemaGenerator) -> String {
    let name = shape["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
    let choices = generator.definitions().get(name).and_then(|definition| definition["oneOf"].as_array());
    let choice = |choice: &Value| {
        let meaning = choice["description"].as_str().unwrap_or_default().trim_end_matches('.').replace('\n', " ");
        choice["const"].as_str().map(|word| format!("\n  - `{word}`: {meaning}."))
    };
    choices.into_iter().flatten().filter_map(choice).collect()
}

/// What a value is if it is left out, where that is not nothing.
fn default(shape: &Value) -> String {
    match &shape["default"] {
        Value::Null => String::new(),
        Value::Object(empty) if empty.is_empty() => String::new(),
        Value::Array(empty) if empty.is_empty() => String::new(),
        value => format!(" `{value}` if left out."),
    }
}
