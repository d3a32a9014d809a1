use super::lines::{Buffer, Lines};
use super::mark::ByteOrderMark;
use super::reply::Reply;
use super::sse::EventStream;
use super::{DecodeError, Event, EventSink, is_whole};

/// The largest reply that is not a stream, in bytes.
const BODY_LIMIT: usize = 64 << 20;

/// Gives the events of one JSON object, or of the mark that ends a stream.
pub(super) type Read = fn(&[u8], &mut dyn FnMut(Event<'_>)) -> serde_json::Result<Progress>;

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
    /// Whether the object is a whole reply, not a part of a stream.
    pub(super) stands_alone: bool,
    /// The choices that it speaks of, one bit each.
    pub(super) begun: u64,
    /// Those that end with it.
    pub(super) finished: u64,
}

impl Progress {
    /// A choice was told of, and ended if there is a reason. Of several
    /// reasons the first that is no good one stays.
    pub(super) fn note(&mut self, choice: u64, ended: Option<String>) {
        let bit = u32::try_from(choice).ok().and_then(|choice| 1_u64.checked_shl(choice)).unwrap_or(0);
        self.begun |= bit;
        if let Some(reason) = ended {
            self.finished |= bit;
            self.finish = later(self.finish.take(), Some(reason));
        }
    }
}

/// The later of two reasons, unless the earlier one is that it was broken off.
pub(super) fn later(earlier: Option<String>, later: Option<String>) -> Option<String> {
    let stays = later.is_none() || earlier.as_deref().is_some_and(|reason| !is_whole(reason));
    if stays { earlier } else { later }
}

/// What kind of reply it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Whether it came in parts; else all of it is one JSON body, however it
    /// was asked for.
    pub streamed: bool,
    /// How many replies to one prompt it holds (`n`).
    pub choices: u32,
}

/// Turns the body of one reply into events, whatever pieces it comes in.
///
/// The events of one JSON object come in the order stamp, error, tokens,
/// count, usage, done; what is passed over may come anywhere. After
/// [`Event::Done`] or [`Event::Error`] nothing follows, and further bytes are
/// passed over. What waits for more bytes is at most 1 MiB, or 64 MiB where
/// the reply is not a stream.
#[derive(Debug)]
pub struct Decoder {
    mark: ByteOrderMark,
    body: Body,
    reply: Reply,
}

#[derive(Debug)]
enum Body {
    Lines(Lines),
    Events(EventStream),
    Whole(Buffer, Framing),
}

impl Decoder {
    pub(super) const fn new(protocol: Protocol, stream: bool) -> Self {
        let body = match protocol.framing {
            Framing::Lines if stream => Body::Lines(Lines::new()),
            Framing::Events if stream => Body::Events(EventStream::new()),
            framing => Body::Whole(Buffer::new(BODY_LIMIT), framing),
        };
        Self { mark: ByteOrderMark::new(), body, reply: Reply::new(protocol) }
    }

    /// Whether the reply is done or has failed, so that nothing that follows
    /// matters.
    pub const fn is_over(&self) -> bool {
        self.reply.ended
    }

    /// Reads the next bytes of the body and gives the events they complete to
    /// `sink`.
    ///
    /// # Errors
    /// When the bytes are not the protocol, or too many. What came before the
    /// error has reached `sink`; the rest of the body is not worth reading.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl EventSink) -> Result<(), DecodeError> {
        match self.mark.pass(bytes) {
            (b"", bytes) => self.feed(bytes, sink),
            (held, bytes) => self.feed_apart(&[held, bytes].concat(), &mut |event| sink.event(event)),
        }
    }

    /// For what is read once or twice in a reply, so that [`Self::feed`] is
    /// compiled into the one place that every piece passes.
    #[cold]
    fn feed_apart(&mut self, bytes: &[u8], mut sink: &mut dyn FnMut(Event<'_>)) -> Result<(), DecodeError> {
        self.feed(bytes, &mut sink)
    }

    #[inline]
    fn feed(&mut self, mut bytes: &[u8], sink: &mut impl EventSink) -> Result<(), DecodeError> {
        let Self { mark, body, reply } = self;
        if reply.ended {
            return Ok(());
        }
        let before = mark.length();
        let pushed = match body {
            Body::Lines(lines) => {
                lines.push(bytes, &mut |line, at| reply.object(line, before + at, &mut |event| sink.event(event)))
            }
            Body::Events(events) => {
                let length = bytes.len();
                while events.is_between()
                    && let Some((text, kind, rest)) = reply.fast_path.event(bytes)
                {
                    sink.token(text, kind);
                    bytes = rest;
                }
                if bytes.len() < length {
                    events.skip(length - bytes.len());
                    reply.parts.repeat();
                }
                if bytes.is_empty() {
                    return Ok(());
                }
                events.push(bytes, &mut |frame, at| reply.frame(frame, before + at, &mut |event| sink.event(event)))
            }
            Body::Whole(body, _) => body.extend(bytes),
        };
        reply.unless_ended(pushed)
    }

    /// The HTML page that the reply broke into, if it has begun and its title
    /// has not come: what is wrong, however its connection ends.
    pub fn page(&self) -> Option<DecodeError> {
        self.reply.page()
    }

    /// Reads what is left when the body has ended well. A last object that
    /// was cut off in the middle is dropped: a reply without [`Event::Done`]
    /// or [`Event::Error`] ended early.
    ///
    /// # Errors
    /// When what is left is not the protocol, or when nothing said that the
    /// reply is whole and something in it was no part of the protocol.
    pub fn finish(mut self, sink: &mut impl EventSink) -> Result<Shape, DecodeError> {
        let held = self.mark.rest();
        let sink = &mut |event: Event<'_>| sink.event(event);
        self.feed_apart(held, sink)?;
        let Self { mark, body, mut reply } = self;
        let before = mark.length();
        let is_stream = !matches!(body, Body::Whole(..));
        let left = match body {
            Body::Lines(lines) => lines.finish(&mut |line, at| reply.last_object(line, before + at, sink)),
            Body::Events(events) => events.finish(&mut |frame, at| reply.last_frame(frame, before + at, sink)),
            Body::Whole(mut body, framing) => body.drain(|body| reply.whole(body, framing, before, sink)),
        };
        reply.unless_ended(left)?;
        reply.end(sink);
        match reply.fault() {
            Some(fault) => Err(fault),
            None => Ok(Shape {
                streamed: is_stream && reply.parts.are_streamed(),
                choices: reply.begun.count_ones().max(1),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
