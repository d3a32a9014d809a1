//! What `runexp check` says of scenarios that are wrong, each in its own way.

use std::path::Path;

use insta::assert_snapshot;

use super::folder::{Folder, Said};

/// A folder with the bad scenarios and the files they name.
fn bad() -> Folder {
    let folder = Folder::new();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cases/scenario/bad");
    for entry in std::fs::read_dir(shipped).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), folder.path(&entry.file_name().to_string_lossy())).unwrap();
    }
    // Not in the repository, where it would pass for a text.
    std::fs::write(folder.path("latin-1.txt"), b"caf\xe9\n").unwrap();
    folder
}

fn checked(name: &str) -> Said {
    bad().runexp(&format!("check {name}.toml"))
}

macro_rules! told {
    ($($test:ident: $name:literal;)*) => {
        $(#[test]
        fn $test() {
            assert_snapshot!(checked($name));
        })*
    };
}

told! {
    a_misspelt_key_is_answered_with_the_right_one: "misspelt-key";
    a_wrong_unit_is_answered_with_how_to_write_it: "wrong-unit";
    a_factor_that_nothing_uses_is_shown: "unused-factor";
    an_include_of_itself_is_shown: "include-loop";
    an_undefined_variable_is_underlined_in_its_template: "undefined-variable";
    a_step_server_or_load_of_two_kinds_is_shown_at_the_second: "two-kinds";
    an_unknown_metric_is_answered_with_a_known_one: "unknown-metric";
    factors_that_cannot_advance_together_are_shown: "uneven-zip";
    a_fault_that_hits_nothing_is_shown: "fault-out-of-range";
    what_stands_twice_is_shown_at_the_second: "duplicate-phase";
    prompts_that_cannot_be_had_are_shown_where_they_are_named: "missing-prompts";
    a_profile_that_changes_nothing_is_shown_though_not_chosen: "idle-profile";
    what_is_never_closed_is_one_problem: "unclosed-bracket";
    arrivals_that_cannot_be_had_are_shown_where_they_are_named: "wrong-arrivals";
    claims_that_cannot_be_decided_are_warnings: "cells-that-are-not-there";
}

#[test]
fn warnings_fail_a_check_only_if_they_are_denied() {
    let folder = bad();
    let allowed = folder.runexp("check cells-that-are-not-there.toml");
    let denied = folder.runexp("check cells-that-are-not-there.toml --deny-warnings");
    assert_eq!((allowed.code, denied.code), (Some(0), Some(2)));
}

#[test]
fn a_plan_tells_the_warnings_beside_its_data() {
    let said = bad().runexp("plan cells-that-are-not-there.toml --format json");
    assert!(serde_json::from_str::<serde_json::Value>(&said.stdout).is_ok());
    assert_eq!(said.to_string().matches("warning[W00").count(), 4);
}

#[test]
fn problems_for_programs_are_one_list() {
    let said = bad().runexp("check unused-factor.toml unclosed-bracket.toml --format json");
    assert_snapshot!(said, @r##"
    exit 2

    stdout:
    [
      {
        "code": "E014",
        "severity": "error",
        "message": "factor `threads` changes nothing",
        "file": "unused-factor.toml",
        "span": {
          "start": 55,
          "end": 62
        },
        "line": 6,
        "column": 1,
        "label": null,
        "help": "use it in a server, a phase or an `[[epoch.setup]]`: \"{{ threads }}\", or in a `when`"
      },
      {
        "code": "E002",
        "severity": "error",
        "message": "invalid basic string, expected `\"`",
        "file": "unclosed-bracket.toml",
        "span": {
          "start": 27,
          "end": 27
        },
        "line": 2,
        "column": 17,
        "label": null,
        "help": null
      },
      {
        "code": "E002",
        "severity": "error",
        "message": "`[` is never closed",
        "file": "unclosed-bracket.toml",
        "span": {
          "start": 47,
          "end": 48
        },
        "line": 5,
        "column": 9,
        "label": null,
        "help": "close it with `]`"
      }
    ]

    stderr:
    checked 2 files: 3 errors, 0 warnings
"##);
}

#[test]
fn problems_that_say_the_same_are_counted_and_not_repeated() {
    let claim = |number: u32| {
        format!(
            "\n[[claim]]\nid = \"{number}\"\nsays = \"x\"\nsource = {{ file = \"x\" }}\nkind = \"at_least\"\nmetric = \
             \"ttft_p50\"\nwhere = {{ servres = 1 }}\nvalue = 1\n"
        )
    };
    let text = super::simulated::TINY.to_owned() + &(0..9).map(claim).collect::<String>();
    let said = Folder::with(&text).runexp("check x.toml").to_string();
    assert_eq!(said.matches("error[E005]").count(), 3);
    assert!(
        said.ends_with("\n\n… and 6 more: unknown key `servres`\nchecked 1 file: 9 errors, 0 warnings\n"),
        "{said}"
    );
}
