//! Problems as a person reads them: file, line, column, a caret and advice.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

/// The kinds of problem a scenario can have. A number never changes its
/// meaning; new kinds are put at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// E001: a file cannot be read, is too large, or is not UTF-8.
    Unreadable,
    /// E002: a file is not TOML.
    Syntax,
    /// E003: an `include` goes round in a loop or leaves the scenario's folder.
    Include,
    /// E004: the file's format version is not one this program knows.
    Schema,
    /// E005: a key that means nothing where it stands.
    UnknownKey,
    /// E006: a key that must be there is not.
    MissingKey,
    /// E007: a value of the wrong type, or one that cannot be understood.
    Value,
    /// E008: a number, or an amount of something, outside its bounds.
    Bounds,
    /// E009: keys that exclude each other, or one of several that must be given.
    Choice,
    /// E010: two things with one name.
    Duplicate,
    /// E011: a template uses a name that is not defined.
    UndefinedName,
    /// E012: a template cannot be parsed or computed.
    Template,
    /// E013: a server, factor, level, metric or profile that does not exist.
    UnknownReference,
    /// E014: a factor that changes nothing.
    UnusedFactor,
    /// E015: a `--set` or a profile that addresses nothing.
    Override,
    /// E016: a prompt file with a line that is no prompt.
    Prompts,
    /// E017: more server instances than ports.
    Ports,
}

impl Code {
    /// `E001` and so on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "E001",
            Self::Syntax => "E002",
            Self::Include => "E003",
            Self::Schema => "E004",
            Self::UnknownKey => "E005",
            Self::MissingKey => "E006",
            Self::Value => "E007",
            Self::Bounds => "E008",
            Self::Choice => "E009",
            Self::Duplicate => "E010",
            Self::UndefinedName => "E011",
            Self::Template => "E012",
            Self::UnknownReference => "E013",
            Self::UnusedFactor => "E014",
            Self::Override => "E015",
            Self::Prompts => "E016",
            Self::Ports => "E017",
        }
    }
}

/// One thing that is wrong with a scenario, and where.
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
    pub(super) source: Arc<str>,
}

/// Everything that is wrong with a scenario, in the order of files and lines.
/// Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub(super) Vec<Problem>);

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

    /// All of them as `rustc` would show them, a blank line between.
    pub fn render(&self, color: Color) -> String {
        let renderer = match color {
            Color::Plain => Renderer::plain(),
            Color::Ansi => Renderer::styled(),
        };
        let shown: Vec<String> = self.iter().map(|problem| problem.render(&renderer)).collect();
        shown.join("\n\n")
    }
}

impl Problem {
    fn render(&self, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(self.message.as_str()).id(self.code.as_str());
        let group = if self.source.is_empty() {
            title.element(Origin::path(self.file.as_str()))
        } else {
            let caret = AnnotationKind::Primary.span(self.span.clone()).label(self.label.as_deref());
            title.element(Snippet::source(&*self.source).path(self.file.as_str()).annotation(caret))
        };
        match &self.help {
            Some(help) => renderer.render(&[group.element(Level::HELP.message(help.as_str()))]),
            None => renderer.render(&[group]),
        }
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
