use serde::{Deserialize, Serialize};

use super::{Cause, Examined};

/// A rule by which a repetition's values do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It was planned and is not in the records.
    NotInRecords,
    /// Its records are not those that were written.
    RecordsChanged,
    /// Its records say what cannot be.
    Impossible,
    /// It did not run to its end.
    NotComplete,
    /// No request succeeded.
    NothingSucceeded,
    /// Requests failed.
    Errors,
    /// The driver did not send what was due.
    Dropped,
    /// Replies were shorter than asked.
    CutShort,
    /// Prompts came from a cache.
    PromptCached,
    /// The server worked on fewer tokens than the prompt has.
    PromptShort,
    /// The server answered a part of the prompt.
    PromptCut,
    /// Server and stream count different tokens.
    TokenCounts,
    /// A reply has more tokens than were asked for.
    BeyondMaxTokens,
    /// The load was not what it was to be for long enough.
    ShortOfLoad,
    /// The window holds a warm-up or a slowdown.
    NotSettled,
    /// Prompts had another length than they were made for.
    PromptLength,
    /// The driver did not keep the schedule.
    LateSchedule,
    /// The driver stood still.
    DriverStalled,
    /// The driver had no CPU to spare.
    CpuShort,
    /// Others had the CPUs.
    CpuContended,
    /// More was asked of the driver than it was seen to take.
    BeyondEnvelope,
    /// The machine slept, or somebody set its clock.
    ClockStepped,
    /// A server has another model than before.
    ModelChanged,
    /// A server loaded its model again.
    ModelReloaded,
    /// A server works on another number of requests at once than declared.
    SlotsNotAsDeclared,
    /// A part of a model is not in device memory.
    CpuSpill,
    /// MPS was not as declared.
    MpsState,
    /// A GPU was slowed down.
    Throttled,
    /// Somebody else computed on a GPU.
    ForeignProcess,
    /// A search has no answer.
    SearchOpen,
    /// A search found no load that meets the objectives.
    NoLoadPassed,
}

/// What a rule says of itself.
#[derive(Clone, Copy, Debug)]
pub struct RuleDefinition {
    /// Which.
    pub rule: Rule,
    /// Where the cause lies when it fires.
    pub cause: Cause,
    /// What goes wrong where it is not heeded.
    pub protects: &'static str,
    /// When it fires.
    pub limit: &'static str,
    pub(super) check: Check,
}

/// How a rule is applied.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// To a repetition: why its values do not count, in a sentence.
    Repetition(fn(&Examined<'_>) -> Option<String>),
    /// To what the servers of its epoch tell of themselves.
    Servers,
    /// To the files of the run.
    Records,
    /// By the search itself.
    Search,
}
