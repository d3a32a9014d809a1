use super::args::ExplainArguments;
use super::exit::{DONE, Failure, print};
use crate::handbook;

/// Prints the page of a word, or all words that have one.
pub(super) fn explain(arguments: &ExplainArguments) -> Result<u8, Failure> {
    let text = match &arguments.word {
        Some(word) => handbook::explain(word)?,
        None => handbook::contents(),
    };
    print(text.trim_end());
    Ok(DONE)
}
