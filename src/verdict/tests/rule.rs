use super::{SHARED, cell, measured, summary};
use crate::names::MetricId;
use crate::scenario::{LoadOptions, Rule, load_frozen};
use crate::summary::{Gap, Measured, Summary};
use crate::verdict::rule::judge;

/// A rule with this condition, read as a scenario's.
fn rule(when: &str) -> Rule {
    let scenario = format!(
        r#"
        schema = 1
        name = "ruled"
        [factors]
        mps = ["off", "on"]
        [[server]]
        name = "one"
        api = "openai"
        url = "http://127.0.0.1:{{{{ 8000 if mps == 'on' else 8001 }}}}"
        [[phase]]
        name = "concurrent"
        clients = 3
        requests = 1
        request = {{ prompt = "x", max_tokens = 1 }}
        [[decision.rule]]
        recommend = "do it"
        when = """{when}"""
        because = "it is so"
        "#
    );
    let options =
        LoadOptions { metrics: &["output_throughput", "ttft_p50", "scaling_efficiency"], ..LoadOptions::default() };
    load_frozen(&scenario, &options).unwrap().rules.remove(0)
}

/// The ruling on a condition, and the figures that it rests on.
fn ruled(when: &str, summary: &Summary) -> String {
    let judged = judge(&rule(when), summary);
    let figures = judged.figures.iter().map(|(_, measured)| match measured {
        Measured::Estimate(estimate) => {
            let interval = estimate.interval.map(|ends| format!("[{:.3}, {:.3}]", ends.lower, ends.upper));
            format!("{:.3} {} n={}", estimate.value, interval.unwrap_or_default(), estimate.n)
        }
        Measured::Gap(gap) => format!("no figure: {gap}"),
    });
    let figures: Vec<String> = figures.collect();
    format!("{:?} | {}", judged.ruling, figures.join(" | "))
}

const RATIO: &str = "ratio('output_throughput', {mps: 'on'}, {mps: 'off'})";

#[test]
fn a_rule_holds_or_not_by_the_ends_of_its_intervals() {
    let told = [".lower > 1.9", ".lower > 2", ".lower > 2.1", ".estimate > 1.99 and not RATIO.upper > 2.1", ".n >= 5"];
    let told = told.map(|rest| ruled(&format!("{RATIO}{}", rest.replace("RATIO", RATIO)), &measured()));
    insta::assert_snapshot!(told.join("\n"), @"
    Holds | 2.000 [1.986, 2.014] n=5
    Undecided | 2.000 [1.986, 2.014] n=5
    DoesNotHold | 2.000 [1.986, 2.014] n=5
    Holds | 2.000 [1.986, 2.014] n=5
    Holds | 2.000 [1.986, 2.014] n=5
    ");
}

#[test]
fn a_rule_says_which_figure_would_turn_it_and_where() {
    let turnings = |when: &str| -> Vec<String> {
        let judged = judge(&rule(&when.replace("RATIO", RATIO)), &measured());
        let told = judged.turnings.iter().map(|turning| {
            let verb = if turning.holds_beyond { "holds" } else { "fails" };
            format!("{:.2} → {:.2} {verb}", turning.measured, turning.turns_at)
        });
        told.collect()
    };
    // The lower end is 0.7 % under the value.
    assert_eq!(turnings("RATIO.lower > 1.9"), ["2.00 → 1.91 fails"]);
    assert_eq!(turnings("RATIO.lower > 2.1"), ["2.00 → 2.11 holds"]);
    let two = "RATIO.lower > 1.9 and ratio('ttft_p50', {mps: 'on'}, {mps: 'off'}).upper < 0.6";
    assert_eq!(turnings(two), ["2.00 → 1.91 fails", "0.50 → 0.60 fails"]);
    assert_eq!(turnings("RATIO.lower > 100"), [""; 0], "nothing near turns it");
    assert_eq!(turnings("value('ttft_p50', {mps: 'no'}).lower > 1"), [""; 0], "what is not decided has no turn");
}

#[test]
fn what_has_no_figure_or_no_interval_is_not_decidable_wherever_it_stands() {
    let mut summary = summary(vec![
        cell("off", 3, 3, &[("output_throughput", &[500.0]), ("ttft_p50", &[0.0, 0.0])]),
        cell("on", 3, 3, &[("output_throughput", SHARED), ("ttft_p50", &[0.1, 0.2])]),
    ]);
    let (id, twin) = cell("on", 3, 2, &[("output_throughput", SHARED)]);
    let invalid = Gap::Invalid { reason: "no request succeeded".to_owned() };
    summary.cells.insert(id, twin);
    summary.cells[0].estimates.insert(MetricId::new("scaling_efficiency").unwrap(), Measured::Gap(invalid));
    let told = [
        "value('output_throughput', {mps: 'off'}).lower > 1",
        "value('output_throughput', {mps: 'on'}).lower > 1",
        "value('scaling_efficiency', {mps: 'off'}).lower > 1",
        "ratio('ttft_p50', {mps: 'on', clients: 3}, {mps: 'off'}).lower > 1",
    ];
    let told = told.map(|when| ruled(when, &summary));
    let whole = ["RATIO.lower > 1 or value('ttft_p50', {mps: 'no'}).lower > 1", "1 / (RATIO.n - 5) > 1"];
    let whole = whole.map(|when| ruled(&when.replace("RATIO", RATIO), &measured()));
    insta::assert_snapshot!([told.join("\n"), whole.join("\n")].join("\n"), @r#"
    NotDecidable { reasons: ["an interval needs at least 2 repetitions"] } | 500.000  n=1
    NotDecidable { reasons: ["matches several cells: `mps=on,servers=3/concurrent/clients=3`, `mps=on,servers=3/concurrent/clients=2`"] } | no figure: matches several cells: `mps=on,servers=3/concurrent/clients=3`, `mps=on,servers=3/concurrent/clients=2`
    NotDecidable { reasons: ["`mps=off,servers=3/concurrent/clients=3`: invalid: no request succeeded"] } | no figure: `mps=off,servers=3/concurrent/clients=3`: invalid: no request succeeded
    NotDecidable { reasons: ["a ratio takes positive values, and one of these is not"] } | no figure: a ratio takes positive values, and one of these is not
    NotDecidable { reasons: ["no cell has mps=no"] } | 2.000 [1.986, 2.014] n=5 | no figure: no cell has mps=no
    NotDecidable { reasons: ["unable to calculate 1 / 0.0"] } | 2.000 [1.986, 2.014] n=5
    "#);
}
