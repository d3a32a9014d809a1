//! Where text came from: every file and every `--set` has a stretch of one
//! common numbering, so that a span finds its file after files are merged.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{Code, Problem, Problems};
use super::prompt::PromptTemplate;
use super::prompt_format::PromptFormat;
use crate::dialect::Dialect;
use crate::text::mask_user_info;
use crate::trust::Distrust;

/// Bytes in the common numbering.
pub(super) type Span = Range<usize>;

#[derive(Clone, Debug)]
struct Source {
    name: String,
    text: Arc<str>,
    base: usize,
}

/// The texts a scenario was read from.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// Takes a text in; what comes back is where its numbering starts. It is
    /// kept to be shown, so without the passwords in its URLs.
    pub(super) fn add(&mut self, name: impl Into<String>, text: &str) -> usize {
        let base = self.sources.last().map_or(0, |last| last.base + last.text.len() + 1);
        self.sources.push(Source { name: name.into(), text: Arc::from(mask_user_info(text)), base });
        base
    }

    /// The text of a span.
    pub(super) fn text(&self, span: &Span) -> &str {
        self.locate(span).and_then(|(source, local)| source.text.get(local)).unwrap_or_default()
    }

    /// Whether a span lies in the text taken in first.
    pub(super) fn is_first(&self, span: &Span) -> bool {
        self.locate(span).is_some_and(|(source, _)| source.base == 0)
    }

    fn locate(&self, span: &Span) -> Option<(&Source, Span)> {
        let source = self.sources.iter().rev().find(|source| source.base <= span.start)?;
        let clamp = |offset: usize| floor_char_boundary(&source.text, offset.saturating_sub(source.base));
        Some((source, clamp(span.start)..clamp(span.end.max(span.start))))
    }
}

fn floor_char_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// A problem before its file is looked up.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    code: Code,
    span: Span,
    message: String,
    label: Option<String>,
    help: Option<String>,
}

impl Finding {
    pub(super) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), label: None, help: None }
    }

    /// Counted from elsewhere.
    pub(super) fn moved(self, base: usize) -> Self {
        Self { span: base + self.span.start..base + self.span.end, ..self }
    }

    pub(super) fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// With advice if there is any.
    pub(super) fn maybe_help(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }

    fn locate(&self, sources: &SourceMap) -> Problem {
        let empty = Source { name: String::new(), text: Arc::from(""), base: 0 };
        let (source, span) = sources.locate(&self.span).unwrap_or((&empty, 0..0));
        let before = source.text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Problem {
            code: self.code,
            message: self.message.clone(),
            file: source.name.clone(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            span,
            label: self.label.clone(),
            help: self.help.clone(),
            source: Arc::clone(&source.text),
        }
    }
}

/// A file that a scenario names and that must be there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WantedFile {
    pub(super) path: PathBuf,
    pub(super) span: Span,
    pub(super) role: FileRole,
}

impl WantedFile {
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

/// What is noticed while reading. Reading goes on after a problem, so that all
/// of them are found; hence a collection that everyone may add to.
#[derive(Debug, Default)]
pub(super) struct Notes {
    findings: RefCell<Vec<Finding>>,
    files: RefCell<Vec<WantedFile>>,
    doubts: RefCell<Vec<Distrust>>,
}

impl Notes {
    pub(super) fn push(&self, finding: Finding) {
        self.findings.borrow_mut().push(finding);
    }

    pub(super) fn want(&self, file: WantedFile) {
        let mut files = self.files.borrow_mut();
        if !files.contains(&file) {
            files.push(file);
        }
    }

    /// Notes why root should not rely on a file that was read.
    pub(super) fn doubt(&self, doubt: Option<Distrust>) {
        self.doubts.borrow_mut().extend(doubt);
    }

    pub(super) fn doubts(&self) -> Vec<Distrust> {
        self.doubts.borrow().clone()
    }

    pub(super) fn wanted_files(&self) -> Vec<WantedFile> {
        self.files.borrow().clone()
    }

    /// Takes back what was found of one kind.
    pub(super) fn forget(&self, code: Code) {
        self.findings.borrow_mut().retain(|finding| finding.code != code);
    }

    pub(super) fn is_clean(&self) -> bool {
        self.findings.borrow().is_empty()
    }

    /// `value` if nothing was found, else everything that was.
    pub(super) fn settle<T>(self, value: T, sources: &SourceMap) -> Result<T, Problems> {
        if self.is_clean() { Ok(value) } else { self.refuse(sources) }
    }

    /// Everything that was found, as the error it is.
    pub(super) fn refuse<T>(self, sources: &SourceMap) -> Result<T, Problems> {
        Err(self.problems(sources))
    }

    /// Everything that was found, sorted by place, and once only where several
    /// treatments stumble over the same.
    pub(super) fn problems(self, sources: &SourceMap) -> Problems {
        let mut findings = self.findings.into_inner();
        let mut seen = HashSet::new();
        findings.retain(|finding| seen.insert((finding.span.clone(), finding.message.clone())));
        findings.sort_by_key(|finding| (finding.span.start, finding.span.end));
        Problems(findings.iter().map(|finding| finding.locate(sources)).collect())
    }
}
