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
    if is_whole_end(finish) {
        return true;
    }
    let finish = finish.to_ascii_lowercase();
    !BROKEN_OFF.iter().any(|word| finish.contains(word))
}

/// Words of servers for a reply that is all that the model had to say, or may say.
const WHOLE: &[&str] = &[
    "end",
    "end_turn",
    "eos",
    "eos_token",
    "function_call",
    "length",
    "max_length",
    "max_new_tokens",
    "max_tokens",
    "stop",
    "stop_sequence",
    "stop_token",
    "tool_call",
    "tool_calls",
    "tool_use",
    "unknown",
];

/// Whether it is known what such an end means. A reply that ends for another
/// reason is taken to be whole.
pub fn is_known_end(finish: &str) -> bool {
    is_whole_end(finish) || !is_whole(finish)
}

fn is_whole_end(finish: &str) -> bool {
    WHOLE.iter().any(|word| finish.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::{is_known_end, is_whole};

    #[test]
    fn a_reply_that_was_broken_off_is_not_whole() {
        for finish in ["stop", "length", "tool_calls", "function_call", "eos_token", "end_turn", "unknown"] {
            assert!(is_whole(finish) && is_known_end(finish), "{finish}");
        }
        let filtered = ["content_filter", "content_filter: PROHIBITED_CONTENT", "SAFETY", "recitation", "ERROR_TOXIC"];
        let broken = ["error", "ABORT", "cancelled", "load", "unload", "engine_overloaded", "guardrail_intervened"];
        for finish in filtered.into_iter().chain(broken) {
            assert!(!is_whole(finish) && is_known_end(finish), "{finish}");
        }
        for finish in ["repetition", "pause_turn", "42"] {
            assert!(is_whole(finish) && !is_known_end(finish), "{finish}");
        }
    }
}
