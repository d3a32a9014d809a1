//! What was observed: plain data with nanosecond offsets, never `Instant`.
//!
//! Every line of a run directory's `*.jsonl` is one of these types. A reader
//! accepts every older [`SCHEMA_VERSION`] and refuses a newer one.

mod about;
mod already_there;
mod cell;
mod client;
mod envelope;
mod environment;
mod event;
mod failures;
mod fault;
mod look;
mod machine;
mod manifest;
mod memory;
mod mps;
mod outcome;
mod outcome_kind;
mod prompt_length;
mod request;
mod requests;
mod resumed;
mod seal;
mod seen;
mod session;
mod step;
mod telemetry;
mod undo;

pub use about::{ModelState, ServerAbout, SlotsSeen, SlotsSource};
pub use already_there::AlreadyThere;
pub use cell::{CellEnd, CellKey, ProbeVerdict, ServerKey};
pub use client::{ClientHonesty, ClockSteps, CpuTime};
pub use envelope::Envelope;
pub use environment::{Environment, GpuIdentity};
pub use event::{Event, EventRecord};
pub use failures::Failures;
pub use fault::{ServerAnswered, ServerKilled, ServerRecovered, ServerSilent};
pub use look::{Look, LookDecision};
pub use machine::{CpuTaker, MachineCpu};
pub use manifest::{Manifest, Outcome, Overrides, Session, Simulation};
pub use memory::MemoryRecord;
pub use mps::{MpsState, MpsWitness};
pub use outcome::RequestOutcome;
pub use outcome_kind::{OUTCOMES, OutcomeKind};
pub use prompt_length::PromptLengthFound;
pub use request::{Chunks, RequestRecord, TokenSource, UsageRecord};
pub use requests::{Arrivals, Request, Requests};
pub use resumed::Resumed;
pub use seal::{Declared, Flaw, Integrity, Seal, SealedRequests, Sealing, Stretch, Touches};
pub use seen::{LoadedModel, Moment, ProcessSeen, ServerSeen};
pub use session::{Begun, Ended};
pub use step::{Fact, Scope, StepOutcome, StepRecord};
pub use telemetry::{
    CallCost, GpuReading, HeldDown, MemorySource, Mig, MigDevice, Performance, PowerSource, ProcessOnGpu, Reading,
    TelemetryRecord,
};
pub use undo::{Certainty, Containment, Leftover, ProcessIdentity, Undo, UndoEntry, UndoState};

/// The version of the record format this program writes.
pub const SCHEMA_VERSION: u32 = 1;

/// A whole run as read back from its directory, but for its requests: there
/// may be millions, and nobody needs more than one measurement's at once.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Who, what, where, when.
    pub manifest: Manifest,
    /// Every step, in order.
    pub steps: Vec<StepRecord>,
    /// Every telemetry sample.
    pub telemetry: Vec<TelemetryRecord>,
    /// Everything else that happened, in order.
    pub events: Vec<EventRecord>,
    /// Whether all of it is as it was written.
    pub integrity: Integrity,
}
