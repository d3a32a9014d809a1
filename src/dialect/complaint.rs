//! Errors in the shapes that servers give them.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bounded_list::BoundedList;
use super::page::{is_html, title};
use super::reply_fields::{Raw, is_stated};
use super::text::{MESSAGE_LIMIT, Text, one_line, shown};

/// What a server says instead of a reply, or in the middle of one.
///
/// Values stay as they are written: a tree of them can be fifty times as
/// large.
#[derive(Deserialize)]
struct Complaint<'a> {
    #[serde(borrow)]
    error: Raw<'a>,
    #[serde(borrow)]
    errors: Raw<'a>,
    #[serde(borrow)]
    error_code: Raw<'a>,
    #[serde(borrow, alias = "error_msg")]
    error_message: Raw<'a>,
    #[serde(borrow)]
    object: Raw<'a>,
    #[serde(borrow, rename = "type")]
    kind: Raw<'a>,
    #[serde(borrow)]
    code: Raw<'a>,
    #[serde(borrow)]
    status: Raw<'a>,
    #[serde(borrow)]
    success: Raw<'a>,
    #[serde(borrow)]
    message: Raw<'a>,
    #[serde(borrow)]
    msg: Raw<'a>,
    #[serde(borrow)]
    detail: Raw<'a>,
    #[serde(borrow)]
    text: Raw<'a>,
}

/// What servers say of a request that waits, runs or is done.
const FINE: [&str; 8] = ["ok", "success", "queued", "pending", "processing", "running", "in_progress", "completed"];

/// The message of JSON that is an error and nothing else; `None` if it does
/// not look like one.
///
/// Known are `{"error": …}` with a text or an object, `{"object": "error"}` or
/// a `type` with "error" in it, `error_code`, `error_msg`, `errors`, a plain
/// `detail`, `message` or `msg`, a `status` or `code` of 400 and more, and a
/// list of one of these.
pub(super) fn complaint(json: &[u8]) -> Option<String> {
    if json.trim_ascii_start().starts_with(b"[") {
        let list = serde_json::from_slice::<BoundedList<&RawValue>>(json).ok()?;
        return complaint(list.into_iter().next()?.get().as_bytes());
    }
    let complaint: Complaint<'_> = serde_json::from_slice(json).ok()?;
    let stated = |raw: Raw<'_>| raw.is_some_and(is_stated);
    let says_error = |raw: Raw<'_>| raw.is_some_and(|raw| raw.get().to_ascii_lowercase().contains("error"));
    let is_bad = |raw: Raw<'_>| raw.is_some_and(|raw| raw.get().parse().is_ok_and(|code: u64| code >= 400));
    let Complaint { error, errors, error_code, error_message, object, kind, code, status, success, .. } = complaint;
    let Complaint { message, msg, detail, text, .. } = complaint;
    let words = |last: Raw<'_>| {
        let said = [error_message, message, msg, detail, last].into_iter().flatten().find(|raw| is_stated(raw));
        said.map_or_else(|| shown(json, MESSAGE_LIMIT), message_of)
    };
    if let Some(error) = [error, errors].into_iter().flatten().find(|raw| is_stated(raw)) {
        // `{"error": true, "message": "…"}` says more beside it.
        return Some(if error.get() == "true" { words(None) } else { message_of(error) });
    }
    let is_text = |raw: Raw<'_>| raw.is_some_and(|raw| raw.get().starts_with('"')) && stated(raw);
    let is = |raw: Raw<'_>, words: &[&str]| raw.is_some_and(|raw| words.contains(&raw.get().trim_matches('"')));
    if is(code, &["0", "200"]) || is(success, &["true"]) || is(status, &FINE) {
        return None;
    }
    let is_error = stated(error_code)
        || says_error(object)
        || says_error(kind)
        || is_bad(code)
        || is_bad(status)
        || says_error(status)
        || success.is_some_and(|success| success.get() == "false")
        || stated(error_message)
        || stated(detail)
        || is_text(message)
        || is_text(msg);
    is_error.then(|| words(text))
}

/// The message of an answer that is an error: the JSON error message of
/// Ollama, `OpenAI`, llama.cpp, vLLM, `FastAPI` and others, the title of an
/// HTML page, otherwise the text itself. At most 300 characters; control
/// characters are shown as spaces. Empty for an empty body.
pub fn error_message(body: &[u8]) -> String {
    let page = || is_html(body).then(|| title(body).unwrap_or_else(|| "an HTML page without a title".to_owned()));
    complaint(body).or_else(page).unwrap_or_else(|| shown(body, MESSAGE_LIMIT))
}

/// The message in the value of an `error` field. A word that tells of a
/// prompt that is too long is kept, for the message may not say so.
pub(super) fn message_of(error: &RawValue) -> String {
    let described: Option<Described<'_>> = serde_json::from_str(error.get()).ok();
    let Some(Described { message, code, kind }) = described else { return said(error) };
    let Some(message) = message.filter(|message| is_stated(message)) else { return said(error) };
    let words = [code, kind].into_iter().flatten().map(said);
    match words.into_iter().find(|word| word.contains("context")) {
        Some(word) => one_line(&format!("{} ({word})", said(message)), MESSAGE_LIMIT),
        None => said(message),
    }
}

/// The first words of a value: a text without its quotes, the message of the
/// first of a list of objects, else the value as it is written.
fn said(value: &RawValue) -> String {
    match serde_json::from_str::<Text<'_>>(value.get()) {
        Ok(Text(text)) => one_line(&text, MESSAGE_LIMIT),
        Err(_) => one_line(value.get(), MESSAGE_LIMIT),
    }
}

#[derive(Deserialize)]
struct Described<'a> {
    #[serde(borrow)]
    message: Raw<'a>,
    #[serde(borrow)]
    code: Raw<'a>,
    #[serde(borrow, rename = "type")]
    kind: Raw<'a>,
}

/// Whether an error says that a prompt, with the reply that was asked for, is
/// longer than the model or the server can take.
pub fn is_context_overflow(message: &str) -> bool {
    const WORDS: &[&str] = &[
        "context length",
        "context size",
        "context window",
        "context_length",
        "exceed_context",
        "exceeds the context",
        "maximum context",
        "max_model_len",
        "max_seq_len",
        "maximum model length",
        "maximum sequence length",
        "max_position_embeddings",
        "n_ctx",
        "num_ctx",
        "prompt is too long",
        "prompt too long",
        "input is too long",
        "input too long",
        "`inputs` tokens + `max_new_tokens`",
        "input length",
        "tokens exceed",
        "is longer than the model",
    ];
    let message = message.to_ascii_lowercase();
    // A context that the memory has no room for is too long itself.
    !message.contains("memory") && WORDS.iter().any(|words| message.contains(words))
}

#[cfg(test)]
mod tests;
