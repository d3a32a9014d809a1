//! Prompt files: what a line may be, and what is said of one that is wrong.

use insta::assert_snapshot;
use runexp::dialect::{Api, Dialect, Route};
use runexp::scenario::{Prompt, Said, prompts};

use super::{Folder, SMALL, bindings};

/// The smallest scenario, with this request and these lines.
fn folder(request: &str, lines: &str) -> Folder {
    let request = format!("{request}, prompts = \"p.jsonl\", max_tokens = 16");
    Folder::with(&SMALL.replace("prompt = \"hello\", max_tokens = 16", &request)).file("p.jsonl", lines)
}

/// What is said of each line.
fn said(request: &str, lines: &str) -> Vec<Prompt> {
    let folder = folder(request, lines);
    let scenario = folder.load().unwrap();
    let resolved = scenario.resolve(&scenario.treatments()[0], &bindings()).unwrap();
    let request = &resolved.phases[0].request;
    let lines = &scenario.prompts[request.prompts.as_ref().unwrap()];
    prompts(lines, request.template.as_ref()).into_iter().map(Result::unwrap).collect()
}

fn text(text: &str) -> Prompt {
    Prompt::from(text.to_owned())
}

#[test]
fn a_line_may_be_a_prompt_messages_or_a_conversation() {
    let lines = [
        r#"{"prompt": "one", "source": "a book"}"#,
        r#"{"prompt": "two", "images": ["iVBORw0="], "max_tokens": 4}"#,
        r#"{"messages": [{"role": "user", "content": "three"}]}"#,
        r#"{"turns": ["four", "five"]}"#,
    ];
    let images = vec!["iVBORw0=".to_owned()];
    let message = serde_json::json!({ "role": "user", "content": "three" });
    let expected = [
        text("one"),
        Prompt { said: Said::Text { text: "two".to_owned(), images }, max_tokens: Some(4) },
        Prompt { said: Said::Messages(vec![message]), max_tokens: None },
        Prompt {
            said: Said::Turns { system: None, texts: vec!["four".to_owned(), "five".to_owned()] },
            max_tokens: None,
        },
    ];
    assert_eq!(said("seed = 1", &lines.join("\n")), expected);
}

#[test]
fn a_template_is_computed_over_each_line_and_over_variables() {
    let lines = "{\"question\": \"Why?\"}\n{\"question\": \"{{ prompt }}\", \"max_tokens\": 3}\n";
    let folder =
        folder("template = \"{{ style }}: {{ prompt.question }}{% if prompt.hint is defined %}!{% endif %}\"", lines);
    let folder = folder.set("vars.style=\"Briefly\"");
    let scenario = folder.load().unwrap();
    let resolved = scenario.resolve(&scenario.treatments()[0], &bindings()).unwrap();
    let request = &resolved.phases[0].request;
    let said = prompts(&scenario.prompts[request.prompts.as_ref().unwrap()], request.template.as_ref());
    let said: Vec<Prompt> = said.into_iter().map(Result::unwrap).collect();
    assert_eq!(said, [text("Briefly: Why?"), Prompt { max_tokens: Some(3), ..text("Briefly: {{ prompt }}") }]);
    let written = serde_json::to_string(&request.template).unwrap();
    assert_eq!(
        written,
        r#"{"text":"{{ style }}: {{ prompt.question }}{% if prompt.hint is defined %}!{% endif %}","names":{"style":"Briefly"}}"#
    );
    assert_eq!(scenario.frozen().matches("{{ prompt.question }}").count(), 1);
}

#[test]
fn a_line_of_plain_text_is_the_prompt_of_a_template() {
    let request = "template = \"Say {{ prompt.prompt }}.\", prompts = \"p.txt\", max_tokens = 16";
    let scenario = SMALL.replace("prompt = \"hello\", max_tokens = 16", request);
    let folder = Folder::with(&scenario).file("p.txt", "yes\n\nno\n");
    let scenario = folder.load().unwrap();
    let lines = scenario.prompts.values().next().unwrap();
    assert_eq!(serde_json::to_string(lines).unwrap(), r#"["yes","no"]"#);
    let resolved = scenario.resolve(&scenario.treatments()[0], &bindings()).unwrap();
    let said = prompts(lines, resolved.phases[0].request.template.as_ref());
    assert_eq!(said.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [text("Say yes."), text("Say no.")]);
}

#[test]
fn lines_that_are_no_prompts_are_named_by_file_and_line() {
    let lines = [r#"{"prompt": "fine"}"#, r#"{"prompt": "a", "turns": ["b"]}"#, "[1]", r#"{"turns": []}"#, "{"];
    assert_snapshot!(folder("seed = 1", &lines.join("\n")).problems(), @r#"
    error[E016]: p.jsonl:2: `turns` cannot stand beside `prompt`
      --> scenario.toml:13:33
       |
    13 | request = { seed = 1, prompts = "p.jsonl", max_tokens = 16 }
       |                                 ^^^^^^^^^
       |
       = help: each line is one object like {"prompt": "…"}

    error[E016]: p.jsonl:3: an object or a text was expected, not [1]
      --> scenario.toml:13:33
       |
    13 | request = { seed = 1, prompts = "p.jsonl", max_tokens = 16 }
       |                                 ^^^^^^^^^
       |
       = help: each line is one object like {"prompt": "…"}

    error[E016]: p.jsonl:4: `turns` must be a list of texts, one at least
      --> scenario.toml:13:33
       |
    13 | request = { seed = 1, prompts = "p.jsonl", max_tokens = 16 }
       |                                 ^^^^^^^^^
       |
       = help: each line is one object like {"prompt": "…"}
    "#);
}

#[test]
fn keys_of_a_line_that_are_not_what_they_must_be_are_named() {
    let lines = [
        r#"{"messages": [{"content": "x"}]}"#,
        r#"{"prompt": "a", "images": ["http://x"]}"#,
        r#"{"prompt": "a", "max_tokens": 0}"#,
    ];
    assert_snapshot!(folder("seed = 1", &lines.join("\n")).problems(), @r#"
    error[E016]: p.jsonl:1: `messages[0]` must have a `role`, which is a text
      --> scenario.toml:13:33
       |
    13 | request = { seed = 1, prompts = "p.jsonl", max_tokens = 16 }
       |                                 ^^^^^^^^^
       |
       = help: each line is one object like {"prompt": "…"}

    error[E016]: p.jsonl:2: `images` must be a list of images in base64
      --> scenario.toml:13:33
       |
    13 | request = { seed = 1, prompts = "p.jsonl", max_tokens = 16 }
       |                                 ^^^^^^^^^
       |
       = help: each line is one object like {"prompt": "…"}

    error[E016]: p.jsonl:3: `max_tokens` must be a whole number from 1 to 1000000
      --> scenario.toml:13:33
       |
    13 | request = { seed = 1, prompts = "p.jsonl", max_tokens = 16 }
       |                                 ^^^^^^^^^
       |
       = help: each line is one object like {"prompt": "…"}
    "#);
    assert_snapshot!(folder("seed = 1", "{\"question\": \"a\"}").problems(), @r#"
    error[E016]: p.jsonl:1: `prompt` is missing
      --> scenario.toml:13:33
       |
    13 | request = { seed = 1, prompts = "p.jsonl", max_tokens = 16 }
       |                                 ^^^^^^^^^
       |
       = help: its keys are question: say by a `template` what to ask of them, template = "{{ prompt.question }}" for one
    "#);
}

#[test]
fn a_template_that_fails_is_shown_with_the_line_it_fails_over() {
    let lines =
        "{\"question\": \"a\"}\n\n{\"answer\": \"b\"}\n{\"messages\": [{\"role\": \"user\", \"content\": \"c\"}]}\n";
    assert_snapshot!(folder("template = \"Q: {{ prompt.question }}\"", lines).problems(), @r#"
    error[E012]: p.jsonl:3: `prompt.question` is undefined
      --> scenario.toml:13:24
       |
    13 | request = { template = "Q: {{ prompt.question }}", prompts = "p.jsonl", max_tokens = 16 }
       |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^ in this template

    error[E012]: p.jsonl:4: `prompt.question` is undefined
      --> scenario.toml:13:24
       |
    13 | request = { template = "Q: {{ prompt.question }}", prompts = "p.jsonl", max_tokens = 16 }
       |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^ in this template
    "#);
    assert_snapshot!(folder("template = \"{{ prompt.question }} {{ stile }}\"", "{\"question\": \"a\"}").problems(), @r#"
    error[E011]: `stile` is not defined
      --> scenario.toml:13:50
       |
    13 | request = { template = "{{ prompt.question }} {{ stile }}", prompts = "p.jsonl", max_tokens = 16 }
       |                                                  ^^^^^
       |
       = help: only `run` is known here
    "#);
    assert_snapshot!(folder("template = \"{% for %}\"", "{\"question\": \"a\"}").problems(), @r#"
    error[E012]: unexpected end of block, expected in
      --> scenario.toml:13:24
       |
    13 | request = { template = "{% for %}", prompts = "p.jsonl", max_tokens = 16 }
       |                        ^^^^^^^^^^^ in this template
    "#);
    let inline = SMALL.replace("prompt = \"hello\"", "prompt = \"hello\", template = \"{{ prompt.prompt }}\"");
    assert_snapshot!(Folder::with(&inline).problems(), @r#"
    error[E009]: `template` means nothing without `prompts`
      --> scenario.toml:13:31
       |
    13 | request = { prompt = "hello", template = "{{ prompt.prompt }}", max_tokens = 16 }
       |                               ^^^^^^^^
       |
       = help: it is computed for every line of a file; write one prompt out
    "#);
}

#[test]
fn what_a_route_cannot_take_is_refused_before_anything_runs() {
    let messages = "{\"messages\": [{\"role\": \"user\", \"content\": \"c\"}]}\n{\"turns\": [\"a\"]}";
    assert_snapshot!(folder("endpoint = \"completion\"", messages).problems(), @r#"
    error[E016]: p.jsonl:1: `/v1/completions` takes a text, not messages
      --> scenario.toml:13:48
       |
    13 | request = { endpoint = "completion", prompts = "p.jsonl", max_tokens = 16 }
       |                                                ^^^^^^^^^
       |
       = help: ask a chat route: endpoint = "chat"

    error[E016]: p.jsonl:2: `/v1/completions` takes a text, not messages
      --> scenario.toml:13:48
       |
    13 | request = { endpoint = "completion", prompts = "p.jsonl", max_tokens = 16 }
       |                                                ^^^^^^^^^
       |
       = help: ask a chat route: endpoint = "chat"
    "#);
    assert_snapshot!(folder("endpoint = \"completion\"", "{\"prompt\": \"a\", \"images\": [\"AAAA\"]}").problems(), @r#"
    error[E016]: p.jsonl:1: `/v1/completions` takes no images
      --> scenario.toml:13:48
       |
    13 | request = { endpoint = "completion", prompts = "p.jsonl", max_tokens = 16 }
       |                                                ^^^^^^^^^
    "#);
    let Said::Messages(_) = &said("seed = 1", messages)[0].said else { panic!("no messages") };
    assert!(said("seed = 1", messages)[0].fits(Dialect::of(Api::Ollama, Route::Chat)).is_ok());
}
