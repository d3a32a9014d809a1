//! Files that a scenario names by their paths.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::super::model::prompt::PromptTemplate;
use super::super::model::prompt_format::PromptFormat;
use crate::dialect::Dialect;
use crate::format::Span;

/// A file that a scenario names and that must be there.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) struct ReferencedFile {
    pub(in crate::scenario) path: PathBuf,
    pub(in crate::scenario) span: Span,
    pub(in crate::scenario) role: FileRole,
}

impl ReferencedFile {
    /// Its path as its author would write it.
    pub(in crate::scenario) fn shown(&self, dir: &Path) -> String {
        self.path.strip_prefix(dir).unwrap_or(&self.path).display().to_string()
    }
}

/// What a named file is for.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) enum FileRole {
    Prompts(PromptUse),
    Trace,
    Compose,
}

/// What becomes of the lines of a prompt file.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) struct PromptUse {
    /// What is said of each, and where that is written.
    pub(in crate::scenario) template: Option<(PromptTemplate, Span)>,
    /// Where it is said; empty as long as that is not known.
    pub(in crate::scenario) dialects: Vec<Dialect>,
    /// What it is declared to be.
    pub(in crate::scenario) format: Option<PromptFormat>,
    /// Whether each line must say how long its reply may be: the request does
    /// not.
    pub(in crate::scenario) needs_max_tokens: bool,
    /// Whether the file is the trace of its phase too.
    pub(in crate::scenario) follows_trace: bool,
}

/// The folder that relative paths start from, and the files that tables have
/// named so far: reading goes on while they are gathered.
#[derive(Debug)]
pub(in crate::scenario) struct Folder<'d> {
    dir: &'d Path,
    referenced: RefCell<Vec<ReferencedFile>>,
}

impl<'d> Folder<'d> {
    pub(in crate::scenario) fn new(dir: &'d Path) -> Self {
        Self { dir, referenced: RefCell::default() }
    }

    pub(in crate::scenario) const fn path(&self) -> &Path {
        self.dir
    }

    /// A path as it is meant: relative ones start here.
    pub(in crate::scenario) fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.join(path)
    }

    /// Notes a file that must be there, once.
    pub(in crate::scenario) fn refer_to(&self, file: ReferencedFile) {
        let mut referenced = self.referenced.borrow_mut();
        if !referenced.contains(&file) {
            referenced.push(file);
        }
    }

    pub(in crate::scenario) fn into_referenced(self) -> Vec<ReferencedFile> {
        self.referenced.into_inner()
    }
}
