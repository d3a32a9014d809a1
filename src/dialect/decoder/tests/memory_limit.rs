//! How much memory a decoder takes, measured where it is allocated.

use allocation_counter::measure;

use super::damage::Case;
use crate::dialect::{Dialect, Event};

/// The most bytes held at once while `body` is decoded.
fn held(dialect: Dialect, stream: bool, body: &[u8], piece: usize) -> usize {
    let counted = measure(|| {
        let mut decoder = dialect.decoder(stream);
        let pushed = body.chunks(piece).try_for_each(|piece| decoder.push(piece, &mut |_: Event<'_>| ()));
        let _ = pushed.and_then(|()| decoder.finish(&mut |_: Event<'_>| ()).map(|_| ()));
    });
    usize::try_from(counted.bytes_max).unwrap()
}

/// A damaged reply may take room in proportion to its length, and for one
/// full list.
pub(super) fn assert_modest(dialect: Dialect, case: &Case) {
    let (length, held) = (case.body.len(), held(dialect, case.stream, &case.body, 1000));
    assert!(held <= (128 << 10) + 16 * length, "{held} bytes held for a reply of {length}");
}

/// An object whose last value goes on in units of a few bytes until `length`.
fn grown(start: &str, unit: &str, end: &str, length: usize) -> Vec<u8> {
    let units = (length - start.len() - end.len()) / unit.len();
    [start, &unit.repeat(units), end].concat().into_bytes()
}

/// What takes more room as a tree than as text.
const GROWING: &[(&str, &str, &str)] = &[
    ("{\"error\":[", "0,", "0]}\n\n"),
    ("{\"error\":{\"message\":[", "{\"\":0},", "0]}}\n\n"),
    ("{\"choices\":[", "{},", "{}]}\n\n"),
    ("{\"choices\":[{\"delta\":{\"tool_calls\":[", "{},", "{}]}}]}\n\n"),
    ("{\"message\":{\"tool_calls\":[", "{\"function\":{}},", "{\"function\":{}}]}}\n\n"),
    ("{\"message\":{\"tool_calls\":[{\"function\":{\"arguments\":{\"a\":[", "0,", "0]}}}]}}\n\n"),
    ("{\"unknown\":", "[", "\n\n"),
    ("{\"error\":", "{\"a\":", "\n\n"),
    ("{\"content\":\"", "\\n", "\"}\n\n"),
    ("{\"stop\":true,\"stop_type\":\"", "\\u00e9", "\"}\n\n"),
];

#[test]
fn a_reply_takes_a_few_times_its_length() {
    const LENGTH: usize = 256 << 10;
    for (start, unit, end) in GROWING {
        let body = grown(start, unit, end, LENGTH);
        for dialect in [Dialect::OllamaChat, Dialect::OpenAiChat, Dialect::LlamaCompletion] {
            for stream in [true, false] {
                let held = held(dialect, stream, &body, 64 << 10);
                assert!(held <= 6 * LENGTH, "{dialect:?}: {held} bytes held for `{start}{unit}…`");
            }
        }
    }
}

#[test]
fn an_endless_stream_of_tokens_takes_no_more_than_a_short_one() {
    let body = include_bytes!("../../../../tests/it/cases/streams/llama-server/server-sigkill-midstream.txt");
    let once = held(Dialect::LlamaChat, true, body, 1000);
    assert_eq!(held(Dialect::LlamaChat, true, &body.repeat(20), 1000), once);
}
