use super::{
    Audit, Verdict, audited, audited_with, cell, claim, dense, mixture, of_model, sheet, throughput, told, told_of,
};
use crate::scenario::{Claim, Level};

/// What is told of a throughput of the mixture, and how many experts are read.
fn of_mixture(levels: &[(&str, i64)], value: f64) -> Vec<String> {
    let claims =
        vec![claim("x", &format!("{value} tok/s"), "output_throughput", of_model("x-120b-a5b", levels), value)];
    let audited = audited_with(claims, Audit { systems: vec![sheet()], models: vec![mixture()], ..Audit::default() });
    let experts = audited.findings[0].checks[0].experts;
    let mut lines = told(&audited);
    lines.extend(experts.map(|read| format!("  {} to {:.3} of {}", read.least, read.at_random, read.count)));
    lines
}

#[test]
fn separate_processes_read_the_weights_for_every_token_and_a_batch_once_for_all() {
    let processes = throughput("processes", &[("servers", 3), ("slots", 1), ("clients", 3)], 99.4);
    let batch = throughput("batch", &[("servers", 1), ("slots", 3), ("clients", 3), ("series", 2)], 99.4);
    let idle_slots = throughput("idle", &[("servers", 1), ("slots", 3), ("clients", 1), ("series", 3)], 99.4);
    let too_much = throughput("wild", &[("servers", 1), ("slots", 2), ("rate", 9)], 200.0);
    let unknown = throughput("unknown", &[("clients", 3), ("series", 4)], 99.4);
    insta::assert_snapshot!(told(&audited(vec![processes, batch, idle_slots, too_much, unknown], Vec::new())).join("\n"), @r"
    processes Implausible: 99.4 tok/s × 4.60 to 4.92 GB = 457 to 489 GB/s > 273 GB/s (gb10, 167 to 179 %)
      not excluded by what is published: a sum of rates of replies that waited for each other: each one's own rate leaves out its waiting (3 × 33.1); batching in one server, 1.67 to 1.79 tokens for each read of the weights; drafting, 1.67 to 1.79 accepted tokens a step; 2 such machines; a smaller quantisation, at most 2.75 GB a token
    batch Plausible: 99.4 tok/s × 4.60 to 4.92 GB / 3 tokens a read = 152 to 163 GB/s of 273 GB/s (gb10, 56 to 60 %)
    idle Implausible: 99.4 tok/s × 4.60 to 4.92 GB = 457 to 489 GB/s > 273 GB/s (gb10, 167 to 179 %)
      not excluded by what is published: drafting, 1.67 to 1.79 accepted tokens a step; 2 such machines; a smaller quantisation, at most 2.75 GB a token
    wild Implausible: 200 tok/s × 4.60 to 4.92 GB / 2 tokens a read = 460 to 492 GB/s > 273 GB/s (gb10, 168 to 180 %)
      not excluded by what is published: drafting, 1.68 to 1.80 accepted tokens a step; 2 such machines; a smaller quantisation, at most 2.73 GB a token
    unknown unchecked: its cell does not say how many `slots` a server batches
    ");
}

#[test]
fn a_throughput_is_implausible_only_beyond_both_ends() {
    // 273 / 4.92 = 55.5 and 273 / 4.6 = 59.3.
    let verdict = |value| audited(vec![throughput("one", &[("clients", 1)], value)], Vec::new()).findings[0].verdict;
    assert_eq!(
        [55.0, 58.0, 59.3, 59.5].map(verdict),
        [Verdict::Plausible, Verdict::Plausible, Verdict::Plausible, Verdict::Implausible]
    );
}

#[test]
fn the_rate_of_one_request_is_that_of_no_batch() {
    let each = |value: f64| {
        let cell = cell(&[("servers", 1), ("slots", 8), ("clients", 8)]);
        audited(vec![claim("each", &format!("{value} tok/s"), "individual_rate", cell, value)], Vec::new())
    };
    assert_eq!(each(40.0).findings[0].verdict, Verdict::Plausible);
    assert_eq!(each(90.0).findings[0].verdict, Verdict::Implausible);
}

#[test]
fn a_mixture_of_experts_reads_more_the_more_tokens_a_step_decodes() {
    insta::assert_snapshot!(of_mixture(&[("slots", 1), ("clients", 1)], 58.0).join("\n"), @"x Plausible: 58 tok/s × 3.70 to 4.00 GB = 215 to 232 GB/s of 273 GB/s (gb10, 79 to 85 %)");
    insta::assert_snapshot!(of_mixture(&[("slots", 4), ("clients", 4)], 95.0).join("\n"), @r"
    x Plausible: 95 tok/s × 3.70 to 9.28 GB / 4 tokens a read = 87.9 to 220 GB/s of 273 GB/s (gb10, 32 to 81 %)
      4 to 15.266 of 128
    ");
    // More than random routing allows, less than all on the same experts.
    insta::assert_snapshot!(of_mixture(&[("slots", 32), ("clients", 32)], 312.0).join("\n"), @r"
    x Plausible: 312 tok/s × 3.70 to 40.4 GB / 32 tokens a read = 36.1 to 394 GB/s of 273 GB/s (gb10, 13 to 144 %)
      so fast only if requests take the same experts
      4 to 81.657 of 128
    ");
    // More than that.
    insta::assert_snapshot!(of_mixture(&[("slots", 4), ("clients", 4)], 400.0).join("\n"), @r"
    x Implausible: 400 tok/s × 3.70 to 9.28 GB / 4 tokens a read = 370 to 928 GB/s > 273 GB/s (gb10, 136 to 340 %)
      not excluded by what is published: a sum of rates of replies that waited for each other: each one's own rate leaves out its waiting (4 × 100); drafting, 1.36 to 3.40 accepted tokens a step; 2 such machines; a smaller quantisation, at most 2.73 GB a token
      4 to 15.266 of 128
    ");
}

#[test]
fn a_mixture_without_its_facts_is_never_judged_as_dense() {
    for name in ["x-120b-a5b", "gpt-oss-20b", "Mixtral-8x7B", "Qwen3-30B-A3B", "OLMoE-1B-7B", "lfm2-8b-a1.5b"] {
        let claims = vec![claim("x", "900 tok/s", "output_throughput", of_model(name, &[("clients", 1)]), 900.0)];
        let mut model = dense();
        name.clone_into(&mut model.name);
        let audited = audited_with(claims, Audit { systems: vec![sheet()], models: vec![model], ..Audit::default() });
        let reason =
            format!("x unchecked: `{name}` is a mixture of experts, and its `[[audit.model]]` has no `experts`");
        assert_eq!(told(&audited), [reason]);
    }
    let claims = vec![claim("x", "20 tok/s", "output_throughput", of_model("m", &[("clients", 1)]), 20.0)];
    assert_eq!(audited(claims, Vec::new()).findings[0].verdict, Verdict::Plausible);
}

#[test]
fn drafting_and_machines_multiply_what_a_read_gives() {
    let with = |key: &str, level: Level, value: f64| {
        let mut cell = cell(&[("servers", 1), ("slots", 1), ("clients", 1)]);
        cell.0.insert(key.to_owned(), level);
        told(&audited(vec![claim("x", &format!("{value} tok/s"), "output_throughput", cell, value)], Vec::new()))
            .join("\n")
    };
    insta::assert_snapshot!(with("draft_tokens", Level::Integer(3), 150.0), @"x Plausible: 150 tok/s × 4.60 to 4.92 GB / 4 tokens a read = 172 to 184 GB/s of 273 GB/s (gb10, 63 to 68 %)");
    insta::assert_snapshot!(with("tokens_per_step", Level::Float(1.5), 150.0), @r"
    x Implausible: 150 tok/s × 4.60 to 4.92 GB / 1.5 tokens a read = 460 to 492 GB/s > 273 GB/s (gb10, 168 to 180 %)
      not excluded by what is published: 2 such machines; a smaller quantisation, at most 2.73 GB a token
    ");
    insta::assert_snapshot!(with("machines", Level::Integer(2), 100.0), @"x Plausible: 100 tok/s × 4.60 to 4.92 GB = 460 to 492 GB/s of 546 GB/s (gb10, 84 to 90 %)");
}

#[test]
fn a_speedup_implies_a_throughput() {
    let single = throughput("single", &[("servers", 1), ("slots", 1), ("clients", 1)], 40.0);
    let kind = super::ClaimKind::Ratio {
        metric: super::metric("output_throughput"),
        numerator: cell(&[("servers", 2), ("slots", 1), ("clients", 2)]),
        denominator: cell(&[("servers", 1), ("slots", 1), ("clients", 1)]),
        value: 1.93,
        tolerance: super::Share::from_fraction(0.02).unwrap(),
    };
    let speedup: Claim = super::claim_of("speedup", "1.93x with two", kind);
    insta::assert_snapshot!(told_of(&audited(vec![single, speedup], Vec::new()), "speedup").join("\n"), @r"
    speedup Implausible: 1.93x × 40 tok/s × 4.60 to 4.92 GB = 355 to 380 GB/s > 273 GB/s (gb10, 130 to 139 %)
      not excluded by what is published: a sum of rates of replies that waited for each other: each one's own rate leaves out its waiting (2 × 38.6); batching in one server, 1.30 to 1.39 tokens for each read of the weights; drafting, 1.30 to 1.39 accepted tokens a step; 2 such machines; a smaller quantisation, at most 3.54 GB a token
    speedup Unsupported: it compares servers=2, clients=2 with servers=1, clients=1; without a figure for servers=1, clients=2 nobody can tell what servers adds
    ");
}
