//! Prompt files that are not a prompt a line: what is read of them, and what is
//! said of those that cannot be read.

use std::fs;

use insta::assert_snapshot;

use super::{Folder, SMALL};

/// A scenario with this file of prompts.
fn folder(name: &str, bytes: &[u8], request: &str) -> Folder {
    let request = format!("prompts = \"{name}\"{request}, max_tokens = 16");
    let folder = Folder::with(&SMALL.replace("prompt = \"hello\", max_tokens = 16", &request));
    fs::write(folder.dir.path().join(name), bytes).unwrap();
    folder
}

/// Every problem with its advice, or what was read and what it was taken for.
fn told(name: &str, bytes: impl AsRef<[u8]>, request: &str) -> String {
    match folder(name, bytes.as_ref(), request).load() {
        Ok(scenario) => {
            let lines = serde_json::to_string(scenario.prompts.values().next().unwrap()).unwrap();
            let facts = scenario.facts.values().next().unwrap();
            format!("{}{facts}: {lines}\n", facts.format)
        }
        Err(problems) => {
            let told = |problem: &runexp::format::Problem| {
                format!(
                    "{} {} ({})\n",
                    problem.code.as_str(),
                    problem.message,
                    problem.help.clone().unwrap_or_default()
                )
            };
            problems.iter().map(told).collect()
        }
    }
}

fn human(text: &str) -> String {
    format!("{{\"from\": \"human\", \"value\": \"{text}\"}}")
}

#[test]
fn conversations_are_read_in_every_form_they_occur_in() {
    let line = |key: &str, turns: &str| format!("{{\"{key}\": [{turns}]}}\n");
    let roles = "{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}";
    let files = [
        line("conversations", &human("a")),
        line("conversation", &format!("{{\"role\": \"system\", \"content\": \"s\"}}, {roles}")),
        line("items", &format!("{}, {{\"from\": \"gpt\", \"value\": \"b\"}}, {}", human("a"), human("c"))),
        line("messages", "{\"role\": \"human\", \"content\": \"a\"}"),
        line("messages", roles),
        format!("[{roles}]\n"),
        format!("{{\"conversations\": [{}], \"id\": 7}}\n", human("a")),
    ];
    assert_snapshot!(files.map(|text| told("p.jsonl", text, "")).concat(), @r#"
    ShareGPT: [{"turns":["a"]}]
    ShareGPT: [{"turns":["a"],"system":"s"}]
    ShareGPT: [{"turns":["a","c"]}]
    ShareGPT: [{"turns":["a"]}]
    JSON lines: [{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}]
    E016 p.jsonl:1: `prompt` is missing (its keys are role, content: say by a `template` what to ask of them, template = "{{ prompt.content }}" for one)
    ShareGPT: [{"id":7,"turns":["a"]}]
    "#);
}

#[test]
fn conversations_that_cannot_be_held_are_counted_and_broken_ones_are_errors() {
    let turns = [
        "",
        "{\"from\": \"gpt\", \"value\": \"b\"}",
        &human(" "),
        &format!("{}, {{\"from\": \"observation\", \"value\": \"3\"}}", human("a")),
        &format!("{}, {{\"from\": \"system\", \"value\": \"3\"}}", human("a")),
        "{\"from\": \"gpt\", \"value\": \"c\"}",
    ];
    let lines = turns.map(|turns| format!("{{\"conversations\": [{turns}]}}\n")).concat();
    let some = format!("{lines}{{\"conversations\": [{}]}}\n", human("held"));
    let broken = [
        "{\"conversations\": [{\"from\": \"human\", \"value\": null}]}\n",
        "{\"conversations\": [{\"from\": \"martian\", \"value\": \"a\"}]}\n",
        "{\"conversations\": [\"a\"], \"prompt\": \"b\"}\n",
    ];
    assert_snapshot!([told("p.jsonl", some, ""), told("p.jsonl", lines, ""), told("p.jsonl", broken.concat(), "")].join("\n"), @r#"
    ShareGPT; 1 skipped: has no turns; 2 skipped: begins with no human turn; 1 skipped: has an empty human turn; 1 skipped: has a turn of a tool; 1 skipped: has a system message amid it: [{"turns":["held"]}]

    E016 `p.jsonl` holds no prompt; 1 skipped: has no turns; 2 skipped: begins with no human turn; 1 skipped: has an empty human turn; 1 skipped: has a turn of a tool; 1 skipped: has a system message amid it (`runexp explain E016` shows what can be read)

    E016 p.jsonl:1: `conversations[0].value` must be a text (each is one conversation like {"conversations": [{"from": "human", "value": "…"}]})
    E016 p.jsonl:2: `conversations[0].from` is `martian`, neither a human nor a model, a system or a tool (each is one conversation like {"conversations": [{"from": "human", "value": "…"}]})
    E016 p.jsonl:3: `prompt` cannot stand beside `conversations` (each is one conversation like {"conversations": [{"from": "human", "value": "…"}]})
    "#);
    assert_snapshot!(told("p.json", "{\"conversations\": [7]}", ""), @r#"E016 p.json:1: `conversations[0]` must be an object with `from` and `value` (each is one conversation like {"conversations": [{"from": "human", "value": "…"}]})"#);
}

#[test]
fn files_that_are_no_text_are_refused_by_name() {
    let utf16: Vec<u8> = "\u{feff}hi\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: [(&str, &[u8]); 6] = [
        ("p.jsonl.gz", b"\x1f\x8b\x08\0\0"),
        ("p.parquet", b"PAR1\x15\x04"),
        ("p.txt", &utf16),
        ("p.jsonl", b"{\"prompt\": \"a\"}\n{\"prompt\": \"caf\xe9\"}\n"),
        ("p.jsonl", b""),
        ("p.csv", b"prompt,id\n"),
    ];
    assert_snapshot!(files.map(|(name, bytes)| told(name, bytes, "")).concat(), @r"
    E001 `p.jsonl.gz` is compressed by gzip (unpack it first: `gunzip -k`)
    E001 `p.parquet` is a Parquet file (export it as JSON lines or CSV)
    E001 `p.txt` is UTF-16, not UTF-8 text (save it as UTF-8)
    E001 `p.jsonl` is not UTF-8 text: its line 2 has the byte 0xE9 (save it as UTF-8)
    E016 `p.jsonl` holds no prompt (write one prompt a line; blank lines do not count)
    E016 `p.csv` holds no prompt (`runexp explain E016` shows what can be read)
    ");
}

#[test]
fn lines_say_what_they_lack() {
    let files = [
        ("p.csv", "instruction,output\nWhy?,So.\n"),
        ("p.json", "{\"data\": [{\"prompt\": \"a\"}]}"),
        ("p.json", "[1, null, {\"prompt\": [\"a\"]}, \"b\"]"),
        ("p.csv", "Prompt,max_tokens\n,3\n\"a\",many\n"),
        (
            "p.jsonl",
            "{\"messages\": [{\"role\": \"user\", \"content\": null}]}\n{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{}]}]}",
        ),
        ("p.txt", "one\n},\n"),
        ("p.dat", "one\ntwo\n"),
    ];
    assert_snapshot!(files.map(|(name, text)| told(name, text, "")).join("\n"), @r#"
    E016 p.csv:2: `prompt` is missing (its keys are instruction, output: say by a `template` what to ask of them, template = "{{ prompt.instruction }}" for one)

    E016 p.json:1: `prompt` is missing (its keys are data: say by a `template` what to ask of them)

    E016 p.json:1: an object or a text was expected, not 1 (each element is one object like {"prompt": "…"})
    E016 p.json:1: an object or a text was expected, not null (each element is one object like {"prompt": "…"})
    E016 p.json:1: `prompt` must be a text (each element is one object like {"prompt": "…"})

    E016 p.csv:2: `prompt` is empty (the first line names the columns, and every other line has as many fields)
    E016 p.csv:3: `max_tokens` must be a whole number from 1 to 1000000 (the first line names the columns, and every other line has as many fields)

    E016 p.jsonl:1: `messages[0]` must have a `content`, which is a text or a list of parts; only one with `tool_calls` needs none (each line is one object like {"prompt": "…"})
    E016 p.jsonl:2: `messages` must be a list of objects with a `role` and a `content`, which is a text or a list of parts (each line is one object like {"prompt": "…"})

    E016 p.txt:2: this line is JSON, and others are text: a file is one or the other (write every prompt as JSON, {"prompt": "…"} a line)

    E016 p.dat:1: nothing says what this is: it is not JSON, and its first line is no heading with a `prompt` (say format = "text" if each line is a prompt, or format = "csv" if the first line names columns)
    "#);
    let two = "request = { prompts = \"p.dat\", format = \"csv\", max_tokens = 16 }";
    let text = SMALL.replace("prompt = \"hello\"", "prompts = \"p.dat\", format = \"text\"");
    let second = text.split_once("[[phase]]").unwrap().1.replace("\"one\"", "\"two\"");
    let second = second.replace("request = { prompts = \"p.dat\", format = \"text\", max_tokens = 16 }", two);
    let problems = Folder::with(&format!("{text}\n[[phase]]{second}")).file("p.dat", "a\nb\n").problems();
    assert!(problems.contains("`p.dat` has another `format` in another phase"), "{problems}");
}

#[test]
fn the_length_of_replies_must_be_said_somewhere() {
    let without = |lines: &str| {
        let text = SMALL.replace("prompt = \"hello\", max_tokens = 16", "prompts = \"p.jsonl\"");
        Folder::with(&text).file("p.jsonl", lines).problems()
    };
    assert_snapshot!(without("{\"prompt\": \"a\", \"max_tokens\": 3}\n{\"prompt\": \"b\"}\n"), @r#"
    error[E016]: p.jsonl:2: `max_tokens` is missing
      --> scenario.toml:13:23
       |
    13 | request = { prompts = "p.jsonl" }
       |                       ^^^^^^^^^
       |
       = help: give the request a `max_tokens`, for lines that have none
    "#);
    let inline = SMALL.replace(", max_tokens = 16", "");
    assert_snapshot!(Folder::with(&inline).problems(), @r#"
    error[E006]: `max_tokens` is missing
      --> scenario.toml:13:11
       |
    13 | request = { prompt = "hello" }
       |           ^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_conversation_can_be_made_a_prompt_by_a_template() {
    let lines = format!("{{\"conversations\": [{}, {}]}}\n", human("a"), human("b"));
    assert_snapshot!(told("p.json", lines, ", template = \"{{ prompt.turns[0] }}\""), @r#"ShareGPT: [{"turns":["a","b"]}]"#);
}
