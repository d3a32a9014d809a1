use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Response, Status};

use super::WireError;
use super::chunked::Chunked;
use super::framing::Framing;
use super::told::Told;

/// The most headers of a reply.
const HEADERS: usize = 100;

/// What the head of a reply says about its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// Whether the connection stays open after the body.
    pub(super) keeps_alive: bool,
    /// What else it says that stands in the way of a reply; most often nothing.
    pub(super) told: Option<Box<Told>>,
}

impl Head {
    /// Reads the head that `bytes` begin with, and tells how long it is;
    /// `None` while its end is missing. Heads of status 1xx are passed over.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, WireError> {
        let mut passed = 0;
        loop {
            let mut room = [const { MaybeUninit::uninit() }; HEADERS];
            let mut response = Response::new(&mut []);
            let outcome =
                ParserConfig::default().parse_response_with_uninit_headers(&mut response, &bytes[passed..], &mut room);
            let Status::Complete(length) = outcome.map_err(|source| WireError::NotHttp { source })? else {
                return Ok(None);
            };
            passed += length;
            match response.code.unwrap_or_default() {
                101 => return Err(WireError::Switch),
                100..200 => {}
                status => return Ok(Some((Self::new(status, &response)?, passed))),
            }
        }
    }

    fn new(status: u16, response: &Response<'_, '_>) -> Result<Self, WireError> {
        let said = Said::by(response.headers)?;
        let framing = match (status, said.chunked, said.length) {
            (204 | 304, _, _) => Framing::Length(0),
            (_, Some(true), _) => Framing::Chunked(Chunked::new()),
            (_, None, Some(length)) => Framing::Length(length),
            (_, Some(false), _) | (_, None, None) => Framing::UntilClose,
        };
        let ends = !matches!(framing, Framing::UntilClose);
        // A body with both a length and chunks may be two replies to somebody
        // else on the way (RFC 9112, section 6.3).
        let ambiguous = said.chunked.is_some() && said.length.is_some();
        let keeps_alive = response.version == Some(1) && ends && !said.close && !ambiguous;
        Ok(Self { status, framing, keeps_alive, told: said.told })
    }
}

/// What the headers say about the body and the connection.
#[derive(Default)]
struct Said {
    length: Option<u64>,
    /// Whether the last transfer coding is `chunked`, if there is one.
    chunked: Option<bool>,
    close: bool,
    told: Option<Box<Told>>,
}

impl Said {
    fn by(headers: &[Header<'_>]) -> Result<Self, WireError> {
        let mut said = Self::default();
        for Header { name, value } in headers {
            if name.eq_ignore_ascii_case("content-length") {
                for number in value.split(|byte| *byte == b',') {
                    let length = length(number).filter(|length| said.length.is_none_or(|known| known == *length));
                    said.length = Some(length.ok_or_else(|| WireError::Length { value: excerpt(value) })?);
                }
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                said.chunked = words(value).last().map(|coding| coding.eq_ignore_ascii_case(b"chunked"));
            } else if name.eq_ignore_ascii_case("connection") {
                said.close |= words(value).any(|option| option.eq_ignore_ascii_case(b"close"));
            } else {
                Told::note(&mut said.told, name, value);
            }
        }
        Ok(said)
    }
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|word| !word.is_empty())
}

/// Digits only: `+5` would be a number to Rust, but not to the server.
fn length(text: &[u8]) -> Option<u64> {
    let digits = text.trim_ascii();
    let text = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?;
    text.parse().ok()
}

fn excerpt(value: &[u8]) -> String {
    String::from_utf8_lossy(value).chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::{Framing, HEADERS, Head};
    use crate::wire::WireError;

    fn read(text: &str) -> Result<String, WireError> {
        let Some((head, length)) = Head::read(text.as_bytes())? else { return Ok("incomplete".to_owned()) };
        let framing = match head.framing {
            Framing::Length(length) => format!("{length} bytes"),
            Framing::Chunked(_) => "chunked".to_owned(),
            Framing::UntilClose => "until close".to_owned(),
        };
        let then = if head.keeps_alive { "stays open" } else { "closes" };
        Ok(format!("{}, {framing}, {then}, rest {:?}", head.status, &text[length..]))
    }

    fn said(headers: &str) -> String {
        read(&format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\nx")).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn a_head_is_incomplete_until_its_last_byte() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 3\r\n\r\n";
        for length in 0..text.len() {
            assert_eq!(read(&text[..length]).unwrap(), "incomplete", "{:?}", &text[..length]);
        }
        assert_eq!(read(&format!("{text}abc")).unwrap(), r#"200, 3 bytes, stays open, rest "abc""#);
    }

    #[test]
    fn the_headers_say_where_the_body_ends_and_whether_the_connection_stays() {
        let cases = [
            "Content-Length: 3",
            "content-length: 3, 3",
            "content-length: 3\r\ncontent-length: 3",
            "content-length: +3",
            "content-length: 3\r\ncontent-length: 4",
            "content-length:",
            "content-length: 99999999999999999999",
            "Transfer-Encoding: Chunked",
            "transfer-encoding: gzip, chunked",
            "transfer-encoding: gzip",
            "transfer-encoding: chunked\r\ncontent-length: 3",
            "x: y",
            "content-length: 3\r\nConnection: foo, Close",
        ];
        let shown = cases.map(|headers| format!("{headers:?}: {}", said(headers)));
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "Content-Length: 3": 200, 3 bytes, stays open, rest "x"
        "content-length: 3, 3": 200, 3 bytes, stays open, rest "x"
        "content-length: 3\r\ncontent-length: 3": 200, 3 bytes, stays open, rest "x"
        "content-length: +3": the length of the reply is no number: `+3`
        "content-length: 3\r\ncontent-length: 4": the length of the reply is no number: `4`
        "content-length:": the length of the reply is no number: ``
        "content-length: 99999999999999999999": the length of the reply is no number: `99999999999999999999`
        "Transfer-Encoding: Chunked": 200, chunked, stays open, rest "x"
        "transfer-encoding: gzip, chunked": 200, chunked, stays open, rest "x"
        "transfer-encoding: gzip": 200, until close, closes, rest "x"
        "transfer-encoding: chunked\r\ncontent-length: 3": 200, chunked, closes, rest "x"
        "x: y": 200, until close, closes, rest "x"
        "content-length: 3\r\nConnection: foo, Close": 200, 3 bytes, closes, rest "x"
        "#);
    }

    #[test]
    fn status_and_version_matter_too() {
        let cases = [
            "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
            "HTTP/1.0 200 OK\r\ncontent-length: 3\r\nconnection: keep-alive\r\n\r\n",
            "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
            "SSH-2.0-OpenSSH_9.6\r\n",
            "\x16\x03\x01\x02",
        ];
        let shown = cases.map(|text| format!("{text:?}: {}", read(text).unwrap_or_else(|error| format!("{error:?}"))));
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n": 204, 0 bytes, stays open, rest ""
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n": 304, 0 bytes, stays open, rest ""
        "HTTP/1.0 200 OK\r\ncontent-length: 3\r\nconnection: keep-alive\r\n\r\n": 200, 3 bytes, closes, rest ""
        "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n": 200, 0 bytes, stays open, rest ""
        "HTTP/1.1 101 Switching Protocols\r\n\r\n": Switch
        "HTTP/2 200\r\n\r\n": NotHttp { source: Version }
        "SSH-2.0-OpenSSH_9.6\r\n": NotHttp { source: Version }
        "\u{16}\u{3}\u{1}\u{2}": NotHttp { source: Version }
        "#);
    }

    #[test]
    fn a_hundred_headers_are_enough() {
        let head = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
        assert_eq!(read(&head(HEADERS)).unwrap(), r#"200, until close, closes, rest """#);
        assert!(matches!(
            read(&head(HEADERS + 1)),
            Err(WireError::NotHttp { source: httparse::Error::TooManyHeaders })
        ));
    }
}
