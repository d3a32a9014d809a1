//! The page of `scenarios/reference/outcomes.md`, and what `runexp explain
//! outcomes` prints: how requests end.

use crate::record::{OUTCOMES, OutcomeKind};

/// The word of the page of all outcomes.
const WORD: &str = "outcomes";
const TITLE: &str = "How requests end";

const BEGINNING: &str = "Every request ends in one of these ways. A success is a reply that has ended as its API says that a whole one ends,
and that holds a token wherever content was asked for or tokens were counted. Every other end is a failure, but for
those that the driver brought about itself. `runexp explain cut_off` shows one of them.
";

/// Every word of this page that has one of its own, and how that begins.
pub fn outcome_words() -> impl Iterator<Item = (&'static str, &'static str)> {
    let pages = OUTCOMES.iter().map(|kind| (kind.id(), first_sentence(*kind)));
    [(WORD, TITLE)].into_iter().chain(pages)
}

/// The page of an outcome, or of all of them for `outcomes`, as Markdown.
pub fn explain_outcome(word: &str) -> Option<String> {
    if word == WORD {
        let sections: Vec<String> = OUTCOMES.iter().map(|kind| section(*kind, "##")).collect();
        return Some(format!("# {TITLE}\n\n{BEGINNING}\n{}", sections.join("\n")));
    }
    OUTCOMES.iter().find(|kind| kind.id() == word).map(|kind| section(*kind, "# A way for a request to end:"))
}

fn section(kind: OutcomeKind, heading: &str) -> String {
    format!("{heading} `{}`\n\n{}\n", kind.id(), page(kind))
}

fn first_sentence(kind: OutcomeKind) -> &'static str {
    page(kind).split_once(". ").map_or_else(|| page(kind).trim_end_matches('.'), |(first, _)| first)
}

/// What happened, how it comes about, what to do.
const fn page(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Success => SUCCESS,
        OutcomeKind::Empty => EMPTY,
        OutcomeKind::CutOff => CUT_OFF,
        OutcomeKind::ServerError => SERVER_ERROR,
        OutcomeKind::Status => STATUS,
        OutcomeKind::ContextOverflow => CONTEXT_OVERFLOW,
        OutcomeKind::Redirected => REDIRECTED,
        OutcomeKind::Compressed => COMPRESSED,
        OutcomeKind::Html => HTML,
        OutcomeKind::Garbage => GARBAGE,
        OutcomeKind::Connect => CONNECT,
        OutcomeKind::Reset => RESET,
        OutcomeKind::EarlyClose => EARLY_CLOSE,
        OutcomeKind::Stall => STALL,
        OutcomeKind::Timeout => TIMEOUT,
        OutcomeKind::Dropped => DROPPED,
        OutcomeKind::Cut => CUT,
        OutcomeKind::Interrupted => INTERRUPTED,
    }
}

const SUCCESS: &str = "The reply came whole. Its `finish` is the server's word for why it ended: `stop`, `length`, `tool_calls`; \
    `unknown` where an API ends a reply without a reason. It counts as good if it is also as `expect` says.";

const EMPTY: &str = "The reply ended well and held no token. Either the model had nothing to say (a chat template or a stop \
    sequence that ends it at once), or only loaded or unloaded it (Ollama's `load` and `unload`), or the server \
    keeps to itself what it generates: then `counted` says how many tokens it counted. No time of such a reply \
    is the time of an answer.";

const CUT_OFF: &str = "The reply ended before it was whole, and its connection did not. `[DONE]` or the end of the body came \
    without a reason, as from a server whose engine died behind its front end; or the reason, `finish`, says \
    that the reply was broken off: `abort`, `error`, `content_filter`. Look into the server's log.";

const SERVER_ERROR: &str = "The server told of an error with status 200, in the middle of a reply or in place of one. Any shape of it \
    counts: an `error` object or text, `error_code`, `\"object\": \"error\"`, an event that is named an error.";

const STATUS: &str = "The server answered with an error status. Its message is recorded, and `retry_after` where it said when to \
    try again; the driver does not. 429 and 503 say that the load is more than the server takes in.";

const CONTEXT_OVERFLOW: &str = "The server said that the prompt, or the prompt and the reply that was asked for, is longer than its context. \
    Shorten the prompts, ask for fewer tokens, or start the server with a longer context for each request.";

const REDIRECTED: &str = "The server sent the driver elsewhere, and it does not follow: two requests would be timed as one. Put the \
    address that `location` names into the scenario; often a slash at its end or `https` is missing.";

const COMPRESSED: &str = "The answer was compressed, though the driver had not said that it could read that. A proxy before the server \
    does so, and then holds tokens back; turn that off for this route.";

const HTML: &str = "The answer was an HTML page, or broke into one. Its title says most: a proxy that gives up on its server sends \
    one in the middle of a reply. From the first byte on, the address or the port is most likely not that of the \
    API, but of a portal or a web interface.";

const GARBAGE: &str = "The answer is not the protocol: what came is no HTTP, or its body is no reply of this API. Of a body the message \
    says what was expected, what was wrong and at which byte. Perhaps `api` names another one than the server \
    speaks. What is merely odd and not needed does not spoil a reply: it is passed over and counted. An HTML page \
    is `html`.";

const CONNECT: &str = "No connection could be made: nobody listens there, or not with TLS, or its name is not known.";

const RESET: &str = "The connection broke before the head of the reply had come. A kept connection that the server had closed \
    before any byte, or with status 408, is not this: the request goes out once more, and `resent` says so.";

const EARLY_CLOSE: &str = "The connection ended inside the body, before the reply was whole, as when the server dies. A body that only \
    lacks its own end after a reply that is whole is a success. In records of before 2026-11-28 this is also \
    what `cut_off` is now.";

const STALL: &str = "Not a byte came for longer than `request.stall`, 60 s if that is left out, and the reply was not whole. The \
    server is stuck, or works on a prompt or waits for a slot for longer than that: then raise `stall`.";

const TIMEOUT: &str = "The reply was not whole within `request.timeout`, 10 minutes if that is left out, though bytes may have come all \
    the time: signs of life without end, or a reply that takes longer. Then raise `timeout`.";

const DROPPED: &str = "The request was never sent: as many as `max_in_flight` allows were in flight when it was due.";

const CUT: &str = "The driver cut the request off, for it was still in flight when the drain time after the window was over. \
    That is neither a success nor a failure.";

const INTERRUPTED: &str =
    "A signal ended the run while the request was in flight. That is neither a success nor a failure.";
