//! The JSON Schema, the reference pages and the first scenario say what the
//! program does.

use std::fs;
use std::path::{Path, PathBuf};

use runexp::format::Code;
use runexp::handbook::{explain, schema};
use runexp::record::OUTCOMES;
use runexp::scenario::StepKind;
use runexp::summary::{RULES, explain_estimator, explain_outcome, explain_rule};
use runexp::units::{Period, Share};

/// Whether a shipped file is what the program would print, and the command that
/// makes it so.
#[track_caller]
fn assert_current(file: &str, text: &str, command: &str) {
    let found = fs::read_to_string(file).unwrap_or_default();
    assert!(found == text, "`{file}` is not current; refresh it with `{command} > {file}`");
}

#[test]
fn the_shipped_schema_is_current() {
    assert_current("scenarios/scenario.schema.json", &schema(), "runexp schema");
}

#[test]
fn every_step_kind_has_a_current_page_and_no_page_is_left_over() {
    let kinds: Vec<&str> = StepKind::entries().map(|kind| kind.key).collect();
    for kind in &kinds {
        let page = explain(kind).unwrap();
        for section in ["## Checks", "## Undo", "## Rights", "## Example"] {
            assert!(page.contains(section), "the page of `{kind}` has no section `{section}`");
        }
        assert_current(&format!("scenarios/reference/steps/{kind}.md"), &page, &format!("runexp explain {kind}"));
    }
    let mut pages = names(Path::new("scenarios/reference/steps"));
    pages.sort();
    let mut expected: Vec<String> = kinds.iter().map(|kind| format!("{kind}.md")).collect();
    expected.sort();
    assert_eq!(pages, expected);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_key_has_a_page_by_its_path_or_by_its_name() {
    let pages =
        ["phase.warmup", "server.count", "setup.on_error", "claim.tolerance"].map(|path| explain(path).unwrap());
    insta::assert_snapshot!(pages.join("\n"), @r#"
    # `phase.warmup`

    Load before the measured window, which begins without a pause. None if
    left out. Where clients are measured for a time it goes on for a random
    moment, at most as long again and at most a tenth of the window: else every
    repetition would cut the replies at the same place.

    - Value: a length of time with its unit (`"30s"`, `"5m"`, `"250ms"`)
    - Example: `warmup = "30s"`

    # `server.count`

    How many instances of it, 1 to 64.

    - Value: a whole number from 1 to 64
    - If left out: `1`

    # `setup.on_error`

    What its failure means for the run.

    - Value: `"fail"`, or `"warn"`
      - `fail`: The run ends, after teardown.
      - `warn`: It is recorded and the run goes on.
    - Example: `on_error = "fail"`

    # `claim.tolerance`

    How far off still counts as reproduced; `10%` if left out.

    - Value: a part of a whole: a percentage, or a fraction (`"70%"`, `0.7`)
    - Example: `tolerance = "70%"`
    "#);
    assert_eq!(explain("warmup").unwrap(), pages[0]);
    let both = explain("rate").unwrap();
    assert!(both.contains("# `phase.rate`") && both.contains("# `decision.load.rate`"), "{both}");
    assert_eq!(explain("warmpu").unwrap_err().help.as_deref(), Some("did you mean `warmup`?"));
}

#[test]
fn the_page_of_codes_is_current() {
    assert_current("scenarios/reference/codes.md", &explain("codes").unwrap(), "runexp explain codes");
}

#[test]
fn the_page_of_validity_is_current() {
    assert_current("scenarios/reference/validity.md", &explain_rule("validity").unwrap(), "runexp explain validity");
}

#[test]
fn the_page_of_outcomes_is_current() {
    assert_current("scenarios/reference/outcomes.md", &explain_outcome("outcomes").unwrap(), "runexp explain outcomes");
}

#[test]
fn the_page_of_estimators_is_current() {
    let page = explain_estimator("estimators").unwrap();
    assert_current("scenarios/reference/estimators.md", &page, "runexp explain estimators");
}

#[test]
fn every_outcome_has_a_page_once() {
    let listed: Vec<String> = OUTCOMES.iter().map(|kind| format!("{kind:?}")).collect();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    assert_eq!(sorted(listed), sorted(variants("src/record/outcome_kind.rs", "OutcomeKind")));
    assert_eq!(
        sorted(variants("src/record/outcome.rs", "RequestOutcome")),
        sorted(variants("src/record/outcome_kind.rs", "OutcomeKind"))
    );
}

/// The variants of an enum.
fn variants(file: &str, name: &str) -> Vec<String> {
    let file = syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap();
    let variants = file.items.iter().find_map(|item| match item {
        syn::Item::Enum(item) if item.ident == name => {
            Some(item.variants.iter().map(|variant| variant.ident.to_string()).collect::<Vec<_>>())
        }
        _ => None,
    });
    variants.unwrap_or_default()
}

#[test]
fn every_code_is_listed_once() {
    let listed: Vec<String> = Code::ALL.iter().map(|code| format!("{code:?}")).collect();
    assert_eq!(listed, variants("src/format/code.rs", "Code"));
}

#[test]
fn every_rule_of_validity_is_defined_once_and_written_as_it_is_called() {
    let defined: Vec<String> = RULES.iter().map(|definition| format!("{:?}", definition.rule)).collect();
    assert_eq!(defined, variants("src/summary/validity/rule.rs", "Rule"));
    for rule in RULES.iter().map(|definition| definition.rule) {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.id());
    }
}

/// Every shipped file that is a scenario or a part of one.
fn shipped() -> Vec<PathBuf> {
    let folders = ["scenarios", "scenarios/servers", "scenarios/published", "scenarios/decision"];
    let files =
        folders.iter().flat_map(|folder| names(Path::new(folder)).into_iter().map(|name| Path::new(folder).join(name)));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

#[test]
fn the_first_line_of_every_shipped_file_names_the_schema() {
    for path in shipped() {
        let text = fs::read_to_string(&path).unwrap();
        let named = text.lines().next().unwrap().strip_prefix("#:schema ");
        let named = named.unwrap_or_else(|| panic!("`{}` begins without `#:schema`", path.display()));
        let found = path.with_file_name("").join(named).canonicalize().unwrap();
        assert_eq!(found, Path::new("scenarios/scenario.schema.json").canonicalize().unwrap(), "{}", path.display());
    }
}

/// Whether the schema's pattern for a quantity takes a text.
fn is_written(quantity: &str, text: &str) -> bool {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let pattern = schema["$defs"][quantity]["pattern"].as_str().unwrap();
    regex::Regex::new(pattern).unwrap().is_match(text)
}

#[test]
fn quantities_are_written_as_they_are_read() {
    for text in ["30s", "1.5s", "2h 37min", "250 ms", "1m30s", "60", "soon", "-1s", "", "0"] {
        assert_eq!(is_written("Period", text), text.parse::<Period>().is_ok(), "the time `{text}`");
    }
    for text in ["70%", "0.5 %", "120%", "70", "half", "-1%", ""] {
        assert_eq!(is_written("Share", text), text.parse::<Share>().is_ok(), "the share `{text}`");
    }
    assert!(is_written("Period", "{{ window }}") && is_written("Period", "{{ seconds }}s"));
}
