use super::{Recorded, plan, record, repetition, spec};
use crate::metric::examples::{failed, reply};
use crate::plan::Plan;
use crate::record::{CellEnd, RequestOutcome, RequestRecord};
use crate::scenario::{Claim, Load};
use crate::summary::{Summary, summarize};

fn claim(metric: &str, limit: &str) -> Claim {
    let kind = serde_json::json!({
        "kind": "fraction_under", "metric": metric, "cell": {}, "limit": limit, "value": 0.95,
    });
    let source = serde_json::json!({ "file": "guide.md" });
    let claim = serde_json::json!({ "id": "a-claim", "says": "soon", "source": source, "kind": kind, "system": null });
    serde_json::from_value(claim).unwrap()
}

fn summed((record, requests): Recorded, plan: &Plan, claims: &[Claim]) -> Summary {
    let requests = requests.into_iter().map(Ok::<_, std::convert::Infallible>);
    let Ok(summary) = summarize(&record, plan, claims, requests);
    summary
}

/// Ten replies, each with a first token after so long and a second 10 ms later.
fn waiting(wait_ms: u64) -> Vec<RequestRecord> {
    (0..10).map(|k| reply(0, 10 * k, &[wait_ms, 10])).collect()
}

#[test]
fn requests_under_a_limit_are_counted_in_every_repetition_and_failures_never_answer() {
    let cut = |after_ms| RequestRecord { outcome: RequestOutcome::Cut, ..failed(0, 0, after_ms) };
    let unexpected = RequestRecord { unexpected: Some("no".to_owned()), ..reply(0, 0, &[5, 5]) };
    // Of two that were cut off only the one that had waited for long is known.
    let mixed = waiting(100).into_iter().chain([failed(0, 0, 5), cut(50), cut(250), unexpected]).collect();
    let plan = plan(vec![("cell", spec(1, Load::Clients(1))), ("idle", spec(1, Load::Clients(2)))]);
    let blocks = (0..).zip([waiting(100), waiting(200), mixed]);
    let blocks = blocks.map(|(block, requests)| repetition("cell", block, (None, 1), CellEnd::Complete, requests));
    let claims = [("ttft", "200ms"), ("ttft", "200ms"), ("tpot", "11ms"), ("e2e", "210ms"), ("e2e", "9ms")];
    // The last block has more failures than a valid repetition may have.
    let summary = summed(record(blocks.collect()), &plan, &claims.map(|(metric, limit)| claim(metric, limit)));
    let told = summary.cells.iter().map(|(id, cell)| {
        let each = cell.repetitions.iter().map(|one| {
            let counts: Vec<String> = one.counts.iter().map(|count| format!("{}/{}", count.hits, count.of)).collect();
            format!("\n  block {}: {}", one.block, counts.join(" "))
        });
        let all = cell.fractions.iter().map(|fraction| {
            let (count, limit) = (fraction.count, fraction.count.limit);
            let units = fraction.measured.estimate().map(|estimate| &estimate.units);
            format!("\n  {} under {}: {}/{} {units:?}", limit.metric.id(), limit.under, count.hits, count.of)
        });
        format!("{id}{}{}", each.collect::<String>(), all.collect::<String>())
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    cell
      block 0: 10/10 10/10 10/10 0/10
      block 1: 0/10 10/10 0/10 0/10
      block 2: 10/13 10/12 10/13 0/14
      ttft under 200ms: 10/20 Some([(0, 1.0), (1, 0.0)])
      tpot under 11ms: 20/20 Some([(0, 1.0), (1, 1.0)])
      e2e under 210ms: 10/20 Some([(0, 1.0), (1, 0.0)])
      e2e under 9ms: 0/20 Some([(0, 0.0), (1, 0.0)])
    idle
      ttft under 200ms: 0/0 None
      tpot under 11ms: 0/0 None
      e2e under 210ms: 0/0 None
      e2e under 9ms: 0/0 None
    ");
    let written = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<Summary>(&written).unwrap(), summary);
}

#[test]
fn a_run_without_such_claims_counts_nothing() {
    let plan = plan(vec![("cell", spec(1, Load::Clients(1)))]);
    let blocks = vec![repetition("cell", 0, (None, 1), CellEnd::Complete, waiting(100))];
    let written = serde_json::to_string(&summed(record(blocks), &plan, &[])).unwrap();
    assert!(!written.contains("fractions") && !written.contains("counts"), "{written}");
}
