//! One file per template engine. Both offer the same filters (helpers):
//! `cell`, `fixed`, `percent`, `si`, `figure` to look up a metric, and `notes`
//! for the reasons that the short figures of a table refer to.

pub(super) mod handlebars;
pub(super) mod minijinja;

use serde_json::Value as Json;

use super::text;

/// Why a figure is missing that a template names.
const NO_CELL: &str = "no such cell";
const NO_METRIC: &str = "no such metric";

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

/// The notes of these metrics (ids with blanks between them) in these cells, or
/// in the cells of these options; each once, in the order of their numbers.
/// `None` if `rows` is no list.
fn notes(rows: &Json, ids: &str) -> Option<Vec<Json>> {
    let figures = rows.as_array()?.iter().filter_map(|row| row.get("figures").or_else(|| row.pointer("/row/figures")));
    let mut notes: Vec<Json> = figures
        .flat_map(|figures| ids.split_whitespace().filter_map(|id| figures.get(id)?.get("note").cloned()))
        .filter(Json::is_object)
        .collect();
    notes.sort_by_key(|note| note.get("number").and_then(Json::as_u64));
    notes.dedup();
    Some(notes)
}
