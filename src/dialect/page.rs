//! HTML pages in the place of a reply, or in the middle of one.

use super::DecodeError;
use super::text::{MESSAGE_LIMIT, one_line};

/// So much of a page is kept until its title has come, in bytes.
const LIMIT: usize = 4 << 10;

/// A page that has begun in a stream. Its title, which says most, mostly
/// stands in a later line.
#[derive(Debug)]
pub(super) struct Page {
    at: u64,
    text: Vec<u8>,
}

impl Page {
    /// The page that begins with these bytes, `at` so many of the body.
    pub(super) fn new(text: &[u8], at: u64) -> Self {
        Self { at, text: text[..text.len().min(LIMIT)].to_vec() }
    }

    /// Takes one more line of it.
    pub(super) fn add(&mut self, line: &[u8]) {
        let room = LIMIT - self.text.len();
        self.text.extend_from_slice(&line[..line.len().min(room)]);
    }

    /// Whether no more of it is to be waited for.
    pub(super) fn is_told(&self) -> bool {
        let text = self.text.to_ascii_lowercase();
        let has = |tag: &[u8]| text.windows(tag.len()).any(|window| window == tag);
        self.text.len() >= LIMIT || has(b"</title>") || has(b"</head>") || has(b"<body")
    }

    /// What is wrong with a reply that should be this.
    pub(super) fn error(&self, expected: &'static str) -> DecodeError {
        DecodeError::Html { expected, at: self.at, title: title(&self.text) }
    }
}

/// Whether `body` is an HTML page.
pub(super) fn is_html(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    let begins = |tag: &[u8]| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    begins(b"<!doctype html") || begins(b"<html") || begins(b"<head")
}

/// The title of an HTML page.
pub(super) fn title(body: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(body);
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let inside = page.get(start..start + lower.get(start..)?.find("</title>")?)?;
    Some(one_line(inside, MESSAGE_LIMIT)).filter(|title| !title.is_empty())
}
