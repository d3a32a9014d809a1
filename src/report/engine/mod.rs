//! One file per template engine. Both offer the same filters (helpers):
//! `cell`, `fixed`, `percent`, `si`, and `figure` to look up a metric.

pub(super) mod handlebars;
pub(super) mod minijinja;

use super::text;

/// What can read a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// `.j2`
    Minijinja,
    /// `.hbs`
    Handlebars,
}

/// What the document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Markup {
    Html,
    Markdown,
}

impl Markup {
    fn of(document: &str) -> Self {
        let is_html = [".html", ".htm"].iter().any(|suffix| document.to_ascii_lowercase().ends_with(suffix));
        if is_html { Self::Html } else { Self::Markdown }
    }

    /// The `cell` filter: HTML is escaped by the engine, Markdown is not.
    fn cell(self, text: &str) -> String {
        match self {
            Self::Html => text::line(text),
            Self::Markdown => text::markdown(text),
        }
    }
}
