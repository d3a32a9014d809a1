use serde::{Deserialize, Serialize};

use super::{
    AlreadyThere, Begun, CallCost, CellEnd, CellKey, ClientHonesty, Containment, Ended, Look, MemoryRecord, Moment,
    MpsWitness, ProbeVerdict, ProcessIdentity, PromptLengthFound, Resumed, Seal, ServerAbout, ServerAnswered,
    ServerKey, ServerKilled, ServerRecovered, ServerSeen, ServerSilent, Undo,
};
use crate::units::{Bytes, Nanos};

/// One line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// When.
    pub at_ns: Nanos,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// Something that happened to the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An epoch began.
    EpochStarted {
        /// From 0 over the whole run.
        epoch: u32,
        /// Its block.
        block: u32,
        /// Its treatment, as text.
        treatment: String,
    },
    /// A server is ready.
    ServerReady {
        /// In which epoch.
        epoch: u32,
        /// Which.
        server: ServerKey,
        /// Where it listens, without user info.
        url: String,
        /// Our process, if it is one.
        process: Option<ProcessIdentity>,
        /// From start to ready.
        ready_ns: Nanos,
        /// From start of preload to its end.
        preload_ns: Option<Nanos>,
        /// What it tells of itself.
        #[serde(default)]
        about: ServerAbout,
        /// What could be seen of it from outside, if the run has not started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        already_there: Option<AlreadyThere>,
    },
    /// A server could not be started.
    ServerFailed {
        /// In which epoch.
        epoch: u32,
        /// Which.
        server: ServerKey,
        /// Why, in a sentence, with the last lines of its log.
        reason: String,
    },
    /// A server is gone.
    ServerStopped {
        /// In which epoch.
        epoch: u32,
        /// Which.
        server: ServerKey,
        /// How it ended.
        how: String,
    },
    /// A server, or what computes for it, was killed on purpose.
    ServerKilled(ServerKilled),
    /// A server killed on purpose was started again, and is ready.
    ServerRecovered(ServerRecovered),
    /// A server that a fault had hit answered the run's own request well.
    ServerAnswered(ServerAnswered),
    /// A server that a fault had hit answered nobody well in time.
    ServerSilent(ServerSilent),
    /// A cell was measured, or could not be.
    CellFinished {
        /// Which.
        cell: CellKey,
        /// When its load began (warm-up).
        load_start_ns: Nanos,
        /// When the measured window began.
        window_start_ns: Nanos,
        /// When the measured window ended.
        window_end_ns: Nanos,
        /// Clients of a closed loop; in an open loop `None`.
        clients: Option<u32>,
        /// Servers that were asked.
        servers: u32,
        /// How it ended.
        end: CellEnd,
        /// The driver's figures about itself.
        client: ClientHonesty,
    },
    /// How much memory is in use: before the first server of an epoch, and each
    /// time that one more is ready.
    Memory {
        /// In which epoch.
        epoch: u32,
        /// Servers that are up.
        servers: u32,
        /// So much.
        #[serde(flatten)]
        memory: MemoryRecord,
    },
    /// A server told how long made-up prompts must be.
    PromptLengthFound(PromptLengthFound),
    /// A try of a search for the highest load was judged.
    Probed {
        /// Which.
        cell: CellKey,
        /// Its load: clients, requests per second, or servers.
        level: f64,
        /// What followed.
        verdict: ProbeVerdict,
    },
    /// The servers were looked at, before or after the load of a cell.
    ServersSeen {
        /// Which.
        cell: CellKey,
        /// When.
        moment: Moment,
        /// They.
        servers: Vec<ServerSeen>,
    },
    /// Who was a client of MPS at the end of a cell.
    MpsWitnessed(MpsWitness),
    /// A planned cell was not measured.
    CellSkipped {
        /// Which.
        cell: CellKey,
        /// Why, in a sentence.
        reason: String,
    },
    /// A repetition that something beside the experiment has spoiled is
    /// measured again.
    MeasuredAgain {
        /// What was spoiled.
        first: CellKey,
    },
    /// How everything that the run starts is held together.
    Contained {
        /// By what means.
        containment: Containment,
    },
    /// An effect was registered, or taken back.
    Undo {
        /// Its number on the stack.
        sequence: u32,
        /// What is taken back.
        undo: Undo,
        /// How far it is.
        state: super::UndoState,
    },
    /// The power of the servers at rest was measured: they were ready, and
    /// nobody asked them anything.
    IdleBaseline {
        /// In which epoch.
        epoch: u32,
        /// From when.
        start_ns: Nanos,
        /// Until when.
        end_ns: Nanos,
    },
    /// A GPU answers nothing any more.
    GpuLost {
        /// Which.
        gpu: String,
        /// Why, in the driver's words.
        reason: String,
    },
    /// A GPU that was lost answers again.
    GpuBack {
        /// Which.
        gpu: String,
    },
    /// A process that is none of the run's, and not allowed by the scenario,
    /// began to compute on a GPU. Telemetry tells how long it did.
    ForeignProcess {
        /// On which.
        gpu: String,
        /// Its pid.
        pid: u32,
        /// Its name.
        program: String,
        /// Device memory that it held then, if the driver tells.
        memory_bytes: Option<Bytes>,
    },
    /// What questions to the GPUs' driver took over the run.
    TelemetryCosts {
        /// One for each kind.
        costs: Vec<CallCost>,
    },
    /// A signal arrived.
    Signal {
        /// `SIGINT` and the like.
        name: String,
    },
    /// What was measured up to here is whole: a run that is resumed goes on
    /// behind it.
    Checkpoint {
        /// So many of the plan's epochs, from the first.
        epochs: u32,
    },
    /// What was written since the seal before.
    Sealed(Box<Seal>),
    /// A session of the run began, with this manifest.
    Begun(Begun),
    /// It ended.
    Ended(Ended),
    /// The run went on after it had ended.
    Resumed(Resumed),
    /// A run that may stop early looked whether it is precise enough.
    Look(Look),
    /// Something a reader of the report must know.
    Warning {
        /// In a sentence.
        message: String,
    },
}
