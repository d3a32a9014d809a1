//! Nothing that a file can hold makes the loader panic.

use runexp::scenario::{Color, LoadOptions, load_frozen};

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
