//! What is said to a model, in the shapes of the routes.

use serde_json::{Value, json};

use super::Dialect;

/// What is said to a model, whatever the dialect.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// A text, with images in base64; a single user message on chat routes.
    Prompt {
        /// The text.
        text: &'a str,
        /// The images, as Ollama takes them.
        images: &'a [String],
    },
    /// Messages as `OpenAI`'s chat route takes them: objects of `role` and
    /// `content`, which is a text or a list of parts.
    Messages(&'a [Value]),
}

/// A route cannot take what is to be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It takes one text.
    #[error("`{path}` takes a text, not messages")]
    Messages {
        /// The route.
        path: &'static str,
    },
    /// It takes no images.
    #[error("`{path}` takes no images")]
    Images {
        /// The route.
        path: &'static str,
    },
    /// It takes texts and images in base64, nothing else.
    #[error("`{path}` takes texts and images in base64, but no {what}")]
    Part {
        /// The route.
        path: &'static str,
        /// What it does not take.
        what: String,
    },
}

impl Dialect {
    /// Whether the route can take this.
    ///
    /// # Errors
    /// When the route would ignore some of it, or refuse it.
    pub fn takes(self, content: Content<'_>) -> Result<(), Refused> {
        let path = self.path();
        match (self, content) {
            (Self::OllamaGenerate | Self::OpenAiCompletions | Self::LlamaCompletion, Content::Messages(_)) => {
                Err(Refused::Messages { path })
            }
            (Self::OpenAiCompletions | Self::LlamaCompletion, Content::Prompt { images: [_, ..], .. }) => {
                Err(Refused::Images { path })
            }
            (Self::OllamaChat, Content::Messages(messages)) => {
                let mut parts = messages.iter().filter_map(|message| message.get("content")?.as_array()).flatten();
                let foreign = parts.find_map(|part| Part::of(part).err());
                let foreign = foreign.or_else(|| messages.iter().find_map(|message| calls_as_objects(message).err()));
                foreign.map_or(Ok(()), |what| Err(Refused::Part { path, what }))
            }
            _ => Ok(()),
        }
    }
}

impl Content<'_> {
    /// As `OpenAI`'s chat route takes it; messages stay as they are.
    pub(super) fn openai_messages(self) -> Value {
        match self {
            Self::Prompt { text, images: [] } => json!([{ "role": "user", "content": text }]),
            Self::Prompt { text, images } => {
                let text = json!({ "type": "text", "text": text });
                let image = |data: &String| {
                    let url = format!("data:{};base64,{data}", media_type(data));
                    json!({ "type": "image_url", "image_url": { "url": url } })
                };
                let parts: Vec<Value> = std::iter::once(text).chain(images.iter().map(image)).collect();
                json!([{ "role": "user", "content": parts }])
            }
            Self::Messages(messages) => messages.into(),
        }
    }

    /// As Ollama's chat route takes it: images stand beside a message's text.
    pub(super) fn ollama_messages(self) -> Value {
        match self {
            Self::Prompt { text, images: [] } => json!([{ "role": "user", "content": text }]),
            Self::Prompt { text, images } => json!([{ "role": "user", "content": text, "images": images }]),
            Self::Messages(messages) => messages.iter().map(ollama_message).collect(),
        }
    }

    /// The text alone, for routes that take no messages.
    pub(super) fn text(self) -> Value {
        match self {
            Self::Prompt { text, .. } => text.into(),
            Self::Messages(messages) => {
                let texts = messages.iter().filter_map(|message| message.get("content")?.as_str());
                texts.collect::<Vec<_>>().join("\n").into()
            }
        }
    }

    /// The images that stand beside the text; null if there are none.
    pub(super) fn images(self) -> Value {
        match self {
            Self::Prompt { images: images @ [_, ..], .. } => images.into(),
            Self::Prompt { .. } | Self::Messages(_) => Value::Null,
        }
    }
}

/// A part of a message that every route can say in its way.
enum Part<'a> {
    Text(&'a str),
    /// In base64.
    Image(&'a str),
}

impl<'a> Part<'a> {
    /// Else what it is.
    fn of(part: &'a Value) -> Result<Self, String> {
        let kind = part.get("type").and_then(Value::as_str);
        let text = part.get("text").and_then(Value::as_str).filter(|_| kind == Some("text"));
        if let Some(text) = text {
            return Ok(Self::Text(text));
        }
        let url = part.get("image_url").map(|image| image.get("url").unwrap_or(image));
        match url.and_then(Value::as_str).and_then(|url| url.strip_prefix("data:")?.split_once(";base64,")) {
            Some((_, data)) => Ok(Self::Image(data)),
            None if url.is_some() => Err("image that is elsewhere".to_owned()),
            None => Err(kind.map_or_else(
                || "part without a type".to_owned(),
                |kind| format!("part of type `{}`", kind.chars().take(40).collect::<String>()),
            )),
        }
    }
}

/// The tools that a message calls as Ollama takes them: `OpenAI` writes the
/// arguments as a text that is JSON, Ollama as the object itself.
fn calls_as_objects(message: &Value) -> Result<Option<Value>, String> {
    let Some(calls) = message.get("tool_calls").and_then(Value::as_array) else { return Ok(None) };
    let mut calls = calls.clone();
    for arguments in calls.iter_mut().filter_map(|call| call.pointer_mut("/function/arguments")) {
        let parsed = arguments.as_str().map(serde_json::from_str::<Value>);
        *arguments = match parsed {
            None => arguments.take(),
            Some(Ok(object)) if object.is_object() => object,
            Some(_) => return Err("call of a tool whose arguments are no JSON object".to_owned()),
        };
    }
    Ok(Some(calls.into()))
}

fn ollama_message(message: &Value) -> Value {
    let mut message = message.clone();
    if let Ok(Some(calls)) = calls_as_objects(&message) {
        message["tool_calls"] = calls;
    }
    let Some(parts) = message.get("content").and_then(Value::as_array).cloned() else { return message };
    let (mut texts, mut images) = (Vec::new(), Vec::new());
    for part in &parts {
        match Part::of(part) {
            Ok(Part::Text(text)) => texts.push(text),
            Ok(Part::Image(data)) => images.push(data),
            Err(_) => {}
        }
    }
    message["content"] = texts.join("\n").into();
    if !images.is_empty() {
        message["images"] = images.into();
    }
    message
}

/// By the first bytes of each format, in base64.
fn media_type(data: &str) -> &'static str {
    let known = [("/9j/", "image/jpeg"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp")];
    known.iter().find(|(start, _)| data.starts_with(start)).map_or("image/png", |(_, media_type)| media_type)
}
