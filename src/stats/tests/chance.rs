//! How often the statistics err, counted: epochs are drawn from a log-normal
//! distribution, `ChaCha` with fixed seeds.
//!
//! `RUNEXP_TRIALS=10000 cargo test --release --lib stats -- --nocapture` makes
//! 10,000 trials of each and prints the figures.
#![expect(clippy::cast_precision_loss, reason = "few blocks and trials")]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::stats::draws::normal;
use crate::stats::{
    Position, Sample, Steadiness, Tolerance, clopper_pearson_lower, clopper_pearson_upper, geometric_center, holm,
    paired_ratio_p, position, steadiness,
};

const FULL: u32 = 10_000;
const LOOKS: [usize; 3] = [5, 8, 12];

#[expect(clippy::disallowed_methods, reason = "a test may be asked for more trials")]
fn trials() -> u32 {
    std::env::var("RUNEXP_TRIALS").map_or(1_000, |trials| trials.parse().unwrap())
}

/// How often `happens`, printed with its exact 99 % interval.
pub(super) fn share(what: &str, seed: u64, happens: impl Fn(&mut ChaCha12Rng) -> bool) -> f64 {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let hits = (0..trials()).filter(|_| happens(&mut random)).count() as u64;
    let all = u64::from(trials());
    let (lower, upper) = (clopper_pearson_lower(hits, all, 0.995), clopper_pearson_upper(hits, all, 0.995));
    let share = hits as f64 / all as f64;
    println!("{what}: {share:.4} (99 % {:.4} to {:.4}, {all} trials)", lower.unwrap(), upper.unwrap());
    share
}

/// What fewer trials than the full number add to a bound: three binomial
/// standard errors of a share of 5 %, beyond those of the full number.
pub(super) fn allowance() -> f64 {
    let error = |trials: u32| (0.05 * 0.95 / f64::from(trials)).sqrt();
    3.0 * (error(trials()) - error(FULL)).max(0.0)
}

#[track_caller]
pub(super) fn assert_at_most(share: f64, bound: f64) {
    assert!(share <= bound + allowance(), "{share} is over {bound} + {}", allowance());
}

/// Epochs around 1, with this spread between them.
fn epochs(random: &mut ChaCha12Rng, count: usize, spread: f64) -> Vec<f64> {
    (0..count).map(|_| (spread * normal(random)).exp()).collect()
}

#[test]
fn a_nominal_interval_of_95_per_cent_covers_the_truth_as_often_as_it_says() {
    for count in [3, 5, 10] {
        let coverage = share(&format!("coverage of the 95 % interval, n = {count}"), 20_251_002, |random| {
            let sample = Sample::new(epochs(random, count, 0.05)).unwrap();
            geometric_center(&sample, 0.95).unwrap().bounds.unwrap().contain(1.0)
        });
        assert!((0.94 - allowance()..=0.96 + allowance()).contains(&coverage), "{coverage} at n = {count}");
    }
}

/// Blocks of treatments that do not differ, while the machine loses 5 % of its
/// speed over the session; the order inside a block is drawn or as given.
fn session(random: &mut ChaCha12Rng, blocks: usize, treatments: usize, is_drawn: bool) -> Vec<Vec<f64>> {
    let epochs = blocks * treatments;
    let at = |slot: usize, noise: f64| (1.0 - 0.05 * slot as f64 / epochs as f64) * noise;
    let mut values = vec![Vec::new(); treatments];
    for block in 0..blocks {
        let mut order: Vec<usize> = (0..treatments).collect();
        if is_drawn {
            (1..treatments).rev().for_each(|last| order.swap(last, random.random_range(0..=last)));
        }
        for (place, treatment) in order.into_iter().enumerate() {
            values[treatment].push(at(block * treatments + place, (0.005 * normal(random)).exp()));
        }
    }
    values
}

/// p-values of every treatment against the first, paired within blocks.
fn against_first(values: &[Vec<f64>]) -> Vec<f64> {
    let (first, others) = values.split_first().unwrap();
    let pairs = |other: &Vec<f64>| other.iter().copied().zip(first.iter().copied()).collect::<Vec<_>>();
    others.iter().map(|other| paired_ratio_p(&pairs(other)).unwrap()).collect()
}

fn any_significant(p_values: &[f64], level: f64) -> bool {
    p_values.iter().any(|p| *p <= level)
}

#[test]
fn drift_over_the_session_makes_no_difference_between_randomised_blocks() {
    let session = |what: &str, blocks, is_drawn| {
        share(&format!("false faster or slower, 5 % drift, {what}"), 7, |random| {
            any_significant(&against_first(&session(random, blocks, 2, is_drawn)), 0.05)
        })
    };
    assert_at_most(session("5 randomised blocks", 5, true), 0.06);
    assert_at_most(session("10 randomised blocks", 10, true), 0.06);
    // In the same order every time, what runs first seems faster.
    assert!(session("10 blocks in one order", 10, false) > 0.1);
}

#[test]
fn a_family_of_comparisons_errs_no_more_often_than_one() {
    let family = |what: &str, judge: fn(&[f64]) -> Vec<f64>| {
        share(&format!("false faster or slower among 7 treatments, {what}"), 11, |random| {
            any_significant(&judge(&against_first(&session(random, 5, 7, true))), 0.05)
        })
    };
    assert_at_most(family("Holm", holm), 0.06);
    assert!(family("each for itself", <[f64]>::to_vec) > 0.1);
}

#[test]
fn a_truth_on_the_edge_of_the_tolerance_is_seldom_called_reproduced() {
    let limits = Tolerance::symmetric(0.1).limits();
    for (truth, spread, count) in [(0.9, 0.02, 3), (0.9, 0.05, 5), (1.1, 0.02, 5), (1.1, 0.05, 10)] {
        let what = format!("called reproduced at {truth} of ±10 %, spread {spread}, n = {count}");
        let wrong = share(&what, 13, |random| {
            let sample = Sample::new(epochs(random, count, spread)).unwrap();
            let bounds = geometric_center(&sample, 0.9).unwrap().bounds.unwrap().map(|end| end * truth);
            position(bounds, limits) == Position::Inside
        });
        assert_at_most(wrong, 0.06);
    }
}

#[test]
fn looking_three_times_errs_no_more_often_than_looking_once_if_each_look_has_a_third() {
    // The worst way to look: stop as soon as there is a difference.
    let looks = |what: &str, level: f64| {
        share(&format!("false faster or slower after looks at 5, 8 and 12 blocks, {what}"), 17, |random| {
            let values = session(random, 12, 2, true);
            let after = |blocks: usize| values.iter().map(|all| all[..blocks].to_vec()).collect::<Vec<_>>();
            LOOKS.into_iter().any(|blocks| any_significant(&against_first(&after(blocks)), level))
        })
    };
    assert_at_most(looks("a third of 5 % each", 0.05 / 3.0), 0.06);
    assert!(looks("5 % each", 0.05) > 0.07);
}

#[test]
fn stopping_when_it_is_precise_enough_keeps_the_interval_of_a_third() {
    let coverage = |what: &str, confidence: f64| {
        share(&format!("coverage after stopping within 2 % at 5, 8 or 12 blocks, {what}"), 19, |random| {
            let values = epochs(random, 12, 0.03);
            let center = |blocks: usize, confidence| {
                geometric_center(&Sample::new(values[..blocks].to_vec()).unwrap(), confidence).unwrap()
            };
            let is_precise = |blocks: &usize| {
                let center = center(*blocks, 0.95);
                center.bounds.unwrap().upper / center.value - 1.0 <= 0.02
            };
            let stop = LOOKS.into_iter().find(is_precise).unwrap_or(12);
            center(stop, confidence).bounds.unwrap().contain(1.0)
        })
    };
    coverage("95 % each", 0.95);
    assert_at_most(1.0 - coverage("a third of 5 % each", 1.0 - 0.05 / 3.0), 0.06);
}

#[test]
fn steady_noise_is_called_flat_and_a_slow_start_is_not() {
    let called = |what: &str, noise: f64, start: f64, is_it: fn(Steadiness) -> bool| {
        let what = format!("60 windows, noise {:.0} %, {what}", noise * 100.0);
        share(&what, 23, |random| {
            let course = |place: u32| 1.0 - start * (-f64::from(place) / 5.0).exp();
            let windows = (0..60).map(|place| course(place) * (noise * normal(random)).exp()).collect();
            is_it(steadiness(&Sample::new(windows).unwrap()))
        })
    };
    for noise in [0.01, 0.05, 0.1] {
        assert_at_most(1.0 - called("steady, called flat", noise, 0.0, |it| it == Steadiness::Flat), 0.05);
    }
    let is_warm_up = |it| matches!(it, Steadiness::WarmUp { .. });
    assert!(called("20 % slow at first, called warm-up", 0.02, 0.2, is_warm_up) > 0.9);
}
