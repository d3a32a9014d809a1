//! Problems as a person reads them: file, line, column, a caret and advice.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use indexmap::IndexMap;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::code::{Code, Severity};
use crate::text::on_screen;

/// One thing that is wrong with a scenario, and where.
///
/// As JSON it is an object of `code`, `severity` (`"error"` or `"warning"`),
/// `message`, `file`, `span` (an object of `start` and `end`, in bytes of the
/// file), `line`, `column`, `label` and `help`; the last two may be `null`.
/// Keys may be added, none changes its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub code: Code,
    /// What is wrong, in a lower-case fragment.
    pub message: String,
    /// The file as the user named it, or `--set #1`.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Bytes of the file.
    pub span: Range<usize>,
    /// A few words beside the caret.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// The whole text of the file, to show the line.
    pub(crate) source: Arc<str>,
}

/// Everything that is wrong with a scenario, in the order of files and lines.
/// As an error it is never empty; as the warnings of a scenario it may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(pub(crate) Vec<Problem>);

/// So many problems that say the same are shown to a person.
const ALIKE_SHOWN: usize = 3;

/// Whether text for a person is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Text only.
    Plain,
    /// ANSI escapes.
    Ansi,
}

impl Problems {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As `rustc` would show them, a blank line between. Of those that say the
    /// same of many places the first few are shown, and how many there are.
    pub fn render(&self, color: Color) -> String {
        let renderer = match color {
            Color::Plain => Renderer::plain(),
            Color::Ansi => Renderer::styled(),
        };
        let mut alike: IndexMap<(Code, &str), usize> = IndexMap::new();
        let mut shown: Vec<String> = Vec::new();
        for problem in &self.0 {
            let count = alike.entry((problem.code, &problem.message)).or_default();
            *count += 1;
            if *count <= ALIKE_SHOWN {
                shown.push(problem.render(&renderer));
            }
        }
        let many = alike.into_iter().filter(|(_, count)| *count > ALIKE_SHOWN);
        shown.extend(many.map(|((_, message), count)| format!("… and {} more: {message}", count - ALIKE_SHOWN)));
        shown.join("\n\n")
    }
}

impl Problem {
    /// Whether it keeps the scenario from being run.
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        // The renderer itself makes titles and lines fit for a terminal.
        let (file, label) = (on_screen(&self.file), self.label.as_deref().map(on_screen));
        let title = level.primary_title(self.message.as_str()).id(self.code.as_str());
        let group = if self.source.is_empty() {
            title.element(Origin::path(&*file))
        } else {
            let caret = AnnotationKind::Primary.span(self.span.clone()).label(label.as_deref());
            title.element(Snippet::source(&*self.source).path(&*file).annotation(caret))
        };
        match &self.help {
            Some(help) => renderer.render(&[group.element(Level::HELP.message(help.as_str()))]),
            None => renderer.render(&[group]),
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { code, message, file, line, column, span, label, help, source: _ } = self;
        let mut object = serializer.serialize_struct("Problem", 9)?;
        object.serialize_field("code", code.as_str())?;
        object.serialize_field("severity", &self.severity())?;
        object.serialize_field("message", message)?;
        object.serialize_field("file", file)?;
        object.serialize_field("span", span)?;
        object.serialize_field("line", line)?;
        object.serialize_field("column", column)?;
        object.serialize_field("label", label)?;
        object.serialize_field("help", help)?;
        object.end()
    }
}

/// `file:line:column: message`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// As [`Problems::render`] without colour.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Color::Plain))
    }
}

impl std::error::Error for Problems {}
