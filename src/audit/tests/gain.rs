use super::{ClaimKind, Selector, Share, audited, cell, claim, claim_of, metric, throughput, told_of};
use crate::audit::Verdict;
use crate::scenario::{Claim, Direction};

const OFF: [(&str, i64); 4] = [("mps", 0), ("servers", 3), ("slots", 1), ("clients", 3)];
const ON: [(&str, i64); 4] = [("mps", 1), ("servers", 3), ("slots", 1), ("clients", 3)];

fn order() -> Claim {
    let (larger, smaller) = (cell(&ON), cell(&OFF));
    claim_of("order", "more", ClaimKind::Ordering { metric: metric("output_throughput"), larger, smaller })
}

fn ratio(name: &str, says: &str, value: f64, above: Selector, below: Selector) -> Claim {
    let tolerance = Share::from_fraction(0.1).unwrap();
    let metric = metric("output_throughput");
    claim_of(name, says, ClaimKind::Ratio { metric, numerator: above, denominator: below, value, tolerance })
}

fn overhead(name: &str, levels: &[(&str, i64)], from: f64, to: f64) -> Claim {
    let says = format!("{}-{}%", from * 100.0, to * 100.0);
    claim_of(name, &says, ClaimKind::Range { metric: metric("context_switch_overhead"), cell: cell(levels), from, to })
}

#[test]
fn an_order_is_held_against_the_figures_of_both_sides() {
    let verdict = |on: f64, off: f64| {
        let claims = vec![throughput("on", &ON, on), throughput("off", &OFF, off), order()];
        audited(claims, Vec::new()).findings.pop().unwrap().verdict
    };
    assert_eq!(verdict(50.0, 40.0), Verdict::Consistent);
    assert_eq!(verdict(40.0, 50.0), Verdict::Inconsistent);
    assert_eq!(verdict(40.0, 40.0), Verdict::Rounded);
}

#[test]
fn a_gain_over_what_was_not_measured_is_none() {
    let alone = [("mps", 1), ("servers", 1), ("slots", 1), ("clients", 1)];
    let claims = vec![
        throughput("one", &alone, 17.0),
        throughput("three", &ON, 50.0),
        ratio("thrice", "2.9x", 2.9, cell(&ON), cell(&alone)),
        order(),
    ];
    let audited = audited(claims, Vec::new());
    insta::assert_snapshot!(told_of(&audited, "order").join("\n"), @r"
    order Unsupported: figures with mps=1 (`three` 50), none with mps=0 beside: no difference is published
      `thrice` (2.9x) is no such gain: it compares servers=3, clients=3 with servers=1, clients=1, mps=1 on both sides
    ");
    insta::assert_snapshot!(told_of(&audited, "thrice").join("\n"), @r"
    thrice Unsupported: it compares servers=3, clients=3 with servers=1, clients=1; without a figure for servers=1, clients=3 nobody can tell what servers adds; mps=1 on both sides, so none of it is shown to come from mps
    thrice Consistent: above / below = 50 / 17 = 2.94 (2.829 to 3.061), published 2.9x (2.850 to 2.950)
    ");
}

#[test]
fn overheads_bound_gains() {
    let claims = |says: &str, value: f64| {
        vec![
            overhead("lost", &OFF, 0.05, 0.15),
            overhead("kept", &ON, -0.005, 0.005),
            ratio("gain", says, value, cell(&ON), cell(&OFF)),
        ]
    };
    insta::assert_snapshot!(told_of(&audited(claims("1.5x", 1.5), Vec::new()), "gain").join("\n"), @"gain Inconsistent: published 1.5x; by the overheads it publishes, 5 to 15 % with mps=0 and -0.5 to 0.5 % with mps=1, mps=1 gains at most 1 / (1 − 0.15) = 1.18x");
    insta::assert_snapshot!(told_of(&audited(claims("1.1x", 1.1), Vec::new()), "gain").join("\n"), @"gain Consistent: published 1.1x; by the overheads it publishes, 5 to 15 % with mps=0 and -0.5 to 0.5 % with mps=1, mps=1 gains at most 1 / (1 − 0.15) = 1.18x");
    // Figures of both sides are bound likewise.
    let mut figures = vec![throughput("on", &ON, 54.0), throughput("off", &OFF, 30.0), order()];
    figures.push(overhead("lost", &OFF, 0.05, 0.15));
    insta::assert_snapshot!(told_of(&audited(figures, Vec::new()), "order").join("\n"), @r"
    order Inconsistent: a gain of 1.8x, but by the overheads it publishes, 5 to 15 % with mps=0, mps=1 gains at most 1 / (1 − 0.15) = 1.18x
    order Consistent: 54 with mps=1 against 30 with mps=0
    ");
}

#[test]
fn a_trend_is_held_against_the_figures_of_its_cells() {
    let counts = |clients: i64| cell(&[("slots", 8), ("clients", clients)]);
    let trend = |direction| {
        let along = vec![counts(1), counts(2), counts(4)];
        claim_of("trend", "it does", ClaimKind::Trend { metric: metric("output_throughput"), direction, along })
    };
    let told = |direction, with_figures: bool| {
        let figure =
            |clients, value: f64| throughput(&format!("at-{clients}"), &[("slots", 8), ("clients", clients)], value);
        let mut claims = if with_figures { vec![figure(1, 20.0), figure(4, 60.0)] } else { Vec::new() };
        claims.push(trend(direction));
        told_of(&audited(claims, Vec::new()), "trend").join("\n")
    };
    insta::assert_snapshot!(told(Direction::Rises, true), @"trend Consistent: it rises: 20, 60");
    insta::assert_snapshot!(told(Direction::Falls, true), @"trend Inconsistent: it falls: 20, 60");
    insta::assert_snapshot!(told(Direction::Rises, false), @"trend unchecked: a trend, and no figures for two of its cells");
}

#[test]
fn models_that_run_together_fill_the_memory_that_is_used() {
    let told = |from: f64, to: f64| {
        let says = format!("{from}-{to} models");
        let room = ClaimKind::Range { metric: metric("instances_max_practical"), cell: cell(&[("mps", 0)]), from, to };
        let used = ClaimKind::Range { metric: metric("memory_efficiency"), cell: cell(&OFF), from: 0.80, to: 0.85 };
        let claims = vec![
            claim("memory", "24GB", "memory_total", cell(&[]), 24e9),
            claim("instance", "4.9GB", "memory_per_instance", cell(&[]), 4.9e9),
            claim_of("used", "80-85%", used),
            claim_of("room", &says, room),
        ];
        told_of(&audited(claims, Vec::new()), "room").remove(0)
    };
    insta::assert_snapshot!(told(2.0, 3.0), @"room Unsupported: 2 to 3 × 4.9GB fill 41 to 61 % of 24GB, published as used: 80 to 85 %, at which 3 to 4 fit");
    insta::assert_snapshot!(told(1.0, 2.0), @"room Inconsistent: 1 to 2 × 4.9GB fill 20 to 41 % of 24GB, published as used: 80 to 85 %, at which 3 to 4 fit");
    insta::assert_snapshot!(told(3.0, 4.0), @"room Consistent: 3 to 4 × 4.9GB fill 61 to 82 % of 24GB, published as used: 80 to 85 %, at which 3 to 4 fit");
}

#[test]
fn a_figure_beyond_what_its_metric_can_be_is_told() {
    let share = |metric: &str, says: &str, value: f64| {
        let audited = audited(vec![claim("x", says, metric, cell(&[("clients", 2)]), value)], Vec::new());
        told_of(&audited, "x").remove(0)
    };
    insta::assert_snapshot!(share("memory_efficiency", "104%", 1.04), @"x Inconsistent: published 104% (103.5 to 104.5 %), but a share cannot be above 100 %");
    insta::assert_snapshot!(share("scaling_efficiency", "104%", 1.04), @"x Unsupported: published 104% (103.5 to 104.5 %), beside others each client would be served faster than alone");
    insta::assert_snapshot!(share("scaling_efficiency", "100%", 1.0), @"x unchecked: no other published figure has to do with it");
    insta::assert_snapshot!(share("error_rate", "-3%", -0.03), @"x Inconsistent: published -3.00 % (-3.300 to -2.700 %), but a share cannot be below 0 %");
    let two = cell(&[("slots", 2), ("clients", 2)]);
    let speedup = ratio("x", "2.3x", 2.3, two, cell(&[("slots", 1), ("clients", 1)]));
    insta::assert_snapshot!(told_of(&audited(vec![speedup], Vec::new()), "x").join("\n"), @r"
    x Unsupported: it compares slots=2, clients=2 with slots=1, clients=1; without a figure for slots=1, clients=2 nobody can tell what slots adds
    x Unsupported: published 2.3x (2.250 to 2.350), with 2 times the clients: beside others each would be served faster
    ");
}

#[test]
fn an_amount_of_memory_that_the_machine_does_not_have_is_told() {
    let memory = |servers: i64, says: &str, value: f64| {
        let cell = cell(&[("servers", servers)]);
        told_of(&audited(vec![claim("x", says, "memory_per_instance", cell, value)], Vec::new()), "x").remove(0)
    };
    insta::assert_snapshot!(memory(3, "50GB", 50e9), @"x Inconsistent: 3 × 50GB does not fit into 128GB (gb10, by data sheet)");
    insta::assert_snapshot!(memory(2, "50GB", 50e9), @"x unchecked: no other published figure has to do with it");
}

#[test]
fn nobody_is_served_faster_beside_others() {
    let at = |clients: i64, value: f64| {
        let name = format!("at-{clients}");
        throughput(&name, &[("servers", 1), ("slots", clients), ("clients", clients)], value)
    };
    let audited = audited(vec![at(1, 50.0), at(2, 92.0), at(4, 196.0), at(8, 390.0)], Vec::new());
    insta::assert_snapshot!(told_of(&audited, "at-4").join("\n"), @r"
    at-4 Unsupported: each of 4 clients gets 196 / 4 = 49 tok/s, each of 2 only 92 / 2 = 46: beside others nobody is served faster
      no spread is published that would tell whether it is noise, warm-up or another clock
    at-4 Plausible: 196 tok/s × 4.60 to 4.92 GB / 4 tokens a read = 225 to 241 GB/s of 273 GB/s (gb10, 83 to 88 %)
    ");
    assert_eq!(audited.findings.iter().filter(|finding| finding.verdict == Verdict::Unsupported).count(), 1);
}

#[test]
fn efficiency_goes_with_what_each_client_gets() {
    let at = |clients: i64| [("servers", clients), ("slots", 1), ("clients", clients)];
    let efficiency = |name: &str, clients: i64, says: &str, value| {
        claim(name, says, "scaling_efficiency", cell(&at(clients)), value)
    };
    let claims = vec![
        throughput("one", &at(1), 33.3),
        throughput("two", &at(2), 66.4),
        throughput("three", &at(3), 99.4),
        efficiency("of-two", 2, "97%", 0.97),
        efficiency("of-three", 3, "99%", 0.99),
    ];
    let audited = audited(claims, Vec::new());
    insta::assert_snapshot!(told_of(&audited, "of-two").join("\n"), @r"
    of-two Inconsistent: aggregate / (2 × single) = 66.4 / (2 × 33.3) = 99.7 % (99.48 to 99.92 %), published 97% (96.50 to 97.50 %)
    of-two Inconsistent: from 2 to 3 clients it rises from 97% to 99%, while what each client gets falls from 66.4 / 2 = 33.2 to 99.4 / 3 = 33.1 tok/s; it is that over the rate of a single client
    ");
    insta::assert_snapshot!(told_of(&audited, "of-three").join("\n"), @"of-three Rounded: aggregate / (3 × single) = 99.4 / (3 × 33.3) = 99.5 % (99.30 to 99.70 %), published 99% (98.50 to 99.50 %)");
}
