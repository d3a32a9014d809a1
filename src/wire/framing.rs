use super::WireError;
use super::chunked::Chunked;

/// Where a reply's body ends (RFC 9112, section 6.3).
#[derive(Debug)]
pub(super) enum Framing {
    /// After so many more bytes.
    Length(u64),
    /// Where its last chunk says.
    Chunked(Chunked),
    /// With the connection.
    UntilClose,
}

impl Framing {
    /// Whether no byte of the body is missing. Of one that ends with the
    /// connection that is never known before.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.is_whole(),
            Self::UntilClose => false,
        }
    }

    /// The next slice of the body in `bytes`, which then begin after it;
    /// `None` when they are used up or the body is whole.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>, WireError> {
        let here = match self {
            Self::Chunked(chunked) => return chunked.next(bytes),
            Self::Length(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= here as u64;
                here
            }
            Self::UntilClose => bytes.len(),
        };
        let (data, rest) = bytes.split_at(here);
        *bytes = rest;
        Ok(Some(data).filter(|data| !data.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunked::SURPLUS_LIMIT;
    use super::{Chunked, Framing};
    use crate::wire::WireError;

    const CHUNKED: &str =
        "5\r\nhello\r\nA;name=\"v\"\r\n, wide wor\r\n2 \r\nld\r\n0\r\nx-trailer: 1\r\ny: 2\r\n\r\nREST";

    /// The body and what follows it, where `pieces` come one after the other.
    fn body(mut framing: Framing, pieces: &[&[u8]]) -> Result<(String, String, bool), WireError> {
        let (mut body, mut rest) = (Vec::new(), Vec::new());
        for mut piece in pieces.iter().copied() {
            while let Some(slice) = framing.next(&mut piece)? {
                body.extend_from_slice(slice);
            }
            rest.extend_from_slice(piece);
        }
        Ok((String::from_utf8(body).unwrap(), String::from_utf8(rest).unwrap(), framing.is_whole()))
    }

    fn chunked(text: &str) -> Result<(String, String, bool), WireError> {
        body(Framing::Chunked(Chunked::new()), &[text.as_bytes()])
    }

    fn whole(body: &str, rest: &str) -> (String, String, bool) {
        (body.to_owned(), rest.to_owned(), true)
    }

    #[test]
    fn a_chunked_body_is_the_same_however_it_is_split() {
        let text = CHUNKED.as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                let read = body(Framing::Chunked(Chunked::new()), &pieces).unwrap();
                assert_eq!(read, whole("hello, wide world", "REST"), "split at {first} and {second}");
            }
        }
    }

    #[test]
    fn a_body_of_known_length_leaves_what_follows() {
        let text = b"hello, world";
        for first in 0..=text.len() {
            let read = body(Framing::Length(5), &[&text[..first], &text[first..]]).unwrap();
            assert_eq!(read, whole("hello", ", world"), "split at {first}");
        }
        let read = body(Framing::UntilClose, &[b"hello", b", world"]).unwrap();
        assert_eq!(read, ("hello, world".to_owned(), String::new(), false));
    }

    #[test]
    fn a_chunked_body_that_breaks_off_is_not_whole() {
        let end = CHUNKED.len() - "REST".len();
        for length in 0..end {
            assert!(!chunked(&CHUNKED[..length]).unwrap().2, "{:?}", &CHUNKED[..length]);
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused_at_the_first_wrong_byte() {
        let refused = [
            "x",
            "\r\n",
            ";",
            "5\n",
            "5\rx",
            "1\r\nab",
            "1\r\na\rb",
            "0\r\n\n",
            "0\r\n\rx",
            "-1\r\n",
            "0x1\r\n",
            "5;a\n",
            "00000000000000001\r\n",
        ]
        .map(|text| format!("{text:?}: {}", chunked(text).unwrap_err()));
        insta::assert_snapshot!(refused.join("\n"), @r#"
        "x": `x` does not belong into a chunked reply
        "\r\n": `\r` does not belong into a chunked reply
        ";": `;` does not belong into a chunked reply
        "5\n": `\n` does not belong into a chunked reply
        "5\rx": `x` does not belong into a chunked reply
        "1\r\nab": `b` does not belong into a chunked reply
        "1\r\na\rb": `b` does not belong into a chunked reply
        "0\r\n\n": `\n` does not belong into a chunked reply
        "0\r\n\rx": `x` does not belong into a chunked reply
        "-1\r\n": `-` does not belong into a chunked reply
        "0x1\r\n": `x` does not belong into a chunked reply
        "5;a\n": `\n` does not belong into a chunked reply
        "00000000000000001\r\n": `1` does not belong into a chunked reply
        "#);
    }

    #[test]
    fn extensions_and_trailers_are_bounded() {
        let limit = SURPLUS_LIMIT as usize;
        let extension = format!("0;{}\r\n\r\n", "x".repeat(limit));
        // A trailer's own line end counts half: its `\r` may be anything yet.
        let trailer = format!("0\r\n{}\r\n\r\n", "x".repeat(limit - 1));
        assert!(chunked(&extension).is_ok() && chunked(&trailer).is_ok());
        for text in [format!("0;x{}", &extension[2..]), format!("0\r\nx{}", &trailer[3..])] {
            assert!(matches!(chunked(&text), Err(WireError::Surplus { limit: SURPLUS_LIMIT })));
        }
    }
}
