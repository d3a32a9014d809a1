//! What became of a server that was killed on purpose: one trial a repetition.

use serde::{Deserialize, Serialize};

use super::estimate::valid;
use super::{CellSummary, Summary};
use crate::metric::{NextAnswer, Window, next_answer};

/// What became of one server that was killed on purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultTrial {
    /// Which: `ollama[1]`.
    pub server: String,
    /// When, in seconds after the window's start.
    pub at_s: f64,
    /// With whose help it was to come back.
    pub help: Help,
    /// When it answered well again.
    pub answer: Answer,
}

/// With whose help a server that was killed comes back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "help", rename_all = "snake_case")]
pub enum Help {
    /// Nobody's: only what it had started was killed.
    None,
    /// The run started it again.
    StartedAgain {
        /// Seconds from the kill until its readiness check held.
        ready_s: f64,
    },
}

/// When a server that was killed answered well again, in seconds after the kill:
/// the first token of a reply that came whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// A request of the load was answered.
    ToTheLoad {
        /// After so long.
        after_s: f64,
    },
    /// A short request of the run's own was answered.
    ToTheRun {
        /// After so long.
        after_s: f64,
    },
    /// Not before the run gave up.
    NotWithin {
        /// So long it waited.
        waited_s: f64,
        /// What became of its last request.
        reason: String,
    },
    /// Not in the records, which end with the load.
    NotInTheRecords,
}

/// The trial of a repetition in which a server was killed.
pub(super) fn trial(window: &Window<'_>) -> Option<FaultTrial> {
    let kill = window.kill?;
    let help = kill.ready.map_or(Help::None, |ready| Help::StartedAgain { ready_s: ready.seconds() });
    let answer = match next_answer(kill, window) {
        NextAnswer::ToTheLoad(after) => Answer::ToTheLoad { after_s: after.seconds() },
        NextAnswer::ToTheRun(after) => Answer::ToTheRun { after_s: after.seconds() },
        NextAnswer::NotWithin(waited, got) => Answer::NotWithin { waited_s: waited.seconds(), reason: got.to_owned() },
        NextAnswer::NotInTheRecords => Answer::NotInTheRecords,
    };
    Some(FaultTrial { server: kill.server.to_string(), at_s: kill.at.since(window.start).seconds(), help, answer })
}

/// What may befall a server and nothing here can bring about yet.
const NEVER_TRIED: [&str; 4] = [
    "a fault of the GPU (an illegal access, say)",
    "device memory that runs out",
    "a server that hangs",
    "the death of the MPS server or its daemon",
];

impl Summary {
    /// Which kinds of fault its servers met, how often, and which they did not;
    /// `None` if none was tried.
    pub fn faults_tried(&self) -> Option<String> {
        let trials = |is_it: fn(&Help) -> bool| {
            let of_cell = |cell: &CellSummary| {
                valid(&cell.repetitions).filter_map(|one| one.fault.as_ref()).filter(|trial| is_it(&trial.help)).count()
            };
            self.cells.values().map(of_cell).sum::<usize>()
        };
        let kinds = [
            ("SIGKILL to a whole server", trials(|help| matches!(help, Help::StartedAgain { .. }))),
            ("SIGKILL to a server's workers", trials(|help| *help == Help::None)),
        ];
        let tried: Vec<String> = kinds
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| format!("{kind}, {count} times"))
            .collect();
        let untried = kinds.iter().filter(|(_, count)| *count == 0).map(|(kind, _)| *kind);
        let untried: Vec<&str> = untried.chain(NEVER_TRIED).collect();
        (!tried.is_empty()).then(|| format!("tried: {}; not tried: {}", tried.join(", "), untried.join(", ")))
    }
}
