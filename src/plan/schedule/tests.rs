use super::*;
use crate::plan::tests::cell;
use crate::units::Period;

const FIVE_SECONDS: Period = Period::from_secs(5);

/// A cell with this load, five seconds of warm-up and a window of a hundred.
fn loaded(load: Load) -> CellSpec {
    CellSpec { load, warmup: FIVE_SECONDS, length: Length::Duration(Period::from_secs(100)), ..cell() }
}

fn rate(per_second: f64, arrival: Arrival) -> CellSpec {
    loaded(Load::Rate { per_second, arrival })
}

fn gaps(arrival: Arrival) -> Vec<f64> {
    let times: Vec<f64> = offsets(&rate(50.0, arrival), 7, &[]).take(40_000).map(Nanos::seconds).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Mean gap and standard deviation over it.
fn mean_and_variation(gaps: &[f64]) -> (f64, f64) {
    let count = f64::from(u32::try_from(gaps.len()).unwrap());
    let mean = gaps.iter().sum::<f64>() / count;
    let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count).sqrt();
    (mean, deviation / mean)
}

#[test]
fn constant_arrivals_never_drift() {
    let late = offsets(&rate(3.0, Arrival::Constant), 1, &[]).nth(3_000_000);
    assert_eq!(late, Some(Nanos::from_seconds(1_000_000.0)));
}

/// The coefficient of variation of a gamma distribution is 1 ÷ √shape, and
/// that of an exponential one is 1.
#[test]
fn gaps_have_the_asked_mean_and_the_variation_of_their_distribution() {
    let cases = [
        (Arrival::Poisson, 1.0),
        (Arrival::Gamma { burstiness: 1.0 }, 1.0),
        (Arrival::Gamma { burstiness: 4.0 }, 0.5),
        (Arrival::Gamma { burstiness: 0.25 }, 2.0),
    ];
    for (arrival, expected) in cases {
        let (mean, variation) = mean_and_variation(&gaps(arrival));
        assert!((mean * 50.0 - 1.0).abs() < 0.03, "{arrival:?}: mean {mean}");
        assert!((variation / expected - 1.0).abs() < 0.05, "{arrival:?}: variation {variation}");
    }
}

#[test]
fn gamma_gaps_of_shape_one_have_the_quantiles_of_exponential_ones() {
    let mut gaps = gaps(Arrival::Gamma { burstiness: 1.0 });
    gaps.sort_by(f64::total_cmp);
    for per_cent in [10_u32, 50, 90, 99] {
        let expected = -(1.0 - f64::from(per_cent) / 100.0).ln() / 50.0;
        let found = gaps[gaps.len() * per_cent as usize / 100];
        assert!((found / expected - 1.0).abs() < 0.06, "{per_cent} %: {found} for {expected}");
    }
}

#[test]
fn the_same_seed_gives_the_same_times() {
    let draw = |seed| offsets(&rate(2.0, Arrival::Poisson), seed, &[]).take(5).collect::<Vec<_>>();
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
}

#[test]
fn a_ramp_sends_as_many_as_the_area_under_its_rate() {
    for (from, to) in [(2.0, 10.0), (10.0, 2.0), (4.0, 4.0)] {
        let cell = loaded(Load::Ramp { from, to, arrival: Arrival::Constant });
        let sent_before =
            |seconds: f64| -> f64 { offsets(&cell, 1, &[]).take_while(|at| at.seconds() < seconds).map(|_| 1.0).sum() };
        let rate_at = |seconds: f64| from + (to - from) * seconds / 100.0;
        let expected = |seconds: f64| 5.0 * from + seconds * 0.5 * (from + rate_at(seconds));
        for seconds in [0.0, 25.0, 50.0, 100.0] {
            let sent = sent_before(5.0 + seconds);
            assert!((sent - expected(seconds)).abs() <= 1.0, "{from} to {to}, {seconds} s: {sent} sent");
        }
        assert!((sent_before(115.0) - expected(100.0) - 10.0 * to).abs() <= 1.0, "{from} to {to} after the window");
    }
}

#[test]
fn a_trace_is_followed_at_its_scale() {
    let cell = loaded(Load::Trace { file: "t.jsonl".into(), scale: 2.0 });
    let trace = [0.0, 1.0, 1.0, 5.0].map(Nanos::from_seconds);
    let followed: Vec<Nanos> = offsets(&cell, 1, &trace).collect();
    assert_eq!(followed, [0.0, 0.5, 0.5, 2.5].map(Nanos::from_seconds));
}
