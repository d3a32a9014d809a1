//! Files that a scenario names by their paths.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::prompt::PromptTemplate;
use super::prompt_format::PromptFormat;
use crate::dialect::Dialect;
use crate::format::Span;

/// A file that a scenario names and that must be there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReferencedFile {
    pub(super) path: PathBuf,
    pub(super) span: Span,
    pub(super) role: FileRole,
}

impl ReferencedFile {
    /// Its path as its author would write it.
    pub(super) fn shown(&self, dir: &Path) -> String {
        self.path.strip_prefix(dir).unwrap_or(&self.path).display().to_string()
    }
}

/// What a named file is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FileRole {
    Prompts(PromptUse),
    Trace,
    Compose,
}

/// What becomes of the lines of a prompt file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PromptUse {
    /// What is said of each, and where that is written.
    pub(super) template: Option<(PromptTemplate, Span)>,
    /// Where it is said; empty as long as that is not known.
    pub(super) dialects: Vec<Dialect>,
    /// What it is declared to be.
    pub(super) format: Option<PromptFormat>,
    /// Whether each line must say how long its reply may be: the request does
    /// not.
    pub(super) needs_max_tokens: bool,
    /// Whether the file is the trace of its phase too.
    pub(super) follows_trace: bool,
}

/// The folder that relative paths start from, and the files that tables have
/// named so far: reading goes on while they are gathered.
#[derive(Debug)]
pub(super) struct Folder<'d> {
    dir: &'d Path,
    referenced: RefCell<Vec<ReferencedFile>>,
}

impl<'d> Folder<'d> {
    pub(super) fn new(dir: &'d Path) -> Self {
        Self { dir, referenced: RefCell::default() }
    }

    pub(super) const fn path(&self) -> &Path {
        self.dir
    }

    /// A path as it is meant: relative ones start here.
    pub(super) fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.join(path)
    }

    /// Notes a file that must be there, once.
    pub(super) fn refer_to(&self, file: ReferencedFile) {
        let mut referenced = self.referenced.borrow_mut();
        if !referenced.contains(&file) {
            referenced.push(file);
        }
    }

    pub(super) fn into_referenced(self) -> Vec<ReferencedFile> {
        self.referenced.into_inner()
    }
}
