//! Replies as broken and hostile servers might send them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::recorded;
use crate::dialect::Dialect;

/// The most of a recorded reply that is taken, in bytes.
const LENGTH: usize = 3 << 10;

/// What the protocols are made of, and what they should never hold.
const WORDS: &[&[u8]] = &[
    b"\n",
    b"\n\n",
    b"\r",
    b"\r\n",
    b"\r\n\r\n",
    b"data:",
    b"data: ",
    b"data: data: ",
    b"data",
    b": ping\n\n",
    b"event: x\n",
    b"event: error\n",
    b": died\n",
    b"<html>\n",
    b"[DONE]",
    b"data: [DONE]\n\n",
    b"data: [DO",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\\"",
    b":",
    b",",
    b"null",
    b"true",
    b"0",
    b"-1",
    b"1e400",
    b"1e-400",
    b"-0",
    b"0.1e1",
    b"18446744073709551616",
    b"NaN",
    b"-Infinity",
    b"8.0",
    b"\"8\"",
    b"\"finish_reason\":\"\"",
    b"\"finish_reason\":\"abort\"",
    b"\"content\":[{\"type\":\"text\",\"text\":\"d\"}]",
    b"\"logprobs\":{\"content\":[{},{}]}",
    b"\"token_ids\":[1,2]",
    b"\"index\":1",
    b"\"index\":99",
    b"\"error_code\":50002",
    b"\"error\":false",
    b"\0",
    b"\x1b[2J",
    b"\x7f",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf0\x9f",
    b"\xf0\x9f\xa6\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\\u0000",
    b"\\ud800",
    b"\\ud83e\\udd80",
    b"\\u004",
    b"\"choices\":",
    b"\"choices\":[{},{}]",
    b"\"delta\":{\"content\":\"a\"}",
    b"\"text\":\"b\"",
    b"\"content\":",
    b"\"content\":\"c\"",
    b"\"error\":",
    b"\"error\":{\"message\":[[",
    b"{\"error\":\"x\"}\n\n",
    b"{\"error\":{}}",
    b"\"usage\":{\"prompt_tokens\":-1}",
    b"\"usage\":{\"completion_tokens\":18446744073709551615}",
    b"\"done\":true",
    b"{\"done\":true}\n",
    b"\"stop\":true",
    b"\"tool_calls\":[{\"function\":{\"arguments\":{\"a\":1e2}}}]",
    b"\"timings\":{\"prompt_ms\":-1e308,\"cache_n\":18446744073709551615,\"prompt_n\":1}",
    b"\"runexp_sent_ns\":18446744073709551615",
    b"<html>",
    b"HTTP/1.1 500 x\r\n\r\n",
];

/// One damaged reply, and where it is split.
pub(super) struct Case {
    pub(super) stream: bool,
    pub(super) body: Vec<u8>,
    /// In order; may repeat.
    pub(super) cuts: Vec<usize>,
}

/// The case of this number: always the same.
pub(super) fn case(dialect: Dialect, number: u64) -> Case {
    let random = &mut ChaCha8Rng::seed_from_u64(number);
    let (stream, mut body) = reply(dialect, random);
    for _ in 0..random.random_range(0..6) {
        pick(DAMAGES, random)(&mut body, random);
    }
    let mut cuts: Vec<usize> = (0..random.random_range(0..12)).map(|_| place(&body, random)).collect();
    cuts.sort_unstable();
    // Now and then a stream is read as a whole body, and a body as a stream.
    Case { stream: stream != random.random_ratio(1, 16), body, cuts }
}

/// A recorded reply, or as much of it as is not too long, from some line on.
fn reply(dialect: Dialect, random: &mut ChaCha8Rng) -> (bool, Vec<u8>) {
    let (stream, recording) = pick(recorded::of(dialect), random);
    let head_end = recording.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |end| end + 4);
    let body = &recording[head_end..];
    let from = random.random_range(0..=body.len().saturating_sub(LENGTH));
    let from = body[..from].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    (stream, body[from..body.len().min(from + LENGTH)].to_vec())
}

type Damage = fn(&mut Vec<u8>, &mut ChaCha8Rng);

const DAMAGES: &[Damage] =
    &[flip, flip, insert, insert, delete, truncate, repeat, inflate, nest, end_lines, rewrite, rewrite, splice, babble];

fn pick<T: Copy>(choices: &[T], random: &mut ChaCha8Rng) -> T {
    choices[random.random_range(0..choices.len())]
}

fn place(body: &[u8], random: &mut ChaCha8Rng) -> usize {
    random.random_range(0..=body.len())
}

/// A stretch of `body`, most often a short one.
fn stretch(body: &[u8], random: &mut ChaCha8Rng) -> std::ops::Range<usize> {
    let start = place(body, random);
    let length = 1_usize << random.random_range(0..10);
    start..body.len().min(start + length)
}

/// The next place after a byte that `fits`, from a random place on.
fn after(body: &[u8], random: &mut ChaCha8Rng, fits: impl Fn(u8) -> bool) -> usize {
    let start = place(body, random);
    body[start..].iter().position(|byte| fits(*byte)).map_or(body.len(), |found| start + found + 1)
}

/// Turns one bit of up to four bytes.
#[expect(clippy::ptr_arg, reason = "one of `DAMAGES`")]
fn flip(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    for _ in 0..random.random_range(1..=4) {
        let place = place(body, random);
        if let Some(byte) = body.get_mut(place) {
            *byte ^= 1 << random.random_range(0..8);
        }
    }
}

fn insert(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let place = place(body, random);
    body.splice(place..place, pick(WORDS, random).iter().copied());
}

fn delete(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    body.drain(stretch(body, random));
}

fn truncate(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    body.truncate(place(body, random));
}

/// Says a line, or any other stretch, once more somewhere.
fn repeat(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let line_end = |byte| byte == b'\n';
    let repeated = if random.random_bool(0.5) {
        let start = after(body, random, line_end);
        body[start..].split_inclusive(|byte| line_end(*byte)).next().unwrap_or_default().to_vec()
    } else {
        body[stretch(body, random)].to_vec()
    };
    let place = after(body, random, line_end);
    body.splice(place..place, repeated);
}

/// Makes a number huge.
fn inflate(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let place = after(body, random, |byte| byte.is_ascii_digit());
    let digits = 1_usize << random.random_range(0..12);
    body.splice(place..place, std::iter::repeat_n(b'9', digits));
}

/// Puts a deep tree before a value, closed or not.
fn nest(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let depth = 1_usize << random.random_range(0..12);
    let (open, close): (&str, &str) = pick(&[("[", "]"), ("{\"a\":", "}"), ("[{\"error\":", "}]")], random);
    let closed = if random.random_bool(0.5) { close.repeat(depth) + "," } else { String::new() };
    let place = after(body, random, |byte| matches!(byte, b':' | b'['));
    body.splice(place..place, (open.repeat(depth) + "0" + &closed).into_bytes());
}

fn end_lines(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let ends: &[&[u8]] = &[b"\n", b"\r\n", b"\r", b"\n\n", b"\r\r", b" \n"];
    let pieces: Vec<Vec<u8>> = body.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let last = pieces.len() - 1;
    *body = pieces
        .into_iter()
        .enumerate()
        .flat_map(|(index, line)| [line, if index < last { pick(ends, random).to_vec() } else { Vec::new() }].concat())
        .collect();
}

/// Gives some strings another text, as the next token would.
fn rewrite(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    for _ in 0..random.random_range(1..6) {
        let start = after(body, random, |byte| byte == b'"');
        let length = body[start..].iter().position(|byte| *byte == b'"').unwrap_or_default();
        let text: Vec<u8> = (0..random.random_range(0..3)).flat_map(|_| pick(WORDS, random).iter().copied()).collect();
        body.splice(start..start + length, text);
    }
}

/// Goes on as a reply of another dialect.
fn splice(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let (_, other) = reply(pick(super::DIALECTS, random), random);
    body.truncate(place(body, random));
    body.extend_from_slice(&other[place(&other, random)..]);
}

/// Nothing but words and noise.
fn babble(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    body.clear();
    for _ in 0..random.random_range(0..60) {
        if random.random_bool(0.8) {
            body.extend_from_slice(pick(WORDS, random));
        } else {
            body.push(random.random());
        }
    }
}
