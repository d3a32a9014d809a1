use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::{cell, mps, summary, throughput, verdicts};
use crate::scenario::Question;
use crate::stats::Bounds;
use crate::summary::{CellSummary, Estimate, Gap, Measured, Summary};
use crate::verdict::Effect;

/// MPS, processes, slots; and the throughput of each block.
type Way<'a> = (&'a str, u32, u32, &'a [f64]);

fn measured(ways: &[Way<'_>]) -> Summary {
    let cells = ways.iter().map(|(mps, servers, slots, values)| {
        let (id, mut cell) = cell(mps, *servers, 3, &[("output_throughput", values)]);
        cell.treatment.insert("slots".to_owned(), slots.to_string());
        let id = id.as_str().replace("/concurrent", &format!(",slots={slots}/concurrent"));
        (crate::names::CellId::new(id).unwrap(), CellSummary { slots: Some(*slots), ..cell })
    });
    summary(cells.collect())
}

fn shown(summary: &Summary) -> String {
    let lines = verdicts(summary).effects.into_iter().map(|effect| {
        let of = |change: &crate::verdict::Change| format!("{} {}→{}", change.factor, change.from, change.to);
        let with = effect.with.as_ref().map(|with| format!(" × {}", of(with))).unwrap_or_default();
        let at = effect.at.iter().map(|(at, ratio)| format!("{at} {}", figure(ratio)));
        let at = at.collect::<Vec<_>>().join(", ");
        format!("{}{with}: {} [{at}]", of(&effect.change), figure(&effect.ratio))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn figure(ratio: &Measured) -> String {
    match ratio {
        Measured::Gap(gap) => gap.to_string(),
        Measured::Estimate(Estimate { value, interval, n, .. }) => {
            let interval = interval.map(|interval| format!(" ({:.2} to {:.2})", interval.lower, interval.upper));
            format!("×{value:.2}{} in {n}", interval.unwrap_or_default())
        }
    }
}

/// MPS helps three processes by half, and one not at all; batching trebles;
/// three processes under three slots were not planned.
const WAYS: [Way<'static>; 6] = [
    ("off", 1, 1, &[100.0, 110.0, 90.0]),
    ("off", 1, 3, &[300.0, 330.0, 270.0]),
    ("off", 3, 1, &[80.0, 88.0, 72.0]),
    ("on", 1, 1, &[100.0, 110.0, 90.0]),
    ("on", 1, 3, &[300.0, 330.0, 270.0]),
    ("on", 3, 1, &[120.0, 132.0, 108.0]),
];

#[test]
fn an_effect_is_averaged_over_what_was_measured_at_both_levels_and_says_over_what() {
    insta::assert_snapshot!(shown(&measured(&WAYS)), @"
    mps off→on: ×1.14 (1.14 to 1.14) in 3 [servers=1,slots=1 ×1.00 (1.00 to 1.00) in 3, servers=1,slots=3 ×1.00 (1.00 to 1.00) in 3, servers=3,slots=1 ×1.50 (1.50 to 1.50) in 3]
    servers 1→3: ×0.98 (0.98 to 0.98) in 3 [mps=off,slots=1 ×0.80 (0.80 to 0.80) in 3, mps=on,slots=1 ×1.20 (1.20 to 1.20) in 3]
    slots 1→3: ×3.00 (3.00 to 3.00) in 3 [mps=off,servers=1 ×3.00 (3.00 to 3.00) in 3, mps=on,servers=1 ×3.00 (3.00 to 3.00) in 3]
    mps off→on × servers 1→3: ×1.50 (1.50 to 1.50) in 3 [slots=1 ×1.50 (1.50 to 1.50) in 3]
    mps off→on × slots 1→3: ×1.00 (1.00 to 1.00) in 3 [servers=1 ×1.00 (1.00 to 1.00) in 3]
    servers 1→3 × slots 1→3: no four treatments measured here cross servers (1 and 3) with slots (1 and 3) []
    ");
}

#[test]
fn a_block_counts_where_nothing_of_it_is_missing() {
    let mut ways = WAYS;
    ways[5].3 = &[120.0];
    let some = measured(&ways);
    insta::assert_snapshot!(shown(&some).lines().next().unwrap_or_default(), @"mps off→on: ×1.14 in 1 [servers=1,slots=1 ×1.00 (1.00 to 1.00) in 3, servers=1,slots=3 ×1.00 (1.00 to 1.00) in 3, servers=3,slots=1 ×1.50 in 1]");
}

#[test]
fn what_was_not_measured_has_a_reason_and_no_figure() {
    let both_at_once = measured(&[WAYS[0], WAYS[5]]);
    insta::assert_snapshot!(shown(&both_at_once), @"
    mps off→on: no two treatments measured here differ only in mps (off and on) []
    servers 1→3: no two treatments measured here differ only in servers (1 and 3) []
    mps off→on × servers 1→3: no four treatments measured here cross mps (off and on) with servers (1 and 3) []
    ");
    let mut invalid = measured(&[WAYS[2], WAYS[5]]);
    invalid.cells[1].estimates.insert(throughput(), Measured::Gap(Gap::NotRun));
    insta::assert_snapshot!(shown(&invalid), @"mps off→on: no two treatments measured here differ only in mps (off and on) []");
    let in_no_common_block = measured(&[WAYS[2], ("on", 3, 1, &[])]);
    insta::assert_snapshot!(shown(&in_no_common_block), @"mps off→on: no block has a valid measurement of all that it compares []");
    assert_eq!(shown(&measured(&WAYS[..1])), "");
}

/// Effects on the log scale: of MPS, of three processes, of both together.
const TRUTH: [f64; 3] = [0.02, -0.2, 0.4];

/// A run of 5 blocks, with a course of its own in each block, and 2 % of noise.
fn drawn(random: &mut ChaCha12Rng) -> Summary {
    let mut uniform = |width: f64| width * (random.random::<f64>() - 0.5);
    let blocks: Vec<f64> = (0..5).map(|_| uniform(0.3)).collect();
    let mut of = |mps: f64, servers: f64| -> Vec<f64> {
        let effects = TRUTH[0] * mps + TRUTH[1] * servers + TRUTH[2] * mps * servers;
        blocks.iter().map(|block| 100.0 * (block + effects + uniform(0.07)).exp()).collect()
    };
    let values = [of(0.0, 0.0), of(0.0, 1.0), of(1.0, 0.0), of(1.0, 1.0)];
    let ways = [("off", 1), ("off", 3), ("on", 1), ("on", 3)];
    let ways: Vec<Way<'_>> =
        ways.iter().zip(&values).map(|((mps, servers), all)| (*mps, *servers, 1, &all[..])).collect();
    measured(&ways)
}

#[test]
fn the_intervals_of_effects_contain_the_truth_as_often_as_they_say() {
    let truth = [TRUTH[0] + TRUTH[2] / 2.0, TRUTH[1] + TRUTH[2] / 2.0, TRUTH[2]].map(f64::exp);
    let mut random = ChaCha12Rng::seed_from_u64(5);
    let (runs, mut contained) = (200_u32, [0_u32; 3]);
    for _ in 0..runs {
        let effects = verdicts(&drawn(&mut random)).effects;
        for (count, (effect, truth)) in contained.iter_mut().zip(effects.iter().zip(truth)) {
            *count += u32::from(bounds(effect).contain(truth));
        }
    }
    // 95 % of 200 are 190; three binomial standard errors are 9.
    assert!(contained.iter().all(|count| (181..=199).contains(count)), "{contained:?} of {runs}");
}

fn bounds(effect: &Effect) -> Bounds {
    let interval = effect.ratio.estimate().unwrap().interval.unwrap();
    Bounds { lower: interval.lower, upper: interval.upper }
}

#[test]
fn effects_begin_at_the_baseline_or_else_at_the_first_level() {
    let first = |baseline| {
        let environment = crate::record::Environment::default();
        let found =
            crate::verdict::judge(&measured(&WAYS), &[], (&Question::default(), &[]), baseline, &environment, None)
                .effects;
        (found[0].change.from.clone(), found[1].change.from.clone())
    };
    assert_eq!(first(None), ("off".to_owned(), "1".to_owned()));
    assert_eq!(first(Some(&mps("on"))), ("on".to_owned(), "1".to_owned()));
}
