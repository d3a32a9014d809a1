use super::{plan, record, repetition, spec, summed};
use crate::metric::examples::{failed, reply};
use crate::plan::CellSpec;
use crate::record::{CellEnd, RequestOutcome, RequestRecord};
use crate::scenario::{Load, Slo};

#[test]
fn an_objective_is_met_missed_or_open_by_its_interval_and_missed_where_a_percentile_never_answers() {
    let slo = |ttft_p50: &str| Slo { ttft_p50: Some(ttft_p50.parse().unwrap()), ..Slo::default() };
    let waiting = |wait_ms: u64| (0..12).map(|k| reply(0, 10 * k, &[wait_ms, 10])).collect::<Vec<_>>();
    let cut_off = || {
        let cut = |k: u64| RequestRecord { outcome: RequestOutcome::Cut, ..failed(0, 10 * k, 900) };
        waiting(100).into_iter().chain((0_u64..20).map(cut)).collect::<Vec<_>>()
    };
    let attained = |limit: &str, blocks: [Vec<RequestRecord>; 3]| {
        let plan = plan(vec![("cell", CellSpec { slo: slo(limit), ..spec(1, Load::Clients(1)) })]);
        let blocks = (0..).zip(blocks);
        let blocks = blocks.map(|(block, requests)| repetition("cell", block, (None, 1), CellEnd::Complete, requests));
        let summary = summed(record(blocks.collect()), &plan);
        let objective = &summary.cells[0].objectives[0];
        let value = objective.measured.estimate().map(|estimate| (estimate.value * 1e3).round());
        format!("{} {} {value:?} {}", objective.name, objective.limit_s, objective.attained.words())
    };
    let told = [
        attained("200ms", [waiting(100), waiting(101), waiting(102)]),
        attained("100ms", [waiting(110), waiting(111), waiting(112)]),
        attained("111ms", [waiting(110), waiting(111), waiting(112)]),
        attained("200ms", [waiting(100), Vec::new(), Vec::new()]),
        attained("200ms", [waiting(100).split_off(2), waiting(100).split_off(2), Vec::new()]),
        attained("200ms", [waiting(100), waiting(101), cut_off()]),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    ttft_p50 0.2 Some(101.0) met
    ttft_p50 0.1 Some(111.0) missed
    ttft_p50 0.111 Some(111.0) undecided
    ttft_p50 0.2 Some(100.0) undecided
    ttft_p50 0.2 Some(100.0) met
    ttft_p50 0.2 Some(100.0) missed
    ");
}
