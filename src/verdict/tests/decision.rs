use super::{cell, measured, summary, throughput, verdicts};
use crate::names::PhaseName;
use crate::summary::{CellSummary, Gap, Measured};
use crate::verdict::{Decision, Standing};

/// Options with their order, the conclusion, and the evidence there is.
fn shown(decision: &Decision) -> String {
    let options = decision.options.iter().map(|option| {
        let against = option.against_best.map(|against| {
            let interval = against.interval.map(|interval| format!(" [{:.3}, {:.3}]", interval.lower, interval.upper));
            let (interval, blocks) = (interval.unwrap_or_default(), against.blocks);
            format!("×{:.3}{interval} in {blocks} blocks, {:?}", against.ratio, against.standing)
        });
        format!("{} [{}] {}", option.name, option.treatment, against.unwrap_or_else(|| "fastest".to_owned()))
    });
    let evidence = decision.evidence.iter().filter_map(|line| {
        let measured = line.measured.as_ref()?;
        Some(format!("{} | {} | {measured}", line.speaks_for, line.says))
    });
    let conclusion = format!("{:?}: {}\nbecause {}", decision.standing, decision.advice, decision.because);
    options.chain([conclusion]).chain(evidence).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_decision_ranks_ways_to_serve_and_cites_what_was_measured() {
    let mut summary = measured();
    let (id, dying) = cell("on", 3, 2, &[("fault_reach", &[1.0]), ("recovery_time", &[3.5])]);
    let phase = PhaseName::new("one server dies").unwrap();
    summary.cells.insert(id, CellSummary { phase, ..dying });
    let decision = verdicts(&summary).decision;
    assert_eq!(decision.evidence.len(), 12);
    insta::assert_snapshot!(shown(&decision), @"
    3 servers under MPS [mps=on,servers=3] fastest
    3 servers time-sliced [mps=off,servers=3] ×0.500 [0.496, 0.504] in 5 blocks, Leads
    Leads: use 3 servers under MPS (mps=on,servers=3)
    because output throughput of 3 servers under MPS (mps=on,servers=3) over 3 servers time-sliced (mps=off,servers=3) at 3 clients: ×2.000 (95 % 1.986 to 2.014, 5 blocks); the interval excludes 1, also with all pairs compared at once (Holm)
    CUDA MPS | Maximum GPU utilization is critical | output throughput, 3 servers under MPS ÷ 3 servers time-sliced: ×2.000 (95 % 1.986 to 2.014, 5 blocks; `concurrent` at clients=3)
    CUDA MPS | Low latency is paramount | time to first token, median, 3 servers under MPS ÷ 3 servers time-sliced: ×0.500 (95 % 0.500 to 0.500, 5 blocks; `concurrent` at clients=3)
    multiple API servers | High availability/fault tolerance required | other servers' requests that fail when one dies: 3 servers under MPS 100.0 % (single run) (`one server dies` at clients=2)
    multiple API servers | Frequent model updates/deployments | from a server's death to its next good answer: 3 servers under MPS 3.50 s (single run) (`one server dies` at clients=2)
    ");
}

#[test]
fn a_treatment_without_a_valid_measurement_is_named_and_not_ranked() {
    let mut summary = measured();
    summary.cells[1].estimates.insert(throughput(), Measured::Gap(Gap::NotRun));
    let decision = verdicts(&summary).decision;
    assert_eq!(decision.unmeasured, ["mps=on,servers=3"]);
    insta::assert_snapshot!(shown(&decision), @"
    3 servers time-sliced [mps=off,servers=3] fastest
    Undecided: insufficient evidence
    because fewer than two ways to serve have a valid measurement at equal load
    CUDA MPS | Low latency is paramount | time to first token, median, 3 servers under MPS ÷ 3 servers time-sliced: ×0.500 (95 % 0.500 to 0.500, 5 blocks; `concurrent` at clients=3)
    ");
}

/// The decision between ways to serve, each with the throughput of each block.
fn between(ways: &[(&str, u32, &[f64])]) -> Decision {
    let cells = ways.iter().map(|(mps, servers, values)| cell(mps, *servers, 3, &[("output_throughput", values)]));
    verdicts(&summary(cells.collect())).decision
}

#[test]
fn ways_within_the_margin_are_one_group_and_the_simplest_is_named_first() {
    let decision = between(&[
        ("on", 3, &[50.0, 51.0, 50.5]),
        ("off", 3, &[48.0, 47.0, 47.5]),
        ("on", 1, &[106.1, 106.2, 106.1]),
        ("off", 1, &[106.0, 106.1, 106.0]),
    ]);
    insta::assert_snapshot!(shown(&decision), @"
    one server without batching [mps=off,servers=1] ×0.999 [0.999, 0.999] in 3 blocks, Equivalent
    one server without batching under MPS [mps=on,servers=1] fastest
    3 servers under MPS [mps=on,servers=3] ×0.476 [0.465, 0.487] in 3 blocks, Leads
    3 servers time-sliced [mps=off,servers=3] ×0.448 [0.435, 0.460] in 3 blocks, Leads
    Leads: use one server without batching (mps=off,servers=1); one server without batching under MPS makes no difference of more than 3 %
    because output throughput of one server without batching under MPS (mps=on,servers=1) over 3 servers under MPS (mps=on,servers=3) at 3 clients: ×2.102 (95 % 2.053 to 2.152, 3 blocks); the interval excludes 1, also with all pairs compared at once (Holm)
    CUDA MPS | Maximum GPU utilization is critical | output throughput, 3 servers under MPS ÷ 3 servers time-sliced: ×1.063 (95 % 1.011 to 1.119, 3 blocks; `concurrent` at clients=3)
    ");
    let same = between(&[("on", 1, &[106.0; 2]), ("off", 1, &[106.0; 2])]);
    insta::assert_snapshot!(shown(&same), @"
    one server without batching [mps=off,servers=1] fastest
    one server without batching under MPS [mps=on,servers=1] ×1.000 [1.000, 1.000] in 2 blocks, Equivalent
    Equivalent: use one server without batching (mps=off,servers=1); one server without batching under MPS makes no difference of more than 3 %
    because output throughput of one server without batching (mps=off,servers=1) over one server without batching under MPS (mps=on,servers=1) at 3 clients: ×1.000 (95 % 1.000 to 1.000, 2 blocks); the 90 % interval lies within 3 % of 1
    ");
}

#[test]
fn a_difference_inside_the_margin_is_none_however_certain_it_is() {
    // Always 1 % more: the 95 % interval excludes 1, and nobody need care.
    let decision = between(&[("off", 3, &[100.0, 90.0, 110.0]), ("on", 3, &[101.0, 90.9, 111.1])]);
    assert_eq!((decision.standing, decision.options[0].name.as_str()), (Standing::Equivalent, "3 servers time-sliced"));
    // Always 4 % more leads.
    let decision = between(&[("off", 3, &[100.0, 90.0, 110.0]), ("on", 3, &[104.0, 93.6, 114.4])]);
    assert_eq!((decision.standing, decision.options[0].name.as_str()), (Standing::Leads, "3 servers under MPS"));
}

#[test]
fn one_option_that_cannot_be_told_from_the_best_leaves_all_open() {
    let decision = between(&[
        ("off", 1, &[100.0, 101.0, 99.0]),
        ("on", 1, &[100.0, 101.0, 99.1]),
        ("off", 3, &[60.0, 105.0, 88.0]),
        ("on", 3, &[50.0, 50.0, 50.0]),
    ]);
    insta::assert_snapshot!(shown(&decision), @"
    one server without batching [mps=off,servers=1] ×1.000 [0.998, 1.001] in 3 blocks, Equivalent
    one server without batching under MPS [mps=on,servers=1] fastest
    3 servers time-sliced [mps=off,servers=3] ×0.821 [0.407, 1.659] in 3 blocks, Undecided
    3 servers under MPS [mps=on,servers=3] ×0.500 [0.488, 0.512] in 3 blocks, Leads
    Undecided: insufficient evidence: one server without batching (mps=off,servers=1) comes first; one server without batching under MPS makes no difference of more than 3 %; the data do not tell the fastest from 3 servers time-sliced
    because output throughput of one server without batching under MPS (mps=on,servers=1) over 3 servers time-sliced (mps=off,servers=3) at 3 clients: ×1.218 (95 % 0.603 to 2.460, 3 blocks); the data allow both no difference and one of more than 3 %
    CUDA MPS | Maximum GPU utilization is critical | output throughput, 3 servers under MPS ÷ 3 servers time-sliced: ×0.609 (95 % 0.299 to 1.239, 3 blocks; `concurrent` at clients=3)
    ");
}

#[test]
fn what_seems_slower_for_itself_may_not_be_among_many() {
    // p = 0.021, and three times that among three pairs.
    let (best, behind): (&[f64], &[f64]) = (&[100.0; 4], &[95.0, 97.0, 91.0, 94.0]);
    let alone = between(&[("on", 3, best), ("off", 3, behind)]);
    assert_eq!(alone.standing, Standing::Leads);
    let among = between(&[("on", 3, best), ("off", 3, behind), ("on", 2, &[94.0, 91.0, 97.0, 95.0])]);
    assert_eq!(among.standing, Standing::Undecided);
    insta::assert_snapshot!(among.because, @"output throughput of 3 servers under MPS (mps=on,servers=3) over 2 servers under MPS (mps=on,servers=2) at 3 clients: ×1.061 (95 % 1.017 to 1.107, 4 blocks); the interval excludes 1, but not with all pairs compared at once (Holm)");
}

#[test]
fn one_block_decides_nothing() {
    let decision = between(&[("off", 3, &[50.0]), ("on", 3, &[100.0])]);
    insta::assert_snapshot!(shown(&decision), @"
    3 servers under MPS [mps=on,servers=3] fastest
    3 servers time-sliced [mps=off,servers=3] ×0.500 in 1 blocks, Undecided
    Undecided: insufficient evidence: 3 servers under MPS (mps=on,servers=3) comes first; the data do not tell the fastest from 3 servers time-sliced
    because output throughput of 3 servers under MPS (mps=on,servers=3) over 3 servers time-sliced (mps=off,servers=3) at 3 clients: they share fewer than two blocks, so there is no interval
    CUDA MPS | Maximum GPU utilization is critical | output throughput, 3 servers under MPS ÷ 3 servers time-sliced: ×2.000 (single run, no interval; `concurrent` at clients=3)
    ");
}

#[test]
fn memory_is_told_at_the_heaviest_load_under_mps_beside_without() {
    let at = |mps, servers, clients, bytes| cell(mps, servers, clients, &[("memory_per_instance", &[bytes, bytes])]);
    let one = [at("off", 1, 1, 5.0e9), at("off", 1, 3, 5.1e9)];
    let three = [at("off", 3, 1, 5.2e9), at("on", 3, 1, 5.3e9), at("off", 3, 3, 5.4e9), at("on", 3, 3, 5.5e9)];
    let told = |cells: Vec<_>| {
        let mut evidence = verdicts(&summary(cells)).decision.evidence.into_iter();
        evidence.find(|line| line.says.contains("models per GPU")).unwrap().measured.unwrap()
    };
    insta::assert_snapshot!([told(one.to_vec()), told([&one[..], &three].concat())].join("\n"), @"
    memory added by one instance: one server without batching 5.10 GB (single run) (`concurrent` at clients=3)
    memory added by one instance: 3 servers under MPS 5.50 GB (single run) (`concurrent` at clients=3); 3 servers time-sliced 5.40 GB (single run) (`concurrent` at clients=3)
    ");
}
