use super::args::ExplainArguments;
use super::exit::{DONE, Failure, print};
use crate::{scenario, summary};

/// Prints the page of a word, or all words that have one.
pub(super) fn explain(arguments: &ExplainArguments) -> Result<u8, Failure> {
    if let Some(word) = &arguments.word {
        let others: Vec<&str> = words().map(|(word, _)| word).collect();
        // A rule and an outcome may share a word.
        let pages = [summary::explain_rule(word), summary::explain_outcome(word), summary::explain_estimator(word)];
        let pages: Vec<String> = pages.into_iter().flatten().collect();
        let page = if pages.is_empty() { scenario::explain(word, &others)? } else { pages.join("\n") };
        print(page.trim_end());
    } else {
        let rules = words().map(|(word, line)| format!("{word:<22}{line}\n"));
        print(scenario::contents() + rules.collect::<String>().trim_end());
    }
    Ok(DONE)
}

/// Every word of a summary that has a page, and how that begins.
fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    summary::rule_words().chain(summary::outcome_words()).chain(summary::estimator_words())
}
