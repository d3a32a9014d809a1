//! Claims about what a server's death does to others.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::{cell, claim, judged, mps, summary};
use crate::metric::{Counted, Estimator};
use crate::names::{CellId, MetricId};
use crate::record::Environment;
use crate::scenario::{ClaimKind, Question};
use crate::summary::{Answer, CellSummary, Estimate, FaultTrial, Help, Measured, Repetition, Summary, Validity};
use crate::verdict::{Verdict, judge};

const TRIALS: u32 = 1_000;

fn fault_reach() -> MetricId {
    MetricId::new("fault_reach").unwrap()
}

/// A cell in which every kill took down all requests of the others, or none.
fn killed(level: &str, harmed: &[bool]) -> (CellId, CellSummary) {
    let (id, mut cell) = cell(level, 3, 3, &[]);
    let units: Vec<(u32, f64)> = (0..).zip(harmed.iter().map(|harmed| f64::from(u8::from(*harmed)))).collect();
    let counted = harmed.iter().map(|harmed| Counted { hits: if *harmed { 6 } else { 0 }, of: 6 }).collect();
    let n = u32::try_from(harmed.len()).unwrap();
    let value = units.iter().map(|(_, value)| value).sum::<f64>() / f64::from(n);
    let estimate = Estimate { value, n, valid: n, units, counted, by: Estimator::Kills, ..Estimate::default() };
    cell.estimates.insert(fault_reach(), Measured::Estimate(estimate));
    (id, cell)
}

fn verdict(summary: &Summary, kind: ClaimKind) -> Verdict {
    judged(summary, claim(kind), &Environment::default(), None)
}

fn at_most(summary: &Summary, value: f64) -> Verdict {
    verdict(summary, ClaimKind::AtMost { metric: fault_reach(), cell: mps("on"), value })
}

#[test]
fn no_harm_in_five_kills_is_at_most_45_per_cent_and_never_none() {
    let five = summary(vec![killed("on", &[false; 5])]);
    // One-sided 95 %: 1 − 0.05^(1/5) = 0.451, and 1 − 0.05^(1/59) = 0.0495.
    let verdicts = [0.46, 0.45, 0.05, 0.0].map(|limit| at_most(&five, limit));
    let needs = |kills| Verdict::Inconclusive { needs: kills };
    assert_eq!(verdicts, [Verdict::Reproduced, needs(Some(6)), needs(Some(59)), needs(None)]);
    assert_eq!(at_most(&summary(vec![killed("on", &[false; 59])]), 0.05), Verdict::Reproduced);
    assert_eq!(at_most(&summary(vec![killed("on", &[true; 5])]), 0.05), Verdict::NotReproduced);
}

#[test]
fn a_few_kills_do_not_tell_which_of_two_ways_isolates_better() {
    let larger = |on: &[bool], off: &[bool]| {
        let kind = ClaimKind::Ordering { metric: fault_reach(), larger: mps("on"), smaller: mps("off") };
        verdict(&summary(vec![killed("on", on), killed("off", off)]), kind)
    };
    let open = Verdict::Inconclusive { needs: None };
    assert_eq!(larger(&[false; 5], &[false; 5]), open);
    assert_eq!(larger(&[true, true, false, false, false], &[false; 5]), open);
    assert_eq!(larger(&[true; 5], &[false; 5]), open);
    // Bounds of 97.5 % each: 0.025^(1/6) = 0.541 and 1 − 0.541.
    assert_eq!(larger(&[true; 6], &[false; 6]), Verdict::Reproduced);
    assert_eq!(larger(&[false; 6], &[true; 6]), Verdict::NotReproduced);
}

#[test]
fn harm_that_some_kills_do_is_seldom_called_at_most_less() {
    for chance in [0.1, 0.2, 0.3] {
        for kills in [5, 30, 60] {
            for limit in [0.0, 0.05, chance * 0.999] {
                let mut random = ChaCha12Rng::seed_from_u64(71);
                let mut is_wrong = || {
                    let harmed: Vec<bool> = (0..kills).map(|_| random.random::<f64>() < chance).collect();
                    at_most(&summary(vec![killed("on", &harmed)]), limit) == Verdict::Reproduced
                };
                let wrong = (0..TRIALS).filter(|_| is_wrong()).count();
                println!("harm by {chance} of {kills} kills called at most {limit}: {wrong} of {TRIALS}");
                assert!(wrong <= 50, "{wrong} of {TRIALS} with {kills} kills of {chance}, at most {limit}");
            }
        }
    }
}

fn valid() -> Repetition {
    Repetition::without_values(0, 0, Validity::Valid)
}

#[test]
fn a_verdict_on_faults_names_those_that_were_tried_and_those_that_were_not() {
    let (id, mut dying) = killed("on", &[false; 2]);
    let trial = |help| FaultTrial { server: "ollama[1]".to_owned(), at_s: 1.0, help, answer: Answer::NotInTheRecords };
    let repetition = |block, help| Repetition { block, fault: Some(trial(help)), ..valid() };
    dying.repetitions =
        vec![repetition(0, Help::StartedAgain { ready_s: 2.0 }), repetition(1, Help::StartedAgain { ready_s: 2.0 })];
    let kind = ClaimKind::AtMost { metric: fault_reach(), cell: mps("on"), value: 0.0 };
    let of = |summary: &Summary, kind| {
        judge(summary, &[claim(kind)], (&Question::default(), &[]), None, &Environment::default(), None)
            .claims
            .remove(0)
            .faults
    };
    let dying = summary(vec![(id, dying)]);
    insta::assert_snapshot!(of(&dying, kind).unwrap(), @"tried: SIGKILL to a whole server, 2 times; not tried: SIGKILL to a server's workers, a fault of the GPU (an illegal access, say), device memory that runs out, a server that hangs, the death of the MPS server or its daemon");
    let other = ClaimKind::AtMost { metric: super::throughput(), cell: mps("on"), value: 0.0 };
    assert_eq!(of(&dying, other), None);
}
