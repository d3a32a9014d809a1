//! What a claim presupposes, and what memory can move.

use super::{SHARED, cell, claim, is, judged, measured, mps, summary, throughput};
use crate::record::{Environment, GpuIdentity, ServerAbout, Simulation};
use crate::scenario::Question;
use crate::scenario::{Audit, ByteRange, ClaimKind, DataSheet, Level, ModelReads, Selector, Source, SystemMatch};
use crate::summary::Summary;
use crate::units::{Bytes, Share};
use crate::verdict::{Verdict, hold_against_bandwidth, judge};

fn text(text: &str) -> String {
    text.to_owned()
}

fn wanted() -> SystemMatch {
    SystemMatch {
        gpu: Some(text("GB10")),
        driver: Some(580),
        engine: Some(text("ollama 0.12")),
        quantisation: Some(text("q4_k_m")),
        digest: Some(text("sha256:46e0")),
    }
}

fn environment(gpu: &str, driver: &str) -> Environment {
    let gpu = GpuIdentity {
        uuid: String::new(),
        name: gpu.to_owned(),
        memory_bytes: None,
        memory_source: None,
        bandwidth_bytes_per_s: None,
        power_limit_default_w: None,
        power_limit_w: None,
    };
    Environment { gpus: vec![gpu], driver: Some(text(driver)), ..Environment::default() }
}

fn about(engine: &str, quantisation: &str, digest: &str) -> ServerAbout {
    ServerAbout {
        engine: Some(text(engine)),
        quantisation: Some(text(quantisation)),
        digest: Some(text(digest)),
        ..ServerAbout::default()
    }
}

fn verdict(served: Vec<ServerAbout>, environment: &Environment, simulated: Option<&Simulation>) -> Verdict {
    let summary = Summary { served, ..measured() };
    let mut claim = claim(is(1000.0));
    claim.system = Some(wanted());
    judged(&summary, claim, environment, simulated)
}

#[test]
fn every_way_in_which_the_system_differs_from_the_claims_is_listed() {
    let same = about("Ollama 0.12.6", "Q4_K_M", "46e0c10c039e");
    let here = environment("NVIDIA GB10", "580.95.05");
    assert_eq!(verdict(vec![same.clone()], &here, None), Verdict::Reproduced);
    let other = about("llama.cpp b11434", "Q8_0", "667b0c1932bc");
    let differences =
        |list: &[&str]| Verdict::NotComparable { differences: list.iter().map(|one| (*one).to_owned()).collect() };
    assert_eq!(
        verdict(vec![other.clone()], &environment("NVIDIA H100", "570.1"), None),
        differences(&[
            "GPU: claim speaks of GB10, here NVIDIA H100",
            "driver: claim speaks of 580, here 570.1",
            "engine: claim speaks of ollama 0.12, here llama.cpp b11434",
            "quantisation: claim speaks of q4_k_m, here Q8_0",
            "model digest: claim speaks of sha256:46e0, here 667b0c1932bc",
        ])
    );
    // One server that differs is enough, and so is one that does not tell.
    assert_eq!(
        verdict(vec![same.clone(), about("Ollama 0.12.6", "Q8_0", "46e0c10c039e")], &here, None),
        differences(&["quantisation: claim speaks of q4_k_m, here Q4_K_M, Q8_0"])
    );
    assert_eq!(
        verdict(vec![ServerAbout { digest: None, ..same.clone() }], &here, None),
        differences(&["model digest: claim speaks of sha256:46e0, here none"])
    );
    let machine = Simulation { machine: "spark".to_owned(), title: "GB10".to_owned() };
    assert_eq!(verdict(vec![same], &here, Some(&machine)), differences(&["driver: claim speaks of 580, here none"]));
}

#[test]
fn a_throughput_that_memory_cannot_feed_is_implausible_published_or_measured() {
    let source = Source { file: "sheet".to_owned(), section: None, date: None };
    let sheet = DataSheet { gpu: "GB10".to_owned(), bandwidth_gb_per_s: 273.0, memory: None, source: source.clone() };
    let bytes_per_token = ByteRange { least: Bytes(4_600_000_000), most: Bytes(4_920_000_000) };
    let (like, quantisation, experts) = (None, None, None);
    let model = ModelReads { name: "m".to_owned(), like, quantisation, bytes_per_token, experts, source };
    let audit = Audit { systems: vec![sheet], models: vec![model], relations: Vec::new() };
    let summary = summary(vec![cell("on", 3, 3, &[("output_throughput", SHARED)])]);
    let Selector(mut levels) = mps("on");
    levels.insert("slots".to_owned(), Level::Integer(1));
    let mut claim = claim(ClaimKind::Absolute {
        metric: throughput(),
        cell: Selector(levels),
        value: 99.4,
        tolerance: Share::from_fraction(0.1).unwrap(),
    });
    claim.system = Some(SystemMatch { gpu: Some(text("GB10")), ..SystemMatch::default() });
    claim.says = "99.4 tok/s".to_owned();
    let implausible = |gpu: &str| {
        let environment = environment(gpu, "580");
        let mut verdicts = judge(&summary, &[claim.clone()], (&Question::default(), &[]), None, &environment, None);
        verdicts.claims[0].measured = summary.cells[0].estimates[0].estimate().cloned();
        hold_against_bandwidth(&mut verdicts, &audit, &environment);
        verdicts.claims[0].implausible.clone()
    };
    let published = "published 99.4 tok/s × 4.60 to 4.92 GB = 457 to 489 GB/s > 273 GB/s (GB10, 167 to 179 %)";
    let measured = "measured 1016.9 tok/s × 4.60 to 4.92 GB = 4678 to 5003 GB/s > 273 GB/s (GB10, 1713 to 1833 %)";
    assert_eq!(implausible("NVIDIA GB10"), [published, measured]);
    // Of another machine nobody knows what it can do.
    assert_eq!(implausible("NVIDIA H100"), [published]);
}
