use insta::assert_snapshot;

use super::figure::Figure;
use super::text::{fixed, line, markdown, percent, sentence, si, signed, superscript, three_digits, with_interval};
use crate::metric::{self, Counted, Estimator};
use crate::summary::{Estimate, Interval};

#[test]
fn an_interval_decides_how_many_digits_are_shown() {
    let shown = [
        with_interval(fixed, 33.123, 32.81, 33.43),
        with_interval(fixed, 33.1, 33.05, 33.15),
        with_interval(fixed, 1234.5, 1200.0, 1270.0),
        with_interval(fixed, 0.001_23, 0.0011, 0.0013),
        with_interval(fixed, 5.0, 5.0, 5.0),
        with_interval(fixed, -0.04, -0.5, 0.42),
        with_interval(signed, 101.1, 99.04, 103.2),
        with_interval(signed, -0.04, -0.5, 0.42),
    ];
    assert_snapshot!(shown.join("\n"), @"
    33.1 [32.8, 33.4]
    33.10 [33.05, 33.15]
    1234 [1200, 1270]
    0.00123 [0.00110, 0.00130]
    5.00 [5.00, 5.00]
    0.0 [-0.5, 0.4]
    +101.1 [+99.0, +103.2]
    0.0 [-0.5, +0.4]
    ");
}

#[test]
fn a_lone_number_has_about_three_digits_and_no_exponent() {
    let shown = [0.0, 33.3, 300.0, 99.4, 0.97, 12_345.6, 0.000_04, -2.5, 1e-12].map(three_digits);
    assert_snapshot!(shown.join(" "), @"0 33.3 300 99.4 0.97 12346 0.00004 -2.5 0");
}

#[test]
fn filters_show_numbers_in_words_for_people() {
    assert_snapshot!([si(4.9e9), si(0.0123), si(0.0), si(1e-9), si(999.0)].join(", "), @"4.9 G, 12.3 m, 0, 0.001 µ, 999");
    assert_snapshot!([percent(0.97), percent(-0.031), percent(f64::NAN)].join(", "), @"97.0 %, -3.1 %, not measured here");
    assert_snapshot!([fixed(2.5, 0), fixed(-0.001, 1), fixed(f64::INFINITY, 1), fixed(1.0, usize::MAX)].join(", "), @"2, 0.0, inf, 1.000000000");
}

#[test]
fn no_text_ends_a_cell_or_links_or_becomes_html() {
    let hostile = "a|b\r\n`c` <b> & *d* [e](f) [g][h] [i]: j \\| ~~k~~ # l\u{202e}\u{7}";
    assert_snapshot!(
        markdown(hostile),
        @r"a\|b \`c\` &lt;b&gt; &amp; \*d\* [e]\(f) [g]\[h] [i]\: j \\\| \~\~k\~\~ \# l"
    );
    assert_eq!(markdown("33.1 [32.8, 33.4] tok/s"), "33.1 [32.8, 33.4] tok/s");
}

#[test]
fn a_long_text_is_cut_to_one_bounded_line() {
    assert_eq!(line(&"x\n".repeat(1_000_000)).chars().count(), 400);
    assert_eq!(line("short"), "short");
}

#[test]
fn a_fragment_becomes_a_sentence_and_a_number_a_mark() {
    assert_eq!([sentence("élan vital"), sentence("")], ["Élan vital", ""]);
    assert_eq!([1, 20, 345, 6789].map(superscript), ["¹", "²⁰", "³⁴⁵", "⁶⁷⁸⁹"]);
}

/// A figure of this metric, as the cell of a table has it.
fn cell(metric: &str, estimate: &Estimate) -> String {
    Figure::estimate(metric, metric::find(metric), estimate).short
}

fn estimate(by: Estimator, value: f64, (lower, upper): (f64, f64), (n, valid): (u32, u32)) -> Estimate {
    Estimate { value, interval: Some(Interval { lower, upper }), n, valid, by, ..Estimate::default() }
}

#[test]
fn a_figure_says_what_it_rests_on_and_claims_no_more() {
    let counted = |by, value, ends, counted: &[(u64, u64)]| {
        let n = u32::try_from(counted.len()).unwrap();
        let counted = counted.iter().map(|(hits, of)| Counted { hits: *hits, of: *of }).collect();
        Estimate { counted, ..estimate(by, value, ends, (n, n)) }
    };
    let (mean, requests, kills) = (Estimator::Mean, Estimator::Requests, Estimator::Kills);
    let whole = [(78, 78), (67, 67), (81, 81), (81, 81), (71, 71)];
    let none_of_30 = [(0, 6); 5];
    let some_of_30 = [(0, 6), (6, 6), (0, 6), (0, 6), (0, 6)];
    let single = Estimate { value: 0.9, n: 1, valid: 1, ..Estimate::default() };
    let shown = [
        cell("ttft_p50", &estimate(mean, 0.0948, (0.0928, 0.0968), (5, 5))),
        cell("ttft_p50", &estimate(mean, 0.096, (0.092, 0.099), (3, 5))),
        cell("ttft_p95", &estimate(Estimator::Pooled, 0.130, (0.110, 0.154), (5, 5))),
        cell("operational_complexity", &estimate(mean, 3.0, (3.0, 3.0), (5, 5))),
        cell("memory_per_instance", &estimate(mean, 5.53e9, (5.53e9, 5.53e9), (4, 5))),
        cell("attainment", &counted(requests, 1.0, (0.9921, 1.0), &whole)),
        cell("error_rate", &counted(requests, 0.0, (0.0, 0.0079), &whole.map(|(_, of)| (0, of)))),
        cell("fault_reach", &counted(kills, 0.0, (0.0, 0.4507), &none_of_30)),
        cell("fault_reach", &counted(kills, 0.2, (0.005, 0.7164), &some_of_30)),
        cell("attainment", &single),
    ];
    assert_snapshot!(shown.join("\n"), @r"
    94.8 [92.8, 96.8] ms
    96 [92, 99] ms (3 of 5 blocks)
    ≈ 130 [110, 154] ms
    3
    5.53 GB (4 of 5 blocks)
    100 % (378 of 378: at least 99.21 %)
    0 % (0 of 378: at most 0.79 %)
    0 % (0 of 30 requests in 5 kills: at most 45 %)
    20 [0, 72] % (6 of 30 requests in 5 kills)
    90 % (single run)
    ");
}
