use super::lines::{Buffer, Lines};
use super::sse::EventStream;
use super::stencil::{self, Stencil};
use super::text::excerpt;
use super::{DecodeError, Event};

/// The largest reply that is not a stream, in bytes.
const BODY_LIMIT: usize = 64 << 20;

/// Gives the events of one JSON object, or of the mark that ends a stream.
type Read = fn(&[u8], &mut dyn FnMut(Event<'_>)) -> serde_json::Result<Progress>;

/// How the replies of one API are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protocol {
    /// What they are called in an error.
    pub(super) name: &'static str,
    /// What parts a stream into JSON objects.
    pub(super) framing: Framing,
    /// What gives the events of each JSON object.
    pub(super) read: Read,
}

/// What parts a stream into JSON objects.
#[derive(Clone, Copy, Debug)]
pub(super) enum Framing {
    /// Each is a line.
    Lines,
    /// Each is a server-sent event.
    Events,
}

/// How far a reply is after one JSON object.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Why it ends, once the server has said so.
    pub(super) finish: Option<String>,
    /// Whether nothing more is to come.
    pub(super) whole: bool,
}

/// Turns the body of one reply into events, whatever pieces it comes in.
///
/// The events of one JSON object come in the order stamp, error, tokens,
/// usage, done. After [`Event::Done`] or [`Event::Error`] nothing follows, and
/// further bytes are passed over. What waits for more bytes is at most 1 MiB,
/// or 64 MiB where the reply is not a stream.
#[derive(Debug)]
pub struct Decoder {
    body: Body,
    reply: Reply,
}

#[derive(Debug)]
enum Body {
    Lines(Lines),
    Events(EventStream),
    Whole(Buffer),
}

impl Decoder {
    pub(super) const fn new(protocol: Protocol, stream: bool) -> Self {
        let body = match protocol.framing {
            Framing::Lines if stream => Body::Lines(Lines::new()),
            Framing::Events if stream => Body::Events(EventStream::new()),
            Framing::Lines | Framing::Events => Body::Whole(Buffer::new(BODY_LIMIT)),
        };
        Self { body, reply: Reply { protocol, stencil: Stencil::new(), finish: None, ended: false } }
    }

    /// Reads the next bytes of the body and gives the events they complete to
    /// `sink`.
    ///
    /// # Errors
    /// When the bytes are not the protocol, or too many. What came before the
    /// error has reached `sink`; the rest of the body is not worth reading.
    pub fn push(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(Event<'_>)) -> Result<(), DecodeError> {
        let Self { body, reply } = self;
        if reply.ended {
            return Ok(());
        }
        let pushed = match body {
            Body::Lines(lines) => lines.push(bytes, &mut |line| reply.object(line, sink)),
            Body::Events(events) => {
                while events.is_between()
                    && let Some((token, rest)) = reply.stencil.event(bytes)
                {
                    sink(token);
                    bytes = rest;
                }
                if bytes.is_empty() {
                    return Ok(());
                }
                events.push(bytes, &mut |data| reply.object(data, sink))
            }
            Body::Whole(body) => body.extend(bytes),
        };
        reply.unless_ended(pushed)
    }

    /// Reads what is left when the body has ended well. A last object that
    /// was cut off in the middle is dropped: a reply without [`Event::Done`]
    /// or [`Event::Error`] ended early.
    ///
    /// # Errors
    /// When what is left is not the protocol.
    pub fn finish(self, sink: &mut impl FnMut(Event<'_>)) -> Result<(), DecodeError> {
        let Self { body, mut reply } = self;
        let left = match body {
            Body::Lines(lines) => lines.finish(&mut |line| reply.last_object(line, sink)),
            Body::Events(events) => events.finish(&mut |data| reply.last_object(data, sink)),
            Body::Whole(mut body) => body.drain(|body| reply.last_object(body, sink)),
        };
        reply.unless_ended(left)?;
        if reply.finish.is_some() {
            reply.end(sink);
        }
        Ok(())
    }
}

/// What has been read of a reply.
#[derive(Debug)]
struct Reply {
    protocol: Protocol,
    /// Its last token.
    stencil: Stencil,
    /// Why it ends, once the server has said so.
    finish: Option<String>,
    /// Whether it is done or has failed.
    ended: bool,
}

impl Reply {
    fn object(&mut self, json: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> Result<(), DecodeError> {
        self.read(json, sink).map_err(|_| self.malformed(json))
    }

    fn last_object(&mut self, json: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> Result<(), DecodeError> {
        match self.read(json, sink) {
            Err(error) if !error.is_eof() => Err(self.malformed(json)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn read(&mut self, json: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> serde_json::Result<()> {
        let json = json.trim_ascii();
        if self.ended || json.is_empty() {
            return Ok(());
        }
        if let Some(token) = self.stencil.token(json) {
            sink(token);
            return Ok(());
        }
        let (mut events, mut place) = (0, None);
        let Progress { finish, whole } = (self.protocol.read)(json, &mut |event| {
            self.ended |= matches!(event, Event::Error { .. });
            events += 1;
            place = stencil::place(json, &event);
            sink(event);
        })?;
        if let (1, Some((place, kind)), None, false) = (events, place, &finish, whole) {
            self.stencil.cut(json, place, kind);
        }
        self.finish = finish.or_else(|| self.finish.take());
        if whole {
            self.end(sink);
        }
        Ok(())
    }

    /// What follows the end is passed over, even if it comes in the same piece
    /// and is too long.
    fn unless_ended(&self, read: Result<(), DecodeError>) -> Result<(), DecodeError> {
        if self.ended { Ok(()) } else { read }
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        if !self.ended {
            self.ended = true;
            let stated = self.finish.take();
            sink(Event::Done {
                finish: stated.map_or_else(|| "unknown".to_owned(), |reason| excerpt(reason.as_bytes())),
            });
        }
    }

    fn malformed(&self, json: &[u8]) -> DecodeError {
        DecodeError::Malformed { expected: self.protocol.name, excerpt: excerpt(json) }
    }
}

#[cfg(test)]
mod tests;
