use indexmap::IndexMap;

use super::figure::Figure;
use super::{Audited, Basis, Verdict, audit};
use crate::names::{ClaimId, MetricId};
use crate::scenario::{
    Audit, ByteRange, Claim, ClaimKind, DataSheet, Level, ModelReads, Published, Relation, Selector, Source,
    SystemMatch,
};
use crate::units::{Bytes, Share};

fn source() -> Source {
    Source { file: "GUIDE.md".to_owned(), section: None, date: None }
}

fn id(id: &str) -> ClaimId {
    ClaimId::new(id).unwrap()
}

fn cell(levels: &[(&str, i64)]) -> Selector {
    Selector(levels.iter().map(|(key, level)| ((*key).to_owned(), Level::Integer(*level))).collect())
}

fn claim(name: &str, says: &str, metric: &str, cell: Selector, value: f64) -> Claim {
    let (metric, tolerance) = (MetricId::new(metric).unwrap(), Share::from_fraction(0.1).unwrap());
    let kind = ClaimKind::Absolute { metric, cell, value, tolerance };
    let system = Some(SystemMatch { gpu: Some("GB10".to_owned()), ..SystemMatch::default() });
    Claim { id: id(name), says: says.to_owned(), source: source(), kind, system }
}

fn throughput(name: &str, levels: &[(&str, i64)], value: f64) -> Claim {
    claim(name, &format!("{value} tok/s"), "output_throughput", cell(levels), value)
}

fn relation(claim: &str, equals: &str, terms: &[(&str, &str)]) -> Relation {
    let terms = terms.iter().map(|(name, claim)| ((*name).to_owned(), id(claim))).collect::<IndexMap<_, _>>();
    Relation { claim: id(claim), equals: equals.to_owned(), terms }
}

/// 273 GB/s and 128 GB; a model of 4.6 to 4.92 GB.
fn audited(claims: Vec<Claim>, relations: Vec<Relation>) -> Audited {
    let sheet = DataSheet {
        gpu: "gb10".to_owned(),
        bandwidth_gb_per_s: 273.0,
        memory: Some(Bytes(128_000_000_000)),
        source: source(),
    };
    let bytes_per_token = ByteRange { least: Bytes(4_600_000_000), most: Bytes(4_920_000_000) };
    let model = ModelReads { name: "m".to_owned(), bytes_per_token, source: source() };
    audit(&Published { claims, audit: Audit { systems: vec![sheet], models: vec![model], relations } })
}

/// Every finding in a line, then what is not checked.
fn told(audited: &Audited) -> Vec<String> {
    let finding = audited.findings.iter().flat_map(|finding| {
        let head = format!("{} {:?}: {}", finding.claim, finding.verdict, finding.arithmetic);
        [head].into_iter().chain(finding.notes.iter().map(|note| format!("  {note}")))
    });
    let unchecked =
        audited.unchecked.iter().map(|unchecked| format!("{} unchecked: {}", unchecked.claim, unchecked.reason));
    finding.chain(unchecked).collect()
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
    assert_eq!(shown("it is 66.", "output_throughput", 66.0), "66 65.500000 66.500000");
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
    let told = |efficiency, value| told(&audited(claims(efficiency, value), Vec::new())).pop().unwrap();
    assert_eq!(
        told("99.5%", 0.995),
        "share Consistent: aggregate / (2 × single) = 40 / (2 × 20.1) = 99.5 % (98.01 to 101.0 %), published 99.5% (99.45 to 99.55 %)"
    );
    assert!(told("97%", 0.97).starts_with("share Inconsistent: "));
    // A second row with one client could be meant as well.
    let mut several = claims("97%", 0.97);
    several.push(throughput("other", &[("servers", 2), ("slots", 1), ("clients", 1)], 19.0));
    let several = audited(several, Vec::new());
    assert_eq!(several.findings.iter().filter(|finding| finding.basis == Basis::Figures).count(), 0);
    assert_eq!(several.unchecked.last().unwrap().reason, "no other published figure has to do with it");
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
        told(&audited(claims, relations)).split_off(3),
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
        audited.findings.first().unwrap().verdict
    };
    assert_eq!(verdict("15.2GB", 15.2e9), Verdict::Consistent);
    assert_eq!(verdict("24GB", 24e9), Verdict::Inconsistent);
}

#[test]
fn bounds_bind_on_one_side_only() {
    let room = |kind: fn(MetricId, Selector) -> ClaimKind| {
        let mut bound = claim("room", "", "instances_max_theoretical", cell(&[]), 0.0);
        bound.kind = kind(MetricId::new("instances_max_theoretical").unwrap(), cell(&[]));
        let memory = claim("memory", "120GB", "memory_total", cell(&[]), 120e9);
        let instance = claim("instance", "10GB", "memory_per_instance", cell(&[]), 10e9);
        audited(vec![bound, memory, instance], Vec::new()).findings.first().unwrap().verdict
    };
    assert_eq!(room(|metric, cell| ClaimKind::AtLeast { metric, cell, value: 5.0 }), Verdict::Consistent);
    assert_eq!(room(|metric, cell| ClaimKind::AtLeast { metric, cell, value: 15.0 }), Verdict::Inconsistent);
    assert_eq!(room(|metric, cell| ClaimKind::AtMost { metric, cell, value: 15.0 }), Verdict::Consistent);
    assert_eq!(room(|metric, cell| ClaimKind::AtMost { metric, cell, value: 5.0 }), Verdict::Inconsistent);
}

#[test]
fn separate_processes_read_the_weights_for_every_token_and_a_batch_once_for_all() {
    let processes = throughput("processes", &[("servers", 3), ("slots", 1), ("clients", 3)], 99.4);
    let batch = throughput("batch", &[("servers", 1), ("slots", 3), ("clients", 3)], 99.4);
    let idle_slots = throughput("idle", &[("servers", 1), ("slots", 3), ("clients", 1)], 99.4);
    let too_much = throughput("wild", &[("servers", 1), ("slots", 2), ("rate", 9)], 200.0);
    let unknown = throughput("unknown", &[("clients", 3)], 99.4);
    assert_eq!(
        told(&audited(vec![processes, batch, idle_slots, too_much, unknown], Vec::new())),
        [
            "processes Implausible: 99.4 tok/s × 4.60 to 4.92 GB = 457 to 489 GB/s > 273 GB/s (gb10, 167 to 179 %)",
            "  it takes 1.67 to 1.79 tokens for each read of the weights: a process that works on one request gets 1, \
             only a server that batches gets more",
            "batch Plausible: 99.4 tok/s × 4.60 to 4.92 GB / 3 tokens a read = 152 to 163 GB/s of 273 GB/s (gb10, 56 to 60 %)",
            "idle Implausible: 99.4 tok/s × 4.60 to 4.92 GB = 457 to 489 GB/s > 273 GB/s (gb10, 167 to 179 %)",
            "  it takes 1.67 to 1.79 tokens for each read of the weights: a process that works on one request gets 1, \
             only a server that batches gets more",
            "wild Implausible: 200 tok/s × 4.60 to 4.92 GB / 2 tokens a read = 460 to 492 GB/s > 273 GB/s (gb10, 168 to 180 %)",
            "  it takes 3.37 to 3.60 tokens for each read of the weights: this batch gets at most 2",
            "unknown unchecked: its cell does not say how many `slots` a server batches",
        ]
    );
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
