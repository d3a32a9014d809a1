use super::*;

/// What a file was taken for, each record with its line, and what is wrong.
fn told(name: &str, text: &str, declared: Option<PromptFormat>) -> String {
    let layout = match layout(text, Path::new(name), declared) {
        Ok(layout) => layout,
        Err(BadLine { line, reason, .. }) => return format!("{name}:{line}: {reason}"),
    };
    let Records { layout, found, bad } = read(text, layout);
    let records = found.iter().map(|Record { line, value }| format!(" {line}={value}"));
    let bad = bad.iter().map(|bad| format!(" !{}:{:?} {}", bad.line, bad.column, bad.reason));
    format!("{layout:?}{}", records.chain(bad).collect::<String>())
}

#[test]
fn json_is_known_whatever_the_file_is_called() {
    let texts = [
        "{\"prompt\": \"a\"}\r\n\r\n  \r\n{\"prompt\": \"b\"}\r\n",
        "[\n  {\"prompt\": \"a\"},\n\n  {\n    \"prompt\": \"b\"\n  }\n]\n",
        "[\"a\", \"b\"]",
        "\"a\"\n\"b\"\n",
        "{\n  \"prompt\": \"a\"\n}\n{\n  \"prompt\": \"b\"\n}\n",
        "{\"prompt\": \"a\"}",
        "[{\"role\": \"user\"}]\n[{\"role\": \"user\"}]\n",
        "[]",
    ];
    insta::assert_snapshot!(texts.map(|text| told("prompts.txt", text, None)).join("\n"), @r#"
    JsonLines 1={"prompt":"a"} 4={"prompt":"b"}
    JsonArray 2={"prompt":"a"} 4={"prompt":"b"}
    JsonArray 1="a" 1="b"
    JsonLines 1="a" 2="b"
    JsonValues 1={"prompt":"a"} 4={"prompt":"b"}
    JsonLines 1={"prompt":"a"}
    JsonLines 1=[{"role":"user"}] 2=[{"role":"user"}]
    JsonArray
    "#);
}

#[test]
fn broken_json_is_shown_where_it_breaks_and_never_read_as_text() {
    let deep = format!("[{}1{}]", "[".repeat(200), "]".repeat(200));
    let texts = [
        "[\n  {\"prompt\": \"a\"},\n]\n",
        "[\n  {\"prompt\": \"a\"},\n  {\"prompt\": \"b\", \"prompt\": \"c\"}\n]\n",
        "[{\"prompt\": \"a\"}\n",
        "{\n  \"prompt\": \"a\",\n}\n",
        "{\"prompt\": \"a\"}\nplain\n{\"prompt\": NaN}\n",
        "{\"prompt\": \"a\"} {\"prompt\": \"b\"}\n",
        "{\"prompt\": \"a\\ud800\"}\n",
        &deep,
    ];
    insta::assert_snapshot!(texts.map(|text| told("prompts", text, None)).join("\n"), @r#"
    JsonArray !3:Some(1) trailing comma
    JsonArray 2={"prompt":"a"} !3:Some(26) the key `prompt` stands twice
    JsonArray !2:Some(0) EOF while parsing a list
    JsonValues !3:Some(1) key must be a string
    JsonLines 1={"prompt":"a"} !2:Some(1) expected value !3:Some(12) expected value
    JsonLines !1:Some(17) trailing characters
    JsonLines !1:Some(20) unexpected end of hex escape
    JsonArray !1:Some(129) recursion limit exceeded
    "#);
    insta::assert_snapshot!(told("p.jsonl", "plain\n", None), @"JsonLines !1:Some(1) expected value");
}

#[test]
fn rows_are_known_by_their_heading_or_the_name() {
    let files = [
        ("p.dat", "id,prompt\n1,\"a\nb\"\n2,c\n"),
        ("p.csv", "question\nWhy?\n"),
        ("p.tsv", "prompt\tmax_tokens\na\t3\n"),
        ("p.csv", "prompt,prompt\na,b\n"),
        ("p.csv", "prompt,id\na\nb,2,3\n"),
        ("p.csv", "prompt\n\"a\n"),
        ("p.csv", "prompt\n"),
        ("p.csv", "{\"prompt\": \"a\"}\n"),
    ];
    insta::assert_snapshot!(files.map(|(name, text)| told(name, text, None)).join("\n"), @r#"
    Csv 2={"id":"1","prompt":"a\nb"} 4={"id":"2","prompt":"c"}
    Csv 2={"question":"Why?"}
    Csv 2={"prompt":"a","max_tokens":"3"}
    Csv !1:None the column `prompt` stands twice
    Csv !2:None 1 fields, where the heading has 2 !3:None 3 fields, where the heading has 2
    Csv !2:None a field begins with a quote that is never closed
    Csv
    JsonLines 1={"prompt":"a"}
    "#);
}

#[test]
fn text_is_text_by_name_or_declaration_and_only_if_nothing_says_json() {
    let text = Some(PromptFormat::Text);
    let files = [
        ("p.txt", "one\n\n[INST] two, {{ x }} [/INST]\n{% if x %}\n", None),
        ("p.txt", "\"Quoted.\"\nNot.\n", None),
        ("p", "one\ntwo\n", None),
        ("p", "one\ntwo\n", text),
        ("p.csv", "one, two\nthree\n", text),
        ("p.txt", "Prompts:\n[\n  {\"prompt\": \"a\"},\n]\n", None),
        ("p.txt", "one\n{\"prompt\": \"two\"}\n", text),
        ("p.txt", "[\n  {\"prompt\": \"a\"}\n]\n", text),
        ("p.jsonl", "one\n", text),
        ("p.txt", "[\n{\"prompt\": \"a\"}\n", Some(PromptFormat::Csv)),
    ];
    insta::assert_snapshot!(files.map(|(name, text, declared)| told(name, text, declared)).join("\n"), @r#"
    Text 1="one" 3="[INST] two, {{ x }} [/INST]" 4="{% if x %}"
    Text 1="\"Quoted.\"" 2="Not."
    p:1: nothing says what this is: it is not JSON, and its first line is no heading with a `prompt`
    Text 1="one" 2="two"
    Text 1="one, two" 2="three"
    p.txt:2: this line is JSON, and others are text: a file is one or the other
    p.txt:2: this line is JSON, and others are text: a file is one or the other
    p.txt:1: this is JSON, not text
    p.jsonl:1: this is JSON, not text
    p.txt:1: this is JSON, not CSV
    "#);
}
