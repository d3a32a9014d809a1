//! Bytes that are no text, each kind by its name.

use std::fmt;

/// Why bytes cannot be read as UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotText {
    /// A format that begins with known bytes.
    Known(Known),
    /// UTF-16, with or without a mark.
    Utf16,
    /// A byte that UTF-8 has not at this place.
    Byte {
        /// From 1.
        line: usize,
        byte: u8,
    },
}

/// Files that are not text, and what makes text of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    start: &'static [u8],
    name: &'static str,
    advice: &'static str,
}

const KNOWN: [Known; 7] = [
    Known { start: b"\x1f\x8b", name: "compressed by gzip", advice: "unpack it first: `gunzip -k`" },
    Known { start: b"\x28\xb5\x2f\xfd", name: "compressed by zstd", advice: "unpack it first: `unzstd`" },
    Known { start: b"\xfd7zXZ\0", name: "compressed by xz", advice: "unpack it first: `unxz -k`" },
    Known { start: b"BZh", name: "compressed by bzip2", advice: "unpack it first: `bunzip2 -k`" },
    Known { start: b"PK\x03\x04", name: "a ZIP archive", advice: "unpack it first: `unzip`" },
    Known {
        start: b"version https://git-lfs.github.com/spec/",
        name: "a pointer of Git LFS, not the file itself",
        advice: "fetch it first: `git lfs pull`",
    },
    Known { start: b"PAR1", name: "a Parquet file", advice: "export it as JSON lines or CSV" },
];

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of a file, without the mark that some editors put before it.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<String, NotText> {
    if let Some(known) = KNOWN.into_iter().find(|known| bytes.starts_with(known.start)) {
        return Err(NotText::Known(known));
    }
    if is_utf16(&bytes) {
        return Err(NotText::Utf16);
    }
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).map(<[u8]>::to_vec).unwrap_or(bytes);
    String::from_utf8(text).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        NotText::Byte { line, byte: error.as_bytes().get(valid).copied().unwrap_or_default() }
    })
}

/// By its mark, or by zeros beside its first two characters, which no text has
/// otherwise.
fn is_utf16(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let zeros = bytes.first_chunk().map(|start: &[u8; 4]| start.map(|byte| byte == 0));
    marked || matches!(zeros, Some([true, false, true, false] | [false, true, false, true]))
}

impl NotText {
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::Known(known) => known.advice,
            Self::Utf16 | Self::Byte { .. } => "save it as UTF-8",
        }
    }
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => f.write_str(known.name),
            Self::Utf16 => f.write_str("UTF-16, not UTF-8 text"),
            Self::Byte { line, byte } => write!(f, "not UTF-8 text: its line {line} has the byte 0x{byte:02X}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn a_mark_is_no_part_of_the_text() {
        assert_eq!(decode(b"\xef\xbb\xbfa\xc3\xa9\r\n".to_vec()), Ok("a\u{e9}\r\n".to_owned()));
        assert_eq!(decode(Vec::new()), Ok(String::new()));
        assert_eq!(decode(b"BZ".to_vec()), Ok("BZ".to_owned()));
    }

    #[test]
    fn what_is_no_text_is_named() {
        let files: [&[u8]; 10] = [
            b"\x1f\x8b\x08\0",
            b"\x28\xb5\x2f\xfd\x24",
            b"\xfd7zXZ\0\0",
            b"BZh91AY",
            b"PK\x03\x04\x14",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            b"PAR1\x15",
            b"\xff\xfeh\0i\0",
            b"\0h\0i",
            b"one\ntwo\ncaf\xe9\n",
        ];
        let told = files.map(|bytes| decode(bytes.to_vec()).unwrap_err().to_string());
        insta::assert_snapshot!(told.join("\n"), @"
        compressed by gzip
        compressed by zstd
        compressed by xz
        compressed by bzip2
        a ZIP archive
        a pointer of Git LFS, not the file itself
        a Parquet file
        UTF-16, not UTF-8 text
        UTF-16, not UTF-8 text
        not UTF-8 text: its line 3 has the byte 0xE9
        ");
    }
}
