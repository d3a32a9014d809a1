use std::fmt;

use super::Address;

/// Headers that say where a message ends or what becomes of its connection.
const FRAMING: &[&str] =
    &["connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// A header of every request. Its value may be a secret and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    name: String,
    value: String,
}

/// The name or the value of a header cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not a token (RFC 9110, section 5.6.2).
    #[error("`{name}` cannot be the name of a header")]
    Name {
        /// The name.
        name: String,
    },
    /// It would change how requests are sent.
    #[error("the header `{name}` is not the scenario's to set")]
    Framing {
        /// The name.
        name: String,
    },
    /// A line end, another control character, or not ASCII.
    #[error("the value of the header `{name}` holds what no header may")]
    Value {
        /// The name of the header.
        name: String,
    },
}

impl Header {
    /// A header with this name and value.
    ///
    /// # Errors
    /// When it cannot be sent as it is.
    pub fn new(name: &str, value: &str) -> Result<Self, HeaderError> {
        let name = name.to_ascii_lowercase();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(HeaderError::Name { name });
        }
        if FRAMING.contains(&&*name) {
            return Err(HeaderError::Framing { name });
        }
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
            return Err(HeaderError::Value { name });
        }
        Ok(Self { name, value: value.trim().to_owned() })
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What all requests to one route have in common: everything but the length
/// and the bytes of their JSON body.
#[derive(Clone)]
pub struct Request {
    head: Box<[u8]>,
}

impl Request {
    /// A `POST` of JSON to `path` behind the address. Of `headers` with a name
    /// that would be sent anyway, the given one is sent.
    pub fn post(address: &Address, path: &str, headers: &[Header]) -> Self {
        let usual = [
            ("host", address.authority()),
            ("content-type", "application/json".to_owned()),
            ("accept", "*/*".to_owned()),
            ("user-agent", concat!("runexp/", env!("CARGO_PKG_VERSION")).to_owned()),
        ];
        let given = headers.iter().map(|Header { name, value }| (&**name, &**value));
        let usual = usual.iter().map(|(name, value)| (*name, &**value));
        let unsaid = usual.filter(|(name, _)| headers.iter().all(|header| header.name != *name));
        let mut head = format!("POST {} HTTP/1.1\r\n", address.target(path));
        for (name, value) in unsaid.chain(given) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("content-length: ");
        Self { head: head.into_bytes().into() }
    }

    /// All bytes before the length of the body.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }
}

/// What stands between the head and the body: the body's length.
pub(super) struct LengthLine {
    bytes: [u8; 24],
    start: usize,
}

impl LengthLine {
    /// Written from the end, without an allocation.
    pub(super) fn of(body: &[u8]) -> Self {
        let mut line = Self { bytes: [0; 24], start: 20 };
        line.bytes[20..].copy_from_slice(b"\r\n\r\n");
        let mut left = body.len();
        loop {
            line.start -= 1;
            line.bytes[line.start] = b"0123456789"[left % 10];
            left /= 10;
            if left == 0 {
                return line;
            }
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::{Header, LengthLine, Request};
    use crate::wire::Address;

    #[test]
    fn a_head_is_prepared_once() {
        let address = Address::parse("http://a:8080/b").unwrap();
        let headers = [Header::new("Authorization", "Bearer x").unwrap(), Header::new("User-Agent", "y").unwrap()];
        let request = Request::post(&address, "/v1", &headers);
        insta::assert_snapshot!(str::from_utf8(request.head()).unwrap(), @r"
        POST /b/v1 HTTP/1.1
        host: a:8080
        content-type: application/json
        accept: */*
        authorization: Bearer x
        user-agent: y
        content-length:
        ");
    }

    #[test]
    fn the_length_of_a_body_is_written_in_full() {
        let line = |length| String::from_utf8(LengthLine::of(&vec![0; length]).bytes().to_vec()).unwrap();
        assert_eq!([0, 7, 10, 12_345].map(line), ["0", "7", "10", "12345"].map(|length| format!("{length}\r\n\r\n")));
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_refused_without_showing_its_value() {
        let refused =
            [("", "v"), ("a b", "v"), ("Content-Length", "5"), ("x-key", "secret\r\nx: y"), ("x-key", "sécret")]
                .map(|(name, value)| Header::new(name, value).unwrap_err().to_string());
        insta::assert_snapshot!(refused.join("\n"), @r"
        `` cannot be the name of a header
        `a b` cannot be the name of a header
        the header `content-length` is not the scenario's to set
        the value of the header `x-key` holds what no header may
        the value of the header `x-key` holds what no header may
        ");
        let header = Header::new("X-Key", "secret").unwrap();
        assert_eq!(format!("{header:?}"), r#"Header { name: "x-key", .. }"#);
    }
}
