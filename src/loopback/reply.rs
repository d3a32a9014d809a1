//! Replies as vLLM sends them: server-sent events in `OpenAI`'s chat form, each
//! an HTTP chunk of its own.

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";

/// What is the same in every reply.
#[derive(Debug)]
pub(super) struct Parts {
    /// Head, role and first token.
    first: Vec<u8>,
    /// Every other token.
    next: Vec<u8>,
    tokens: u32,
    whole: Vec<u8>,
}

impl Parts {
    /// The parts of replies of `tokens` tokens.
    pub(super) fn of(tokens: u32) -> Self {
        let next = event(&delta(r#"{"content":" token"}"#));
        let first = [HEAD, &event(&delta(r#"{"role":"assistant","content":""}"#)), &next].concat();
        let others = next.repeat(tokens.saturating_sub(1) as usize);
        let whole = [first.as_slice(), &others, &end(0, tokens)].concat();
        Self { first, next, tokens, whole }
    }

    pub(super) const fn tokens(&self) -> u32 {
        self.tokens
    }

    /// What is sent for the token at `index`, from 0.
    pub(super) fn token(&self, index: u32) -> &[u8] {
        if index == 0 { &self.first } else { &self.next }
    }

    /// A reply in one piece, with the number 0.
    pub(super) fn whole(&self) -> &[u8] {
        &self.whole
    }
}

/// Why it ends, usage and end. The reply's number stands where the tokens of the prompt
/// are counted: that count comes back in the record, and so tells which reply
/// a record is of, without a word in the stream that real servers do not send.
pub(super) fn end(number: u64, tokens: u32) -> Vec<u8> {
    let usage = format!(
        r#"{{{COMMON},"choices":[],"usage":{{"prompt_tokens":{number},"total_tokens":{},"completion_tokens":{tokens}}}}}"#,
        number + u64::from(tokens)
    );
    let finish = delta("{}").replace(r#""finish_reason":null"#, r#""finish_reason":"length""#);
    [event(&finish), event(&usage), event("[DONE]"), b"0\r\n\r\n".to_vec()].concat()
}

const COMMON: &str =
    r#""id":"chatcmpl-9d37010354f1e666","object":"chat.completion.chunk","created":1795349107,"model":"loopback""#;

fn delta(delta: &str) -> String {
    format!(
        r#"{{{COMMON},"choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":null,"token_ids":null}}]}}"#
    )
}

fn event(data: &str) -> Vec<u8> {
    let event = format!("data: {data}\n\n");
    format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()
}
