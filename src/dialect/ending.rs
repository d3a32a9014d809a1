/// What stands in the words of servers for a reply that they broke off: by an
/// error, because its client or its engine went away or had too much to do,
/// because the model was unloaded, or because a filter held the rest back.
const BROKEN_OFF: &[&str] = &[
    "abort",
    "blocklist",
    "cancel",
    "content_filter",
    "error",
    "failed",
    "guardrail",
    "incomplete",
    "insufficient",
    "load",
    "malformed",
    "moderation",
    "prohibited",
    "recitation",
    "safety",
    "sensitive",
    "spii",
    "timeout",
    "timed_out",
    "toxic",
];

/// Whether a reply that ended for this reason is all that the model had to say.
pub fn is_whole(finish: &str) -> bool {
    let finish = finish.to_ascii_lowercase();
    !BROKEN_OFF.iter().any(|word| finish.contains(word))
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_reply_that_was_broken_off_is_not_whole() {
        for finish in ["stop", "length", "tool_calls", "function_call", "eos_token", "end_turn", "unknown"] {
            assert!(is_whole(finish), "{finish}");
        }
        let filtered = ["content_filter", "content_filter: PROHIBITED_CONTENT", "SAFETY", "recitation", "ERROR_TOXIC"];
        let broken = ["error", "ABORT", "cancelled", "load", "unload", "engine_overloaded", "guardrail_intervened"];
        for finish in filtered.into_iter().chain(broken) {
            assert!(!is_whole(finish), "{finish}");
        }
    }
}
