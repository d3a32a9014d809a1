//! Server-sent events, as far as model servers use them.
//!
//! Follows the WHATWG HTML standard, section 9.2.6 "Interpreting an event
//! stream", with these exceptions. The last event counts even if the blank line
//! after it is missing. A line that starts with `{` or `[`, which no field
//! does, begins plain JSON: some servers answer a request for a stream with
//! one JSON body, or break into a stream with a JSON error. An event whose name
//! says that it is an error is one, whatever it holds, even if that is a
//! comment, and so is a field of that name. And a line that is no field at all is told, not passed over.

use memchr::memchr2;

use super::DecodeError;
use super::braces::Braces;
use super::lines::{Buffer, LINE_LIMIT, Lines};

/// The most of a comment that is kept, in bytes.
const COMMENT_LIMIT: usize = 1200;

/// What a stream is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// The data of an event.
    Data(&'a [u8]),
    /// JSON that stands by itself.
    Plain(&'a [u8]),
    /// The data, or else the comment, of an event that is named an error.
    Error(&'a [u8]),
    /// A line that has no place in a stream.
    Foreign(&'a [u8]),
}

/// What takes the frames, each with its place in the body.
pub(super) trait OnFrame: FnMut(Frame<'_>, u64) -> Result<(), DecodeError> {}

impl<F: FnMut(Frame<'_>, u64) -> Result<(), DecodeError>> OnFrame for F {}

/// Collects what events hold; ids and times to retry are passed over.
#[derive(Debug)]
pub(super) struct EventStream {
    lines: Lines,
    event: PendingEvent,
}

impl EventStream {
    /// A stream that has seen nothing.
    pub(super) const fn new() -> Self {
        Self { lines: Lines::new(), event: PendingEvent::new() }
    }

    /// Whether the next byte begins an event, whatever it is.
    pub(super) const fn is_between(&self) -> bool {
        self.lines.is_between() && self.event.is_empty()
    }

    /// Steps over so many bytes, which are whole events.
    pub(super) const fn skip(&mut self, length: usize) {
        self.lines.skip(length);
    }

    /// Gives every frame that `bytes` completes to `on_frame`.
    pub(super) fn push(&mut self, mut bytes: &[u8], on_frame: &mut impl OnFrame) -> Result<(), DecodeError> {
        let is_between = self.is_between();
        let Self { lines, event } = self;
        if is_between {
            while let Some((data, rest)) = whole_event(bytes) {
                let at = lines.start() + DATA.len() as u64;
                lines.skip(bytes.len() - rest.len());
                on_frame(Frame::Data(data), at)?;
                bytes = rest;
            }
        }
        lines.push(bytes, &mut |line, at| event.line(line, at, on_frame))
    }

    /// Gives a last, unended event to `on_frame`.
    pub(super) fn finish(self, on_frame: &mut impl OnFrame) -> Result<(), DecodeError> {
        let Self { lines, mut event } = self;
        lines.finish(&mut |line, at| event.line(line, at, on_frame))?;
        event.end(on_frame)
    }
}

/// An event whose blank line has not come yet.
#[derive(Debug)]
struct PendingEvent {
    data: Buffer,
    /// Where the data begins.
    at: u64,
    name: Name,
    comment: Buffer,
    /// Where the comment begins.
    comment_at: u64,
    /// Set while JSON that stands by itself is open.
    plain: Option<Braces>,
}

/// What the name of an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    /// There is none, or one that says nothing of interest.
    Any,
    /// It is an error.
    Error,
    /// It is nothing but a sign of life.
    Ping,
}

impl Name {
    fn of(name: &[u8]) -> Self {
        let name = name.to_ascii_lowercase();
        let has = |word: &[u8]| name.windows(word.len()).any(|window| window == word);
        match &*name {
            b"ping" | b"keepalive" | b"keep-alive" | b"keep_alive" | b"heartbeat" => Self::Ping,
            _ if has(b"error") || has(b"exception") => Self::Error,
            _ => Self::Any,
        }
    }
}

impl PendingEvent {
    const fn new() -> Self {
        Self {
            data: Buffer::new(LINE_LIMIT),
            at: 0,
            name: Name::Any,
            comment: Buffer::new(COMMENT_LIMIT),
            comment_at: 0,
            plain: None,
        }
    }

    const fn is_empty(&self) -> bool {
        self.data.is_empty() && matches!(self.name, Name::Any) && self.comment.is_empty() && self.plain.is_none()
    }

    fn line(&mut self, line: &[u8], at: u64, on_frame: &mut impl OnFrame) -> Result<(), DecodeError> {
        if self.plain.is_some() {
            let has_ended = line.is_empty() || line.starts_with(b"data:") || line.starts_with(b"event:");
            if !has_ended {
                return self.plain(line, at, on_frame);
            }
            self.end(on_frame)?;
        }
        if line.is_empty() {
            return self.end(on_frame);
        }
        let (field, value) = field(line);
        match field {
            b"data" => self.data(value, at + (line.len() - value.len()) as u64),
            b"event" => {
                self.name = Name::of(value);
                Ok(())
            }
            b"id" | b"retry" => Ok(()),
            // No field of the standard; llama.cpp gave its errors so.
            b"error" if !value.is_empty() => on_frame(Frame::Error(value), at + (line.len() - value.len()) as u64),
            b"" => self.comment(value, at + (line.len() - value.len()) as u64),
            _ if line.starts_with(b"{") || line.starts_with(b"[") => {
                if self.data.is_empty() && self.name == Name::Any {
                    self.plain = Some(Braces::default());
                    return self.plain(line, at, on_frame);
                }
                self.data(line, at)
            }
            // A field that was cut off at the end of the body.
            _ if FIELDS.iter().any(|name| name.starts_with(line)) => Ok(()),
            _ => on_frame(Frame::Foreign(line), at),
        }
    }

    fn data(&mut self, value: &[u8], at: u64) -> Result<(), DecodeError> {
        if self.data.is_empty() {
            self.at = at;
        } else {
            self.data.extend(b"\n")?;
        }
        self.data.extend(value)
    }

    fn comment(&mut self, value: &[u8], at: u64) -> Result<(), DecodeError> {
        self.comment.drain(|_| ());
        self.comment_at = at;
        self.comment.extend(&value[..value.len().min(COMMENT_LIMIT)])
    }

    /// One more line of JSON that stands by itself; it ends where its braces do.
    fn plain(&mut self, line: &[u8], at: u64, on_frame: &mut impl OnFrame) -> Result<(), DecodeError> {
        let is_closed = self.plain.as_mut().is_none_or(|braces| braces.close_with(line));
        if is_closed && self.data.is_empty() {
            self.plain = None;
            return on_frame(Frame::Plain(line), at);
        }
        self.data(line, at)?;
        if is_closed { self.end(on_frame) } else { Ok(()) }
    }

    fn end(&mut self, on_frame: &mut impl OnFrame) -> Result<(), DecodeError> {
        let (name, is_plain) = (std::mem::replace(&mut self.name, Name::Any), self.plain.take().is_some());
        let Self { data, at, comment, comment_at, .. } = self;
        let read = match name {
            Name::Error if data.is_empty() => comment.drain(|text| on_frame(Frame::Error(text), *comment_at)),
            Name::Error => data.drain(|text| on_frame(Frame::Error(text), *at)),
            Name::Any if !data.is_empty() => {
                data.drain(|json| on_frame(if is_plain { Frame::Plain(json) } else { Frame::Data(json) }, *at))
            }
            Name::Any | Name::Ping => Ok(()),
        };
        data.drain(|_| ());
        comment.drain(|_| ());
        read
    }
}

const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];
const DATA: &[u8] = b"data: ";

/// The data of an event that is one line, if `bytes` begins with such a one
/// and its blank line, and what follows: most events, and without a copy.
fn whole_event(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at_checked(memchr2(b'\n', b'\r', bytes)?)?;
    let data = line.strip_prefix(DATA).filter(|data| !data.is_empty() && line.len() <= LINE_LIMIT)?;
    Some((data, rest.strip_prefix(b"\n\n")?))
}

/// A line's field and value; the field of a comment is empty, and a line
/// without a colon is a field without a value.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', line) else { return (line, b"") };
    let (field, value) = (&line[..colon], &line[colon + 1..]);
    (field, value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests;
