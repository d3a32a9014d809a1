//! JSON that is nearly JSON.

use std::borrow::Cow;

/// What some servers write for a number that is none.
const NO_NUMBERS: &[&str] = &["-Infinity", "Infinity", "-inf", "inf", "-NaN", "-nan", "NaN", "nan"];
/// In JSON, for half a character.
const REPLACEMENT: &str = "\\ufffd";

/// The same JSON with `null` for what is no number, and U+FFFD for half
/// characters and for bytes that are no UTF-8, and spaces for control
/// characters in strings; `None` if there is nothing to mend.
pub(super) fn mend(json: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(json);
    let (mut mended, mut rest, mut in_string) = (String::with_capacity(text.len()), &*text, false);
    let mut changed = matches!(text, Cow::Owned(_));
    while let Some(first) = rest.chars().next() {
        let (written, read) = if in_string { in_text(rest, first) } else { outside(rest, first) };
        in_string ^= first == '"';
        let (taken, left) = rest.split_at(read);
        changed |= written.is_some();
        mended.push_str(written.unwrap_or(taken));
        rest = left;
    }
    changed.then_some(mended)
}

/// What stands in place of what comes next inside a string, if anything does,
/// and how long that is.
fn in_text(rest: &str, first: char) -> (Option<&'static str>, usize) {
    if first.is_ascii_control() {
        return (Some(" "), 1);
    }
    if first != '\\' {
        return (None, first.len_utf8());
    }
    match surrogate(rest) {
        Some(0xd800..=0xdbff) if rest.get(6..).and_then(surrogate).is_some_and(|low| low >= 0xdc00) => (None, 12),
        Some(_) => (Some(REPLACEMENT), 6),
        None => (None, 1 + rest.chars().nth(1).map_or(0, char::len_utf8)),
    }
}

fn outside(rest: &str, first: char) -> (Option<&'static str>, usize) {
    let no_number = NO_NUMBERS.iter().find(|word| rest.starts_with(**word));
    no_number.map_or((None, first.len_utf8()), |word| (Some("null"), word.len()))
}

/// The half of a character that `rest` begins with.
fn surrogate(rest: &str) -> Option<u32> {
    let digits = rest.strip_prefix("\\u")?.get(..4)?;
    let unit = u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    (0xd800..=0xdfff).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::mend;

    #[test]
    fn what_is_no_number_and_half_a_character_are_mended_and_nothing_else_is() {
        let shown = |json: &str| mend(json.as_bytes()).unwrap_or_else(|| "as it is".to_owned());
        insta::assert_snapshot!(
            [
                r#"{"a":NaN,"b":-Infinity,"c":[inf,1]}"#,
                r#"{"a":"NaN \" Infinity","inf":1}"#,
                r#"{"a":"\ud83e","b":"\udd80x","c":"\ud83e\ud83e\udd80"}"#,
                r#"{"a":"\\ud83e","b":"\ud83e\udd80"}"#,
                "{\"a\":\"b\tc\"}",
                "\"\\",
            ]
            .map(shown)
            .join("\n"),
            @r#"
        {"a":null,"b":null,"c":[null,1]}
        as it is
        {"a":"\ufffd","b":"\ufffdx","c":"\ufffd\ud83e\udd80"}
        as it is
        {"a":"b c"}
        as it is
        "#
        );
        assert_eq!(mend(b"\"\xf0\x9f\"").as_deref(), Some("\"\u{fffd}\""));
    }
}
