//! What a run that was killed has left, as `runexp cleanup` meets it.

use insta::assert_snapshot;
use regex::Regex;
use runexp::process::identity;
use runexp::record::ProcessIdentity;

use super::super::machine::{Canary, Machine};

#[test]
fn a_torn_last_line_was_never_acted_upon_and_a_damaged_earlier_one_is_fatal() {
    let machine = Machine::new();
    machine.run_until(12, "both");
    let journal = machine.journal();
    let torn = std::fs::read_to_string(&journal).unwrap() + "{\"sequence\":7,\"un";
    std::fs::write(&journal, torn.replacen("\"sequence\":1", "\"sequence\":", 1)).unwrap();
    assert_snapshot!(machine.runexp("cleanup --all"), @r"
    exit 3

    stdout:

    stderr:
    error: the undo journal `FOLDER/state/runs/RUN-ID/journal.jsonl` line 4 is damaged: expected value at line 1 column 13
    help: undo by hand what the other lines say, then remove `FOLDER/state/runs/RUN-ID/journal.jsonl`
    ");
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
fn a_journal_of_another_boot_kills_nobody_and_undoes_the_rest() {
    let machine = Machine::new();
    machine.run_until(12, "both");
    let mut canary = Canary::hatch();
    let ProcessIdentity { pid, start_ticks, boot_id } = identity(canary.pid()).unwrap();
    let journal = machine.journal();
    let text = std::fs::read_to_string(&journal).unwrap();
    let server = Regex::new(r#""pid":\d+,"start_ticks":\d+,"boot_id":"[^"]+""#).unwrap();
    assert!(server.is_match(&text) && text.contains(&boot_id), "{text}");
    let of_canary = format!(r#""pid":{pid},"start_ticks":{start_ticks},"boot_id":"another""#);
    std::fs::write(&journal, server.replace_all(&text, of_canary).into_owned()).unwrap();
    assert_eq!(machine.runexp("cleanup --all").code, Some(0));
    assert_eq!(machine.changes(), [""; 0]);
    assert!(canary.is_alive());
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
