use indexmap::IndexMap;

use super::figure::Figure;
use super::{Audited, Basis, Verdict, audit};
use crate::names::{ClaimId, MetricId};
use crate::scenario::{
    Audit, ByteRange, Claim, ClaimKind, DataSheet, Experts, Level, ModelReads, Published, Relation, Selector, Source,
    SystemMatch,
};
use crate::units::{Bytes, Share};

mod across;
mod gain;
mod roofline;

fn source() -> Source {
    Source { file: "GUIDE.md".to_owned(), section: None, date: None }
}

fn id(id: &str) -> ClaimId {
    ClaimId::new(id).unwrap()
}

fn metric(id: &str) -> MetricId {
    MetricId::new(id).unwrap()
}

fn cell(levels: &[(&str, i64)]) -> Selector {
    Selector(levels.iter().map(|(key, level)| ((*key).to_owned(), Level::Integer(*level))).collect())
}

/// A cell of one model.
fn of_model(model: &str, levels: &[(&str, i64)]) -> Selector {
    let mut cell = cell(levels);
    cell.0.insert("model".to_owned(), Level::Text(model.to_owned()));
    cell
}

fn claim_of(name: &str, says: &str, kind: ClaimKind) -> Claim {
    let system = Some(SystemMatch { gpu: Some("GB10".to_owned()), ..SystemMatch::default() });
    Claim { id: id(name), says: says.to_owned(), source: source(), kind, system }
}

fn claim(name: &str, says: &str, of: &str, cell: Selector, value: f64) -> Claim {
    let tolerance = Share::from_fraction(0.1).unwrap();
    claim_of(name, says, ClaimKind::Absolute { metric: metric(of), cell, value, tolerance })
}

fn throughput(name: &str, levels: &[(&str, i64)], value: f64) -> Claim {
    claim(name, &format!("{value} tok/s"), "output_throughput", cell(levels), value)
}

fn relation(claim: &str, equals: &str, terms: &[(&str, &str)]) -> Relation {
    let terms = terms.iter().map(|(name, claim)| ((*name).to_owned(), id(claim))).collect::<IndexMap<_, _>>();
    Relation { claim: id(claim), equals: equals.to_owned(), terms }
}

fn bytes(least: u64, most: u64) -> ByteRange {
    ByteRange { least: Bytes(least * 1_000_000), most: Bytes(most * 1_000_000) }
}

/// 4.6 to 4.92 GB.
fn dense() -> ModelReads {
    let bytes_per_token = bytes(4_600, 4_920);
    let (like, quantisation, experts) = (None, None, None);
    ModelReads { name: "m".to_owned(), like, quantisation, bytes_per_token, experts, source: source() }
}

/// 4 of 128 experts, 60 GB in all; with the rest 3.7 to 4 GB a token.
fn mixture() -> ModelReads {
    let experts = Some(Experts { count: 128, active: 4, bytes: bytes(60_000, 60_000) });
    ModelReads { name: "x-120b-a5b".to_owned(), bytes_per_token: bytes(3_700, 4_000), experts, ..dense() }
}

/// 273 GB/s and 128 GB.
fn sheet() -> DataSheet {
    DataSheet {
        gpu: "gb10".to_owned(),
        bandwidth_gb_per_s: 273.0,
        memory: Some(Bytes(128_000_000_000)),
        source: source(),
    }
}

fn audited_with(claims: Vec<Claim>, tables: Audit) -> Audited {
    audit(&[("f".to_owned(), Published { claims, audit: tables })]).files.remove(0)
}

fn audited(claims: Vec<Claim>, relations: Vec<Relation>) -> Audited {
    audited_with(claims, Audit { systems: vec![sheet()], models: vec![dense()], relations })
}

/// Every check in a line, then what is not checked.
fn told(audited: &Audited) -> Vec<String> {
    let checks = audited.findings.iter().flat_map(|finding| {
        let told = |check: &super::Check| format!("{} {:?}: {}", finding.claim, check.verdict, check.arithmetic);
        finding.checks.iter().flat_map(move |check| {
            std::iter::once(told(check)).chain(check.notes.iter().map(|note| format!("  {note}"))).collect::<Vec<_>>()
        })
    });
    let unchecked =
        audited.unchecked.iter().map(|unchecked| format!("{} unchecked: {}", unchecked.claim, unchecked.reason));
    checks.chain(unchecked).collect()
}

/// What is told of one claim.
fn told_of(audited: &Audited, name: &str) -> Vec<String> {
    let mut lines = told(audited);
    let mut is_its = false;
    lines.retain(|line| {
        if !line.starts_with("  ") {
            is_its = line.split(' ').next() == Some(name);
        }
        is_its
    });
    lines
}

#[test]
fn printed_digits_say_how_much_they_leave_open() {
    let shown = |says: &str, metric: &str, value: f64| {
        let Figure { printed, range, .. } = Figure::of(&claim("c", says, metric, cell(&[]), value)).unwrap();
        format!("{printed} {:.6} {:.6}", range.least, range.most)
    };
    assert_eq!(shown("2x Concurrent: 97% efficiency", "scaling_efficiency", 0.97), "97% 0.965000 0.975000");
    assert_eq!(shown("a share of 0.333, all in all", "scaling_efficiency", 0.333), "0.333 0.332500 0.333500");
    assert_eq!(shown("aggregate 66.4 tok/s", "output_throughput", 66.4), "66.4 66.350000 66.450000");
    assert_eq!(shown("prefill 7,614 tok/s", "output_throughput", 7614.0), "7,614 7613.500000 7614.500000");
    assert_eq!(shown("2.2x higher than RTX 5090", "system_throughput_ratio", 2.2), "2.2x 2.150000 2.250000");
    // "About" is as wide as the claim's tolerance, and so is what is not printed.
    assert_eq!(shown("individual ~300 tok/s", "individual_rate", 300.0), "~300 270.000000 330.000000");
    assert_eq!(shown("thrice as fast", "output_throughput", 3.0), "3.00 tok/s 2.700000 3.300000");
    // Numbers inside words are none, and other numbers are not this one.
    assert_eq!(shown("llama3.1:8b at 31 and 3.1", "output_throughput", 3.1), "3.1 3.050000 3.150000");
    // The upper end of a range has no sign.
    assert_eq!(shown("4-5 models", "instances_max_theoretical", 5.0), "5 4.500000 5.500000");
}

#[test]
fn gigabytes_are_powers_of_1000_or_of_1024() {
    let range = |says: &str, value: f64| {
        let figure = Figure::of(&claim("c", says, "memory_total", cell(&[]), value)).unwrap();
        (figure.printed, figure.range.least / 1e9, figure.range.most / 1e9)
    };
    assert_eq!(range("24GB VRAM", 24e9), ("24GB".to_owned(), 23.5, 24.5 * 1.073_741_824));
    assert_eq!(range("24 GiB", 24.0 * 1_073_741_824.0).0, "24GiB");
    let sheet = |bytes| Figure::of_memory(Bytes(bytes)).range;
    assert_eq!(sheet(32_000_000_000).most.to_bits(), 34_359_738_368_f64.to_bits());
    assert_eq!(sheet(34_359_738_368).most.to_bits(), 34_359_738_368_f64.to_bits());
}

#[test]
fn an_efficiency_follows_from_the_rows_of_its_system() {
    let pair = [("servers", 2), ("slots", 1), ("clients", 2)];
    let claims = |efficiency: &str, value| {
        vec![
            throughput("one", &[("servers", 1), ("slots", 1), ("clients", 1)], 20.1),
            throughput("two", &pair, 40.0),
            claim("share", efficiency, "scaling_efficiency", cell(&pair), value),
        ]
    };
    let told = |efficiency, value| told_of(&audited(claims(efficiency, value), Vec::new()), "share").remove(0);
    assert_eq!(
        told("99.5%", 0.995),
        "share Consistent: aggregate / (2 × single) = 40 / (2 × 20.1) = 99.5 % (98.01 to 101.0 %), published 99.5% (99.45 to 99.55 %)"
    );
    assert!(told("97%", 0.97).starts_with("share Inconsistent: "));
    // A second row with one client could be meant as well.
    let mut several = claims("97%", 0.97);
    several.push(throughput("other", &[("servers", 2), ("slots", 1), ("clients", 1)], 19.0));
    let several = audited(several, Vec::new());
    assert_eq!(told_of(&several, "share"), ["share unchecked: no other published figure has to do with it"]);
}

#[test]
fn what_would_explain_a_contradiction_is_said() {
    let on_one = [("clients", 1)];
    let claims = vec![
        throughput("fast", &on_one, 44.0),
        throughput("slow", &on_one, 20.0),
        throughput("old", &on_one, 40.0),
        claim("more", "1.1x", "system_throughput_ratio", cell(&on_one), 1.1),
    ];
    let relations = vec![relation("more", "a / b", &[("a", "fast"), ("b", "slow")])];
    assert_eq!(
        told_of(&audited(claims, relations), "more"),
        [
            "more Inconsistent: a / b = 44 / 20 = 2.20 (2.122 to 2.282), published 1.1x (1.050 to 1.150)",
            "  with `old` for `b` it would be 44 / 40 = 1.10",
        ]
    );
}

#[test]
fn a_sum_of_parts_is_a_relation_too() {
    let memory = |name: &str, says: &str, value| claim(name, says, "memory_per_instance", cell(&[]), value);
    let claims = |total: &str, value| {
        vec![
            memory("instance", "4.9GB", 4.9e9),
            memory("overhead", "0.5GB", 0.5e9),
            claim("total", total, "memory_total", cell(&[]), value),
        ]
    };
    let verdict = |total, value| {
        let terms = [("instance", "instance"), ("overhead", "overhead")];
        let audited = audited(claims(total, value), vec![relation("total", "3 * instance + overhead", &terms)]);
        audited.findings[0].checks.iter().find(|check| check.basis == Basis::Figures).unwrap().verdict
    };
    assert_eq!(verdict("15.2GB", 15.2e9), Verdict::Consistent);
    assert_eq!(verdict("24GB", 24e9), Verdict::Inconsistent);
}

#[test]
fn bounds_bind_on_one_side_only() {
    let room = |kind: fn(MetricId, Selector) -> ClaimKind| {
        let bound = claim_of("room", "", kind(metric("instances_max_theoretical"), cell(&[])));
        let memory = claim("memory", "120GB", "memory_total", cell(&[]), 120e9);
        let instance = claim("instance", "10GB", "memory_per_instance", cell(&[]), 10e9);
        audited(vec![bound, memory, instance], Vec::new()).findings[0].verdict
    };
    assert_eq!(room(|metric, cell| ClaimKind::AtLeast { metric, cell, value: 5.0 }), Verdict::Consistent);
    assert_eq!(room(|metric, cell| ClaimKind::AtLeast { metric, cell, value: 15.0 }), Verdict::Inconsistent);
    assert_eq!(room(|metric, cell| ClaimKind::AtMost { metric, cell, value: 15.0 }), Verdict::Consistent);
    assert_eq!(room(|metric, cell| ClaimKind::AtMost { metric, cell, value: 5.0 }), Verdict::Inconsistent);
}

#[test]
fn a_claim_that_agrees_with_one_thing_and_not_with_another_has_one_verdict() {
    let three = [("servers", 3), ("slots", 1), ("clients", 3)];
    let each = claim("each", "33.1 tok/s", "individual_rate", cell(&three), 33.1);
    let audited = audited(vec![each, throughput("all", &three, 99.4)], Vec::new());
    let finding = &audited.findings[1];
    assert_eq!((finding.claim.as_str(), finding.verdict), ("all", Verdict::Implausible));
    let checks: Vec<_> = finding.checks.iter().map(|check| (check.basis, check.verdict)).collect();
    assert_eq!(checks, [(Basis::Roofline, Verdict::Implausible), (Basis::Figures, Verdict::Consistent)]);
}
