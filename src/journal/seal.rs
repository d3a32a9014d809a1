//! A line of a journal: its JSON, a blank, and the first 16 hexadecimal digits
//! of the SHA-256 of the JSON. Any changed byte is told by it.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

const DIGITS: usize = 16;

/// The line of this JSON.
pub(super) fn sealed(mut json: Vec<u8>) -> Vec<u8> {
    let checksum = checksum(&json);
    json.push(b' ');
    json.extend(checksum.bytes());
    json.push(b'\n');
    json
}

/// The JSON of a line without its end, if the checksum holds.
pub(super) fn opened(line: &[u8]) -> Option<&[u8]> {
    let (json, rest) = line.split_at_checked(line.len().checked_sub(DIGITS + 1)?)?;
    let is_whole = rest.strip_prefix(b" ").is_some_and(|told| told == checksum(json).as_bytes());
    is_whole.then_some(json)
}

/// The first line of some bytes whose end is damaged: its JSON, and what
/// follows the damage. One byte stands for the end.
pub(super) fn opened_before_damage(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let ends = (DIGITS + 1..=bytes.len()).filter(|end| bytes.get(end - DIGITS - 1) == Some(&b' '));
    let mut found = ends.filter_map(|end| Some((opened(bytes.get(..end)?)?, bytes.get(end + 1..).unwrap_or_default())));
    found.next()
}

fn checksum(json: &[u8]) -> String {
    let mut digits = String::with_capacity(DIGITS);
    for byte in Sha256::digest(json).iter().take(DIGITS / 2) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_opened_as_it_was_sealed_and_not_otherwise() {
        let line = sealed(b"{\"a\":1}".to_vec());
        assert_eq!(line, b"{\"a\":1} 015abd7f5cc57a2d\n");
        let bare = &line[..line.len() - 1];
        assert_eq!(opened(bare), Some(&b"{\"a\":1}"[..]));
        for place in 0..bare.len() {
            let mut changed = bare.to_vec();
            changed[place] ^= 1;
            assert_eq!(opened(&changed), None, "{place}");
            assert_eq!(opened(&bare[..place]), None, "{place}");
        }
    }

    #[test]
    fn a_line_whose_end_is_another_byte_is_read_and_so_is_the_next() {
        let (first, second) = (sealed(b"1".to_vec()), sealed(b"2".to_vec()));
        let mut both = [&first[..first.len() - 1], b"x", &second].concat();
        both.pop();
        let (json, rest) = opened_before_damage(&both).unwrap();
        assert_eq!((json, opened(rest)), (&b"1"[..], Some(&b"2"[..])));
    }
}
