//! Documents from a small run with gaps and hostile text, strict templates,
//! and the published figures.

mod fixture;
mod gpu;
mod judged;
mod kept;
mod published;

use fixture::{METRICS, Machine, context, nothing_measured};
use insta::assert_snapshot;
use runexp::record::Outcome;
use runexp::report::{RenderError, builtin, files, render};

fn shipped() -> Vec<(String, String)> {
    builtin().iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect()
}

fn said(result: Result<String, RenderError>) -> String {
    match result {
        Ok(text) => format!("rendered: {text}"),
        Err(error) => format!("{error}\nhelp: {}", error.help()),
    }
}

#[test]
fn a_real_run_makes_the_three_shipped_documents() {
    for (name, text) in files(&context(Machine::Real), &shipped()).unwrap() {
        assert_snapshot!(name.as_str(), text);
    }
}

#[test]
fn a_simulated_run_says_so_in_every_file_name_document_and_table() {
    for (name, text) in files(&context(Machine::Simulated), &shipped()).unwrap() {
        let tables = text.lines().zip(text.lines().skip(1)).filter(|(_, below)| below.starts_with("|--"));
        for (heading, _) in tables.filter(|(heading, _)| !heading.starts_with("| System | Mode |")) {
            assert!(heading.starts_with("| SIMULATED: "), "{name}: {heading}");
        }
        assert_snapshot!(name.as_str(), text);
    }
}

#[test]
fn every_table_keeps_its_shape_whatever_text_is_in_it() {
    for (name, text) in files(&context(Machine::Real), &shipped()).unwrap() {
        let mut columns = None;
        for line in text.lines() {
            let bars = line.replace(r"\\", "").replace(r"\|", "").matches('|').count();
            columns = line.starts_with('|').then(|| columns.unwrap_or(bars));
            assert!(columns.is_none_or(|columns| columns == bars), "{name}: {line}");
        }
        assert!(!text.contains("<script>") && !text.contains("](http://f)") && !text.contains('\u{202e}'), "{name}");
        assert!(!text.contains("\n\n\n"), "{name} has a run of empty lines");
    }
}

#[test]
fn a_run_that_did_not_complete_says_how_it_ended_and_what_is_whole_before_any_figure() {
    let part = files(&context(Machine::Real), &shipped()).unwrap();
    let failed = nothing_measured(Outcome::Failed { reason: "`ollama[0]` was not ready after 1m".to_owned() });
    let none = files(&failed, &shipped()).unwrap();
    let said = |documents: &[(String, String)]| {
        let told = documents.iter().map(|(name, text)| {
            let above = text.split("\n## ").next().unwrap_or_default();
            format!("{name}: {}", above.lines().find(|line| line.starts_with("> ")).unwrap_or("nothing"))
        });
        told.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!([said(&part), said(&none)].join("\n"), @r#"
    summary.md: > **Interrupted by SIGINT: report over what is whole, 4 of 8 measurements.** What was not reached reads "not run".
    guide.md: > **Interrupted by SIGINT: report over what is whole, 4 of 8 measurements.**
    decision.md: > **Interrupted by SIGINT: report over what is whole, 4 of 8 measurements.** The advice stands on no more than these.
    summary.md: > **Failed: \`ollama[0]\` was not ready after 1m: report over what is whole, 0 of 8 measurements.** What was not reached reads "not run".
    guide.md: > **Failed: \`ollama[0]\` was not ready after 1m: report over what is whole, 0 of 8 measurements.**
    decision.md: > **Failed: \`ollama[0]\` was not ready after 1m: report over what is whole, 0 of 8 measurements.** The advice stands on no more than these.
    "#);
}

#[test]
fn a_run_that_measured_nothing_gives_every_document_and_no_figure() {
    let context = nothing_measured(Outcome::Interrupted { signal: "SIGINT".to_owned() });
    let documents = files(&context, &shipped()).unwrap();
    let [(_, summary), (_, guide), (_, decision)] = documents.as_slice() else {
        panic!("{} documents", documents.len())
    };
    for text in [summary, guide, decision] {
        assert!(text.contains("Interrupted by SIGINT: report over what is whole, 0 of 8 measurements"), "{text}");
        assert!(text.contains("**Nothing was measured that could be ranked.**"), "{text}");
        assert!(!text.contains("\n\n\n"), "{text}");
    }
    assert!(summary.contains("The scenario declares no published claims."));
    assert!(guide.contains("| Low latency is paramount | not measured here |"));
    assert!(decision.contains("No option was ranked."));
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let once = files(&context(Machine::Real), &shipped()).unwrap();
    let again = files(&context(Machine::Real), &shipped()).unwrap();
    assert_eq!(once, again);
}

/// Templates that are wrong: name and text.
const REFUSED: [(&str, &str); 20] = [
    ("mine.md.j2", "fine\n{{ run.titel }}\n"),
    ("mine.md.j2", "{% if simulatd %}x{% endif %}"),
    ("mine.md.j2", "\n{% for x in cels %}{% endfor %}"),
    ("mine.md.j2", "{{ run.titel|cell }}"),
    ("mine.md.j2", "{{ run.titel|fixed(1) }}"),
    ("mine.md.j2", "{{ run.titel|figure(\"ttft_p95\") }}"),
    ("mine.md.j2", "{{ cells|figure(\"ttft_p95\") }}"),
    ("mine.md.j2", "{{ cells[0]|notes(\"ttft_p95\") }}"),
    ("mine.md.j2", "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}"),
    ("mine.md.j2", "a\nb\n{% if %}"),
    ("mine.md.hbs", "fine\n{{run.titel}}\n"),
    ("mine.md.hbs", "\n{{#if simulatd}}x{{/if}}"),
    ("mine.md.hbs", "\n\n{{#unless run.complete}}x{{/unless}}"),
    ("mine.md.hbs", "{{cell run.titel}}"),
    ("mine.md.hbs", "{{#each cels}}x{{/each}}"),
    ("mine.md.hbs", "{{fixed run.title 2}}"),
    ("mine.md.hbs", "{{notes cells.[0] \"ttft_p95\"}}"),
    ("mine.md.hbs", "a\n{{#if simulated}}"),
    ("mine.txt", ""),
    ("../mine.md.j2", ""),
];

#[test]
fn a_misspelt_name_fails_with_template_and_line_in_both_engines() {
    let context = context(Machine::Real);
    let said: Vec<String> = REFUSED.iter().map(|(name, source)| said(render(name, source, &context))).collect();
    assert_snapshot!(said.join("\n\n"), @"
    failed to render template `mine.md.j2`, line 2: undefined value: `run.titel` is undefined
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.j2`, line 1: undefined value: `simulatd` is undefined
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.j2`, line 2: undefined value: `cels` is undefined
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.j2`, line 1: undefined value: `run.titel` is undefined
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.j2`, line 1: invalid operation: cannot convert undefined to f64 (`run.titel` is undefined)
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.j2`, line 1: undefined value: `run.titel` is undefined
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.j2`, line 1: invalid operation: `figure` wants a cell on its left
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.j2`, line 1: invalid operation: `notes` wants cells on its left
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.j2`, line 1: engine ran out of fuel
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.j2`, line 3: syntax error: unexpected end of block
    help: correct that line; `templates/summary.md.j2` shows the names there are, and `name is defined` tests for one that may be absent

    failed to render template `mine.md.hbs`, line 2: undefined value: `run.titel` is undefined
    help: correct that line; `templates/decision.md.hbs` shows names and helpers

    failed to render template `mine.md.hbs`, line 2: undefined value: `simulatd` is undefined
    help: correct that line; `templates/decision.md.hbs` shows names and helpers

    failed to render template `mine.md.hbs`, line 3: undefined value: `run.complete` is undefined
    help: correct that line; `templates/decision.md.hbs` shows names and helpers

    failed to render template `mine.md.hbs`, line 1: undefined value: `run.titel` is undefined
    help: correct that line; `templates/decision.md.hbs` shows names and helpers

    failed to render template `mine.md.hbs`, line 1: undefined value: `cels` is undefined
    help: correct that line; `templates/decision.md.hbs` shows names and helpers

    failed to render template `mine.md.hbs`, line 1: invalid operation: a parameter is not a number
    help: correct that line; `templates/decision.md.hbs` shows names and helpers

    failed to render template `mine.md.hbs`, line 1: invalid operation: a parameter is not a list of cells
    help: correct that line; `templates/decision.md.hbs` shows names and helpers

    failed to read template `mine.md.hbs`, line 2: invalid handlebars syntax
    help: correct that line; every `{{#block}}` needs its `{{/block}}`

    cannot tell the engine of template `mine.txt` by its suffix
    help: end its name in `.j2` (minijinja) or `.hbs` (handlebars)

    template `../mine.md.j2` does not name a file
    help: give it a plain file name without folders, like `mine.md.j2`
    ");
}

#[test]
fn a_template_that_forgets_the_banner_is_refused_for_a_simulated_run_only() {
    for name in ["mine.md.j2", "mine.md.hbs"] {
        let forgetful = "# {{ run.id }}, SIMULATED\n";
        assert_eq!(render(name, forgetful, &context(Machine::Real)).unwrap(), "# 20261122-160500-7f3a, SIMULATED\n");
        assert!(matches!(render(name, forgetful, &context(Machine::Simulated)), Err(RenderError::NoBanner { .. })));
        let honest = "# {{ simulated.banner }}\n";
        assert_eq!(
            render(name, honest, &context(Machine::Simulated)).unwrap(),
            "# SIMULATED on h100: no figure in this document was measured on a real server\n"
        );
    }
}

#[test]
fn two_templates_for_one_document_are_refused() {
    let twice = [("a.md.j2".to_owned(), String::new()), ("a.md.hbs".to_owned(), String::new())];
    assert_snapshot!(
        files(&context(Machine::Real), &twice).unwrap_err(),
        @"template `a.md.hbs` makes `a.md`, and so does another template"
    );
}

#[test]
fn both_engines_have_the_same_filters() {
    let context = context(Machine::Real);
    let jinja = r#"{{ cells[0]|figure("output_throughput")|attr("with_unit") }}; {{ none|fixed(1) }}
{{ 33.126|fixed(2) }} {{ 0.9712|percent }} {{ 4900000000|si }} {{ "a|b"|cell }} {{ 7|cell }}
{{ cells[3]|figure("recovery_time")|attr("short") }}:{% for note in cells|notes("recovery_time output_throughput") %} {{ note.mark }} {{ note.text }};{% endfor %}"#;
    let handlebars = r#"{{figure cells.[0] "output_throughput"}}; {{fixed simulated 1}}
{{fixed 33.126 2}} {{percent 0.9712}} {{si 4900000000}} {{cell "a|b"}} {{cell 7}}
{{short cells.[3] "recovery_time"}}:{{#each (notes cells "recovery_time output_throughput") as |note|}} {{note.mark}} {{note.text}};{{/each}}"#;
    let by_jinja = render("x.md.j2", jinja, &context).unwrap();
    assert_snapshot!(by_jinja, @r"
    33.1 [32.8, 33.4] tok/s; not measured here
    33.13 97.1 % 4.9 G a\|b 7
    – ⁴: ³ MPS was off; ⁴ it did not serve again;
    ");
    assert_eq!(render("x.md.hbs", handlebars, &context).unwrap(), by_jinja);
}

#[test]
fn html_documents_are_escaped_by_the_engine() {
    let context = context(Machine::Real);
    for (name, source) in [("x.html.j2", "{{ run.title }}"), ("x.html.hbs", "{{run.title}}")] {
        let html = render(name, source, &context).unwrap();
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"), "{html}");
    }
}

#[test]
fn every_metric_of_the_registry_is_in_every_cell() {
    for cell in context(Machine::Real).cells {
        let ids = METRICS.iter().map(|metric| metric.id);
        let missing: Vec<_> = ids.filter(|id| !cell.figures.contains_key(*id)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", cell.id);
    }
}
