//! Nothing that a file can hold makes the loader panic.

use runexp::format::Color;
use runexp::scenario::{LoadOptions, load_frozen};

use super::{Folder, GOOD, METRICS, SMALL};

/// Whatever is left of a scenario is loaded, or refused with problems that
/// can be shown.
fn loads_or_is_refused(text: &str) {
    let options = LoadOptions { metrics: &METRICS, ..LoadOptions::default() };
    if let Err(problems) = load_frozen(text, &options) {
        assert!(problems.iter().count() > 0, "refused without a reason:\n{text}");
        assert!(!problems.render(Color::Ansi).is_empty());
    }
}

#[test]
fn no_deleted_line_makes_it_panic() {
    let lines: Vec<&str> = GOOD.lines().filter(|line| !line.starts_with("include")).collect();
    for deleted in 0..lines.len() {
        let rest = lines.iter().enumerate().filter(|(index, _)| *index != deleted).map(|(_, line)| *line);
        loads_or_is_refused(&rest.collect::<Vec<_>>().join("\n"));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_changed_bytes_make_it_panic(changes in proptest::collection::vec((0..GOOD.len(), 0_u8..128), 1..4)) {
        let mut bytes = GOOD.as_bytes().to_vec();
        for (position, byte) in changes {
            bytes[position] = byte;
        }
        loads_or_is_refused(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn tables_a_thousand_levels_deep_are_refused() {
    let key = "a.".repeat(78) + "a";
    let deep = format!("{}1{}", format!("{{ {key} = ").repeat(12), " }".repeat(12));
    let folder = Folder::with(&format!("{SMALL}\n[vars]\ndeep = {deep}\n"));
    assert!(folder.problems().starts_with("error[E008]: more than 64 levels deep\n"));
    let folder = Folder::with(&format!("[{}a]\n", "a.".repeat(100_000)));
    assert!(folder.problems().starts_with("error[E008]: more than 64 levels deep\n"));
}

/// The most brackets and the most parts of a key that the parser takes, both
/// at once, once overran the stack of a thread.
#[test]
fn brackets_and_keys_as_deep_as_the_parser_takes_them_are_refused() {
    let key = "a.".repeat(78) + "a";
    let deep = format!("{}1{}", format!("{{ {key} = ").repeat(79), " }".repeat(79));
    for text in [
        format!("[vars]\ndeep = {deep}\n"),
        format!("[{key}]\n{key} = {deep}\n"),
        format!("x = {}", "[".repeat(100_000)),
        format!("x = \"[{{\"\ny = {}", format!("{{ {key} = \n").repeat(1000)),
    ] {
        let said = Folder::with(&format!("{SMALL}\n{text}")).problems();
        assert!(said.starts_with("error[E008]: more than 64 levels deep\n"), "{said}");
    }
}

#[test]
fn brackets_in_texts_and_comments_are_not_nesting() {
    let many = "{[".repeat(200);
    let text = format!("\n[vars] # {many}\na = \"{many}\"\nb = '''\n{many}\n'''\n");
    Folder::with(&format!("{SMALL}{text}")).load().unwrap();
}

#[test]
fn templates_cannot_nest_without_end() {
    let deep = "[".repeat(60) + "X" + &"]".repeat(60);
    let variable = |level: u32| {
        let nested = deep.replace('X', &format!("v{}", level - 1));
        format!("v{level} = \"{{{{ {nested} }}}}\"\n")
    };
    let text = format!("\n[vars]\nv0 = 1\n{}", (1..400).map(variable).collect::<String>());
    let said = Folder::with(&format!("{SMALL}{text}")).problems();
    assert!(said.contains("error[E008]: this template gives a value more than 64 levels deep\n"), "{said}");
    let parentheses = format!("\n[vars]\nv = \"{{{{ {}1{} }}}}\"\n", "(".repeat(50_000), ")".repeat(50_000));
    let said = Folder::with(&format!("{SMALL}{parentheses}")).problems();
    assert!(said.contains("error[E012]"), "{}", said.lines().next().unwrap());
}

#[test]
fn a_pipe_is_no_prompt_file() {
    let folder = Folder::with(&SMALL.replace("prompt = \"hello\"", "prompts = \"pipe.txt\""));
    let pipe = folder.path().join("pipe.txt");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert!(folder.problems().starts_with("error[E001]: `pipe.txt` is not a file\n"));
}
