mod decision;
mod effects;
mod fraction;
mod kills;
mod resumed;
mod rule;
mod system;
mod trend;

use indexmap::IndexMap;
use serde_json::json;

use super::decision::decide as decision_of;
use super::{Pace, Verdict, Verdicts, judge};
use crate::names::{CellId, MetricId, PhaseName};
use crate::record::{Environment, GpuIdentity, Integrity, Simulation};
use crate::scenario::{Claim, ClaimKind, Level, Question, Selector, Source, SystemMatch};
use crate::summary::{CellSummary, Estimate, Gap, Measured, Summary};
use crate::units::Share;

/// A cell of several servers; one value of each metric per block.
fn cell(mps: &str, servers: u32, clients: u32, metrics: &[(&str, &[f64])]) -> (CellId, CellSummary) {
    let estimate = |values: &[f64]| Estimate {
        value: values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap()),
        interval: None,
        n: u32::try_from(values.len()).unwrap(),
        units: (0..).zip(values.iter().copied()).collect(),
        ..Estimate::default()
    };
    let treatment = IndexMap::from([("mps", mps.to_owned()), ("servers", servers.to_string())]);
    let cell = CellSummary {
        treatment: treatment.into_iter().map(|(factor, level)| (factor.to_owned(), level)).collect(),
        phase: PhaseName::new("concurrent").unwrap(),
        load: format!("clients={clients}"),
        clients: Some(clients),
        rate: None,
        servers,
        slots: Some(1),
        repetitions: Vec::new(),
        estimates: metrics
            .iter()
            .map(|(metric, values)| (MetricId::new(*metric).unwrap(), Measured::Estimate(estimate(values))))
            .collect(),
        objectives: Vec::new(),
        fractions: Vec::new(),
    };
    (CellId::new(format!("mps={mps},servers={servers}/concurrent/clients={clients}")).unwrap(), cell)
}

fn summary(cells: Vec<(CellId, CellSummary)>) -> Summary {
    Summary {
        schema_version: 1,
        simulated: None,
        blocks: 5,
        // One look, and no other after it: tests may err 5 % of the time.
        planned_looks: 1,
        resumed: Vec::new(),
        looks: Vec::new(),
        served: Vec::new(),
        states: Vec::new(),
        already_there: Vec::new(),
        integrity: Integrity::default(),
        cells: cells.into_iter().collect(),
    }
}

fn selector(keys: &[(&str, Level)]) -> Selector {
    Selector(keys.iter().map(|(key, level)| ((*key).to_owned(), level.clone())).collect())
}

fn mps(level: &str) -> Selector {
    selector(&[("mps", Level::Text(level.to_owned()))])
}

fn claim(kind: ClaimKind) -> Claim {
    Claim {
        id: serde_json::from_value(json!("a-claim")).unwrap(),
        says: "it is so".to_owned(),
        source: Source { file: "guide.md".to_owned(), section: None, date: None },
        kind,
        system: None,
    }
}

fn throughput() -> MetricId {
    MetricId::new("output_throughput").unwrap()
}

fn is(value: f64) -> ClaimKind {
    let tolerance = Share::from_fraction(0.1).unwrap();
    ClaimKind::Absolute { metric: throughput(), cell: mps("on"), value, tolerance }
}

/// The verdict on one claim over 5 blocks under MPS and time-sliced.
fn verdict(kind: ClaimKind) -> Verdict {
    judged(&measured(), claim(kind), &Environment::default(), None)
}

fn judged(summary: &Summary, claim: Claim, environment: &Environment, simulated: Option<&Simulation>) -> Verdict {
    judge(summary, &[claim], (&Question::default(), &[]), None, environment, simulated).claims.remove(0).verdict
}

const SHARED: &[f64] = &[1012.0, 1034.5, 998.7, 1021.3, 1017.9];
const SLICED: &[f64] = &[502.0, 520.5, 497.7, 511.3, 510.9];

fn measured() -> Summary {
    summary(vec![
        cell("off", 3, 3, &[("output_throughput", SLICED), ("ttft_p50", &[0.2; 5])]),
        cell("on", 3, 3, &[("output_throughput", SHARED), ("ttft_p50", &[0.1; 5])]),
    ])
}

#[test]
fn a_value_is_reproduced_or_not_or_it_takes_more_repetitions() {
    // The golden vectors of the statistics.
    assert_eq!(verdict(is(1000.0)), Verdict::Reproduced);
    assert_eq!(verdict(is(1250.0)), Verdict::NotReproduced);
    // Distance ln(1.1 ÷ 1.09335) = 0.00607 against a half width of 0.01227 at
    // n = 5: 5 × 2.0221² = 20.4.
    assert_eq!(verdict(is(930.0)), Verdict::Inconclusive { needs: Some(21) });
}

#[test]
fn a_claim_must_be_certain_at_every_look() {
    // ln(1.1 ÷ 1.08402) = 0.0146: more than the half width of 0.01227, which
    // grows with t from 2.132 to 3.187 where each of three looks has its share.
    let at = |planned_looks| {
        let summary = Summary { planned_looks, ..measured() };
        judged(&summary, claim(is(938.0)), &Environment::default(), None)
    };
    assert_eq!(
        [at(1), at(2), at(3)],
        [Verdict::Reproduced, Verdict::Inconclusive { needs: Some(6) }, Verdict::Inconclusive { needs: Some(8) }]
    );
}

#[test]
fn ratios_orders_and_limits_are_judged_by_their_intervals() {
    let ratio = |value| ClaimKind::Ratio {
        metric: throughput(),
        numerator: mps("on"),
        denominator: mps("off"),
        value,
        tolerance: Share::from_fraction(0.05).unwrap(),
    };
    assert_eq!([verdict(ratio(2.0)), verdict(ratio(3.0))], [Verdict::Reproduced, Verdict::NotReproduced]);
    let larger = |larger, smaller| {
        verdict(ClaimKind::Ordering { metric: throughput(), larger: mps(larger), smaller: mps(smaller) })
    };
    assert_eq!([larger("on", "off"), larger("off", "on")], [Verdict::Reproduced, Verdict::NotReproduced]);
    let at_least = |value| verdict(ClaimKind::AtLeast { metric: throughput(), cell: mps("on"), value });
    assert_eq!([at_least(1000.0), at_least(1100.0)], [Verdict::Reproduced, Verdict::NotReproduced]);
    let at_most = |value| verdict(ClaimKind::AtMost { metric: throughput(), cell: mps("on"), value });
    assert_eq!([at_most(1100.0), at_most(1000.0)], [Verdict::Reproduced, Verdict::NotReproduced]);
}

#[test]
fn of_two_zeros_neither_is_larger() {
    let none: &[(&str, &[f64])] = &[("fault_reach", &[0.0, 0.0, 0.0])];
    let summary = summary(vec![cell("off", 3, 3, none), cell("on", 3, 3, none)]);
    let metric = MetricId::new("fault_reach").unwrap();
    let larger = claim(ClaimKind::Ordering { metric, larger: mps("off"), smaller: mps("on") });
    assert_eq!(judged(&summary, larger, &Environment::default(), None), Verdict::NotReproduced);
}

#[test]
fn of_two_equals_neither_is_larger() {
    let same: &[(&str, &[f64])] = &[("valid_rate", &[1.0, 1.0, 1.0])];
    let summary = summary(vec![cell("off", 3, 3, same), cell("on", 3, 3, same)]);
    let metric = MetricId::new("valid_rate").unwrap();
    let larger = claim(ClaimKind::Ordering { metric, larger: mps("off"), smaller: mps("on") });
    assert_eq!(judged(&summary, larger, &Environment::default(), None), Verdict::NotReproduced);
}

#[test]
fn limits_hold_for_values_that_are_not_positive() {
    let summary = summary(vec![cell("on", 3, 3, &[("context_switch_overhead", &[-0.02, 0.01, -0.01])])]);
    let metric = MetricId::new("context_switch_overhead").unwrap();
    let claim = claim(ClaimKind::AtMost { metric, cell: mps("on"), value: 0.05 });
    // Mean -0.00667, s 0.01528, t(0.95, 2) = 2.92: up to 0.0191.
    assert_eq!(judged(&summary, claim, &Environment::default(), None), Verdict::Reproduced);
}

#[test]
fn a_single_run_concludes_nothing() {
    let summary = summary(vec![cell("on", 3, 3, &[("output_throughput", &[1000.0])])]);
    let verdict = judged(&summary, claim(is(1000.0)), &Environment::default(), None);
    assert_eq!(verdict, Verdict::Inconclusive { needs: None });
}

#[test]
fn a_claim_about_no_cell_or_several_says_so() {
    let mut wide = claim(is(1000.0));
    wide.kind =
        ClaimKind::AtLeast { metric: throughput(), cell: selector(&[("clients", Level::Integer(3))]), value: 1.0 };
    let reason = "matches several cells: `mps=off,servers=3/concurrent/clients=3`, \
                  `mps=on,servers=3/concurrent/clients=3`"
        .to_owned();
    assert_eq!(judged(&measured(), wide, &Environment::default(), None), Verdict::NotRun { reason });
    let reason = "no cell has mps=sometimes".to_owned();
    let none = ClaimKind::AtLeast { metric: throughput(), cell: mps("sometimes"), value: 1.0 };
    assert_eq!(verdict(none), Verdict::NotRun { reason });
}

#[test]
fn an_invalid_cell_passes_its_reason_on() {
    let mut summary = measured();
    let gap = Gap::Invalid { reason: "no request succeeded".to_owned() };
    summary.cells[1].estimates.insert(throughput(), Measured::Gap(gap));
    let verdict = judged(&summary, claim(is(1000.0)), &Environment::default(), None);
    assert_eq!(verdict, Verdict::Invalid { reason: "no request succeeded".to_owned() });
}

#[test]
fn a_claim_about_what_nothing_measures_is_not_run_even_in_an_invalid_cell_of_another_machine() {
    let metric = MetricId::new("memory_capacity_ratio").unwrap();
    let mut summary = measured();
    let gap = Gap::Invalid { reason: "no request succeeded".to_owned() };
    summary.cells[1].estimates.insert(metric.clone(), Measured::Gap(gap));
    let mut claim = claim(ClaimKind::AtMost { metric, cell: mps("on"), value: 4.9e9 });
    claim.system = Some(SystemMatch { gpu: Some("NVIDIA GB10".to_owned()), ..SystemMatch::default() });
    let reason = "it takes a run on a second machine".to_owned();
    assert_eq!(judged(&summary, claim, &Environment::default(), None), Verdict::NotRun { reason });
}

#[test]
fn a_claim_about_another_gpu_is_not_comparable() {
    let mut claim = claim(is(1000.0));
    claim.system = Some(SystemMatch { gpu: Some("NVIDIA GB10".to_owned()), ..SystemMatch::default() });
    let gpu = |name: &str| GpuIdentity {
        uuid: "GPU-1".to_owned(),
        name: name.to_owned(),
        memory_bytes: None,
        bandwidth_bytes_per_s: None,
        ..GpuIdentity::default()
    };
    let host = |name: &str| Environment { gpus: vec![gpu(name)], ..Environment::default() };
    let machine = Simulation { machine: "spark".to_owned(), title: "DGX Spark".to_owned() };
    let verdict = |host: &Environment, simulated| judged(&measured(), claim.clone(), host, simulated);
    let differs = |here: &str| Verdict::NotComparable {
        differences: vec![format!("GPU: claim speaks of NVIDIA GB10, here {here}")],
    };
    assert_eq!(verdict(&host("nvidia gb10"), None), Verdict::Reproduced);
    assert_eq!(verdict(&host("NVIDIA H100"), None), differs("NVIDIA H100"));
    assert_eq!(verdict(&Environment::default(), None), differs("none"));
    assert_eq!(verdict(&host("NVIDIA GB10"), Some(&machine)), differs("DGX Spark (simulated)"));
}

/// Throughput and median TTFT, in five blocks against the baseline's 100 and 1.
fn paces(planned_looks: u32, throughput: [f64; 5], ttft: [f64; 5]) -> Vec<Pace> {
    let of = |mps, throughput: &[f64], ttft: &[f64]| {
        cell(mps, 3, 3, &[("output_throughput", throughput), ("ttft_p50", ttft)])
    };
    let cells = vec![of("off", &[100.0; 5], &[1.0; 5]), of("on", &throughput, &ttft)];
    let found = verdicts(&Summary { planned_looks, ..summary(cells) }).comparisons;
    found.into_iter().map(|comparison| comparison.pace).collect()
}

#[test]
fn a_difference_must_be_certain_among_all_comparisons_and_at_every_look() {
    // p = 0.012, and twice that beside a second comparison: under 5 %, and over
    // a third of it.
    let (less, same) = ([94.0, 98.0, 92.0, 97.0, 93.0], [1.0; 5]);
    assert_eq!(paces(1, less, same), [Pace::Slower, Pace::Equivalent]);
    assert_eq!(paces(3, less, same), [Pace::Inconclusive { more_blocks: Some(1) }, Pace::Equivalent]);
    let noise = [1.1, 0.9, 1.2, 0.8, 1.0];
    assert_eq!(paces(1, [110.0; 5], noise), [Pace::Faster, Pace::Inconclusive { more_blocks: Some(111) }]);
}

fn verdicts(summary: &Summary) -> Verdicts {
    judge(summary, &[], (&Question::default(), &[]), Some(&mps("off")), &Environment::default(), None)
}

#[test]
fn every_treatment_is_compared_with_the_baseline_at_equal_load() {
    let found = verdicts(&measured()).comparisons;
    let shown: Vec<String> = found
        .iter()
        .map(|found| {
            let (cells, pairs) = (format!("{} ÷ {}", found.cell, found.baseline), found.pairs);
            format!("{}: {cells} = {:.2}, {pairs} pairs, {:?}", found.metric, found.ratio, found.pace)
        })
        .collect();
    let cells = "mps=on,servers=3/concurrent/clients=3 ÷ mps=off,servers=3/concurrent/clients=3";
    assert_eq!(
        shown,
        [
            format!("output_throughput: {cells} = 2.00, 5 pairs, Faster"),
            format!("ttft_p50: {cells} = 0.50, 5 pairs, Faster")
        ]
    );
}
