use std::error::Error;

/// An error and its causes, each once: `a: b: c`. No error's own text holds that
/// of its source, but foreign ones may.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        let words = words.trim_end();
        if !text.ends_with(words) {
            text.push_str(": ");
            text.push_str(words);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::with_causes;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Self>>,
    }

    fn layers(texts: &[&'static str]) -> Option<Box<Layer>> {
        let (text, rest) = texts.split_first()?;
        Some(Box::new(Layer { text, source: layers(rest) }))
    }

    #[test]
    fn every_cause_is_told_once_whether_or_not_an_error_repeats_its_own() {
        let said = [&["a"][..], &["a", "b", "c"], &["a: b: c", "b: c", "c"], &["a: b", "b", "c"]];
        assert_eq!(said.map(|texts| with_causes(&*layers(texts).unwrap())), ["a", "a: b: c", "a: b: c", "a: b: c"]);
        assert_eq!(with_causes(&io::Error::other(layers(&["a", "b"]).unwrap())), "a: b");
    }
}
