//! What is sent in a turn.

use serde_json::{Value, json};

use super::body_cache;
use super::exchange::{Exchange, Turn};
use super::interrupt::Interrupted;
use super::synthetic_prompt::synthetic_prompt;
use super::target::Target;
use crate::dialect::{Ask, Content};
use crate::plan;
use crate::record::OutcomeKind;
use crate::scenario::{Prompt, RequestSpec, Said};

impl Exchange {
    /// Asks what this turn has to ask, and tells how that ended: one request,
    /// or a conversation.
    pub(super) async fn ask(&self, turn: Turn, interrupted: &mut Interrupted<'_>) -> OutcomeKind {
        match &self.prompt(turn).said {
            Said::Turns { system, texts } => self.hold(turn, (system.as_deref(), texts), interrupted).await,
            Said::Text { .. } | Said::Messages(_) | Said::Synthetic { .. } => {
                self.send(turn, self.body(turn), interrupted).await.0
            }
        }
    }

    /// Says one text after the other, each with all that was said before, until
    /// a request has no reply or the window closes.
    async fn hold(
        &self,
        turn: Turn,
        (system, texts): (Option<&str>, &[String]),
        interrupted: &mut Interrupted<'_>,
    ) -> OutcomeKind {
        let said_first = system.map(|text| json!({ "role": "system", "content": text }));
        let mut spoken: Vec<Value> = said_first.into_iter().collect();
        let (mut turn, mut outcome) = (turn, OutcomeKind::Interrupted);
        for (said, text) in (0..).zip(texts) {
            if said > 0 && !self.thinks().await {
                break;
            }
            let scheduled = if said == 0 { turn.scheduled } else { self.now() };
            turn = Turn { said: Some(said), scheduled, ..turn };
            spoken.push(json!({ "role": "user", "content": text }));
            if said == 0 {
                spoken = begun(&start(self.nonce(turn), &self.workload.spec.request), &spoken);
            }
            let reply;
            let body = self.asking(turn, Content::Messages(&spoken));
            (outcome, reply) = self.send(turn, body, interrupted).await;
            if outcome != OutcomeKind::Success {
                break;
            }
            spoken.push(json!({ "role": "assistant", "content": reply }));
        }
        outcome
    }

    /// The pause before the next turn; whether there may still be one.
    async fn thinks(&self) -> bool {
        if let Some(think) = self.workload.spec.request.think {
            self.window.or_stopped(tokio::time::sleep(think.duration())).await;
        }
        self.window.admits(self.now())
    }

    /// What is sent in this turn; of a conversation, at its start.
    pub(super) fn body(&self, turn: Turn) -> Vec<u8> {
        let pair = self.target_index(turn) * self.workload.prompts.len() + self.chosen(turn);
        self.bodies.body(pair, self.nonce(turn), |nonce| self.written(turn, nonce))
    }

    /// The same, from the prompt and the target alone but for the nonce.
    fn written(&self, turn: Turn, nonce: Option<u32>) -> Vec<u8> {
        let start = start(nonce, &self.workload.spec.request);
        match &self.prompt(turn).said {
            Said::Text { text, images } => {
                self.asking(turn, Content::Prompt { text: &format!("{start}{text}"), images })
            }
            Said::Messages(messages) => self.asking(turn, Content::Messages(&begun(&start, messages))),
            Said::Synthetic { tokens } => {
                let text = synthetic_prompt(*tokens, self.target(turn).characters(*tokens), self.workload.seed);
                self.asking(turn, Content::Prompt { text: &format!("{start}{text}"), images: &[] })
            }
            Said::Turns { texts, .. } => {
                let text = format!("{start}{}", texts.first().map_or("", String::as_str));
                self.asking(turn, Content::Prompt { text: &text, images: &[] })
            }
        }
    }

    /// The `max_tokens` of this turn, which its prompt or the request says.
    pub(super) fn asked_tokens(&self, turn: Turn) -> u32 {
        self.prompt(turn).max_tokens.or(self.workload.spec.request.max_tokens).unwrap_or_default()
    }

    /// The `prompt_tokens` of this turn.
    pub(super) fn asked_prompt_tokens(&self, turn: Turn) -> Option<u32> {
        match self.prompt(turn).said {
            Said::Synthetic { tokens } => Some(tokens),
            Said::Text { .. } | Said::Messages(_) | Said::Turns { .. } => None,
        }
    }

    /// Bytes of the text of this turn, but for the template; unknown of the
    /// later turns of a conversation, which hold what was answered before.
    pub(super) fn prompt_bytes(&self, turn: Turn) -> Option<u32> {
        let bytes = match &self.prompt(turn).said {
            Said::Text { text, .. } => text.len(),
            Said::Messages(messages) => messages.iter().map(text_bytes).sum(),
            Said::Synthetic { tokens } => usize::try_from(self.target(turn).characters(*tokens)).unwrap_or(usize::MAX),
            Said::Turns { system, texts } => {
                let first = texts.first().filter(|_| turn.said.is_none_or(|said| said == 0))?;
                system.as_ref().map_or(0, String::len) + first.len()
            }
        };
        let before = self.workload.spec.request.preamble.as_deref().map_or(0, str::len);
        u32::try_from(bytes.saturating_add(before)).ok()
    }

    fn prompt(&self, turn: Turn) -> &Prompt {
        &self.workload.prompts[self.chosen(turn)]
    }

    fn chosen(&self, turn: Turn) -> usize {
        self.order[usize::try_from(turn.position).unwrap_or(usize::MAX) % self.order.len()]
    }

    fn asking(&self, turn: Turn, content: Content<'_>) -> Vec<u8> {
        let target = self.target(turn);
        let request = &self.workload.spec.request;
        target.dialect.body(&Ask {
            model: target.model.as_deref(),
            content,
            max_tokens: self.asked_tokens(turn),
            temperature: request.temperature,
            seed: request.seed,
            stream: request.stream,
            ignore_eos: request.ignore_eos,
            reuse_prefix: turn.said.is_some(),
            changes: request.changes(),
            extra: &request.extra,
        })
    }

    /// A number that no other request of the run starts with, so that no prompt
    /// cache can answer for the model.
    fn nonce(&self, turn: Turn) -> Option<u32> {
        let key = &self.workload.key;
        let name = || format!("{}/{}/{}/{}", key.epoch, key.cell, turn.client, turn.sequence);
        let is_asked_for = self.workload.spec.request.nonce;
        is_asked_for.then(|| (plan::derive(self.workload.nonces, &name()) >> 32) as u32)
    }
}

/// What is asked apart from the load, in the form that a phase will ask in, so
/// that a server which takes the one takes the other.
pub(super) fn apart(target: &Target, request: &RequestSpec, text: &str, max_tokens: u32) -> Vec<u8> {
    target.dialect.body(&Ask {
        model: target.model.as_deref(),
        content: Content::Prompt { text, images: &[] },
        max_tokens,
        temperature: request.temperature,
        seed: request.seed,
        stream: request.stream,
        ignore_eos: request.ignore_eos,
        reuse_prefix: false,
        changes: request.changes(),
        extra: &request.extra,
    })
}

/// What stands before what is said.
pub(super) fn start(nonce: Option<u32>, request: &RequestSpec) -> String {
    let nonce = nonce.map(|nonce| format!("[{}] ", body_cache::digits(nonce))).unwrap_or_default();
    format!("{nonce}{}", request.preamble.as_deref().unwrap_or_default())
}

/// Bytes of the text of a message, images left out.
fn text_bytes(message: &Value) -> usize {
    match message.get("content") {
        Some(Value::String(text)) => text.len(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text")?.as_str()).map(str::len).sum(),
        _ => 0,
    }
}

/// Messages, the first of which that says something begins with `start`: one
/// that only calls tools has nothing to begin with.
fn begun(start: &str, messages: &[Value]) -> Vec<Value> {
    let mut messages = messages.to_vec();
    let mut contents = messages.iter_mut().filter_map(|message| message.get_mut("content"));
    match contents.find(|content| content.is_string() || content.is_array()) {
        Some(Value::String(text)) => text.insert_str(0, start),
        Some(Value::Array(parts)) if !start.is_empty() => {
            parts.insert(0, json!({ "type": "text", "text": start }));
        }
        _ => {}
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_begin_with_what_stands_before_every_prompt() {
        let text = json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Hi" }]);
        let begun_text = begun("[1] ", text.as_array().unwrap());
        assert_eq!([&begun_text[0]["content"], &begun_text[1]["content"]], ["[1] Be brief.", "Hi"]);
        let parts = [json!({ "role": "user", "content": [{ "type": "text", "text": "Hi" }] })];
        let begun_parts = begun("[1] ", &parts);
        assert_eq!(
            begun_parts[0]["content"],
            json!([{ "type": "text", "text": "[1] " }, { "type": "text", "text": "Hi" }])
        );
        assert_eq!(begun("", &parts), parts);
    }
}
