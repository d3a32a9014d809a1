//! What the small run's verdicts could be: one claim of each kind of end.
#![expect(clippy::unwrap_used, reason = "a fixture that breaks a rule must fail its test")]

use runexp::metric::Better;
use runexp::names::{ClaimId, PhaseName};
use runexp::scenario::{Claim, ClaimKind, Direction, Level, Quantity, RequestTime, Selector, Source, SystemMatch};
use runexp::summary::{Estimate, Gap, Interval, Measured};
use runexp::units::{Period, Share};
use runexp::verdict::{
    Advice, AgainstFirst, Change, Comparison, Constraint, Cost, Decision, Effect, Evidence, Judged, JudgedRule,
    Otherwise, Over, Pace, Ruling, ServingOption, Significance, Standing, Turning, Verdict, Verdicts,
};

use super::fixture::{BATCHING, HOSTILE, OFF, ON, cell, ends, estimate, metric, selector};

pub(super) fn verdicts() -> Verdicts {
    Verdicts {
        significance: Significance::default(),
        claims: claims(),
        comparisons: vec![
            comparison(ON, 1.733, Some((1.66, 1.81)), 3, Pace::Faster),
            comparison(OFF, 1.04, Some((0.98, 1.11)), 3, Pace::Inconclusive { more_blocks: Some(7) }),
            comparison(BATCHING, 2.748, None, 1, Pace::Inconclusive { more_blocks: None }),
        ],
        effects: effects(),
        decision: decision(),
        rules: rules(),
    }
}

fn effects() -> Vec<Effect> {
    let change =
        |factor: &str, from: &str, to: &str| Change { factor: factor.into(), from: from.into(), to: to.into() };
    let effect = |change, with, ratio, at: &[(&str, Measured)]| Effect {
        phase: PhaseName::new("concurrent").unwrap(),
        load: "clients=3".into(),
        change,
        with,
        ratio,
        at: at.iter().map(|(at, ratio)| ((*at).to_owned(), ratio.clone())).collect(),
    };
    let (shared, sliced) = (estimate(1.653, Some((1.6, 1.71)), 5), estimate(1.0, Some((0.99, 1.01)), 4));
    vec![
        effect(
            change("mps", "off", "on"),
            None,
            estimate(1.29, Some((1.26, 1.31)), 4),
            &[("servers=1,slots=1", sliced), ("servers=3,slots=1", shared)],
        ),
        effect(change("slots", "1", HOSTILE), None, estimate(2.748, None, 1), &[(HOSTILE, estimate(2.748, None, 1))]),
        effect(change("servers", "1", "3"), None, Measured::Gap(Gap::not_measured("the other level was not run")), &[]),
        effect(
            change("mps", "off", "on"),
            Some(change("servers", "1", "3")),
            estimate(1.65, Some((1.6, 1.7)), 5),
            &[("", estimate(1.65, Some((1.6, 1.7)), 5))],
        ),
    ]
}

fn rules() -> Vec<JudgedRule> {
    let level = |level: &str| selector(&[("mps", Level::Text(level.into()))]);
    let on = || level("on");
    let ratio = || Quantity::Ratio { metric: metric("ttft_p95"), above: on(), below: level("off") };
    let value = |cell| Quantity::Value { metric: metric("ttft_p95"), cell };
    let rule = |recommend: &str, figures, ruling| JudgedRule {
        recommend: recommend.into(),
        when: "ratio('ttft_p95', {mps: 'on'}, {mps: 'off'}).upper < 1 or 1 > 2".into(),
        because: format!("it waits less {HOSTILE}"),
        figures,
        ruling,
        turnings: Vec::new(),
    };
    let turning = |quantity, measured, turns_at, holds_beyond| Turning { quantity, measured, turns_at, holds_beyond };
    vec![
        JudgedRule {
            turnings: vec![turning(ratio(), 0.5, 0.98, false), turning(value(on()), 0.1, 0.02, true)],
            ..rule(
                "serve under MPS",
                vec![
                    (ratio(), estimate(0.5, Some((0.49, 0.51)), 5)),
                    (value(on()), estimate(0.1, Some((0.09, 0.11)), 5)),
                ],
                Ruling::Holds,
            )
        },
        rule("wait", vec![(ratio(), estimate(0.98, Some((0.9, 1.1)), 5))], Ruling::Undecided),
        rule("queue", vec![(ratio(), estimate(0.5, Some((0.49, 0.51)), 5))], Ruling::DoesNotHold),
        rule(
            HOSTILE,
            vec![(value(level(HOSTILE)), Measured::Gap(Gap::NotRun)), (ratio(), estimate(0.5, None, 1))],
            Ruling::NotDecidable { reasons: vec![HOSTILE.into(), "an interval needs at least 2 repetitions".into()] },
        ),
    ]
}

fn claims() -> Vec<Judged> {
    let absolute = |value| ClaimKind::Absolute {
        metric: metric("output_throughput"),
        cell: selector(&[("mps", Level::Text("on".into())), ("clients", Level::Integer(3))]),
        value,
        tolerance: Share::from_fraction(0.1).unwrap(),
    };
    let measured = estimate(57.4, Some((55.1, 59.8)), 3).estimate().cloned();
    let ratio = Some((0.577, Interval { lower: 0.56, upper: 0.6 }));
    vec![
        judged("spark-3x-aggregate", "3x reaches 99.4 tok/s", absolute(99.4), measured, ratio, Verdict::NotReproduced),
        judged(
            "hostile",
            HOSTILE,
            absolute(1.0),
            None,
            None,
            Verdict::NotComparable { differences: vec![HOSTILE.into(), "engine".into()] },
        ),
        judged(
            "growth",
            "3x the throughput",
            ClaimKind::Ratio {
                metric: metric("output_throughput"),
                numerator: selector(&[("clients", Level::Integer(3))]),
                denominator: Selector::default(),
                value: 3.0,
                tolerance: Share::from_fraction(0.1).unwrap(),
            },
            estimate(57.4, Some((55.1, 59.8)), 3).estimate().cloned(),
            None,
            Verdict::Inconclusive { needs: Some(9) },
        ),
        judged(
            "fault",
            "no reach",
            ClaimKind::AtMost { metric: metric("overlap_error"), cell: Selector::default(), value: 0.05 },
            None,
            None,
            Verdict::NotRun { reason: "no such cell".into() },
        ),
        Judged {
            steps: vec![ratio_of(1.98, 1.9, 2.06), ratio_of(0.99, 0.97, 1.01)],
            ..judged("more", "more clients, more tokens", rises(), None, None, Verdict::Inconclusive { needs: None })
        },
        judged(
            "soon",
            "95 % in under 300 ms",
            ClaimKind::FractionUnder {
                metric: RequestTime::Ttft,
                cell: Selector::default(),
                limit: Period::from_millis(300),
                value: Share::from_fraction(0.95).unwrap(),
            },
            estimate(0.97, Some((0.96, 0.98)), 5).estimate().cloned(),
            Some(ratio_of(1.021, 1.013, 1.03)),
            Verdict::Reproduced,
        ),
    ]
}

const fn ratio_of(value: f64, lower: f64, upper: f64) -> (f64, Interval) {
    (value, Interval { lower, upper })
}

fn rises() -> ClaimKind {
    let clients = |clients| selector(&[("clients", Level::Integer(clients))]);
    let along = [1, 2, 3].map(clients).to_vec();
    ClaimKind::Trend { metric: metric("output_throughput"), direction: Direction::Rises, along }
}

fn decision() -> Decision {
    Decision {
        options: vec![
            option("one server with batching", BATCHING, (91.0, None, 1), None),
            option("3 servers under MPS", ON, (57.4, Some((55.1, 59.8)), 3), Some(Standing::Behind)),
            option(HOSTILE, OFF, (33.12, None, 5), Some(Standing::Open)),
        ],
        metric: Some(metric("output_throughput")),
        better: Better::Higher,
        margin: 0.03,
        advice: Advice::Open { rivals: vec![2], blocks: Some(12) },
        costs: vec![Cost {
            metric: metric("ttft_p95"),
            cell: cell(BATCHING),
            here: figure((0.1, Some((0.09, 0.11)), 5)),
            option: 2,
            there: figure((0.05, Some((0.04, 0.06)), 5)),
            over: Over { ratio: 2.0, interval: Interval { lower: 1.9, upper: 2.1 } },
        }],
        otherwise: vec![Otherwise { constraint: Constraint::WithoutBatching, option: 2, over: None }],
        unmeasured: vec![HOSTILE.into()],
        unplanned: vec!["hybrid: several servers that each batch".into()],
        evidence: vec![
            Evidence { speaks_for: "CUDA MPS".into(), says: "Low latency is paramount".into(), measured: None },
            Evidence {
                speaks_for: "multiple API servers".into(),
                says: HOSTILE.into(),
                measured: Some(HOSTILE.into()),
            },
        ],
    }
}

fn judged(
    id: &str,
    says: &str,
    kind: ClaimKind,
    measured: Option<Estimate>,
    ratio: Option<(f64, Interval)>,
    verdict: Verdict,
) -> Judged {
    let source = Source { file: "GUIDE.md".into(), section: Some("Results".into()), date: None };
    let system = Some(SystemMatch { gpu: Some("GB10".into()), ..SystemMatch::default() });
    let claim = Claim { id: ClaimId::new(id).unwrap(), says: says.into(), source, kind, system };
    let (cell, steps) = (measured.as_ref().map(|_| cell(ON)), Vec::new());
    let (below, over) = (None, None);
    Judged { claim, cell, measured, below, over, ratio, steps, verdict, faults: None, implausible: Vec::new() }
}

fn comparison(above: &str, ratio: f64, interval: Option<(f64, f64)>, pairs: u32, pace: Pace) -> Comparison {
    let metric = metric("output_throughput");
    let p = interval.map(|(lower, _)| if lower > 1.0 { 0.000_02 } else { 0.1234 });
    Comparison { metric, cell: cell(above), baseline: cell(OFF), ratio, interval: interval.map(ends), pairs, p, pace }
}

type Throughput = (f64, Option<(f64, f64)>, u32);

fn option(name: &str, id: &str, (value, interval, n): Throughput, standing: Option<Standing>) -> ServingOption {
    let against_first = standing.map(|standing| AgainstFirst {
        ratio: value / 91.0,
        at_most: (standing == Standing::Behind).then_some(-0.34),
        interval: (standing == Standing::Behind).then_some(Interval { lower: 0.61, upper: 0.65 }),
        blocks: n,
        standing,
    });
    ServingOption {
        name: name.into(),
        treatment: id.split('/').next().unwrap().into(),
        cell: cell(id),
        servers: 1,
        figure: figure((value, interval, n)),
        against_first,
        fails: Vec::new(),
    }
}

fn figure((value, interval, n): Throughput) -> Estimate {
    Estimate { value, interval: interval.map(ends), n, ..Estimate::default() }
}
