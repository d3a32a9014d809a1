//! Conversations as `ShareGPT` and its relatives write them:
//! `{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", …}]}`.

use serde_json::{Map, Value};

use super::file_facts::Skip;

/// Keys that such a list stands under.
const LISTS: [&str; 4] = ["conversations", "conversation", "items", "messages"];
const SPEAKERS: [&str; 3] = ["from", "role", "speaker"];
const TEXTS: [&str; 3] = ["value", "content", "text"];

/// Who says something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    System,
    Human,
    Model,
    Tool,
}

impl Speaker {
    fn of(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().as_str() {
            "system" | "developer" => Self::System,
            "human" | "user" | "prompter" => Self::Human,
            "gpt" | "assistant" | "chatgpt" | "bing" | "bard" | "model" | "ai" | "bot" => Self::Model,
            "tool" | "function" | "function_call" | "tool_call" | "observation" | "tool_response" => Self::Tool,
            _ => return None,
        })
    }
}

/// The key of a record under which a conversation in this form stands.
///
/// `messages` and `items` are one only if they speak of `from`, or of a human:
/// `OpenAI`'s `messages` are sent as they are.
pub(in crate::scenario) fn key(fields: &Map<String, Value>) -> Option<&'static str> {
    let is_foreign = |turn: &Value| {
        let role = turn.get("role").and_then(Value::as_str).map(str::to_lowercase);
        turn.get("from").is_some() || matches!(role.as_deref(), Some("human" | "gpt" | "prompter"))
    };
    LISTS.into_iter().find(|key| match (*key, fields.get(*key).and_then(Value::as_array)) {
        ("conversations" | "conversation", Some(_)) => true,
        (_, Some(turns)) => turns.iter().any(is_foreign),
        (_, None) => false,
    })
}

/// Puts what the human says in the place of the whole conversation: the server
/// gives its own replies. A conversation that cannot be held so is left out.
pub(in crate::scenario) fn hold(fields: &mut Map<String, Value>, key: &'static str) -> Result<Option<Skip>, String> {
    if let Some(other) =
        ["prompt", "turns", "messages"].into_iter().find(|other| *other != key && fields.contains_key(*other))
    {
        return Err(format!("`{other}` cannot stand beside `{key}`"));
    }
    let turns = fields.shift_remove(key);
    let turns = turns.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let said = turns.iter().enumerate().map(|(index, turn)| said(key, index, turn)).collect::<Result<Vec<_>, _>>()?;
    let (system, rest) = match said.split_first() {
        Some(((Speaker::System, text), rest)) => (Some(*text), rest),
        _ => (None, said.as_slice()),
    };
    let skip = match rest.first() {
        None => Some(Skip::NoTurns),
        Some((Speaker::Human, _)) => None,
        Some(_) => Some(Skip::NoHumanTurn),
    };
    let amiss = rest.iter().find_map(|(speaker, text)| match speaker {
        Speaker::Tool => Some(Skip::ToolTurn),
        Speaker::System => Some(Skip::LateSystem),
        Speaker::Human if text.trim().is_empty() => Some(Skip::EmptyTurn),
        Speaker::Human | Speaker::Model => None,
    });
    if let Some(skip) = skip.or(amiss) {
        return Ok(Some(skip));
    }
    let texts = rest.iter().filter(|(speaker, _)| *speaker == Speaker::Human);
    let texts: Vec<Value> = texts.map(|(_, text)| (*text).into()).collect();
    fields.insert("turns".to_owned(), texts.into());
    if let Some(system) = system.filter(|text| !text.trim().is_empty()) {
        fields.insert("system".to_owned(), system.into());
    }
    Ok(None)
}

/// Who says what in one turn.
fn said<'t>(key: &str, index: usize, turn: &'t Value) -> Result<(Speaker, &'t str), String> {
    let at = |what: &str| format!("`{key}[{index}]{what}");
    let field = |names: [&'static str; 3]| names.into_iter().find_map(|name| Some((name, turn.get(name)?)));
    if !turn.is_object() {
        return Err(at("` must be an object with `from` and `value`"));
    }
    let (name, speaker) = field(SPEAKERS).ok_or_else(|| at("` has no `from`"))?;
    let speaker = speaker.as_str().ok_or_else(|| at(&format!(".{name}` must be a text")))?;
    let known = Speaker::of(speaker).ok_or_else(|| {
        let speaker: String = speaker.chars().take(40).collect();
        at(&format!(".{name}` is `{speaker}`, neither a human nor a model, a system or a tool"))
    })?;
    let (name, text) = field(TEXTS).ok_or_else(|| at("` has no `value`"))?;
    match text {
        Value::String(text) => Ok((known, text)),
        // A model that called a tool said nothing.
        Value::Null if known != Speaker::Human => Ok((Speaker::Tool, "")),
        _ => Err(at(&format!(".{name}` must be a text"))),
    }
}
