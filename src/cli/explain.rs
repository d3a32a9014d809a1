use super::args::ExplainArguments;
use super::exit::{DONE, Failure, print};
use crate::{scenario, summary};

/// Prints the page of a word, or all words that have one.
pub(super) fn explain(arguments: &ExplainArguments) -> Result<u8, Failure> {
    if let Some(word) = &arguments.word {
        let rules: Vec<&str> = summary::rule_words().map(|(word, _)| word).collect();
        let page = summary::explain_rule(word).map_or_else(|| scenario::explain(word, &rules), Ok)?;
        print(page.trim_end());
    } else {
        let rules = summary::rule_words().map(|(word, line)| format!("{word:<18}{line}\n"));
        print(scenario::contents() + rules.collect::<String>().trim_end());
    }
    Ok(DONE)
}
