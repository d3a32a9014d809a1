use super::args::ExplainArguments;
use super::exit::{DONE, Failure, print};
use crate::scenario;

/// Prints the page of a word, or all words that have one.
pub(super) fn explain(arguments: &ExplainArguments) -> Result<u8, Failure> {
    match &arguments.word {
        Some(word) => print(scenario::explain(word)?.trim_end()),
        None => print(scenario::contents().trim_end()),
    }
    Ok(DONE)
}
