//! What a request leaves out, renames and adds, and what is said of one that
//! contradicts itself.

use insta::assert_snapshot;

use super::{Folder, SMALL, bindings};

/// The smallest scenario, with a request that says this too.
fn folder(request: &str) -> Folder {
    Folder::with(&SMALL.replace("max_tokens = 16", &format!("max_tokens = 16, {request}")))
}

/// Every problem with its column and its advice.
fn problems(request: &str) -> String {
    let problems = folder(request).load().unwrap_err();
    let line = |problem: &runexp::format::Problem| {
        let help = problem.help.clone().unwrap_or_default();
        format!("{} at {}: {}; {help}\n", problem.code.as_str(), problem.column, problem.message)
    };
    problems.iter().map(line).collect()
}

#[test]
fn each_field_can_be_left_out_or_renamed() {
    let all = r#"omit = ["model", "temperature", "seed", "stream_options", "ignore_eos", "cache_prompt", "keep_alive",
        "truncate", "max_tokens", "stream"], stream = false"#;
    let scenario = folder(&all.replace("\n       ", "")).load().unwrap();
    let resolved = scenario.resolve(&scenario.treatments()[0], &bindings()).unwrap();
    assert_eq!(resolved.phases[0].request.omit.len(), 10);
    folder(r#"rename = { max_tokens = "max_completion_tokens", seed = "random_seed" }"#).load().unwrap();
}

#[test]
fn contradictions_are_told_where_they_stand() {
    assert_snapshot!(problems(r#"omit = ["seed", "seed", "stream"]"#), @"
    E010 at 55: `seed` stands twice; leave one of them out
    E009 at 55: `stream` cannot be left out: `/v1/chat/completions` does not stream unless it is told to; ask for whole replies: stream = false
    ");
    assert_snapshot!(problems(r#"omit = ["seed"], rename = { seed = "s", max_tokens = "messages", temperature = "" }"#), @r#"
    E009 at 74: `max_tokens` is renamed to `messages`, which is another field of the body; give it a name of its own
    E007 at 74: `temperature` cannot be called ""; write the name that the server knows it by
    E009 at 74: `seed` is left out and renamed; take it out of `omit`, or out of `rename`
    "#);
    assert_snapshot!(problems(r#"rename = { max_tokens = "seed" }, extra = { seed = 4 }"#), @"
    E009 at 57: `max_tokens` is renamed to `seed`, which stands in `extra` too; leave one of them out
    E009 at 57: `max_tokens` is renamed to `seed`, which is another field of the body; give it a name of its own
    ");
    assert_snapshot!(problems(r#"omit = ["stream_option"]"#), @"E007 at 56: unknown value `stream_option`; did you mean `stream_options`?");
    assert_snapshot!(problems(r#"rename = { max_token = "n" }"#), @"E007 at 59: unknown value `max_token`; did you mean `max_tokens`?");
}

#[test]
fn extra_takes_no_number_that_json_has_not() {
    assert_snapshot!(problems("extra = { top_p = nan, bias = [1.0, -inf], a = { b = inf } }"), @"
    E007 at 66: JSON has no number `nan`; a request's body is JSON: write a finite number, or a text
    E007 at 84: JSON has no number `-inf`; a request's body is JSON: write a finite number, or a text
    E007 at 101: JSON has no number `inf`; a request's body is JSON: write a finite number, or a text
    ");
    assert_snapshot!(problems("temperature = nan"), @"E008 at 62: `temperature` is NaN but must be from 0 to 100;");
}

#[test]
fn extra_cannot_make_records_tell_of_another_request() {
    assert_snapshot!(problems("extra = { stream = false, max_tokens = 3 }"), @r#"
    E009 at 58: `stream` cannot stand in `extra`: records would tell of another request; write it beside `extra`, or `omit = ["stream"]`
    E009 at 74: `max_tokens` cannot stand in `extra`: records would tell of another request; write it beside `extra`, or `omit = ["max_tokens"]`
    "#);
}
