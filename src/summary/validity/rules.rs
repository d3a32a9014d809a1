use super::rule::{Check, Rule, RuleDefinition};
use super::{Cause, client, counts, envelope, gpu, load, mps, prompt_cut, records, reload, requests};

/// Every rule, in the order in which reasons are given.
pub const RULES: &[RuleDefinition] = &[
    RuleDefinition {
        rule: Rule::NotInRecords,
        cause: Cause::Circumstance,
        protects: "A record can lie by what it leaves out: what was planned is what figures are of.",
        limit: "the run says that it did everything, and of a planned repetition there is neither an end nor a reason why it \
                was skipped",
        check: Check::Records,
    },
    RuleDefinition {
        rule: Rule::RecordsChanged,
        cause: Cause::Circumstance,
        protects: "Figures are made from the records alone, so that these must be what the run wrote.",
        limit: "lines of a file are not those that the run sealed in `events.jsonl` and `manifest.json`: missing, more, changed \
                or of another run; or the last line of a run that has told its end is cut off. Runs of before 2026-11-28 are \
                not sealed, and documents say so; seals tell of a change, not of somebody who makes new ones",
        check: Check::Records,
    },
    RuleDefinition {
        rule: Rule::Impossible,
        cause: Cause::Workload,
        protects: "What no driver writes was not measured.",
        limit: "a number is missing among those of a client's requests, or stands twice; the moments of a request do not follow \
                each other; or a reply has more than 1 000 000 tokens for each of its seconds",
        check: Check::Repetition(records::impossible),
    },
    RuleDefinition {
        rule: Rule::NotComplete,
        cause: Cause::Circumstance,
        protects: "Half a window measures another workload: its warm-up, say.",
        limit: "the window did not run to its planned end",
        check: Check::Repetition(requests::not_complete),
    },
    RuleDefinition {
        rule: Rule::NothingSucceeded,
        cause: Cause::Workload,
        protects: "Where no reply came there is nothing to measure.",
        limit: "not one request sent in the window succeeded",
        check: Check::Repetition(requests::nothing_succeeded),
    },
    RuleDefinition {
        rule: Rule::Errors,
        cause: Cause::Workload,
        protects: "A server that refuses requests has time for the others, and looks fast.",
        limit: "more than 1 % of the requests failed, unless a fault on purpose made them fail",
        check: Check::Repetition(requests::errors),
    },
    RuleDefinition {
        rule: Rule::Dropped,
        cause: Cause::Workload,
        protects: "What the driver does not send lightens the load: the server was not tried at the rate that is reported.",
        limit: "more than 1 % of the requests were dropped at `max_in_flight`",
        check: Check::Repetition(requests::dropped),
    },
    RuleDefinition {
        rule: Rule::CutShort,
        cause: Cause::Workload,
        protects: "Replies that stop early make a server look fast, and two servers incomparable.",
        limit: "replies had less than 90 % of the asked tokens on average, where `ignore_eos` is set, or less than \
                `expect.output_tokens_at_least` asks for",
        check: Check::Repetition(requests::cut_short),
    },
    RuleDefinition {
        rule: Rule::PromptCached,
        cause: Cause::Workload,
        protects: "A prompt from a cache costs no prefill: times to first token are those of another workload.",
        limit: "more than 5 % of the prompt tokens came from a cache by the server's count, unless \
                `prompt_cache = \"allow\"`; the later turns of a conversation are not counted",
        check: Check::Repetition(requests::prompt_cached),
    },
    RuleDefinition {
        rule: Rule::PromptShort,
        cause: Cause::Workload,
        protects: "A cache that does not tell shows in the count alone: some servers count only what they computed.",
        limit: "of a phase with a single `prompt`, more than 5 % of the requests had less than half the prompt tokens of \
                another one by the server's count, unless `prompt_cache = \"allow\"`",
        check: Check::Repetition(counts::prompt_short),
    },
    RuleDefinition {
        rule: Rule::PromptCut,
        cause: Cause::Workload,
        protects: "Some servers cut a prompt that is longer than their context and say nothing: what they answer is \
                   another, shorter question.",
        limit: "by the server's count, in more than 1 % of the requests with a prompt of their own a prompt has fewer \
                tokens than one for each 16 bytes, and the server does not say that the rest came from a cache; or \
                exactly as many as the server's context, or half of it and at most two more; or the prompts of different \
                length, from the longest down, all have the same highest count, and the longest is a quarter longer than \
                the shortest of them",
        check: Check::Repetition(prompt_cut::prompt_cut),
    },
    RuleDefinition {
        rule: Rule::TokenCounts,
        cause: Cause::Workload,
        protects: "Throughput stands on the server's count of tokens. Tokens that it counts and never sends are nobody's, \
                   and those that it sends and does not count are lost from the figure.",
        limit: "over all whole replies the stream had more token events than the server counted tokens, beyond 2 % and \
                one a reply; or fewer than `expect.token_events_at_least` asks for, by default 90 % of Ollama and \
                llama.cpp, which send each token by itself, beyond two a reply. Replies with calls of tools, of several \
                choices (`n`), in one body, or whose chunks the server counts are not judged, and a character beyond \
                ASCII may take as many tokens as it has bytes",
        check: Check::Repetition(counts::token_counts),
    },
    RuleDefinition {
        rule: Rule::BeyondMaxTokens,
        cause: Cause::Workload,
        protects: "One count that cannot be outweighs a thousand that are right: figures of tokens stand on their sum.",
        limit: "by the server's count any whole reply, of the warm-up too, has more tokens than `max_tokens`, beyond 2 % and \
                two; not where `max_tokens` is omitted or `extra` sets a limit of its own, of several choices (`n`), nor of \
                thoughts that are counted and not sent",
        check: Check::Repetition(counts::beyond_max_tokens),
    },
    RuleDefinition {
        rule: Rule::ShortOfLoad,
        cause: Cause::Workload,
        protects: "A closed loop that has run out of requests, or whose clients wait for the driver, is a lighter load \
                   than it says.",
        limit: "at least 90 % of the clients had a request in flight for less than 80 % of the window, unless a fault on \
                purpose kept them from it",
        check: Check::Repetition(load::short_of_load),
    },
    RuleDefinition {
        rule: Rule::NotSettled,
        cause: Cause::Workload,
        protects: "A mean over a warm-up, or over a machine that slows down, is neither what it began with nor what it \
                   settles at.",
        limit: "in a window of 5 s and more the throughput of a closed loop settled within it (MSER, then halves and \
                slope), and its mean over the window is off by more than 3 % from its mean since then; a window that \
                never settles is only shown, and so is one with too few tokens to tell",
        check: Check::Repetition(load::not_settled),
    },
    RuleDefinition {
        rule: Rule::PromptLength,
        cause: Cause::Workload,
        protects: "Prefill costs what the prompt's length says: prompts of another length are another workload.",
        limit: "prompts made for `prompt_tokens` were counted off by more than 2 %, or 2 tokens if that is more, on \
                average, or the server did not count every one",
        check: Check::Repetition(requests::prompt_length),
    },
    RuleDefinition {
        rule: Rule::LateSchedule,
        cause: Cause::Circumstance,
        protects: "An open loop that sends late offers another load than it says, and its waits begin too late.",
        limit: "requests of an open loop started later than 1 ms, or 1 % of the median time to first token if that is \
                more: on average, or at the highest percentile that the window has requests enough for",
        check: Check::Repetition(client::late_schedule),
    },
    RuleDefinition {
        rule: Rule::DriverStalled,
        cause: Cause::Circumstance,
        protects: "While the driver stands still nobody sends, and what arrives is stamped too late.",
        limit: "the driver stalled for longer than 100 ms, or 1 % of the window if that is more; or, in a window of 5 s \
                and more, what arrived waited on average longer than 1 ms, or 3 % of the median time to first token if \
                that is more",
        check: Check::Repetition(client::driver_stalled),
    },
    RuleDefinition {
        rule: Rule::CpuShort,
        cause: Cause::Circumstance,
        protects: "A driver that always has work and no CPU to do it on sets the pace itself: what is measured is the \
                   driver, or who shares its CPUs.",
        limit: "in a window of 1 s and more, the driver's threads ran or waited for a CPU in 90 % of the time of the CPUs \
                they may use; or a thread of the simulated servers did, in 90 % of its own",
        check: Check::Repetition(client::cpu_short),
    },
    RuleDefinition {
        rule: Rule::CpuContended,
        cause: Cause::Circumstance,
        protects: "A busy machine is another machine, and another one each time: what others take of its CPUs is missing to \
                   the servers and to the driver.",
        limit: "in a window of 1 s and more, processes that the run has not started, or a hypervisor, took more than 10 % \
                of this machine's CPUs while less than 50 % of their time was idle, or more than a quarter of a CPU while \
                less than 5 % was; not where a server is reached by `url`, which may be on this machine itself, and \
                containers are the run's own while its servers run in some",
        check: Check::Repetition(client::cpu_contended),
    },
    RuleDefinition {
        rule: Rule::BeyondEnvelope,
        cause: Cause::Workload,
        protects: "Beyond what the driver was seen to take on this machine, nobody knows whether it is the server that is \
                   measured.",
        limit: "more requests or token events per second than `runexp doctor` saw the driver take, or more events than \
                those up to which it noticed first tokens within 1 ms on average; without a certificate of `runexp \
                doctor` by this version on this processor the other rules must do",
        check: Check::Repetition(envelope::beyond_envelope),
    },
    RuleDefinition {
        rule: Rule::ClockStepped,
        cause: Cause::Circumstance,
        protects: "While a machine sleeps nothing is measured, though servers may count the time; who sets the clock \
                   falsifies what servers time by it.",
        limit: "while the load lasted the machine slept, or its wall clock was set, by more than 10 ms",
        check: Check::Repetition(client::clock_stepped),
    },
    RuleDefinition {
        rule: Rule::ModelChanged,
        cause: Cause::Workload,
        protects: "Two models, or two quantisations of one, are two experiments, whatever name they share.",
        limit: "a server tells another model, digest, quantisation, size of the weights, template or default parameters \
                than the same server in the first epoch of the treatment that told; or, under the same name, another \
                digest, quantisation or size of the weights than any server before. What a loaded model takes, and its \
                context, are no part of what it is",
        check: Check::Servers,
    },
    RuleDefinition {
        rule: Rule::ModelReloaded,
        cause: Cause::Circumstance,
        protects: "While a server loads its model again, because somebody asked it for another one or with another \
                   context, or because it has died, every request waits: that is no part of serving.",
        limit: "in the window, on a server that was not broken on purpose: a reply says that loading took more than six \
                times, and 150 ms longer than, the lower quartile of that server's replies; or one of the server's \
                processes is new; or, at the end of the cell, the server tells another loaded model, context or size \
                than at its begin",
        check: Check::Repetition(reload::model_reloaded),
    },
    RuleDefinition {
        rule: Rule::SlotsNotAsDeclared,
        cause: Cause::Workload,
        protects: "A server that works on one request at a time is not the one that batches, whatever it was asked for.",
        limit: "a server works on another number of requests at once than its `slots` says: by its own word (llama.cpp's \
                `/props`), by its log or the command line of its child (Ollama), else by trials of overlapping \
                requests before the load, which tell one from several, and more than declared",
        check: Check::Servers,
    },
    RuleDefinition {
        rule: Rule::CpuSpill,
        cause: Cause::Workload,
        protects: "A model of which a part is computed by the CPU is many times slower, and says nothing about the GPU.",
        limit: "a server tells that less of its loaded model is in device memory than the model takes; none at all \
                counts only on a machine with a GPU",
        check: Check::Servers,
    },
    RuleDefinition {
        rule: Rule::MpsState,
        cause: Cause::Workload,
        protects: "A server that did not join MPS takes turns, and one that joined somebody's does not: either would be \
                   counted for the other.",
        limit: "where a step starts MPS, a server had no process among its clients at the end of the cell, by the \
                daemon's list or the driver's, or neither list could be had; where a step says it is absent, a daemon \
                could be reached or a server was a client",
        check: Check::Repetition(mps::mps_state),
    },
    RuleDefinition {
        rule: Rule::Throttled,
        cause: Cause::Circumstance,
        protects: "A GPU that is too hot, or that its power supply holds back, is another GPU than the one that was to be measured.",
        limit: "clocks were held down by heat, the power brake or a sync boost group for more than 1 % of the window, by \
                the driver's counters; the power limit held by software does not count, since a card that reaches it \
                always does (`power_capped` tells how long)",
        check: Check::Repetition(gpu::throttled),
    },
    RuleDefinition {
        rule: Rule::ForeignProcess,
        cause: Cause::Circumstance,
        protects: "Beside somebody else's work a GPU says nothing of this one.",
        limit: "a process computed on a GPU in the window that is none of the run's, no server of MPS, and not named in \
                `foreign_gpu_processes`; processes in containers are the run's own while its servers run in some",
        check: Check::Repetition(gpu::foreign_process),
    },
    RuleDefinition {
        rule: Rule::SearchOpen,
        cause: Cause::Circumstance,
        protects: "The highest load of a search that was broken off is that of where it was broken off.",
        limit: "a search ended before the highest load that passes and the lowest that fails were as close as asked, or \
                at a load that nobody could judge",
        check: Check::Search,
    },
    RuleDefinition {
        rule: Rule::NoLoadPassed,
        cause: Cause::Workload,
        protects: "A load that misses its objectives is no capacity.",
        limit: "no load of a search met the objectives every time it was tried",
        check: Check::Search,
    },
];
