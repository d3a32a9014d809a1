//! Every golden vector, as SciPy computed it.

use serde_json::Value;

use crate::stats::ratio::{squared_error, welch_freedom};
use crate::stats::{
    Center, Position, Sample, Tolerance, geometric_center, log_welch_ratio, mser, paired_ratio, paired_ratio_p,
    position,
};

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn sample(value: &Value) -> Sample {
    Sample::new(numbers(value)).unwrap()
}

#[track_caller]
fn assert_close(found: f64, expected: &Value) {
    let expected = number(expected);
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
    let sample = sample(&vector["x"]);
    let center = geometric_center(&sample, number(&vector["conf"])).unwrap();
    assert_center(center, &vector["gmean"], &vector["lo"], &vector["hi"]);
    assert_close(center.bounds.unwrap().upper / center.value - 1.0, &vector["rel_half_width"]);
    assert_close(100.0 * sample.standard_deviation().unwrap() / sample.mean(), &vector["cv_pct"]);
    assert_close(sample.count(), &vector["n"]);
}

#[test]
fn an_unpaired_ratio_agrees_with_the_golden_vector() {
    let vector = &vectors()["efficiency_welch"];
    let (aggregate, single) = (sample(&vector["aggregate"]), sample(&vector["single"]));
    let efficiency = divided(log_welch_ratio(&aggregate, &single, 0.95).unwrap(), number(&vector["n_inst"]));
    assert_center(efficiency, &vector["ratio"], &vector["lo"], &vector["hi"]);
    let (aggregate, single) = (aggregate.logarithms().unwrap(), single.logarithms().unwrap());
    let (left, right) = (squared_error(&aggregate).unwrap(), squared_error(&single).unwrap());
    assert_close(welch_freedom(left, right, &aggregate, &single), &vector["df"]);
}

#[test]
fn a_paired_ratio_agrees_with_the_golden_vector() {
    let vector = &vectors()["paired_blocks"];
    let each = numbers(&vector["a"]).into_iter().map(|aggregate| aggregate / number(&vector["n_inst"]));
    let pairs: Vec<_> = each.zip(numbers(&vector["b"])).collect();
    let efficiency = paired_ratio(&pairs, 0.95).unwrap();
    assert_center(efficiency, &vector["ratio"], &vector["lo"], &vector["hi"]);
    assert_close(paired_ratio_p(&pairs).unwrap(), &vector["p"]);
    assert_eq!(pairs.len() as u64, vector["n"].as_u64().unwrap());
}

#[test]
fn every_golden_verdict_is_reached() {
    for vector in vectors()["verdicts"].as_array().unwrap() {
        let confidence = 1.0 - 2.0 * number(&vector["alpha"]);
        let ratio = divided(geometric_center(&sample(&vector["x"]), confidence).unwrap(), number(&vector["published"]));
        assert_center(ratio, &vector["ratio"], &vector["lo90"], &vector["hi90"]);
        let tolerance = Tolerance { below: number(&vector["tol_lo"]), above: number(&vector["tol_hi"]) };
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
