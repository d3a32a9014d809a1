//! A server of the chat route of OpenAI's API.

use std::net::TcpStream;

use serde_json::Value;

use super::{ScriptedServer, answer, chunk, end, stream_head, token};

/// How it answers.
#[derive(Clone, Copy)]
pub(crate) struct Chat {
    /// The fields of a body that it knows; a request with another one is refused.
    /// All if none are named.
    pub(crate) knows: &'static [&'static str],
    /// Tokens that stand around what is said.
    pub(crate) around: usize,
}

impl Chat {
    /// Starts it for as long as the tests run. Its replies have one token, and it
    /// counts one for each five letters of what is said.
    pub(crate) fn start(self) -> ScriptedServer {
        ScriptedServer::start_hearing(move |heard, stream| self.serve(heard, stream))
    }

    fn serve(self, heard: &str, stream: &mut TcpStream) {
        let Some(body) = body(heard) else { return answer(stream, "200 OK", "{\"data\":[]}") };
        let mut fields = body.as_object().unwrap().keys();
        if let Some(unknown) = fields.find(|key| !self.knows.is_empty() && !self.knows.contains(&key.as_str())) {
            let message = format!("{{\"detail\":\"extra inputs are not permitted: {unknown}\"}}");
            return answer(stream, "422 Unprocessable Entity", &message);
        }
        let messages = body["messages"].as_array().unwrap().iter();
        let letters: usize = messages.filter_map(|said| said["content"].as_str()).map(str::len).sum();
        stream_head(stream);
        chunk(stream, &token("a"));
        chunk(stream, &finish("length"));
        chunk(
            stream,
            &usage(&format!("\"prompt_tokens\":{},\"completion_tokens\":1", letters.div_ceil(5) + self.around)),
        );
        chunk(stream, DONE);
        end(stream);
    }
}

/// The mark that ends a stream.
pub(crate) const DONE: &str = "data: [DONE]\n\n";

/// The event that says why a reply ends.
pub(crate) fn finish(reason: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}\n\n")
}

/// The event of these counts.
pub(crate) fn usage(counts: &str) -> String {
    format!("data: {{\"choices\":[],\"usage\":{{{counts}}}}}\n\n")
}

/// The body of a request that is a question, and not about the server itself.
pub(crate) fn body(heard: &str) -> Option<Value> {
    let (opening, body) = heard.split_once("\r\n\r\n")?;
    opening.starts_with("POST").then(|| serde_json::from_str(body).unwrap())
}
