use super::{claim, judged, mps};
use crate::record::Environment;
use crate::scenario::{ClaimKind, RequestTime};
use crate::summary::{Count, Fraction, Gap, Limit, Measured, Summary};
use crate::units::{Period, Share};
use crate::verdict::Verdict;

const LIMIT: Limit = Limit { metric: RequestTime::Ttft, under: Period::from_millis(300) };

/// So many of `of` requests were under the limit in each repetition.
fn counted(hits: &[u32], of: u32) -> Summary {
    let shares: Vec<f64> = hits.iter().map(|hits| f64::from(*hits) / f64::from(of)).collect();
    let (id, mut cell) = super::cell("on", 3, 3, &[("attainment", &shares)]);
    let measured = cell.estimates[0].clone();
    let requests = u64::from(of) * hits.len() as u64;
    let count = Count { limit: LIMIT, hits: u64::from(hits.iter().sum::<u32>()), of: requests };
    cell.fractions = vec![Fraction { count, measured }];
    super::summary(vec![(id, cell)])
}

fn under(limit: Period, share: f64) -> ClaimKind {
    let value = Share::from_fraction(share).unwrap();
    ClaimKind::FractionUnder { metric: LIMIT.metric, cell: mps("on"), limit, value }
}

fn verdict(summary: &Summary, share: f64) -> Verdict {
    judged(summary, claim(under(LIMIT.under, share)), &Environment::default(), None)
}

#[test]
fn a_share_under_a_limit_is_reproduced_or_not_by_its_interval_over_repetitions() {
    let many = counted(&[975, 980, 978, 972, 977], 1_000);
    assert_eq!(verdict(&many, 0.95), Verdict::Reproduced);
    assert_eq!(verdict(&many, 0.99), Verdict::NotReproduced);
}

#[test]
fn a_share_that_varies_between_repetitions_is_not_made_certain_by_many_requests() {
    // Of 5,000 requests 96 % are under the limit, for certain; but one
    // repetition in five had only 86 %: a distance of 0.0090 to 95 % on the log
    // scale, against a half width of 0.0586.
    let uneven = counted(&[990, 860, 995, 985, 970], 1_000);
    assert_eq!(verdict(&uneven, 0.95), Verdict::Inconclusive { needs: Some(212) });
}

#[test]
fn repetitions_that_agree_by_chance_take_more_requests() {
    // 59 requests without a miss are the fewest that show 95 %.
    assert_eq!(verdict(&counted(&[3; 5], 3), 0.95), Verdict::Inconclusive { needs: Some(20) });
    assert_eq!(verdict(&counted(&[12; 5], 12), 0.95), Verdict::Reproduced);
    assert_eq!(verdict(&counted(&[0; 5], 12), 0.95), Verdict::NotReproduced);
    // No number of hits shows that there is no miss.
    assert_eq!(verdict(&counted(&[12; 5], 12), 1.0), Verdict::Inconclusive { needs: None });
}

#[test]
fn a_share_of_a_single_run_concludes_nothing() {
    assert_eq!(verdict(&counted(&[1_000], 1_000), 0.5), Verdict::Inconclusive { needs: None });
}

#[test]
fn a_share_that_nobody_counted_or_whose_cell_is_invalid_says_so() {
    let mut summary = counted(&[12; 5], 12);
    let elsewhere = claim(under(Period::from_millis(200), 0.95));
    let reason = "nobody counted the requests under this limit".to_owned();
    assert_eq!(judged(&summary, elsewhere, &Environment::default(), None), Verdict::NotRun { reason });
    summary.cells[0].fractions[0].measured = Measured::Gap(Gap::NotRun);
    assert_eq!(verdict(&summary, 0.95), Verdict::NotRun { reason: "not run".to_owned() });
    let gap = Gap::Invalid { reason: "no request succeeded".to_owned() };
    summary.cells[0].fractions[0].measured = Measured::Gap(gap);
    assert_eq!(verdict(&summary, 0.95), Verdict::Invalid { reason: "no request succeeded".to_owned() });
}
