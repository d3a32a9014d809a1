//! Warnings, and factors that advance together.

use std::path::Path;

use runexp::format::{Code, Severity};
use runexp::metric;
use runexp::scenario::{LoadOptions, load};

use super::{Folder, SMALL};

/// What is said of a shipped scenario, changed like this.
fn warnings(name: &str, profile: Option<&str>, set: &[&str]) -> Vec<String> {
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let scenario =
        load(&path, &LoadOptions { set: &set, profile, metrics: &metric::ids(), times: &metric::times() }).unwrap();
    assert!(scenario.warnings.iter().all(|warning| warning.severity() == Severity::Warning));
    scenario.warnings.iter().map(|warning| warning.message.clone()).collect()
}

#[test]
fn shipped_scenarios_have_no_warning() {
    for (name, profile) in
        [("mps_vs_multi.toml", None), ("mps_vs_multi.toml", Some("quick")), ("quickstart.toml", None)]
    {
        for server in ["ollama", "llama-server"] {
            assert_eq!(warnings(name, profile, &[&format!("vars.server={server}")]), [""; 0], "{name}");
        }
    }
}

#[test]
fn levels_taken_away_are_one_warning_however_many_claims_spoke_of_them() {
    let without = |set: &str| warnings("mps_vs_multi.toml", None, &[set]);
    assert_eq!(
        without("factors.mps=[\"off\"]"),
        ["33 claims or rules speak of cells that are not there: none has mps=on"]
    );
    assert_eq!(
        without("phase.0.clients=[4]"),
        [
            "39 claims or rules speak of cells that are not there; for one, none has clients=3 with mps=on, servers=3, slots=1, \
          phase=concurrent"
        ]
    );
}

#[test]
fn a_rule_of_a_phase_that_is_not_there_is_warned_of_at_its_condition() {
    let rule = r#"
[[decision.rule]]
recommend = "more clients"
when = "value('output_throughput', {phase: 'nowhere', clients: 1}).lower > 1"
because = "they are served"
"#;
    let scenario = Folder::with(&format!("{SMALL}{rule}")).load().unwrap();
    let warnings = scenario.warnings.iter().map(|warning| (warning.code, warning.line, warning.message.as_str()));
    assert_eq!(
        warnings.collect::<Vec<_>>(),
        [(Code::NoSuchCell, 17, "rule `more clients` speaks of a cell that is not there: none has phase=nowhere")]
    );
}

#[test]
fn a_profile_that_includes_another_file_may_speak_of_its_variables() {
    let profiles = "[vars]\nkind = \"a\"\n[profile.b.vars]\nkind = \"b\"\nonly_b = 3\n";
    let folder = || {
        Folder::with(&format!("include = [\"{{{{ kind }}}}.toml\"]\n{SMALL}{profiles}"))
            .file("a.toml", "")
            .file("b.toml", "[vars]\nonly_b = 2\n")
    };
    folder().load().unwrap();
    folder().profile("b").load().unwrap();
}

#[test]
fn a_trend_over_a_cell_that_is_not_there_is_warned_of_at_its_level() {
    let claim = r#"
[[claim]]
id = "growth"
says = "it grows"
source = { file = "GUIDE.md" }
kind = "trend"
metric = "output_throughput"
direction = "rises"
along = [
    { clients = 1 },
    { clients = 2 },
]
"#;
    let scenario = Folder::with(&format!("{SMALL}{claim}")).load().unwrap();
    let warnings = scenario.warnings.iter().map(|warning| (warning.code, warning.line, warning.message.as_str()));
    assert_eq!(
        warnings.collect::<Vec<_>>(),
        [(Code::NoSuchCell, 24, "claim `growth` speaks of a cell that is not there: none has clients=2")]
    );
}

const ZIPPED: &str = r#"
[factors]
servers = [1, 2, 4]
mps = ["off", "on"]
context = [8192, 4096, 2048]

[design]
zip = [["context", "servers"]]

[vars]
all = "{{ servers }} {{ mps }} {{ context }}"
use = "{{ all }}"
"#;

#[test]
fn zipped_factors_advance_together_and_the_rest_is_crossed() {
    let scenario = Folder::with(&format!("{SMALL}{ZIPPED}")).load().unwrap();
    let treatments: Vec<String> = scenario.treatments().iter().map(ToString::to_string).collect();
    assert_eq!(
        treatments,
        [
            "servers=1,mps=off,context=8192",
            "servers=1,mps=on,context=8192",
            "servers=2,mps=off,context=4096",
            "servers=2,mps=on,context=4096",
            "servers=4,mps=off,context=2048",
            "servers=4,mps=on,context=2048",
        ]
    );
}

#[test]
fn a_zip_of_one_or_of_the_same_factor_twice_is_a_mistake() {
    let zipped = |zip: &str| Folder::with(&format!("{SMALL}{}", ZIPPED.replace("\"context\", \"servers\"", zip)));
    let messages = |zip: &str| {
        let problems = zipped(zip).load().unwrap_err();
        problems.iter().map(|problem| format!("{} {}", problem.code.as_str(), problem.message)).collect::<Vec<_>>()
    };
    assert_eq!(messages("\"mps\""), ["E008 a zip needs two factors or more"]);
    assert_eq!(messages("\"mps\", \"mps\""), ["E010 factor `mps` is zipped twice"]);
    assert_eq!(messages("\"servers\", \"context\"], [\"context\", \"mps\""), ["E010 factor `context` is zipped twice"]);
}

#[test]
fn a_zip_counts_once_towards_the_most_treatments() {
    let levels = (0..500).map(|level| level.to_string()).collect::<Vec<_>>().join(", ");
    let text = format!(
        "{SMALL}\n[factors]\na = [{levels}]\nb = [{levels}]\n[design]\nzip = [[\"a\", \"b\"]]\n[vars]\nboth = \"{{{{ a }}}}{{{{ b }}}}\"\n"
    );
    assert_eq!(Folder::with(&text).load().unwrap().treatments().len(), 500);
    let crossed = text.replace("zip = [[\"a\", \"b\"]]", "");
    assert!(Folder::with(&crossed).problems().starts_with("error[E008]: the factors have more than 1000 combinations"));
}
