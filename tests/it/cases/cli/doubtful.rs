//! What is told of replies that are whole and yet not what they seem.

use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use insta::assert_snapshot;
use regex::Regex;

use super::folder::{Folder, Said};
use super::undisturbed::undisturbed;
use crate::support::chat::{DONE, body, finish, usage};
use crate::support::{ScriptedServer, answer, chunk, end, stream_head, token};

/// A run of a closed loop that lasts so long, and asks for so many tokens.
fn run(
    length: &str,
    tokens: u32,
    script: impl Fn(usize, &mut TcpStream) + Clone + Send + Sync + 'static,
) -> (Folder, Said) {
    undisturbed(0, || {
        let (script, chats) = (script.clone(), AtomicUsize::new(0));
        let server = ScriptedServer::start_hearing(move |heard, stream| match body(heard) {
            Some(_) => script(chats.fetch_add(1, Ordering::SeqCst), stream),
            None => answer(stream, "200 OK", "{\"data\":[]}"),
        });
        let url = server.url();
        let folder = Folder::with(&format!(
            "schema = 1\nname = \"doubtful\"\n[design]\nrepetitions = 1\nrerun = 0\n\
             [[server]]\nname = \"s\"\napi = \"openai\"\nmodel = \"m\"\nurl = \"{url}\"\n\
             [[phase]]\nname = \"load\"\n{length}\n\
             request = {{ prompt = \"hello\", max_tokens = {tokens}, nonce = false, prompt_cache = \"allow\" }}\n"
        ));
        let said = folder.runexp("x.toml");
        (folder, said)
    })
}

/// The lines of the summary, and of the screen, that hold any of these words;
/// times are left out.
fn lines(said: &Said, words: &[&str]) -> String {
    let summary = said.run().read("summary.md");
    let screen = said.to_string();
    let told = screen.lines().chain(summary.lines()).filter(|line| words.iter().any(|word| line.contains(word)));
    let told = told.collect::<Vec<_>>().join("\n");
    Regex::new(r"\d+(\.\d+)? (tok/s|ms)\b").unwrap().replace_all(&told, "N $2").into_owned()
}

/// Tokens, so far apart, with these counts behind them.
fn reply(stream: &mut TcpStream, (tokens, apart): (u32, Duration), counts: &str, reason: &str) {
    stream_head(stream);
    for _ in 0..tokens {
        std::thread::sleep(apart);
        chunk(stream, &token("a "));
    }
    chunk(stream, &finish(reason));
    chunk(stream, &usage(counts));
    chunk(stream, DONE);
    end(stream);
}

const TWENTY: &str = "clients = 1\nrequests = 20";
const APART: Duration = Duration::from_millis(2);

/// The server thinks 200 tokens long, says so, and sends the answer alone: its
/// pace is that of the answer.
#[test]
fn thoughts_that_are_counted_and_not_sent_are_spread_over_no_chunks() {
    let (_folder, said) = run(TWENTY, 256, |_, stream| {
        std::thread::sleep(Duration::from_millis(20));
        let counts = "\"completion_tokens\":220,\"completion_tokens_details\":{\"reasoning_tokens\":200}";
        reply(stream, (20, APART), counts, "stop");
    });
    assert_eq!(said.code, Some(0), "{said}");
    assert_snapshot!(lines(&said, &["thoughts", "tokens per reply", "by chunks"]), @r"
    - default/load/clients=1: of 4400 tokens that the server counted, 4000 were thoughts that it did not send. Figures of tokens count what was sent; the wait for the first token holds the time of the others.
    **tokens per reply, mean** in tokens
    ");
    let pace = said.run().json("summary.json")["cells"]["default/load/clients=1"]["estimates"]["tpot_p50"]["estimate"]
        ["value"]
        .clone();
    assert!(pace.as_f64().unwrap() >= 0.002, "{pace}");
}

#[test]
fn a_count_of_more_tokens_than_were_asked_for_spoils_what_it_is_added_to() {
    let (_folder, said) = run(TWENTY, 8, |number, stream| {
        let counts = if number == 7 { "\"completion_tokens\":8000" } else { "\"completion_tokens\":8" };
        reply(stream, (8, APART), counts, "length");
    });
    assert_snapshot!(said.reasons(), @"`default/load/clients=1`, block 0: the server counted up to 8000 tokens in replies of at most 8: in 1, more than were asked for (beyond_max_tokens)");
    let (_folder, honest) = run(TWENTY, 8, |_, stream| reply(stream, (8, APART), "\"completion_tokens\":9", "length"));
    assert_eq!(honest.code, Some(0), "the end of a text is a token to some: {honest}");
}

#[test]
fn a_proxy_that_holds_replies_back_is_told_and_nobody_accused() {
    let (_folder, held) = run(TWENTY, 40, |_, stream| {
        std::thread::sleep(Duration::from_millis(80));
        reply(stream, (40, Duration::ZERO), "\"completion_tokens\":40", "length");
    });
    assert_eq!(held.code, Some(0), "{held}");
    assert_snapshot!(lines(&held, &["all tokens came with the first"]), @r"- default/load/clients=1: in 20 of 20 streamed replies all tokens came with the first, after N ms of waiting. Something holds replies back until they are whole, a proxy that buffers (\`proxy_buffering off\` in nginx), or the server sends them so. Then the time to first token is that of the whole reply, and the time per token is none of the server's.");
    // A toy without a model is as fast, and does not keep anybody waiting.
    let (_folder, toy) =
        run(TWENTY, 40, |_, stream| reply(stream, (40, Duration::ZERO), "\"completion_tokens\":40", "stop"));
    // Short replies of a draft model, and one whose tokens come one by one.
    let (_folder, short) = run(TWENTY, 40, |_, stream| {
        std::thread::sleep(Duration::from_millis(80));
        reply(stream, (12, Duration::ZERO), "\"completion_tokens\":12", "stop");
    });
    let (_folder, slow) = run("clients = 1\nrequests = 4", 40, |_, stream| {
        std::thread::sleep(Duration::from_millis(80));
        reply(stream, (40, APART), "\"completion_tokens\":40", "stop");
    });
    for honest in [toy, short, slow] {
        assert_eq!(lines(&honest, &["all tokens came with the first"]), "", "{honest}");
    }
}

#[test]
fn an_end_that_nobody_knows_is_told() {
    let (_folder, said) = run(TWENTY, 8, |number, stream| {
        let reason = if number % 2 == 0 { "stop" } else { "repetition" };
        reply(stream, (4, APART), "\"completion_tokens\":4", reason);
    });
    assert_eq!(said.code, Some(0), "{said}");
    assert_snapshot!(lines(&said, &["is not known"]), @"- default/load/clients=1: replies ended for a reason that is not known, and were taken to be whole: repetition 10 ×.");
}

/// What was under way when the drain time was over neither failed nor succeeded,
/// and is not passed over in silence.
#[test]
fn what_is_cut_off_at_the_end_of_the_drain_is_named_wherever_requests_are_counted() {
    let hold = |stream: &mut TcpStream| {
        stream_head(stream);
        chunk(stream, &token("a"));
        // Until the driver closes it.
        drop(crate::support::read_request(stream));
    };
    let (_folder, said) =
        run("clients = 2\nduration = \"600ms\"\ndrain = \"1s\"", 8, move |number, stream| match number {
            1 => hold(stream),
            2 => answer(stream, "429 Too Many Requests", "{\"error\":{\"message\":\"slow down\"}}"),
            _ => reply(stream, (4, Duration::from_millis(20)), "\"completion_tokens\":4", "stop"),
        });
    let told = lines(&said, &["[1/1]", "status 1,"]);
    let counts = Regex::new(r"success \d+").unwrap();
    assert_snapshot!(counts.replace_all(&told, "success N"), @r"
      [1/1] default/load/clients=2 · N requests, N failed: N × 429 `slow down`, 1 unanswered at the end of the drain
    | default | clients=2 | 0 of 1 | status 1, success N, unanswered at the end of the drain 1 |
    ");
    let (_folder, silent) =
        run("clients = 2\nduration = \"300ms\"\ndrain = \"100ms\"", 8, move |_, stream| hold(stream));
    assert_snapshot!(silent.reasons(), @"`default/load/clients=2`, block 0: no request succeeded: 2 unanswered at the end of the drain (nothing_succeeded)");
}
