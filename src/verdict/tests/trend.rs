use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::{claim, judged, selector, throughput};
use crate::names::MetricId;
use crate::record::Environment;
use crate::scenario::Question;
use crate::scenario::{ClaimKind, Direction, Level};
use crate::stats::clopper_pearson_lower;
use crate::summary::{Gap, Measured, Summary};
use crate::verdict::{Judged, Verdict, judge};

const ONE: &[f64] = &[100.0, 101.0, 99.0, 102.0, 98.0];
const TWO: &[f64] = &[150.0, 153.0, 148.0, 151.0, 149.0];
const THREE: &[f64] = &[180.0, 178.0, 181.0, 183.0, 179.0];

/// The metric over so many clients, 1 and upwards, in five blocks.
fn growing(metric: &str, cells: &[&[f64]]) -> Summary {
    let cell = |(clients, values): (u32, &&[f64])| super::cell("on", 1, clients, &[(metric, *values)]);
    super::summary((1..).zip(cells).map(cell).collect())
}

fn along(metric: MetricId, direction: Direction, clients: &[i64]) -> ClaimKind {
    let cell = |clients: &i64| selector(&[("clients", Level::Integer(*clients))]);
    ClaimKind::Trend { metric, direction, along: clients.iter().map(cell).collect() }
}

fn all_of(summary: &Summary) -> Vec<i64> {
    (1..).take(summary.cells.len()).collect()
}

fn verdict(direction: Direction, cells: &[&[f64]]) -> Verdict {
    let summary = growing("output_throughput", cells);
    let kind = along(throughput(), direction, &all_of(&summary));
    judged(&summary, claim(kind), &Environment::default(), None)
}

#[test]
fn a_trend_is_reproduced_if_every_step_goes_that_way() {
    assert_eq!(verdict(Direction::Rises, &[ONE, TWO, THREE]), Verdict::Reproduced);
    assert_eq!(verdict(Direction::Falls, &[THREE, TWO, ONE]), Verdict::Reproduced);
    assert_eq!(verdict(Direction::Rises, &[ONE, TWO]), Verdict::Reproduced);
}

#[test]
fn a_trend_is_not_reproduced_if_one_step_goes_the_other_way() {
    assert_eq!(verdict(Direction::Rises, &[ONE, THREE, TWO]), Verdict::NotReproduced);
    assert_eq!(verdict(Direction::Falls, &[THREE, TWO, ONE, TWO]), Verdict::NotReproduced);
}

#[test]
fn a_trend_with_a_step_that_may_go_either_way_takes_more_repetitions() {
    // The second step is 0.0052 on the log scale, with a half width of 0.0082:
    // 5 × 1.576² = 12.4.
    let hardly = &[150.0, 155.0, 147.0, 153.0, 150.0];
    assert_eq!(verdict(Direction::Rises, &[ONE, TWO, hardly]), Verdict::Inconclusive { needs: Some(13) });
    // A step that seems to go the other way must do so for certain, among two:
    // half width 0.0107.
    assert_eq!(verdict(Direction::Falls, &[TWO, hardly, ONE]), Verdict::Inconclusive { needs: Some(22) });
    // One block alone tells nothing.
    assert_eq!(verdict(Direction::Rises, &[&[1.0], &[2.0], &[3.0]]), Verdict::Inconclusive { needs: None });
}

#[test]
fn what_stays_the_same_neither_rises_nor_falls() {
    for flat in [[1.0; 5], [0.0; 5]] {
        assert_eq!(verdict(Direction::Rises, &[&flat, &flat]), Verdict::NotReproduced);
        assert_eq!(verdict(Direction::Falls, &[&flat, &flat]), Verdict::NotReproduced);
    }
}

#[test]
fn a_trend_with_a_cell_that_is_missing_or_invalid_says_so() {
    let mut summary = growing("output_throughput", &[ONE, TWO, THREE]);
    let rises = |summary: &Summary, clients: &[i64]| {
        let kind = along(throughput(), Direction::Rises, clients);
        judged(summary, claim(kind), &Environment::default(), None)
    };
    let reason = "no cell has clients=4".to_owned();
    assert_eq!(rises(&summary, &[1, 4, 3]), Verdict::NotRun { reason });
    let reason = "it names no cell".to_owned();
    assert_eq!(rises(&summary, &[]), Verdict::NotRun { reason });
    let gap = Gap::Invalid { reason: "no request succeeded".to_owned() };
    summary.cells[1].estimates.insert(throughput(), Measured::Gap(gap));
    let reason = "no request succeeded".to_owned();
    assert_eq!(rises(&summary, &[1, 2, 3]), Verdict::Invalid { reason });
}

#[test]
fn every_step_of_a_trend_is_told_as_it_goes() {
    let summary = growing("output_throughput", &[THREE, TWO, ONE]);
    let falls = claim(along(throughput(), Direction::Falls, &[1, 2, 3]));
    let Judged { cell, steps, .. } =
        judge(&summary, &[falls], (&Question::default(), &[]), None, &Environment::default(), None).claims.remove(0);
    let steps: Vec<String> =
        steps.iter().map(|(ratio, ends)| format!("{ratio:.3} ({:.3} to {:.3})", ends.lower, ends.upper)).collect();
    assert_eq!(steps, ["0.834 (0.819 to 0.849)", "0.666 (0.659 to 0.673)"]);
    assert_eq!(cell.unwrap().as_str(), "mps=on,servers=1/concurrent/clients=3");
}

#[expect(clippy::disallowed_methods, reason = "a test may be asked for more trials")]
fn trials() -> u32 {
    std::env::var("RUNEXP_TRIALS").map_or(1_000, |trials| trials.parse().unwrap())
}

/// Box and Muller's transform of two uniform values.
fn normal(random: &mut ChaCha12Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}

/// Whether five blocks of cells around these truths, 3 % apart within each, are
/// called `wrong` more often than 5 % of the time, as far as so many trials can
/// tell.
fn assert_seldom(wrong: &Verdict, truths: &[f64]) {
    let mut random = ChaCha12Rng::seed_from_u64(23);
    let mut is_wrong = || {
        let mut blocks = |truth: &f64| (0..5).map(|_| truth * (0.03 * normal(&mut random)).exp()).collect();
        let cells: Vec<Vec<f64>> = truths.iter().map(&mut blocks).collect();
        let cells: Vec<&[f64]> = cells.iter().map(Vec::as_slice).collect();
        verdict(Direction::Rises, &cells) == *wrong
    };
    let hits = (0..trials()).filter(|_| is_wrong()).count() as u64;
    let least = clopper_pearson_lower(hits, u64::from(trials()), 0.99).unwrap();
    println!("{truths:?} called {}: {hits} of {}, at least {least:.4}", wrong.words(), trials());
    assert!(least <= 0.05, "{truths:?} called {} {hits} times of {}", wrong.words(), trials());
}

#[test]
fn a_flat_truth_is_seldom_called_a_reproduced_trend() {
    assert_seldom(&Verdict::Reproduced, &[1.0, 1.0]);
    assert_seldom(&Verdict::Reproduced, &[1.0, 1.0, 1.0]);
    // All but the last step are certain: the worst case.
    assert_seldom(&Verdict::Reproduced, &[1.0, 2.0, 3.0, 3.0]);
}

#[test]
fn a_rise_that_is_hardly_one_is_seldom_called_not_reproduced() {
    assert_seldom(&Verdict::NotReproduced, &[1.0, 1.0 + 1e-6]);
    assert_seldom(&Verdict::NotReproduced, &[1.0, 1.0 + 1e-6, 1.0 + 2e-6, 1.0 + 3e-6]);
}
