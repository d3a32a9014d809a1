//! Runs on a machine that now and then lets nobody run.
//!
//! A run says of a driver that stood still for a tenth of a second that it
//! measured nothing, and it is right. A test of something else begins anew then:
//! on a machine that others share, that happens to some test whenever all run.

use serde_json::Value;

use super::folder::{Folder, RunFolder, Said};

/// A machine that stands still so often is none to run tests on.
pub(super) const MOST_TRIES: usize = 10;

/// The rules by which a machine spoils what is measured on it.
const OF_THE_MACHINE: [&str; 3] = ["driver_stalled", "cpu_short", "cpu_contended"];

/// What comes of `run`, begun anew until the machine has spoiled no more of what
/// the run measured than `own`, the repetitions that the test spoils itself.
pub(super) fn undisturbed<T>(own: usize, run: impl Fn() -> (T, Said)) -> (T, Said) {
    for _ in 1..MOST_TRIES {
        let (with, said) = run();
        let spoiled = said.run_if_any().map_or(0, |run| spoiled(&run));
        if spoiled <= own {
            return (with, said);
        }
        eprintln!("begun anew: the machine spoiled {} measurements of {said}", spoiled - own);
    }
    run()
}

/// The command with these words, in a run that the machine left alone.
pub(super) fn measured(folder: &Folder, words: &str) -> Said {
    undisturbed(0, || ((), folder.runexp(words))).1
}

/// How many repetitions, and tries of a search, the machine has spoiled.
fn spoiled(run: &RunFolder) -> usize {
    let summary = run.json("summary.json");
    let cells = summary["cells"].as_object().unwrap().values();
    let repetitions = cells.flat_map(|cell| cell["repetitions"].as_array().unwrap());
    let is_spoiled = |repetition: &&Value| {
        let mut reasons = repetition["validity"]["reasons"].as_array().into_iter().flatten();
        // A server that stood still is slow there: such a window has no course.
        repetition["course"]["course"] == "unsettled"
            || reasons.any(|reason| OF_THE_MACHINE.contains(&reason["rule"].as_str().unwrap()))
    };
    let probed = run.records("events.jsonl").into_iter().filter(|event| event["event"] == "probed");
    let judged_by_nobody = probed.filter(|event| {
        let reason = event["verdict"]["reason"].as_str().unwrap_or_default();
        event["verdict"]["state"] == "unjudged" && (reason.contains("the driver ") || reason.contains("others took "))
    });
    repetitions.filter(is_spoiled).count() + judged_by_nobody.count()
}
