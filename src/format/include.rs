//! The files a scenario is made of: itself and what it includes.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::code::Code;
use super::encoding::{self, NotText};
use super::overlay::merge;
use super::source::{Finding, Notes, SourceMap, Span};
use super::template::Scope;
use super::tree::{self, Table, Value};
use crate::text::with_causes;
use crate::trust::{self, Opened};

/// The largest scenario file.
const MOST_TOML_BYTES: u64 = 1 << 20;
/// The most files one scenario is made of.
const MOST_FILES: usize = 100;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cannot read `{path}`")]
    Io { path: String, source: io::Error },
    #[error("`{path}` is not a file")]
    NotFile { path: String },
    #[error("`{path}` is larger than {most} bytes")]
    TooLarge { path: String, most: u64 },
    #[error("`{path}` is {what}")]
    NotText { path: String, what: NotText },
}

impl ReadError {
    /// What to do; paths start from `origin`.
    pub(crate) fn advice(&self, origin: &str) -> String {
        match self {
            Self::Io { .. } => format!("paths are relative to {origin}"),
            Self::NotFile { .. } => "name a file".to_owned(),
            Self::TooLarge { .. } => "split it".to_owned(),
            Self::NotText { what, .. } => what.advice().to_owned(),
        }
    }
}

/// Reads a file, and notes why root should not rely on it.
pub(crate) fn read_text(path: &Path, shown: &str, most: u64, notes: &Notes) -> Result<(PathBuf, String), ReadError> {
    let io = |source: io::Error| match source.kind() {
        io::ErrorKind::InvalidInput => ReadError::NotFile { path: shown.to_owned() },
        _ => ReadError::Io { path: shown.to_owned(), source },
    };
    let Opened { file, path, doubt } = trust::open(path).map_err(io)?;
    notes.doubt(doubt);
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(io)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(ReadError::TooLarge { path: shown.to_owned(), most });
    }
    let text = encoding::decode(bytes).map_err(|what| ReadError::NotText { path: shown.to_owned(), what })?;
    Ok((path, text))
}

/// The scenario's own file: its folder and its text.
pub(crate) fn read_root(path: &Path, sources: &mut SourceMap, notes: &Notes) -> Option<(PathBuf, String)> {
    let shown = path.display().to_string();
    match read_text(path, &shown, MOST_TOML_BYTES, notes) {
        Ok(found) => Some(found),
        Err(error) => {
            let base = sources.add(shown.clone(), "");
            let finding = Finding::new(Code::Unreadable, base..base, with_causes(&error));
            let help = path.symlink_metadata().is_err().then(|| "`runexp init` writes a first scenario".to_owned());
            notes.push(finding.maybe_help(help));
            None
        }
    }
}

/// Follows `include`, depth first.
pub(crate) struct Includer<'a> {
    /// No file outside this folder is read.
    pub(crate) top: &'a Path,
    /// Variables that win over those of the file being read: the overrides and
    /// those of the files that led here.
    pub(crate) vars: Table,
    pub(crate) sources: &'a mut SourceMap,
    pub(crate) notes: &'a Notes,
    /// From the scenario down to the file being read.
    pub(crate) open: Vec<PathBuf>,
    /// Every file read; one that is included twice is read once.
    pub(crate) done: Vec<PathBuf>,
    /// The variables that names of included files use.
    pub(crate) deciding: Vec<String>,
}

impl Includer<'_> {
    /// A file's table laid over everything it includes. `shown` is how the
    /// file is named to the user.
    pub(crate) fn expand(&mut self, mut table: Table, shown: &Path) -> Table {
        let Some(include) = table.shift_remove("include") else { return table };
        let mut vars = table.get("vars").and_then(|entry| entry.node.as_table()).cloned().unwrap_or_default();
        merge(&mut vars, self.vars.clone());
        let names = self.included_names(&include.node, &vars);
        let outer = std::mem::replace(&mut self.vars, vars);
        let mut merged = Table::new();
        for (name, span) in names {
            merge(&mut merged, self.include(&name, &span, shown).unwrap_or_default());
        }
        self.vars = outer;
        merge(&mut merged, table);
        merged
    }

    fn included_names(&mut self, include: &tree::Node, vars: &Table) -> Vec<(String, Span)> {
        // Variables are judged later, when all of them are known.
        let unjudged = Notes::default();
        // What is not TOML may have swallowed variables.
        let notes = if self.notes.is_clean() { self.notes } else { &unjudged };
        let scope = Scope::empty(&unjudged, self.sources).with_vars(vars).noting(notes);
        include.visit_texts(&mut |text, _| self.deciding.extend_from_slice(&scope.names_in(text)));
        let Some(rendered) = scope.render(include) else { return Vec::new() };
        let Value::List(names) = &rendered.value else {
            let message = format!("expected a list, found {}", rendered.describe());
            self.notes.push(Finding::new(Code::Value, include.span.clone(), message));
            return Vec::new();
        };
        let mut found = Vec::new();
        for name in names {
            if let Some(text) = name.as_text() {
                found.push((text.to_owned(), name.span.clone()));
            } else {
                let message = format!("expected a file name, found {}", name.describe());
                self.notes.push(Finding::new(Code::Value, name.span.clone(), message));
            }
        }
        found
    }

    fn include(&mut self, name: &str, span: &Span, includer: &Path) -> Option<Table> {
        let complain = |notes: &Notes, code, message: String, help: &str| {
            notes.push(Finding::new(code, span.clone(), message).help(help));
        };
        let shown = includer.with_file_name("").join(name);
        let path = match self.open.last()?.with_file_name("").join(name).canonicalize() {
            Ok(path) => path,
            Err(error) => {
                let message = format!("cannot read `{}`: {error}", shown.display());
                complain(self.notes, Code::Unreadable, message, "paths are relative to the including file");
                return None;
            }
        };
        if self.open.contains(&path) {
            let message = format!("`{}` includes itself", shown.display());
            complain(self.notes, Code::Include, message, "leave this include out");
            return None;
        }
        if !path.starts_with(self.top) {
            let message = format!("`{}` lies outside `{}`", shown.display(), self.top.display());
            complain(self.notes, Code::Include, message, "move it into the scenario's folder");
            return None;
        }
        if self.done.contains(&path) {
            return None;
        }
        if self.done.len() >= MOST_FILES {
            let message = format!("more than {MOST_FILES} files");
            complain(self.notes, Code::Include, message, "include fewer");
            return None;
        }
        self.read_included(path, &shown, span)
    }

    fn read_included(&mut self, path: PathBuf, shown: &Path, span: &Span) -> Option<Table> {
        let name = shown.display().to_string();
        let text = match read_text(&path, &name, MOST_TOML_BYTES, self.notes) {
            Ok((_, text)) => text,
            Err(error) => {
                let finding = Finding::new(Code::Unreadable, span.clone(), with_causes(&error));
                self.notes.push(finding.help(error.advice("the including file")));
                return None;
            }
        };
        self.done.push(path.clone());
        self.open.push(path);
        let table = tree::parse(&name, &text, self.sources, self.notes);
        let table = self.expand(table, shown);
        self.open.pop();
        Some(table)
    }
}
