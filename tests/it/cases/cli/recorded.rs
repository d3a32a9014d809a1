//! Files of prompts and arrivals as they are found in the wild: what `plan` says
//! of each, and what a server hears.

use insta::assert_snapshot;
use serde_json::Value;

use super::folder::Folder;
use super::undisturbed::undisturbed;
use crate::support::chat::{Chat, body};

/// One conversation to be held, one that a model begins, and one with a system.
const SHAREGPT: &str = r#"[
  {"id": "a", "conversations": [
    {"from": "human", "value": "What is a bridge?"}, {"from": "gpt", "value": "A way over."},
    {"from": "human", "value": "And a tunnel?"}, {"from": "gpt", "value": "A way under."}]},
  {"id": "b", "conversations": [{"from": "gpt", "value": "As I said."}, {"from": "human", "value": "Did you?"}]},
  {"id": "c", "conversations": [
    {"from": "system", "value": "Be brief."}, {"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}]}
]"#;
const JSON_LINES: &str = "\u{feff}{\"prompt\": \"one {{ x }}\"}\r\n\r\n{\"messages\": [{\"role\": \"user\", \"content\": \"w?\"}, \
    {\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"id\": \"1\", \"type\": \"function\", \"function\": \
    {\"name\": \"f\", \"arguments\": \"{}\"}}]}, {\"role\": \"tool\", \"tool_call_id\": \"1\", \"content\": \"3\"}]}\r\n";
const ROWS: &str = "id,prompt,max_tokens\n1,\"Say \"\"a\"\",\nthen b.\",7\n2,Two,\n";
const TEXT: &str = "First.\n\n[INST] Second, {% x [/INST]\n";
const MOONCAKE: &str = "{\"timestamp\": 0, \"input_length\": 60, \"output_length\": 5, \"hash_ids\": [0, 1]}\n\
    {\"timestamp\": 100, \"input_length\": 90, \"output_length\": 6, \"hash_ids\": [0, 2]}\n\
    {\"timestamp\": 200, \"input_length\": 75, \"output_length\": 4, \"hash_ids\": [0, 3]}\n";
const BURSTGPT: &str = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n\
    5,ChatGPT,47,8,55,Conversation log\n5.04,ChatGPT,80,0,80,Conversation log\n5.08,GPT-4,41,27,68,API log\n\
    5.2,GPT-4,50,9,59,API log\n";
const AZURE: &str = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,37,44\n\
    2023-11-16 18:15:46.7805900,39,10\n2023-11-16 18:15:46.8805900,88,14\n";

fn scenario(url: &str, phase: &str) -> String {
    format!(
        r#"
schema = 1
name = "recorded"
design = {{ repetitions = 1 }}
telemetry = {{ gpu = "off" }}

[[server]]
name = "recording"
api = "openai"
model = "m"
url = "{url}"

[[phase]]
name = "load"
requests = 3
drain = "2s"
{phase}
"#
    )
}

/// What was said and how long replies may be, in short.
fn heard(body: &Value) -> String {
    let messages = body["messages"].as_array().unwrap().iter().map(|message| {
        let text = message["content"].as_str().map_or_else(|| message.to_string(), str::to_owned);
        let length = text.len();
        let text = if length > 40 && !text.contains('{') { format!("{length} letters") } else { format!("{text:?}") };
        format!("{} {text}", message["role"].as_str().unwrap())
    });
    format!("max_tokens {}: {}", body["max_tokens"], messages.collect::<Vec<_>>().join(" · "))
}

/// What `plan` says of the file, and the first three requests of the load.
fn told(file: &str, text: &str, phase: &str) -> String {
    let ((server, plan), _said) = undisturbed(0, || {
        let server = Chat { around: 9, knows: &[] }.start();
        let folder = Folder::with(&scenario(&server.url(), phase));
        folder.write(file, text);
        let plan = folder.runexp("plan x.toml").stdout;
        let said = folder.runexp("x.toml --quiet");
        ((server, plan), said)
    });
    let of_file = plan.lines().find(|line| line.contains(&format!(": {file}, "))).unwrap().trim();
    // Probes of prompt lengths ask for one token.
    let heard_all = server.heard();
    let bodies = heard_all.iter().filter_map(|heard| body(heard)).filter(|body| body["max_tokens"] != 1);
    let bodies = bodies.take(3).map(|body| heard(&body));
    format!("{of_file}\n{}", bodies.collect::<Vec<_>>().join("\n"))
}

fn prompts(file: &str, text: &str, more: &str) -> String {
    let request = format!("nonce = false, prompt_cache = \"allow\", prompts = \"{file}\"{more}");
    told(file, text, &format!("clients = 1\nrequest = {{ {request} }}"))
}

#[test]
fn prompt_files_are_told_by_their_content_and_sent_as_they_mean() {
    let four = ", max_tokens = 4";
    let told = [
        prompts("sharegpt.json", SHAREGPT, four),
        prompts("windows.jsonl", JSON_LINES, four),
        prompts("list.dat", "[\"one\", {\"prompt\": \"two\", \"max_tokens\": 3}]", four),
        prompts("rows.csv", ROWS, four),
        prompts("lines.txt", TEXT, four),
        prompts("lines", TEXT, ", format = \"text\", max_tokens = 4"),
        prompts("lengths.csv", BURSTGPT, ""),
    ];
    assert_snapshot!(told.join("\n\n"), @r#"
    prompts: sharegpt.json, ShareGPT, 2 conversations, 3 turns, 45 B of text; 1 skipped: begins with no human turn
    max_tokens 4: system "Be brief." · user "Why?"
    max_tokens 4: user "What is a bridge?"
    max_tokens 4: user "What is a bridge?" · assistant "a" · user "And a tunnel?"

    prompts: windows.jsonl, JSON lines, 1 prompt, 1 list of messages, 44 B of text
    max_tokens 4: user "w?" · assistant "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}" · tool "3"
    max_tokens 4: user "one {{ x }}"
    max_tokens 4: user "w?" · assistant "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}" · tool "3"

    prompts: list.dat, a JSON list, 2 prompts, 6 B of text
    max_tokens 3: user "two"
    max_tokens 4: user "one"
    max_tokens 3: user "two"

    prompts: rows.csv, CSV, 2 prompts, 21 B of text
    max_tokens 4: user "Two"
    max_tokens 7: user "Say \"a\",\nthen b."
    max_tokens 4: user "Two"

    prompts: lines.txt, text, 2 prompts, 33 B of text
    max_tokens 4: user "[INST] Second, {% x [/INST]"
    max_tokens 4: user "First."
    max_tokens 4: user "[INST] Second, {% x [/INST]"

    prompts: lines, text, 2 prompts, 33 B of text
    max_tokens 4: user "[INST] Second, {% x [/INST]"
    max_tokens 4: user "First."
    max_tokens 4: user "[INST] Second, {% x [/INST]"

    prompts: lengths.csv, BurstGPT, prompts of 41 to 50 tokens, replies of 8 to 27 tokens; 1 skipped: has no tokens of prompt or reply
    max_tokens 9: user 205 letters
    max_tokens 8: user 190 letters
    max_tokens 27: user 156 letters
    "#);
}

fn trace(file: &str, text: &str, request: &str) -> String {
    told(file, text, &format!("arrival = {{ trace = \"{file}\" }}\nrequest = {{ nonce = false{request} }}"))
}

#[test]
fn traces_replay_lengths_with_the_times() {
    let told = [
        trace("mooncake.jsonl", MOONCAKE, ""),
        trace("burst.csv", BURSTGPT, ""),
        trace("azure.csv", AZURE, ""),
        trace("own.csv", AZURE, ", prompt = \"Why?\", max_tokens = 2"),
        trace("times.csv", "0\n0.02\n0.04\n", ", prompt = \"Why?\", max_tokens = 2"),
        trace(
            "log.jsonl",
            "{\"timestamp\": 0, \"prompt\": \"b\"}\n{\"timestamp\": 90, \"prompt\": \"a\"}\n{\"timestamp\": 190, \"prompt\": \"c\"}\n",
            ", max_tokens = 2",
        ),
    ];
    assert_snapshot!(told.join("\n\n"), @r#"
    trace: mooncake.jsonl, Mooncake, 3 arrivals over 200ms, prompts of 60 to 90 tokens, replies of 4 to 6 tokens; shared prefixes are not replayed
    max_tokens 5: user 253 letters
    max_tokens 6: user 405 letters
    max_tokens 4: user 328 letters

    trace: burst.csv, BurstGPT, 3 arrivals over 200ms, prompts of 41 to 50 tokens, replies of 8 to 27 tokens; 1 skipped: has no tokens of prompt or reply
    max_tokens 8: user 190 letters
    max_tokens 27: user 156 letters
    max_tokens 9: user 205 letters

    trace: azure.csv, Azure LLM trace, 3 arrivals over 200ms, prompts of 37 to 88 tokens, replies of 10 to 44 tokens
    max_tokens 44: user 140 letters
    max_tokens 10: user 149 letters
    max_tokens 14: user 391 letters

    trace: own.csv, Azure LLM trace, 3 arrivals over 200ms, their lengths are not replayed: the request has its own
    max_tokens 2: user "Why?"
    max_tokens 2: user "Why?"
    max_tokens 2: user "Why?"

    trace: times.csv, CSV, 3 arrivals over 40ms, times only
    max_tokens 2: user "Why?"
    max_tokens 2: user "Why?"
    max_tokens 2: user "Why?"

    trace: log.jsonl, JSON lines, 3 arrivals over 190ms, 3 prompts, 3 B of text
    max_tokens 2: user "b"
    max_tokens 2: user "a"
    max_tokens 2: user "c"
    "#);
}

#[test]
fn a_trace_that_does_not_say_what_to_ask_needs_a_prompt() {
    let folder =
        Folder::with(&scenario("http://127.0.0.1:1", "arrival = { trace = \"t.csv\" }\nrequest = { max_tokens = 2 }"));
    folder.write("t.csv", "0\n1\n");
    assert_snapshot!(folder.runexp("check x.toml"), @r"
    exit 2

    stdout:

    stderr:
    error[E019]: `t.csv` says when to ask, but neither what nor how much
      --> x.toml:18:11
       |
    18 | request = { max_tokens = 2 }
       |           ^^^^^^^^^^^^^^^^^^
       |
       = help: give the request a `prompt`, `prompts` or `prompt_tokens`
    checked 1 file: 1 error, 0 warnings
    ");
}
