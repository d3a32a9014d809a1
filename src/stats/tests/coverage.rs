//! How often a nominal 95 % interval of each estimator covers the truth,
//! counted, with fixed seeds; run as the tests of `chance`.

use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::chance::{allowance, assert_at_most, share};
use crate::stats::draws::normal;
use crate::stats::{
    Bounds, Percentile, Pool, Sample, clustered_share, geometric_center, logit_center, loss_center, mean_center,
    quantile_by_block, share_of_trials,
};

const NOMINAL: f64 = 0.95;

#[track_caller]
fn assert_between(coverage: f64, least: f64, most: f64) {
    let (least, most) = (least - allowance(), most + allowance());
    assert!((least..=most).contains(&coverage), "{coverage} is not within {least} to {most}");
}

fn sample(values: Vec<f64>) -> Sample {
    Sample::new(values).unwrap()
}

fn covers(bounds: Option<Bounds>, truth: f64) -> bool {
    bounds.is_some_and(|bounds| bounds.contain(truth))
}

/// Waiting times of one block: log-normal around 1, all of them longer or
/// shorter by what the block has in common.
fn waits(random: &mut ChaCha12Rng, requests: usize, of_request: f64, of_block: f64) -> Vec<f64> {
    let block = of_block * normal(random);
    (0..requests).map(|_| (block + of_request * normal(random)).exp()).collect()
}

#[test]
fn medians_of_a_few_requests_a_block_cover_the_truth_without_a_floor() {
    for (requests, blocks) in [(3, 5), (5, 5), (9, 3), (9, 5), (9, 10), (78, 5)] {
        let what = format!("log-t over medians of {requests} requests, {blocks} blocks");
        let coverage = share(&what, 31, |random| {
            let medians = (0..blocks).map(|_| sample(waits(random, requests, 0.3, 0.03)).into_quantile(0.5)).collect();
            covers(geometric_center(&sample(medians), NOMINAL).unwrap().bounds, 1.0)
        });
        assert_between(coverage, 0.93, 0.97);
    }
}

/// The standard normal distribution's quantiles.
const fn deviate(percentile: Percentile) -> f64 {
    match percentile {
        Percentile::P50 => 0.0,
        Percentile::P90 => 1.281_551_565_5,
        Percentile::P95 => 1.644_853_627_0,
        Percentile::P99 => 2.326_347_874_0,
        Percentile::P999 => 3.090_232_306_2,
    }
}

/// Of log-normal times; the page of estimators says so, and documents mark it.
#[test]
fn pooled_percentiles_with_a_jackknife_over_blocks_cover_nearly_as_often_as_they_say() {
    use Percentile::{P90, P95, P99};
    for (percentile, requests, blocks) in
        [(P90, 26, 3), (P90, 26, 5), (P95, 44, 3), (P95, 30, 5), (P95, 78, 5), (P95, 78, 10), (P99, 140, 5)]
    {
        let (of_request, of_block) = (0.4_f64, 0.05_f64);
        let truth = (deviate(percentile) * of_request.hypot(of_block)).exp();
        let what = format!("pooled {percentile:?}, {requests} requests, {blocks} blocks");
        let coverage = share(&what, 37, |random| {
            let pools: Vec<Pool> =
                (0..blocks).map(|_| Pool::new(waits(random, requests, of_request, of_block), 0)).collect();
            let units = quantile_by_block(&pools.iter().collect::<Vec<_>>(), percentile.share()).unwrap();
            covers(geometric_center(&sample(units), NOMINAL).unwrap().bounds, truth)
        });
        assert_between(coverage, 0.92, 0.985);
    }
}

/// Hits of so many requests in each block, of which the blocks' own chances
/// scatter on the logit scale.
fn counts(random: &mut ChaCha12Rng, chance: f64, scatter: f64, requests: u64, blocks: usize) -> Vec<(u64, u64)> {
    let block = |_: usize| {
        let logit = (chance / (1.0 - chance)).ln() + scatter * normal(random);
        let own = 1.0 / (1.0 + (-logit).exp());
        ((0..requests).filter(|_| random.random::<f64>() < own).count() as u64, requests)
    };
    (0..blocks).map(block).collect()
}

/// Exact bounds cover more than they say where requests are independent; the
/// most is only told.
#[test]
fn shares_of_requests_cover_at_least_as_often_as_they_say() {
    for blocks in [3, 5, 10] {
        for chance in [0.5, 0.8, 0.95, 0.99] {
            let what = format!("Korn and Graubard, share {chance}, 78 requests, {blocks} blocks");
            let coverage = share(&what, 41, |random| {
                covers(clustered_share(&counts(random, chance, 0.0, 78, blocks), NOMINAL).unwrap().bounds, chance)
            });
            assert_between(coverage, 0.94, 1.0);
        }
    }
}

#[test]
fn shares_that_scatter_between_blocks_are_covered_too() {
    for chance in [0.5, 0.8, 0.95] {
        let truth = mean_chance(chance, 0.5);
        let what = format!("Korn and Graubard, share {chance}, spread between blocks, 78 requests, 5 blocks");
        let coverage = share(&what, 43, |random| {
            covers(clustered_share(&counts(random, chance, 0.5, 78, 5), NOMINAL).unwrap().bounds, truth)
        });
        assert_between(coverage, 0.92, 0.98);
    }
}

/// Of `1 ÷ (1 + exp(−(logit + scatter · z)))` over a normal z, by the sum over a
/// fine grid.
fn mean_chance(chance: f64, scatter: f64) -> f64 {
    let logit = (chance / (1.0 - chance)).ln();
    let (mut sum, mut weights) = (0.0, 0.0);
    for step in -600..=600 {
        let z = f64::from(step) / 100.0;
        let weight = (-z * z / 2.0).exp();
        sum += weight / (1.0 + (-(logit + scatter * z)).exp());
        weights += weight;
    }
    sum / weights
}

#[test]
fn utilisations_cover_the_truth_by_their_logits() {
    for (logit, spread, blocks) in [(0.0, 0.2, 3), (0.0, 0.2, 5), (4.0, 0.3, 5), (2.0, 0.5, 10)] {
        let truth = 1.0 / (1.0 + f64::exp(-logit));
        let what = format!("logit-t, share {truth:.3}, {blocks} blocks");
        let coverage = share(&what, 47, |random| {
            let values = (0..blocks).map(|_| 1.0 / (1.0 + (-(logit + spread * normal(random))).exp())).collect();
            covers(logit_center(&sample(values), NOMINAL).unwrap().bounds, truth)
        });
        assert_between(coverage, 0.93, 0.97);
    }
}

#[test]
fn a_loss_near_nothing_covers_the_truth_whatever_its_signs() {
    let truth: f64 = 0.005;
    for blocks in [3, 5, 10] {
        let losses = |random: &mut ChaCha12Rng| -> Vec<f64> {
            (0..blocks).map(|_| 1.0 - (1.0 - truth) * (0.01 * normal(random)).exp()).collect()
        };
        let what = format!("1 − exp(log-t), loss of 0.5 %, {blocks} blocks");
        let coverage =
            share(&what, 53, |random| covers(loss_center(&sample(losses(random)), NOMINAL).unwrap().bounds, truth));
        assert_between(coverage, 0.93, 0.97);
        // As it was: one mean or the other, by the signs of the sample.
        let what = format!("geometric or arithmetic by sign, loss of 0.5 %, {blocks} blocks");
        let switching = share(&what, 53, |random| {
            let losses = sample(losses(random));
            let center = geometric_center(&losses, NOMINAL).unwrap_or_else(|| mean_center(&losses, NOMINAL));
            covers(center.bounds, truth)
        });
        assert!(blocks != 3 || switching < coverage, "{switching}");
    }
}

/// So many kills, each of which takes others down with this chance: all of
/// their requests, or some.
fn kills(random: &mut ChaCha12Rng, chance: f64, count: usize, whole: bool) -> Sample {
    let harm = |random: &mut ChaCha12Rng| if whole { 1.0 } else { random.random::<f64>() };
    sample((0..count).map(|_| if random.random::<f64>() < chance { harm(random) } else { 0.0 }).collect())
}

#[test]
fn a_handful_of_kills_without_harm_is_seldom_taken_for_certainty() {
    for chance in [0.1, 0.2, 0.3] {
        for count in [5, 10, 30, 60] {
            // The claim that lies just below the truth is the hardest.
            for (limit, which) in [(chance * 0.999, "just below it"), (0.05, "5 %")] {
                let what = format!("harm in {chance} of {count} kills called at most {which}");
                let wrong = share(&what, 59, |random| {
                    let bounds = share_of_trials(&kills(random, chance, count, true), 0.9).unwrap().bounds.unwrap();
                    bounds.upper <= limit
                });
                assert_at_most(wrong, 0.05);
            }
        }
        // As it was: five zeros were an interval of no width.
        let what = format!("harm in {chance} of 5 kills, by the interval over five zeros");
        assert!(share(&what, 59, |random| kills(random, chance, 5, true).values().iter().all(|one| *one <= 0.0)) > 0.1);
    }
}

#[test]
fn bounds_over_kills_cover_the_mean_harm_whole_or_in_part() {
    for (chance, count) in [(0.1, 5), (0.3, 5), (0.5, 10), (0.8, 30)] {
        for whole in [true, false] {
            let truth = if whole { chance } else { chance / 2.0 };
            let what = format!("Clopper and Pearson over {count} kills, harm {truth}, whole: {whole}");
            let coverage = share(&what, 61, |random| {
                covers(share_of_trials(&kills(random, chance, count, whole), NOMINAL).unwrap().bounds, truth)
            });
            assert_between(coverage, 0.95, 1.0);
        }
    }
}
