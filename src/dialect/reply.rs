use serde::de::IgnoredAny;

use super::complaint::complaint;
use super::decoder::{Framing, Progress, Protocol, later};
use super::lines::Lines;
use super::mend::mend;
use super::page::{Page, is_html};
use super::parts::Parts;
use super::sse::{EventStream, Frame};
use super::stray::{Spoils, Stray};
use super::text::{MESSAGE_LIMIT, excerpt, offset, shown, surroundings, word};
use super::token_fast_path::{self, TokenFastPath};
use super::{DecodeError, Event};

/// What has been read of a reply.
#[derive(Debug)]
pub(super) struct Reply {
    protocol: Protocol,
    /// Its last token.
    pub(super) fast_path: TokenFastPath,
    /// Why it ends, once the server has said so.
    finish: Option<String>,
    /// Whether it is done or has failed.
    pub(super) ended: bool,
    /// Its choices, one bit each.
    pub(super) begun: u64,
    /// Those that have ended.
    finished: u64,
    pub(super) parts: Parts,
    /// The first that was no part of the API.
    stray: Option<Stray>,
    /// An HTML page that it broke into, whose title has not come yet.
    page: Option<Page>,
}

impl Reply {
    pub(super) const fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            fast_path: TokenFastPath::new(),
            finish: None,
            ended: false,
            begun: 0,
            finished: 0,
            parts: Parts::None,
            stray: None,
            page: None,
        }
    }

    /// Takes one frame of a stream of events, which begins `at` so many bytes.
    pub(super) fn frame(
        &mut self,
        frame: Frame<'_>,
        at: u64,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), DecodeError> {
        let (json, is_plain) = match frame {
            Frame::Data(json) => (json, false),
            Frame::Plain(json) => (json, true),
            Frame::Error(_) | Frame::Foreign(_) => return self.trouble(frame, at, sink),
        };
        self.read(json, at, is_plain, sink).or_else(|error| self.misread(json, at, &error))
    }

    /// The same of the last one, which may be cut off.
    pub(super) fn last_frame(
        &mut self,
        frame: Frame<'_>,
        at: u64,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), DecodeError> {
        match frame {
            Frame::Data(json) => self.last(json, at, false, sink),
            Frame::Plain(json) => self.last(json, at, true, sink),
            Frame::Error(_) | Frame::Foreign(_) => self.trouble(frame, at, sink),
        }
    }

    /// Takes one JSON object that is a line.
    pub(super) fn object(&mut self, json: &[u8], at: u64, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), DecodeError> {
        self.read(json, at, false, sink).or_else(|error| self.misread(json, at, &error))
    }

    /// The same of the last one, which may be cut off.
    pub(super) fn last_object(
        &mut self,
        json: &[u8],
        at: u64,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), DecodeError> {
        self.last(json, at, false, sink)
    }

    /// Takes a body that was not asked for as a stream, be it one all the same.
    pub(super) fn whole(
        &mut self,
        body: &[u8],
        framing: Framing,
        before: u64,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), DecodeError> {
        match framing {
            Framing::Events if [&b"data:"[..], b"event:", b":"].iter().any(|start| body.starts_with(start)) => {
                let mut events = EventStream::new();
                events.push(body, &mut |frame: Frame<'_>, at| self.frame(frame, before + at, sink))?;
                events.finish(&mut |frame: Frame<'_>, at| self.last_frame(frame, before + at, sink))
            }
            Framing::Lines if serde_json::from_slice::<IgnoredAny>(body).is_err_and(|error| error.is_syntax()) => {
                let mut lines = Lines::new();
                lines.push(body, &mut |line, at| self.object(line, before + at, sink))?;
                lines.finish(&mut |line, at| self.last_object(line, before + at, sink))
            }
            Framing::Events | Framing::Lines => self.last(body, before, true, sink),
        }
    }

    fn trouble(&mut self, frame: Frame<'_>, at: u64, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), DecodeError> {
        match frame {
            Frame::Error(text) if !self.ended => {
                self.ended = true;
                let message = complaint(text).unwrap_or_else(|| shown(text, MESSAGE_LIMIT));
                let unsaid = "an event that is named an error and says nothing".to_owned();
                sink(Event::Error { message: if message.is_empty() { unsaid } else { message } });
            }
            Frame::Foreign(line) if !self.ended => {
                if self.page.is_some() || is_html(line) {
                    return self.page_line(line, at);
                }
                sink(Event::PassedOver { field: "line" });
                let expected = self.protocol.name;
                Stray::note(&mut self.stray, Spoils::All, |reason| malformed(expected, reason, line, at));
            }
            Frame::Error(_) | Frame::Foreign(_) | Frame::Data(_) | Frame::Plain(_) => {}
        }
        Ok(())
    }

    /// Takes one more line of an HTML page, or its first.
    fn page_line(&mut self, line: &[u8], at: u64) -> Result<(), DecodeError> {
        match &mut self.page {
            Some(page) => page.add(line),
            None => self.page = Some(Page::new(line, at)),
        }
        let told = self.page.take_if(|page| page.is_told());
        told.map_or(Ok(()), |page| Err(page.error(self.protocol.name)))
    }

    fn last(
        &mut self,
        json: &[u8],
        at: u64,
        is_plain: bool,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), DecodeError> {
        match self.read(json, at, is_plain, sink) {
            Err(error) if !error.is_eof() => self.misread(json, at, &error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn read(
        &mut self,
        json: &[u8],
        at: u64,
        is_plain: bool,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> serde_json::Result<()> {
        let json = json.trim_ascii();
        if self.ended || json.is_empty() {
            return Ok(());
        }
        if let Some(token) = self.fast_path.token(json) {
            self.parts.repeat();
            sink(token);
            return Ok(());
        }
        if json.starts_with(b"[") && !b"[DONE]".starts_with(json) {
            return self.list(json, sink);
        }
        let (mut events, mut tokens, mut place, mut is_unknown) = (0_u32, 0_u32, None, false);
        let read = self.protocol.read;
        let mut note = |event: Event<'_>| {
            self.ended |= matches!(event, Event::Error { .. });
            tokens += u32::from(matches!(event, Event::Token { .. }));
            is_unknown |= matches!(event, Event::PassedOver { field: "object" });
            events += 1;
            place = token_fast_path::place(json, &event);
            sink(event);
        };
        let (progress, is_mended) = match read(json, &mut note) {
            Ok(progress) => (progress, false),
            Err(error) => {
                let mended = mend(json).ok_or(error)?;
                (read(mended.as_bytes(), &mut note)?, true)
            }
        };
        if is_mended {
            // An error ends a reply, and nothing follows it.
            if !self.ended {
                sink(Event::PassedOver { field: "value" });
            }
        } else if let (1, Some((place, kind)), None, false) = (events, place, &progress.finish, progress.whole) {
            self.fast_path.cut(json, place, kind);
        }
        if is_unknown {
            let expected = self.protocol.name;
            Stray::note(&mut self.stray, Spoils::Tokenless, |reason| malformed(expected, reason, json, at));
        }
        if tokens > 0 {
            self.parts.add(is_plain || progress.stands_alone);
        }
        self.advance(progress, sink);
        Ok(())
    }

    /// A list is no part of any reply, but some servers tell of an error in one.
    fn list(&mut self, json: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> serde_json::Result<()> {
        serde_json::from_slice::<IgnoredAny>(json)?;
        let message = complaint(json);
        self.ended = message.is_some();
        sink(message.map_or(Event::PassedOver { field: "object" }, |message| Event::Error { message }));
        Ok(())
    }

    fn advance(&mut self, progress: Progress, sink: &mut dyn FnMut(Event<'_>)) {
        let Progress { finish, whole, begun, finished, .. } = progress;
        self.begun |= begun;
        self.finished |= finished;
        self.finish = later(self.finish.take(), finish);
        if whole {
            self.end(sink);
            self.ended = true;
        }
    }

    /// What is wrong with it, if it never ended.
    pub(super) fn fault(&mut self) -> Option<DecodeError> {
        if self.ended {
            return None;
        }
        self.page().or_else(|| self.stray.take().and_then(|stray| stray.of(self.parts)))
    }

    /// The HTML page that it broke into, if one has begun and not been told.
    pub(super) fn page(&self) -> Option<DecodeError> {
        self.page.as_ref().map(|page| page.error(self.protocol.name))
    }

    /// What follows the end is passed over, even if it comes in the same piece
    /// and is too long.
    pub(super) fn unless_ended(&self, read: Result<(), DecodeError>) -> Result<(), DecodeError> {
        if self.ended { Ok(()) } else { read }
    }

    /// Tells that the reply is whole, if the server has said so of every choice.
    pub(super) fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        if self.ended || self.begun & !self.finished != 0 {
            return;
        }
        if let Some(reason) = self.finish.take() {
            self.ended = true;
            sink(Event::Done { finish: word(reason) });
        }
    }

    /// What was to be JSON is none.
    fn misread(&mut self, json: &[u8], at: u64, error: &serde_json::Error) -> Result<(), DecodeError> {
        if self.page.is_some() || is_html(json) {
            return self.page_line(json, at);
        }
        let body = json.trim_ascii();
        let before = json.len() - json.trim_ascii_start().len();
        let place = offset(body, error);
        let told = error.to_string();
        let reason = told.split(" at line ").next().unwrap_or_default().to_owned();
        let (expected, near) = (self.protocol.name, surroundings(body, place));
        Err(DecodeError::Malformed { expected, reason, at: at + (before + place) as u64, near })
    }
}

/// A stray, which begins `at` so many bytes of the body.
fn malformed(expected: &'static str, reason: &str, stray: &[u8], at: u64) -> DecodeError {
    DecodeError::Malformed { expected, reason: reason.to_owned(), at, near: excerpt(stray) }
}
