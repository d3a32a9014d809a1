use super::{Cause, RULES, Rule};

impl Rule {
    /// As in `summary.json` and on the command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotInRecords => "not_in_records",
            Self::RecordsChanged => "records_changed",
            Self::Impossible => "impossible",
            Self::NotComplete => "not_complete",
            Self::NothingSucceeded => "nothing_succeeded",
            Self::Errors => "errors",
            Self::Dropped => "dropped",
            Self::CutShort => "cut_short",
            Self::PromptCached => "prompt_cached",
            Self::PromptShort => "prompt_short",
            Self::PromptCut => "prompt_cut",
            Self::TokenCounts => "token_counts",
            Self::BeyondMaxTokens => "beyond_max_tokens",
            Self::ShortOfLoad => "short_of_load",
            Self::NotSettled => "not_settled",
            Self::PromptLength => "prompt_length",
            Self::LateSchedule => "late_schedule",
            Self::DriverStalled => "driver_stalled",
            Self::CpuShort => "cpu_short",
            Self::CpuContended => "cpu_contended",
            Self::BeyondEnvelope => "beyond_envelope",
            Self::ClockStepped => "clock_stepped",
            Self::ModelChanged => "model_changed",
            Self::ModelReloaded => "model_reloaded",
            Self::SlotsNotAsDeclared => "slots_not_as_declared",
            Self::CpuSpill => "cpu_spill",
            Self::MpsState => "mps_state",
            Self::Throttled => "throttled",
            Self::ForeignProcess => "foreign_process",
            Self::SearchOpen => "search_open",
            Self::NoLoadPassed => "no_load_passed",
        }
    }

    /// Where the cause lies when it fires.
    pub fn cause(self) -> Cause {
        let definition = RULES.iter().find(|definition| definition.rule == self);
        definition.map_or(Cause::Workload, |definition| definition.cause)
    }
}
