/// What servers say of a reply that they broke off: by an error, because its
/// client or its engine went away, because the model was unloaded, or because a
/// filter held the rest back.
const BROKEN_OFF: &[&str] = &[
    "abort",
    "aborted",
    "cancelled",
    "canceled",
    "content_filter",
    "error",
    "failed",
    "incomplete",
    "insufficient_system_resource",
    "internal_error",
    "load",
    "network_error",
    "sensitive",
    "timeout",
    "unload",
];

/// Whether a reply that ended for this reason is all that the model had to say.
pub fn is_whole(finish: &str) -> bool {
    !BROKEN_OFF.iter().any(|word| finish.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_reply_that_was_broken_off_is_not_whole() {
        for finish in ["stop", "length", "tool_calls", "function_call", "eos_token", "end_turn", "unknown"] {
            assert!(is_whole(finish), "{finish}");
        }
        for finish in ["error", "ABORT", "cancelled", "content_filter", "load", "unload"] {
            assert!(!is_whole(finish), "{finish}");
        }
    }
}
