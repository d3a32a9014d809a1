//! A journal of every kind of effect in every state, damaged in every place.

use std::collections::BTreeMap;

use super::*;
use crate::journal::seal::sealed;
use crate::record::{Certainty, Containment, Leftover, ProcessIdentity, Undo};
use crate::signal::StopSignal;

fn kinds() -> Vec<Undo> {
    let process = ProcessIdentity { pid: 71, start_ticks: 88, boot_id: "b".to_owned() };
    let env = indexmap::IndexMap::from([("A".to_owned(), "b".to_owned())]);
    let (label, dir) = ("l".to_owned(), Some(PathBuf::from("/d")));
    let argv = vec!["x".to_owned(), "-y".to_owned()];
    let leftover = Leftover { process: process.clone(), user: 5, program: "p".to_owned() };
    let (method, url) = ("DELETE".to_owned(), "http://h/a".to_owned());
    let stop = |process| {
        let (label, mark) = (label.clone(), "r/s[0]".to_owned());
        Undo::StopProcess { label, process, mark, signal: StopSignal::Term, grace_ms: 5 }
    };
    vec![
        stop(None),
        stop(Some(process)),
        Undo::Command { label: label.clone(), argv, env: env.clone(), dir, privileged: true },
        Undo::ComposeDown { file: "/f".into(), project: "p".to_owned(), env, privileged: false },
        Undo::QuitMps { control: "c".to_owned(), pipe_dir: "/m".into(), privileged: false },
        Undo::Request { label, method, url, json: serde_json::json!({"model": "m"}) },
        Undo::EndProcesses { processes: vec![leftover], certainty: Certainty::Possible },
        Undo::RemoveDir { path: "/q".into() },
    ]
}

/// One kind with all its lines, up to each state in turn.
fn lines(kind: usize) -> Vec<Line> {
    let failed = || UndoState::Failed { reason: "r".to_owned() };
    let ends = [
        vec![],
        vec![UndoState::Done],
        vec![UndoState::Done, UndoState::Undone],
        vec![UndoState::Done, failed()],
        vec![UndoState::Done, UndoState::GivenUp],
    ];
    let mut lines = Vec::new();
    for (sequence, end) in (0..).zip(&ends) {
        let entry = UndoEntry { sequence, undo: kinds().swap_remove(kind) };
        for state in [UndoState::Intent].iter().chain(end) {
            lines.push(Line { entry: entry.clone(), state: state.clone() });
        }
    }
    lines
}

fn journal(kind: usize, write: impl Fn(Vec<u8>) -> Vec<u8>, version: u32) -> Vec<u8> {
    let run = RunId::new("r").unwrap();
    let mut header = Header::new(run, "/r".into(), "/d".into(), Containment::Subreaper);
    header.version = version;
    let mut bytes = write(serde_json::to_vec(&header).unwrap());
    for line in lines(kind) {
        bytes.extend(write(serde_json::to_vec(&line).unwrap()));
    }
    bytes
}

fn unsealed(mut json: Vec<u8>) -> Vec<u8> {
    json.push(b'\n');
    json
}

fn read(bytes: &[u8]) -> Result<Left, StateError> {
    parse(Path::new("journal"), Path::new("folder"), bytes)
}

/// What a damaged journal would have undone: how many things that were never
/// announced, and whether something owed is neither undone nor told.
fn wrongs(bytes: &[u8], owed: &[UndoEntry], announced: &BTreeMap<u32, UndoEntry>) -> (usize, bool) {
    // What cannot be read at all is told, and undoes nothing.
    let Ok(left) = read(bytes) else { return (0, false) };
    let wrong = left.entries.iter().filter(|entry| announced.get(&entry.sequence) != Some(entry)).count();
    let is_silent = left.damaged.is_empty() && owed.iter().any(|entry| !left.entries.contains(entry));
    (wrong, is_silent)
}

/// How many changes of one byte were tried over the journals of all kinds, how
/// many wrong undos they came to, and how many silences.
fn with_every_byte_changed(write: fn(Vec<u8>) -> Vec<u8>, version: u32) -> (usize, usize, usize) {
    let (mut tried, mut wrong, mut silent) = (0, 0, 0);
    for kind in 0..kinds().len() {
        let bytes = journal(kind, write, version);
        let announced = lines(kind).into_iter().map(|line| (line.entry.sequence, line.entry)).collect();
        let owed = read(&bytes).unwrap().entries;
        assert_eq!(owed.len(), 3);
        for place in 0..bytes.len() {
            for change in [bytes[place] ^ 1, b'\n', b'1'] {
                let mut damaged = bytes.clone();
                damaged[place] = change;
                let (undone, is_silent) = wrongs(&damaged, &owed, &announced);
                (tried, wrong, silent) = (tried + 1, wrong + undone, silent + usize::from(is_silent));
            }
        }
    }
    println!("version {version}: {tried} changed bytes, {wrong} wrong undos, {silent} silences");
    (tried, wrong, silent)
}

#[test]
fn no_changed_byte_undoes_what_was_not_announced_or_hides_what_is_owed() {
    let (tried, wrong, silent) = with_every_byte_changed(sealed, VERSION);
    assert_eq!((tried > 30_000, wrong, silent), (true, 0, 0));
}

#[test]
fn without_checksums_some_changes_would_be_acted_upon() {
    let (_, wrong, silent) = with_every_byte_changed(unsealed, UNSEALED);
    assert!(wrong > 100 && silent > 0, "{wrong} {silent}");
}

/// As a crash leaves it: all that was written before is read.
#[test]
fn a_journal_cut_anywhere_holds_what_was_announced_before() {
    for kind in 0..kinds().len() {
        cut_anywhere(kind, &journal(kind, sealed, VERSION), true);
        cut_anywhere(kind, &journal(kind, unsealed, UNSEALED), false);
    }
}

fn cut_anywhere(kind: usize, bytes: &[u8], is_sealed: bool) {
    for length in 0..bytes.len() {
        let left = read(&bytes[..length]).unwrap();
        let whole = bytes[..length].split(|byte| *byte == b'\n').count() - 1;
        // A line without its end is read if its checksum holds.
        let whole = whole + usize::from(is_sealed && bytes[length] == b'\n');
        let mut expected = BTreeMap::new();
        for Line { entry, state } in lines(kind).into_iter().take(whole.saturating_sub(1)) {
            match state {
                UndoState::Undone | UndoState::GivenUp => drop(expected.remove(&entry.sequence)),
                _ => drop(expected.insert(entry.sequence, entry)),
            }
        }
        assert_eq!(left.entries, expected.into_values().collect::<Vec<_>>(), "{kind} {length}");
        assert_eq!((left.damaged, left.header.is_some()), (Vec::new(), whole > 0), "{kind} {length}");
    }
}
