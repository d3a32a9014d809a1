//! A small run, written by hand: numbers with and without intervals, gaps,
//! repetitions that do not count, and text that means harm.
#![expect(clippy::unwrap_used, reason = "a fixture that breaks a rule must fail its test")]

mod planned;

use chrono::{TimeZone, Utc};
use indexmap::IndexMap;
use runexp::metric::{Better, Family, Measure, MetricDefinition, Unit};
use runexp::names::{CellId, MetricId, PhaseName, RunId, ScenarioName};
use runexp::record::{
    Environment, GpuIdentity, Integrity, Manifest, Outcome, Overrides, SCHEMA_VERSION, Sealing, Simulation,
};
use runexp::report::Context;
use runexp::scenario::{Level, Question, Selector};
use runexp::summary::{
    Answers, Attained, CellSummary, Estimate, Gap, Interval, Measured, Objective, Pools, Reason, Repetition, Rule,
    Summary, Validity,
};
use runexp::units::Bytes;

use runexp::verdict::judge;

use super::judged::verdicts;

pub(super) use planned::plan;

/// Ends cells, opens code, links, tags and headings.
pub(super) const HOSTILE: &str = "a|b\n# c `d` <script>alert(1)</script> [e](http://f) *g*\u{202e}\\";

pub(super) const METRICS: [MetricDefinition; 8] = [
    measure("output_throughput", "Output throughput", Unit::TokensPerSecond, Better::Higher),
    measure("individual_rate", "Individual rate", Unit::TokensPerSecond, Better::Higher),
    measure("sum_of_request_rates", "Sum of request rates", Unit::TokensPerSecond, Better::Neither),
    measure("overlap_error", "Overlap error", Unit::Excess, Better::Neither),
    measure("scaling_efficiency", "Scaling efficiency", Unit::Share, Better::Higher),
    measure("ttft_p95", "TTFT p95", Unit::Seconds, Better::Lower),
    measure("fault_reach", "Fault reach", Unit::Share, Better::Lower),
    measure("recovery_time", "Recovery time", Unit::Seconds, Better::Lower),
];

const fn measure(id: &'static str, title: &'static str, unit: Unit, better: Better) -> MetricDefinition {
    MetricDefinition { id, title, unit, better, family: Family::Throughput, measure: Measure::Nothing("by hand") }
}

pub(super) const OFF: &str = "mps=off,servers=1,slots=1/concurrent/clients=1";
pub(super) const ON: &str = "mps=on,servers=3,slots=1/concurrent/clients=3";
pub(super) const BATCHING: &str = "mps=off,servers=1,slots=3/concurrent/clients=3";
const DIES: &str = "mps=on,servers=3,slots=1/one server dies/clients=3";

#[derive(Clone, Copy)]
pub(super) enum Machine {
    Real,
    Simulated,
}

pub(super) fn context(machine: Machine) -> Context {
    let mut manifest = manifest();
    let mut summary = summary();
    if matches!(machine, Machine::Simulated) {
        manifest.simulated = Some(Simulation { machine: "h100".into(), title: "An H100 80GB".into() });
        summary.simulated = Some("h100".into());
    }
    Context::new(&manifest, &plan(), &summary, &verdicts(), &METRICS)
}

/// A run that ended in this way before its first cell.
pub(super) fn nothing_measured(outcome: Outcome) -> Context {
    let summary = Summary {
        schema_version: SCHEMA_VERSION,
        simulated: None,
        blocks: 5,
        planned_looks: 0,
        looks: Vec::new(),
        resumed: Vec::new(),
        served: Vec::new(),
        states: Vec::new(),
        already_there: Vec::new(),
        integrity: Integrity { sealing: Sealing::Whole, ..Integrity::default() },
        cells: IndexMap::new(),
    };
    let verdicts = judge(&summary, &[], (&Question::default(), &[]), None, &Environment::default(), None);
    Context::new(&Manifest { outcome, ..manifest() }, &plan(), &summary, &verdicts, &METRICS)
}

pub(super) fn manifest() -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        run_id: RunId::new("20261122-160500-7f3a").unwrap(),
        scenario: ScenarioName::new("mps_vs_multi").unwrap(),
        title: format!("MPS or not: {HOSTILE}"),
        runexp: "0.1.0".into(),
        simulated: None,
        seed: 7,
        plan_sha256: "9f86d081".into(),
        overrides: Overrides { set: vec![format!("vars.model={HOSTILE}")], profile: None, only: vec!["it's".into()] },
        declared: None,
        environment: Environment {
            gpus: vec![GpuIdentity {
                uuid: "GPU-1".into(),
                name: format!("GPU {HOSTILE}"),
                memory_bytes: Some(Bytes(80 << 30)),
                bandwidth_bytes_per_s: Some(3.35e12),
                ..GpuIdentity::default()
            }],
            cuda: Some("13.0".into()),
            ..Environment::default()
        },
        started: Utc.with_ymd_and_hms(2026, 11, 22, 16, 5, 0).unwrap(),
        finished: None,
        outcome: Outcome::Interrupted { signal: "SIGINT".into() },
        sealed: None,
        certified: None,
        sessions_before: Vec::new(),
    }
}

pub(super) fn summary() -> Summary {
    let cells = [
        (
            OFF,
            vec![Validity::Valid; 2],
            vec![
                ("output_throughput", estimate(33.12, Some((32.81, 33.43)), 5)),
                ("individual_rate", estimate(33.12, Some((32.81, 33.43)), 5)),
                ("scaling_efficiency", estimate(1.0, None, 5)),
                ("ttft_p95", Measured::Gap(Gap::TooFew { n: 12, floor: 130 })),
                ("unregistered", estimate(0.000_04, None, 1)),
            ],
        ),
        (
            ON,
            vec![Validity::Valid, invalid(&[(Rule::LateSchedule, "clocks fell"), (Rule::DriverStalled, HOSTILE)])],
            vec![
                ("output_throughput", estimate(57.4, Some((55.1, 59.8)), 3)),
                ("sum_of_request_rates", estimate(99.4, Some((98.9, 99.9)), 3)),
                ("overlap_error", estimate(0.7317, Some((0.65, 0.81)), 3)),
                ("scaling_efficiency", estimate(0.578, Some((0.55, 0.6)), 3)),
                ("ttft_p95", estimate(f64::NAN, None, 3)),
            ],
        ),
        (
            BATCHING,
            vec![Validity::Valid],
            vec![
                ("output_throughput", estimate(91.0, None, 1)),
                ("overlap_error", Measured::Gap(Gap::NotMeasured { reason: HOSTILE.into() })),
            ],
        ),
        (
            DIES,
            vec![invalid(&[(Rule::NotComplete, "MPS was off")])],
            vec![
                ("output_throughput", Measured::Gap(Gap::Invalid { reason: "MPS was off".into() })),
                ("ttft_p95", Measured::Gap(Gap::NotRun)),
                ("fault_reach", Measured::Gap(Gap::Invalid { reason: "MPS was off".into() })),
                ("recovery_time", Measured::Gap(Gap::NotMeasured { reason: "it did not serve again".into() })),
            ],
        ),
    ];
    Summary {
        schema_version: SCHEMA_VERSION,
        simulated: None,
        blocks: 5,
        planned_looks: 0,
        looks: Vec::new(),
        resumed: Vec::new(),
        served: Vec::new(),
        states: Vec::new(),
        already_there: Vec::new(),
        integrity: Integrity { sealing: Sealing::Whole, ..Integrity::default() },
        cells: cells.into_iter().map(|(id, validity, values)| (cell(id), summary_of(id, validity, values))).collect(),
    }
}

fn invalid(reasons: &[(Rule, &str)]) -> Validity {
    let reason = |(rule, text): &(Rule, &str)| Reason { rule: *rule, text: (*text).to_owned() };
    Validity::Invalid { reasons: reasons.iter().map(reason).collect() }
}

fn summary_of(id: &str, validity: Vec<Validity>, values: Vec<(&str, Measured)>) -> CellSummary {
    let parts: Vec<&str> = id.split('/').collect();
    let treatment: IndexMap<String, String> = parts[0]
        .split(',')
        .filter_map(|level| level.split_once('='))
        .map(|(factor, level)| (factor.to_owned(), level.to_owned()))
        .collect();
    CellSummary {
        servers: treatment["servers"].parse().unwrap(),
        slots: treatment["slots"].parse().ok(),
        treatment,
        phase: PhaseName::new(parts[1]).unwrap(),
        load: parts[2].into(),
        clients: parts[2].strip_prefix("clients=").and_then(|clients| clients.parse().ok()),
        rate: None,
        repetitions: (0..)
            .zip(validity)
            .map(|(block, validity)| Repetition {
                search: None,
                fault: None,
                block,
                epoch: block,
                validity,
                course: None,
                outcomes: IndexMap::from([("ok".into(), 40), ("stalled".into(), u64::from(block))]),
                values: IndexMap::new(),
                objectives: IndexMap::new(),
                counted: IndexMap::new(),
                pools: Pools::default(),
                counts: Vec::new(),
                answers: Answers::default(),
            })
            .collect(),
        objectives: objectives(id),
        fractions: Vec::new(),
        estimates: values.into_iter().map(|(id, measured)| (metric(id), measured)).collect(),
    }
}

/// One of each kind of end.
fn objectives(id: &str) -> Vec<Objective> {
    let objective = |measured, attained| Objective { name: metric("ttft_p95"), limit_s: 0.3, measured, attained };
    if id != ON {
        return Vec::new();
    }
    vec![
        objective(estimate(0.2, Some((0.19, 0.21)), 5), Attained::Met),
        objective(estimate(0.25, None, 1), Attained::Undecided),
        objective(Measured::Gap(Gap::TooFew { n: 12, floor: 130 }), Attained::TooFewRequests),
        objective(Measured::Gap(Gap::Unanswered), Attained::Missed),
    ]
}

pub(super) fn estimate(value: f64, interval: Option<(f64, f64)>, n: u32) -> Measured {
    Measured::Estimate(Estimate { value, interval: interval.map(ends), n, ..Estimate::default() })
}

pub(super) fn ends((lower, upper): (f64, f64)) -> Interval {
    Interval { lower, upper }
}

pub(super) fn selector(levels: &[(&str, Level)]) -> Selector {
    Selector(levels.iter().map(|(key, level)| ((*key).to_owned(), level.clone())).collect())
}

pub(super) fn cell(id: &str) -> CellId {
    CellId::new(id).unwrap()
}

pub(super) fn metric(id: &str) -> MetricId {
    MetricId::new(id).unwrap()
}
