use super::{Audit, dense, of_model, sheet};
use crate::audit::{Across, audit};
use crate::scenario::{Claim, ModelReads, Published, SystemMatch};

/// A rate of one client, as one source has it.
fn published(file: &str, model: &str, value: f64, system: SystemMatch, levels: &[(&str, i64)]) -> (String, Published) {
    let cell = of_model(model, levels);
    let mut claim: Claim = super::claim(file, &format!("{value} tok/s"), "output_throughput", cell, value);
    claim.source.file = format!("{file}.md");
    claim.system = Some(system);
    let like = ModelReads { name: "tuned".to_owned(), like: Some("m".to_owned()), ..dense() };
    let tables = Audit { systems: vec![sheet()], models: vec![dense(), like], ..Audit::default() };
    (file.to_owned(), Published { claims: vec![claim], audit: tables })
}

fn gb10() -> SystemMatch {
    SystemMatch { gpu: Some("GB10".to_owned()), ..SystemMatch::default() }
}

fn across(files: &[(String, Published)]) -> Across {
    audit(files).across
}

#[test]
fn sources_that_cannot_both_be_right_are_named_with_what_they_do_not_say() {
    let ollama = SystemMatch { engine: Some("Ollama".to_owned()), ..gb10() };
    let files = [
        published("old", "m", 33.3, ollama, &[("clients", 1)]),
        published("new", "tuned", 41.2, gb10(), &[("clients", 1), ("mps", 0)]),
        published("near", "m", 36.0, gb10(), &[("clients", 1)]),
    ];
    let across = across(&files);
    assert_eq!((across.pairs, across.agreeing), (3, 2));
    let text = crate::audit::render(&audit(&files));
    let (together, _) = text.split_once("# Audit of old").unwrap();
    insta::assert_snapshot!(together, @r"
    # Audit of 3 files together

    ## Sources against each other

    Pairs of claims of different sources about the same machine, model, quantisation and load: 3; 2
    agree within digits and tolerance, 1 do not.

    * GB10, m, 1 client, `output_throughput`: up to 1.24x apart
      * 33.3 tok/s: `old` (old.md, undated)
      * 41.2 tok/s: `new` (new.md, undated)
      * they differ in: model m / tuned
      * their claims leave open: quantisation; engine of `new`; driver; date; context; mps of `old`
    ");
}

#[test]
fn other_machines_models_quantisations_and_loads_are_not_compared() {
    let of = |system: SystemMatch, model: &str, levels: &[(&str, i64)]| {
        let quantised = SystemMatch { quantisation: Some("Q4_K_M".to_owned()), ..gb10() };
        across(&[published("a", "m", 20.0, quantised, &[("clients", 1)]), published("b", model, 50.0, system, levels)])
            .pairs
    };
    assert_eq!(of(gb10(), "m", &[("clients", 1)]), 1);
    assert_eq!(of(SystemMatch { gpu: Some("H100".to_owned()), ..gb10() }, "m", &[("clients", 1)]), 0);
    assert_eq!(of(SystemMatch::default(), "m", &[("clients", 1)]), 0);
    assert_eq!(of(SystemMatch { quantisation: Some("Q8_0".to_owned()), ..gb10() }, "m", &[("clients", 1)]), 0);
    assert_eq!(of(gb10(), "another", &[("clients", 1)]), 0);
    assert_eq!(of(gb10(), "m", &[("clients", 2)]), 0);
    assert_eq!(of(gb10(), "m", &[("rate", 1)]), 0);
    assert_eq!(of(gb10(), "m", &[("clients", 1), ("draft_tokens", 3)]), 0);
}

#[test]
fn a_data_sheet_of_one_file_holds_for_the_others() {
    let mut files =
        [published("a", "m", 20.0, gb10(), &[("clients", 1)]), published("b", "m", 90.0, gb10(), &[("clients", 1)])];
    files[1].1.audit = Audit::default();
    let audits = audit(&files);
    assert!(!audits.is_sound());
    assert_eq!(audits.files[1].findings[0].verdict, crate::audit::Verdict::Implausible);
}
