//! Bodies that are written once and sent many times.

use std::io::Write as _;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most bytes that all bodies of a cell hold together; bodies beyond that
/// are written for each request.
const ROOM: usize = 4 << 20;

/// How a nonce is written: eight hexadecimal digits, which no JSON escapes.
pub(super) fn digits(nonce: u32) -> String {
    format!("{nonce:08x}")
}

/// What is sent with each prompt to each target, but for the nonce.
#[derive(Debug)]
pub(super) struct BodyCache {
    /// Written when first asked for; none if there was no room.
    bodies: Vec<OnceLock<Option<CachedBody>>>,
    left: AtomicUsize,
}

#[derive(Debug)]
struct CachedBody {
    body: Vec<u8>,
    /// Where the nonce stands; nowhere if empty.
    nonce: Range<usize>,
}

impl BodyCache {
    /// For so many pairs of prompt and target.
    pub(super) fn new(pairs: usize) -> Self {
        Self { bodies: std::iter::repeat_with(OnceLock::new).take(pairs).collect(), left: AtomicUsize::new(ROOM) }
    }

    /// The body with this nonce that `write` would write for this pair.
    /// `write` must give the same for the same pair and nonce.
    pub(super) fn body(&self, pair: usize, nonce: Option<u32>, write: impl Fn(Option<u32>) -> Vec<u8>) -> Vec<u8> {
        let known = self.bodies.get(pair);
        let known = known.and_then(|form| form.get_or_init(|| self.form(nonce.is_some(), &write)).as_ref());
        known.map_or_else(|| write(nonce), |form| form.filled(nonce))
    }

    fn form(&self, has_nonce: bool, write: impl Fn(Option<u32>) -> Vec<u8>) -> Option<CachedBody> {
        let body = write(has_nonce.then_some(0));
        let nonce = if has_nonce { difference(&body, &write(Some(u32::MAX)))? } else { 0..0 };
        let length = body.len();
        let room = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(length));
        room.is_ok().then_some(CachedBody { body, nonce })
    }
}

impl CachedBody {
    fn filled(&self, nonce: Option<u32>) -> Vec<u8> {
        let mut body = self.body.clone();
        if let (Some(nonce), Some(mut place)) = (nonce, body.get_mut(self.nonce.clone())) {
            // Eight digits fill eight bytes, and are lost on none.
            let _ = write!(place, "{nonce:08x}");
        }
        body
    }
}

/// Where two bodies differ that differ in their nonce, which is once at most,
/// or nowhere; `None` if there is more to it.
fn difference(zeros: &[u8], ones: &[u8]) -> Option<Range<usize>> {
    let differs = |(zero, one): (&u8, &u8)| zero != one;
    let Some(start) = zeros.iter().zip(ones).position(differs) else {
        return (zeros == ones).then_some(0..0);
    };
    let place = start..start + 8;
    let (zero, one) = (digits(0), digits(u32::MAX));
    let is_nonce = zeros.get(place.clone())? == zero.as_bytes() && ones.get(place.clone())? == one.as_bytes();
    (is_nonce && zeros[place.end..] == ones[place.end..]).then_some(place)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{BodyCache, ROOM, digits};

    fn text(body: Vec<u8>) -> String {
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn a_form_gives_what_would_have_been_written() {
        let bodies = BodyCache::new(3);
        let written = Cell::new(0);
        let write = |pair: usize, nonce: Option<u32>| {
            written.set(written.get() + 1);
            format!("00000000 [{}] {pair} ffffffff", nonce.map(digits).unwrap_or_default()).into_bytes()
        };
        for nonce in [Some(0), Some(1), Some(0x0bad_cafe), Some(u32::MAX)] {
            for pair in [0, 1] {
                let expected = text(write(pair, nonce));
                assert_eq!(text(bodies.body(pair, nonce, |nonce| write(pair, nonce))), expected);
            }
        }
        assert_eq!(text(bodies.body(2, None, |nonce| write(2, nonce))), "00000000 [] 2 ffffffff");
        assert_eq!(written.get(), 8 + 2 * 2 + 1, "to compare with, and for the bodies");
    }

    #[test]
    fn a_body_without_its_nonce_is_a_form_and_one_that_changes_otherwise_is_none() {
        let bodies = BodyCache::new(3);
        assert_eq!(bodies.body(0, Some(5), |_| b"always".to_vec()), b"always");
        let twice = |nonce: Option<u32>| digits(nonce.unwrap()).repeat(2).into_bytes();
        assert_eq!(text(bodies.body(1, Some(5), twice)), "0000000500000005");
        let longer = |nonce: Option<u32>| nonce.unwrap().to_string().into_bytes();
        assert_eq!(text(bodies.body(2, Some(5), longer)), "5");
    }

    #[test]
    fn what_finds_no_room_is_written_each_time() {
        let bodies = BodyCache::new(2);
        let written = Cell::new(0);
        let write = |_| {
            written.set(written.get() + 1);
            vec![b'x'; ROOM / 2 + 1]
        };
        for pair in [0, 1, 0, 1, 2] {
            assert_eq!(bodies.body(pair, None, write).len(), ROOM / 2 + 1);
        }
        assert_eq!(written.get(), 1 + 2 + 1 + 1, "the first keeps its form");
    }
}
