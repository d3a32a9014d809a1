use crate::names::CellId;
use crate::record::{CellEnd, Failures};

/// What a person watching a run is told. Reports are never made from these.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// A step begins.
    Step {
        /// Its name.
        name: String,
    },
    /// It goes on where an earlier session has ended.
    Resumed {
        /// So many of its epochs are whole.
        kept: u32,
        /// How many there are.
        of: usize,
    },
    /// Repetitions are measured again, for something has spoiled them.
    Again {
        /// How many.
        count: usize,
    },
    /// An epoch begins.
    Epoch {
        /// From 0.
        index: u32,
        /// How many there are.
        of: usize,
        /// Its block, from 0.
        block: u32,
        /// Its treatment.
        treatment: String,
    },
    /// A server is ready.
    ServerReady {
        /// `ollama[1]`.
        label: String,
        /// Seconds from start to ready.
        seconds: f64,
    },
    /// A cell was measured.
    Cell {
        /// From 1, over the whole run.
        number: usize,
        /// How many there are.
        of: usize,
        /// Which.
        cell: CellId,
        /// Requests that ended.
        requests: u64,
        /// Of these, failures, and those that were cut off.
        failures: Failures,
        /// How it ended.
        end: CellEnd,
    },
    /// A try of a search for the highest load was judged.
    Probed {
        /// Its load: `rate=2`.
        load: String,
        /// `passed`, or why not.
        verdict: String,
    },
    /// A run that may stop early looked whether it is precise enough.
    Look {
        /// What it saw and did, in a sentence.
        told: String,
    },
    /// Everything is being undone.
    Teardown,
    /// Something is not as it was found.
    NotUndone {
        /// What, and what a person can do.
        problem: String,
    },
    /// Something a person must know.
    Warning {
        /// In a sentence.
        message: String,
    },
}
