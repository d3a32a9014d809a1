//! Where text came from: every file and every `--set` has a stretch of one
//! common numbering, so that a span finds its file after files are merged.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::code::Code;
use super::diagnostic::{Problem, Problems};
use crate::text::mask_user_info;
use crate::trust::Distrust;

/// Bytes in the common numbering.
pub(crate) type Span = Range<usize>;

#[derive(Clone, Debug)]
struct Source {
    name: String,
    text: Arc<str>,
    base: usize,
}

/// The texts that tables were read from.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// Takes a text in; what comes back is where its numbering starts. It is
    /// kept to be shown, so without the passwords in its URLs.
    pub(crate) fn add(&mut self, name: impl Into<String>, text: &str) -> usize {
        let base = self.sources.last().map_or(0, |last| last.base + last.text.len() + 1);
        self.sources.push(Source { name: name.into(), text: Arc::from(mask_user_info(text)), base });
        base
    }

    /// The text of a span.
    pub(crate) fn text(&self, span: &Span) -> &str {
        self.locate(span).and_then(|(source, local)| source.text.get(local)).unwrap_or_default()
    }

    /// Whether a span lies in the text taken in first.
    pub(crate) fn is_first(&self, span: &Span) -> bool {
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
pub(crate) struct Finding {
    code: Code,
    span: Span,
    message: String,
    label: Option<String>,
    help: Option<String>,
}

impl Finding {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), label: None, help: None }
    }

    /// Counted from elsewhere.
    pub(crate) fn moved(self, base: usize) -> Self {
        Self { span: base + self.span.start..base + self.span.end, ..self }
    }

    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// With advice if there is any.
    pub(crate) fn maybe_help(self, help: Option<String>) -> Self {
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

/// What is noticed while reading. Reading goes on after a problem, so that all
/// of them are found; hence a collection that everyone may add to.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    findings: RefCell<Vec<Finding>>,
    doubts: RefCell<Vec<Distrust>>,
}

impl Notes {
    pub(crate) fn push(&self, finding: Finding) {
        self.findings.borrow_mut().push(finding);
    }

    /// Notes why root should not rely on a file that was read.
    pub(crate) fn doubt(&self, doubt: Option<Distrust>) {
        self.doubts.borrow_mut().extend(doubt);
    }

    pub(crate) fn doubts(&self) -> Vec<Distrust> {
        self.doubts.borrow().clone()
    }

    /// Takes back what was found of one kind.
    pub(crate) fn forget(&self, code: Code) {
        self.findings.borrow_mut().retain(|finding| finding.code != code);
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.findings.borrow().is_empty()
    }

    /// `value` if nothing was found, else everything that was.
    pub(crate) fn settle<T>(self, value: T, sources: &SourceMap) -> Result<T, Problems> {
        if self.is_clean() { Ok(value) } else { self.refuse(sources) }
    }

    /// Everything that was found, as the error it is.
    pub(crate) fn refuse<T>(self, sources: &SourceMap) -> Result<T, Problems> {
        Err(self.problems(sources))
    }

    /// Everything that was found, sorted by place, and once only where several
    /// treatments stumble over the same.
    pub(crate) fn problems(self, sources: &SourceMap) -> Problems {
        let mut findings = self.findings.into_inner();
        let mut seen = HashSet::new();
        findings.retain(|finding| seen.insert((finding.span.clone(), finding.message.clone())));
        findings.sort_by_key(|finding| (finding.span.start, finding.span.end));
        Problems(findings.iter().map(|finding| finding.locate(sources)).collect())
    }
}
