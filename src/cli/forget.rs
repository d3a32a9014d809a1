//! What a person gives up that could not be undone.

use super::exit::{DONE, Failure, print, say};
use super::supervised::effects;
use crate::journal::{Journal, Left, Lock, StateFolder};
use crate::names::RunId;
use crate::record::{UndoEntry, UndoState};
use crate::undo::by_hand;

/// Gives up these effects of a run, or all that are left if none is named:
/// says what they are and how a person could undo them, and no longer counts
/// them. Nothing is undone, and no process is ended.
pub(super) fn forget(state: &StateFolder, run: &RunId, numbers: &[u32]) -> Result<u8, Failure> {
    let lock = Lock::state(state, run)?;
    let Some(left) = Left::read(state, run)? else {
        print("nothing to do");
        return Ok(DONE);
    };
    let is_named = |entry: &&UndoEntry| numbers.is_empty() || numbers.contains(&entry.sequence);
    let named: Vec<&UndoEntry> = left.entries.iter().filter(is_named).collect();
    if let Some(number) = numbers.iter().find(|number| !named.iter().any(|entry| entry.sequence == **number)) {
        return Err(Failure::NoEffect { run: run.clone(), number: *number });
    }
    let lost = if numbers.is_empty() { left.damaged.as_slice() } else { &[] };
    print(format_args!("{run}: {} given up, which nobody undoes any more", effects(named.len())));
    for entry in named.iter().rev() {
        print(format_args!("  {}: {}", entry.sequence, by_hand(&entry.undo)));
    }
    for damage in lost {
        print(format_args!("  {damage}"));
    }
    if named.len() == left.entries.len() && lost.len() == left.damaged.len() {
        Journal::forget(left.folder())?;
    } else {
        let mut journal = Journal::resume(&left)?;
        for entry in named {
            journal.write(entry, &UndoState::GivenUp)?;
        }
        let rest = left.entries.len() - numbers.len();
        say(format_args!("{} left; `runexp cleanup {run}` tries again", effects(rest)));
    }
    drop(lock);
    Ok(DONE)
}
