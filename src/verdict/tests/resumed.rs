//! Who goes on until there is a difference.

use chrono::DateTime;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::{cell, summary, verdicts};
use crate::stats::draws::normal;
use crate::summary::{Seam, Summary};
use crate::verdict::{Pace, Significance};

const TRIALS: u32 = 1_000;

fn seams(after: &[u32]) -> Vec<Seam> {
    after.iter().map(|block| Seam { wall: DateTime::default(), block: *block, void: 0 }).collect()
}

/// Extended after so many blocks, once for each.
fn extended(after: &[u32]) -> Summary {
    Summary { planned_looks: 0, resumed: seams(after), ..summary(Vec::new()) }
}

#[test]
fn every_look_at_the_data_has_its_share_of_one_chance_to_err() {
    let shown = |after: &[u32]| Significance::of(&extended(after)).to_string();
    let never_seen: &[u32] = &[0, 1];
    assert_eq!(
        [shown(&[]), shown(never_seen), shown(&[3]), shown(&[3, 3]), shown(&[3, 5])],
        ["95 %", "95 %", "97.5 %", "97.5 %", "98.8 %"]
    );
    let planned = Summary { planned_looks: 3, ..extended(&[7]) };
    assert_eq!(Significance::of(&planned).to_string(), "97.5 %");
}

/// How often two treatments that do not differ are called faster or slower by
/// whoever looks after each of these numbers of blocks, and goes on by
/// `--resume` as long as they are not.
fn false_positives(looks: &[usize], counts_looks: bool) -> u32 {
    let mut random = ChaCha12Rng::seed_from_u64(67);
    let most = looks.iter().copied().max().unwrap();
    let mut is_false = || {
        let mut throughputs = || (0..most).map(|_| 100.0 * (0.05 * normal(&mut random)).exp()).collect::<Vec<f64>>();
        let (off, on) = (throughputs(), throughputs());
        looks.iter().enumerate().any(|(look, blocks)| {
            let before: Vec<u32> = looks[..look].iter().map(|blocks| u32::try_from(*blocks).unwrap()).collect();
            let cells = [("off", &off), ("on", &on)];
            let cells = cells.map(|(mps, values)| cell(mps, 3, 3, &[("output_throughput", &values[..*blocks])]));
            let seen = summary(cells.into());
            // As it was: 5 %, however often the data had been seen.
            let seen = if counts_looks { Summary { planned_looks: 0, resumed: seams(&before), ..seen } } else { seen };
            verdicts(&seen).comparisons.iter().any(|found| matches!(found.pace, Pace::Faster | Pace::Slower))
        })
    };
    let wrong = (0..TRIALS).filter(|_| is_false()).count();
    println!(
        "false faster or slower after looks at {looks:?} blocks, looks counted: {counts_looks}: {wrong} of {TRIALS}"
    );
    u32::try_from(wrong).unwrap()
}

#[test]
fn whoever_resumes_until_there_is_a_difference_errs_no_more_often_than_5_per_cent() {
    let two: &[usize] = &[3, 5];
    for looks in [two, &[3, 5, 8], &[5, 10, 20, 40]] {
        let (counted, uncounted) = (false_positives(looks, true), false_positives(looks, false));
        assert!(counted <= TRIALS / 20, "{counted} of {TRIALS} after {looks:?}");
        assert!(uncounted > TRIALS * 7 / 100, "{uncounted} of {TRIALS} after {looks:?}");
    }
}
