//! The statistics against values computed by SciPy, and against chance itself.
#![expect(clippy::unwrap_used, reason = "helpers of tests; the vectors are ours")]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use runexp::stats::{
    Bounds, Center, Position, Sample, Tolerance, geometric_center, log_welch_ratio, mser, paired_ratio, position,
};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("stats_vectors.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn sample(value: &Value) -> Sample {
    Sample::new(numbers(value)).unwrap()
}

#[track_caller]
fn assert_close(found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((found / expected - 1.0).abs() < 1e-9, "found {found}, expected {expected}");
}

#[track_caller]
fn assert_center(found: Center, value: &Value, lower: &Value, upper: &Value) {
    let bounds = found.bounds.unwrap();
    assert_close(found.value, value);
    assert_close(bounds.lower, lower);
    assert_close(bounds.upper, upper);
}

fn divided(center: Center, divisor: f64) -> Center {
    Center { value: center.value / divisor, bounds: center.bounds.map(|bounds| bounds.map(|end| end / divisor)) }
}

#[test]
fn a_geometric_mean_and_its_interval_agree_with_the_golden_vector() {
    let vector = &vectors()["throughput_log_t"];
    let center = geometric_center(&sample(&vector["x"]), 0.95).unwrap();
    assert_center(center, &vector["gmean"], &vector["lo"], &vector["hi"]);
}

#[test]
fn an_unpaired_ratio_agrees_with_the_golden_vector() {
    let vector = &vectors()["efficiency_welch"];
    let ratio = log_welch_ratio(&sample(&vector["aggregate"]), &sample(&vector["single"]), 0.95).unwrap();
    let efficiency = divided(ratio, vector["n_inst"].as_f64().unwrap());
    assert_center(efficiency, &vector["ratio"], &vector["lo"], &vector["hi"]);
}

#[test]
fn a_paired_ratio_agrees_with_the_golden_vector() {
    let vector = &vectors()["paired_blocks"];
    let pairs: Vec<_> = numbers(&vector["a"]).into_iter().zip(numbers(&vector["b"])).collect();
    let efficiency = divided(paired_ratio(&pairs, 0.95).unwrap(), vector["n_inst"].as_f64().unwrap());
    assert_center(efficiency, &vector["ratio"], &vector["lo"], &vector["hi"]);
}

#[test]
fn every_golden_verdict_is_reached() {
    for vector in vectors()["verdicts"].as_array().unwrap() {
        let published = vector["published"].as_f64().unwrap();
        let confidence = 1.0 - 2.0 * vector["alpha"].as_f64().unwrap();
        let ratio = divided(geometric_center(&sample(&vector["x"]), confidence).unwrap(), published);
        assert_center(ratio, &vector["ratio"], &vector["lo90"], &vector["hi90"]);
        let tolerance =
            Tolerance { below: vector["tol_lo"].as_f64().unwrap(), above: vector["tol_hi"].as_f64().unwrap() };
        let verdict = match position(ratio.bounds.unwrap(), tolerance.limits()) {
            Position::Inside => "reproduced",
            Position::Outside => "not_reproduced",
            Position::Across => "inconclusive",
        };
        assert_eq!(verdict, vector["verdict"]);
    }
}

#[test]
fn warm_up_is_cut_where_the_golden_vector_cuts_it() {
    let vector = &vectors()["mser"];
    let truncation = mser(&sample(&vector["windows"]));
    assert_eq!(truncation.drop as u64, vector["truncate"].as_u64().unwrap());
    assert_close(truncation.statistic, &vector["stat"]);
    assert_close(truncation.steady_mean, &vector["steady_mean"]);
}

#[test]
fn an_interval_of_five_covers_the_truth_as_often_as_it_says() {
    let mut random = ChaCha12Rng::seed_from_u64(20_251_002);
    let trials = 2_000_u32;
    let covered: u32 = (0..trials)
        .map(|_| {
            let values = (0..5).map(|_| 100.0 * (0.05 * normal(&mut random)).exp()).collect();
            let center = geometric_center(&Sample::new(values).unwrap(), 0.95).unwrap();
            u32::from(center.bounds.is_some_and(|bounds: Bounds| bounds.contain(100.0)))
        })
        .sum();
    let coverage = f64::from(covered) / f64::from(trials);
    assert!((0.93..=0.97).contains(&coverage), "{coverage}");
}

/// Box and Muller's transform of two uniform values.
fn normal(random: &mut ChaCha12Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}
