use super::lines::{Buffer, Lines};
use super::sse::EventStream;
use super::text::{excerpt, finish};
use super::{DecodeError, Dialect, Event, llama, ollama, openai};

/// The largest reply that is not a stream, in bytes.
const BODY_LIMIT: usize = 64 << 20;
/// Ends the streams of `OpenAI`'s routes.
const DONE: &[u8] = b"[DONE]";

/// Turns the body of one reply into events, whatever pieces it comes in.
///
/// The events of one JSON object come in the order stamp, error, tokens,
/// usage, done. After [`Event::Done`] or [`Event::Error`] nothing follows, and
/// further bytes are passed over. It never holds more than one event of at
/// most 1 MiB, or a body of at most 64 MiB where the reply is not a stream.
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    reply: Reply,
}

#[derive(Debug)]
enum Framing {
    /// One JSON object a line.
    Lines(Lines),
    /// Server-sent events.
    Events(EventStream),
    /// One JSON object in all.
    Whole(Buffer),
}

impl Decoder {
    pub(super) const fn new(dialect: Dialect, stream: bool) -> Self {
        let framing = match (stream, dialect) {
            (false, _) => Framing::Whole(Buffer::new(BODY_LIMIT)),
            (true, Dialect::OllamaChat | Dialect::OllamaGenerate) => Framing::Lines(Lines::new()),
            (
                true,
                Dialect::OpenAiChat | Dialect::OpenAiCompletions | Dialect::LlamaChat | Dialect::LlamaCompletion,
            ) => Framing::Events(EventStream::new()),
        };
        Self { framing, reply: Reply { dialect, finish: None, ended: false } }
    }

    /// Reads the next bytes of the body and gives the events they complete to
    /// `sink`.
    ///
    /// # Errors
    /// When the bytes are not the protocol, or too many. What came before the
    /// error has reached `sink`; the rest of the body is not worth reading.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(Event)) -> Result<(), DecodeError> {
        let Self { framing, reply } = self;
        if reply.ended {
            return Ok(());
        }
        match framing {
            Framing::Lines(lines) => lines.push(bytes, &mut |line| reply.object(line, sink)),
            Framing::Events(events) => events.push(bytes, &mut |data| reply.object(data, sink)),
            Framing::Whole(body) => body.extend(bytes),
        }
    }

    /// Reads what is left when the body has ended well. A last object that
    /// was cut off in the middle is dropped: a reply without
    /// [`Event::Done`] or [`Event::Error`] ended early.
    ///
    /// # Errors
    /// When what is left is not the protocol.
    pub fn finish(self, sink: &mut impl FnMut(Event)) -> Result<(), DecodeError> {
        let Self { framing, mut reply } = self;
        if reply.ended {
            return Ok(());
        }
        match framing {
            Framing::Lines(lines) => lines.finish(&mut |line| reply.last_object(line, sink)),
            Framing::Events(events) => events.finish(&mut |data| reply.last_object(data, sink)),
            Framing::Whole(mut body) => body.drain(|body| reply.last_object(body, sink)),
        }?;
        reply.end(sink);
        Ok(())
    }
}

/// What has been read of a reply.
#[derive(Debug)]
struct Reply {
    dialect: Dialect,
    /// A `finish_reason` that came before the end.
    finish: Option<String>,
    /// Whether it is done or has failed.
    ended: bool,
}

impl Reply {
    fn object(&mut self, json: &[u8], sink: &mut dyn FnMut(Event)) -> Result<(), DecodeError> {
        self.read(json, sink).map_err(|_| self.malformed(json))
    }

    fn last_object(&mut self, json: &[u8], sink: &mut dyn FnMut(Event)) -> Result<(), DecodeError> {
        match self.read(json, sink) {
            Err(error) if !error.is_eof() && !DONE.starts_with(json) => Err(self.malformed(json)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn read(&mut self, json: &[u8], sink: &mut dyn FnMut(Event)) -> serde_json::Result<()> {
        let json = json.trim_ascii();
        if self.ended || json.is_empty() {
            return Ok(());
        }
        let ended = &mut self.ended;
        let mut emit = |event| {
            *ended |= matches!(event, Event::Done { .. } | Event::Error { .. });
            sink(event);
        };
        match self.dialect {
            Dialect::OllamaChat | Dialect::OllamaGenerate => ollama::read(json, &mut emit),
            Dialect::LlamaCompletion => llama::read(json, &mut emit),
            Dialect::OpenAiChat | Dialect::OpenAiCompletions | Dialect::LlamaChat => {
                if json == DONE {
                    self.finish.get_or_insert_with(|| finish(None));
                    self.end(sink);
                    return Ok(());
                }
                openai::read(json, &mut self.finish, &mut emit)
            }
        }
    }

    /// The reply is whole if it has said why it ended.
    fn end(&mut self, sink: &mut dyn FnMut(Event)) {
        if !self.ended
            && let Some(finish) = self.finish.take()
        {
            self.ended = true;
            sink(Event::Done { finish });
        }
    }

    fn malformed(&self, json: &[u8]) -> DecodeError {
        let expected = match self.dialect {
            Dialect::OllamaChat | Dialect::OllamaGenerate => "a reply of Ollama",
            Dialect::OpenAiChat | Dialect::OpenAiCompletions => "a reply of the OpenAI API",
            Dialect::LlamaChat | Dialect::LlamaCompletion => "a reply of llama-server",
        };
        DecodeError::Malformed { expected, excerpt: excerpt(json) }
    }
}
