//! `messages` of a prompt file, in the form of `OpenAI`'s chat route.

use serde_json::Value;

use super::prompt_error::PromptError;

/// The messages, if each has a role and says something. One that calls tools
/// need not: `OpenAI` itself gives such a message a `content` of null.
pub(in crate::scenario) fn messages(value: &Value) -> Result<Vec<Value>, PromptError> {
    let expected = "a list of objects with a `role` and a `content`, which is a text or a list of parts";
    let wrong = || PromptError::Key { key: "messages", expected };
    let messages = value.as_array().filter(|messages| !messages.is_empty()).ok_or_else(wrong)?;
    for (index, message) in messages.iter().enumerate() {
        let missing = if !message.get("role").is_some_and(Value::is_string) {
            "a `role`, which is a text"
        } else if !has_content(message) && !calls(message) {
            "a `content`, which is a text or a list of parts; only one with `tool_calls` needs none"
        } else {
            continue;
        };
        return Err(PromptError::Message { index, missing });
    }
    if !messages.iter().any(has_content) {
        return Err(wrong());
    }
    let says_nothing = !messages.iter().any(says_something);
    if says_nothing { Err(PromptError::Empty { key: "messages" }) } else { Ok(messages.clone()) }
}

fn has_content(message: &Value) -> bool {
    message.get("content").is_some_and(|content| content.is_string() || content.is_array())
}

/// A list of parts says something, whatever they are.
fn says_something(message: &Value) -> bool {
    match message.get("content") {
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(parts)) => !parts.is_empty(),
        _ => false,
    }
}

/// Whether the content of a message is left out because it calls something.
fn calls(message: &Value) -> bool {
    let has_no_other = message.get("content").is_none_or(Value::is_null);
    let tools = message.get("tool_calls").and_then(Value::as_array).is_some_and(|calls| !calls.is_empty());
    has_no_other && (tools || message.get("function_call").is_some_and(Value::is_object))
}
