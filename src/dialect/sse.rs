//! Server-sent events, as far as model servers use them.
//!
//! Follows the WHATWG HTML standard, section 9.2.6 "Interpreting an event
//! stream", with two exceptions. The last event counts even if the blank line
//! after it is missing. And a line that starts with `{`, which no field does,
//! is data: some servers answer a request for a stream with one plain JSON
//! object, often an error.

use memchr::memchr2;

use super::DecodeError;
use super::lines::{Buffer, LINE_LIMIT, Lines};

/// Collects the `data` of events; names, ids and comments are passed over.
#[derive(Debug)]
pub(super) struct EventStream {
    lines: Lines,
    event: PendingEvent,
}

impl EventStream {
    /// A stream that has seen nothing.
    pub(super) const fn new() -> Self {
        Self { lines: Lines::new(), event: PendingEvent { data: Buffer::new(LINE_LIMIT) } }
    }

    /// Whether the next byte begins an event, whatever it is.
    pub(super) const fn is_between(&self) -> bool {
        self.lines.is_between() && self.event.data.is_empty()
    }

    /// Gives the data of every event that `bytes` completes to `on_data`.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        on_data: &mut impl FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let is_between = self.is_between();
        let Self { lines, event } = self;
        if is_between {
            while let Some((data, rest)) = whole_event(bytes) {
                on_data(data)?;
                bytes = rest;
            }
        }
        lines.push(bytes, &mut |line| event.line(line, on_data))
    }

    /// Gives the data of a last, unended event to `on_data`.
    pub(super) fn finish(self, on_data: &mut impl FnMut(&[u8]) -> Result<(), DecodeError>) -> Result<(), DecodeError> {
        let Self { lines, mut event } = self;
        lines.finish(&mut |line| event.line(line, on_data))?;
        event.line(b"", on_data)
    }
}

/// An event whose blank line has not come yet.
#[derive(Debug)]
struct PendingEvent {
    data: Buffer,
}

impl PendingEvent {
    fn line(
        &mut self,
        line: &[u8],
        on_data: &mut impl FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if line.is_empty() {
            return if self.data.is_empty() { Ok(()) } else { self.data.drain(on_data) };
        }
        let Some(data) = data_of(line) else { return Ok(()) };
        if !self.data.is_empty() {
            self.data.extend(b"\n")?;
        }
        self.data.extend(data)
    }
}

/// The data of an event that is one line, if `bytes` begins with such a one
/// and its blank line, and what follows: most events, and without a copy.
fn whole_event(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at_checked(memchr2(b'\n', b'\r', bytes)?)?;
    let data = line.strip_prefix(b"data: ").filter(|data| !data.is_empty() && line.len() <= LINE_LIMIT)?;
    Some((data, rest.strip_prefix(b"\n\n")?))
}

fn data_of(line: &[u8]) -> Option<&[u8]> {
    if line.starts_with(b"{") {
        return Some(line);
    }
    let value = line.strip_prefix(b"data:")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::EventStream;

    fn data(stream: &str) -> Vec<String> {
        let (mut events, mut seen) = (EventStream::new(), Vec::new());
        let mut keep = |data: &[u8]| {
            seen.push(String::from_utf8_lossy(data).into_owned());
            Ok(())
        };
        events.push(stream.as_bytes(), &mut keep).unwrap();
        events.finish(&mut keep).unwrap();
        seen
    }

    #[test]
    fn an_event_is_its_data_lines_joined() {
        assert_eq!(data("data: a\ndata: b\n\ndata:c\n\n"), ["a\nb", "c"]);
    }

    #[test]
    fn any_line_end_will_do() {
        assert_eq!(data("data: a\r\ndata: b\r\n\r\ndata: c\rdata: d\r\r"), ["a\nb", "c\nd"]);
    }

    #[test]
    fn comments_names_and_ids_are_passed_over() {
        assert_eq!(data(": ping\n\nevent: delta\nid: 7\nretry: 10\ndata: a\n\n: ping\n\n"), ["a"]);
    }

    #[test]
    fn the_last_event_needs_no_blank_line() {
        assert_eq!(data("data: a\n\ndata: b"), ["a", "b"]);
    }

    #[test]
    fn one_plain_object_in_place_of_a_stream_is_data() {
        assert_eq!(data("{\"error\":\"busy\"}\n"), ["{\"error\":\"busy\"}"]);
    }
}
