//! What a run that was killed has left, as `runexp cleanup` meets it.

use insta::assert_snapshot;
use regex::Regex;
use runexp::process::identity;
use runexp::record::ProcessIdentity;

use super::super::machine::{Canary, Machine};

/// As a program wrote it that knew no checksums.
fn of_version_1(journal: &str) -> String {
    let bare = Regex::new(r" [0-9a-f]{16}\n").unwrap().replace_all(journal, "\n").into_owned();
    bare.replacen("\"version\":2", "\"version\":1", 1)
}

#[test]
fn a_torn_last_line_was_never_acted_upon_and_a_damaged_earlier_one_blocks_only_itself() {
    let machine = Machine::new();
    machine.run_until(12, "both");
    let journal = machine.journal();
    let torn = std::fs::read_to_string(&journal).unwrap() + "{\"sequence\":7,\"un";
    std::fs::write(&journal, torn.replacen("\"sequence\":1", "\"sequence\":2", 1)).unwrap();
    let damaged = machine.runexp("cleanup --all").to_string();
    assert_snapshot!(Regex::new("owes: `.*`").unwrap().replace(&damaged, "owes: `…`"), @r"
    exit 5

    stdout:
    RUN-ID: 6 effects undone

    stderr:
    error: not undone: line 4 of the journal is damaged, and nobody can tell what it owes: `…`
    help: when the cause is gone, `runexp cleanup RUN-ID` tries again; `--forget` gives it up
    ");
    assert_eq!(machine.runexp("x.toml").code, Some(7));
    std::fs::write(&journal, torn).unwrap();
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 0

    stdout:
    RUN-ID: 6 effects undone

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn a_journal_without_checksums_is_read_and_its_damage_is_given_up() {
    let machine = Machine::new();
    machine.run_until(12, "both");
    let (journal, run) = (machine.journal(), machine.runs().remove(0));
    let old = of_version_1(&std::fs::read_to_string(&journal).unwrap());
    assert!(old.starts_with("{\"version\":1,"), "{old}");
    std::fs::write(&journal, old.replacen("\"sequence\":0", "\"sequence\":", 1)).unwrap();
    let damaged = machine.runexp("cleanup --all").to_string();
    assert!(damaged.starts_with("exit 5\n\nstdout:\nRUN-ID: 6 effects undone\n"), "{damaged}");
    assert!(damaged.contains("line 2 of the journal is damaged"), "{damaged}");
    let forgotten = machine.runexp(&format!("cleanup {run} --forget")).to_string();
    assert!(forgotten.starts_with("exit 0\n") && forgotten.contains("  line 2 of the journal is"), "{forgotten}");
    assert_eq!(machine.changes(), [""; 0]);
}

#[test]
fn a_journal_of_another_boot_or_of_a_pid_that_was_given_anew_kills_nobody_and_undoes_the_rest() {
    let server = Regex::new(r#""pid":\d+,"start_ticks":\d+,"boot_id":"[^"]+""#).unwrap();
    for is_other_boot in [true, false] {
        let machine = Machine::new();
        machine.run_until(12, "both");
        let mut canary = Canary::hatch();
        let ProcessIdentity { pid, start_ticks, boot_id } = identity(canary.pid()).unwrap();
        let journal = machine.journal();
        let text = of_version_1(&std::fs::read_to_string(&journal).unwrap());
        assert!(server.is_match(&text) && text.contains(&boot_id), "{text}");
        let (boot_id, start_ticks) =
            if is_other_boot { ("another".to_owned(), start_ticks) } else { (boot_id, start_ticks - 1) };
        let of_canary = format!(r#""pid":{pid},"start_ticks":{start_ticks},"boot_id":"{boot_id}""#);
        std::fs::write(&journal, server.replace_all(&text, of_canary).into_owned()).unwrap();
        let dry = machine.runexp("cleanup --dry-run").to_string();
        let advised: Vec<&str> = dry.lines().filter(|line| line.contains("kill ")).collect();
        assert!(!advised.is_empty() && !advised.concat().contains(&pid.to_string()), "{dry}");
        let cleanup = machine.runexp("cleanup --all");
        assert_eq!(cleanup.code, Some(0), "{cleanup}");
        assert_eq!(machine.changes(), [""; 0]);
        assert!(canary.is_alive());
    }
}

#[test]
fn an_undo_that_fails_is_told_again_until_it_works() {
    let machine = Machine::new();
    machine.edit("x.toml", "undo = \"rm -f world/flag\"", "undo = \"test -e go && rm -f world/flag\"");
    machine.run_until(12, "both");
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 5

    stdout:
    RUN-ID: 5 effects undone

    stderr:
    error: not undone: `flag` was not undone: `sh -c 'test -e go && rm -f world/flag'` ended with exit status: 1; its log is empty; to do it by hand: `cd FOLDER && sh -c 'test -e go && rm -f world/flag'`
    help: when the cause is gone, `runexp cleanup RUN-ID` tries again; `--forget` gives it up
    ");
    machine.folder.write("go", "");
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 0

    stdout:
    RUN-ID: 1 effect undone

    stderr:
    ");
    assert_eq!(machine.changes(), [""; 0]);
}
