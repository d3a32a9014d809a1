use serde_json::value::RawValue;

use super::{Fields, is_stated};
use crate::dialect::{Event, TokenKind};

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

/// What reading gives, and what it passes over.
fn read<T: std::fmt::Debug>(json: &str, reads: impl Fn(&mut Fields<'_>, Option<&RawValue>) -> T) -> String {
    let mut shown = Vec::new();
    let mut sink = |event: Event<'_>| {
        shown.push(match event {
            Event::Token { text, kind } => format!("{kind:?} {text:?}"),
            Event::PassedOver { field } => format!("passed over {field}"),
            other => format!("{other:?}"),
        });
    };
    let value = reads(&mut Fields::new(&mut sink), Some(raw(json)));
    let value = Some(format!("{value:?}")).filter(|value| value != "()");
    value.into_iter().chain(shown).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_count_may_be_written_in_many_ways_and_what_is_none_is_told() {
    let shown = |json| format!("{json}: {}\n", read(json, |fields, raw| fields.count(raw, "n")));
    let cases = ["8", "8.0", "\"8\"", "8e0", "0", "-0.0", "-1", "8.5", "1e400", "18446744073709551616", "true", "[8]"];
    insta::assert_snapshot!(cases.map(shown).concat(), @r#"
    8: Some(8)
    8.0: Some(8)
    "8": Some(8)
    8e0: Some(8)
    0: Some(0)
    -0.0: Some(0)
    -1: None, passed over n
    8.5: None, passed over n
    1e400: None, passed over n
    18446744073709551616: None, passed over n
    true: None, passed over n
    [8]: None, passed over n
    "#);
}

#[test]
fn what_says_nothing_is_not_stated() {
    let nothing = ["null", "false", "0", "0.0", "\"\"", "\" \"", "[]", "{}", r#"{"code":0,"message":"","x":[null]}"#];
    assert!(nothing.iter().all(|json| !is_stated(raw(json))));
    let something = ["true", "1", "-1", "\"x\"", "[0,1]", r#"{"code":null,"message":"x"}"#, "1e400"];
    assert!(something.iter().all(|json| is_stated(raw(json))));
}

#[test]
fn a_text_may_be_a_list_of_parts_or_hold_half_a_character() {
    let shown =
        |json| format!("{json}: {}\n", read(json, |fields, raw| fields.tokens(raw, "content", TokenKind::Content)));
    let cases = [
        r#""a""#,
        r#""""#,
        r#"[{"type":"text","text":"a"},"b"]"#,
        r#"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]"#,
        r#"[{"type":"reasoning.summary","summary":"hm"}]"#,
        r#"{"type":"output_text","text":"a"}"#,
        r#"{"type":"refusal","refusal":"no"}"#,
        r#"[{"type":"text","text":""}]"#,
        r#"[{"type":"image_url","image_url":{"url":"x"}}]"#,
        r#""a\ud83e""#,
        r#""\udd80b""#,
        "7",
        "[[[[[[\"deep\"]]]]]]",
    ];
    insta::assert_snapshot!(cases.map(shown).concat(), @r#"
    "a": Content "a"
    "": 
    [{"type":"text","text":"a"},"b"]: Content "a", Content "b"
    [{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]: Reasoning "hm"
    [{"type":"reasoning.summary","summary":"hm"}]: Reasoning "hm"
    {"type":"output_text","text":"a"}: Content "a"
    {"type":"refusal","refusal":"no"}: Content "no"
    [{"type":"text","text":""}]: 
    [{"type":"image_url","image_url":{"url":"x"}}]: passed over content
    "a\ud83e": passed over content, Content "a�"
    "\udd80b": passed over content, Content "�b"
    7: passed over content
    [[[[[["deep"]]]]]]: passed over content
    "#);
}

#[test]
fn a_reason_is_a_word_or_the_type_of_an_object() {
    let shown = |json| format!("{json}: {}\n", read(json, |fields, raw| fields.reason(raw, "finish_reason")));
    let cases = [r#""stop""#, r#""""#, r#"" ""#, r#"{"type":"length","length":8}"#, "{}", "0"];
    insta::assert_snapshot!(cases.map(shown).concat(), @r#"
    "stop": Some("stop")
    "": None
    " ": None
    {"type":"length","length":8}: Some("length")
    {}: None
    0: None, passed over finish_reason
    "#);
}
