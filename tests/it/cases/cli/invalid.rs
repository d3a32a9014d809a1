//! Every rule of validity that a server or a load can break, broken: what the
//! report says, and the screen.

use std::time::Duration;

use insta::assert_snapshot;
use regex::Regex;

use super::folder::{Folder, Said};
use super::undisturbed::undisturbed;
use crate::support::talker::{HONEST, Talker};

const PROMPT: &str = "Say in a few words what the sun is, and why it is hot.";

/// A phase of 600 ms against the server, with more keys behind its load, in so
/// many epochs.
fn measured(talker: Talker, repetitions: u32, load: &str, request: &str) -> (Option<i32>, String) {
    rows(run(talker, repetitions, (load, request), ""))
}

/// How a run ended, and the rows of its report on what does not count.
fn rows((_folder, said): (Folder, Said)) -> (Option<i32>, String) {
    let summary = said.run().read("summary.md");
    let rows = summary.lines().skip_while(|line| *line != "## Validity").take_while(|line| *line != "## Comparisons");
    let rows: Vec<&str> = rows.filter(|line| line.starts_with("| default/load")).collect();
    (said.code, rows.join("\n"))
}

/// The run itself. Each try has a server of its own, as what it does depends on
/// what came before.
fn run(talker: Talker, repetitions: u32, (load, request): (&str, &str), server: &str) -> (Folder, Said) {
    undisturbed(0, || {
        let url = talker.start();
        let folder = Folder::with(&format!(
            "schema = 1\nname = \"invalid\"\ntitle = \"What does not count\"\n\
             [design]\nrepetitions = {repetitions}\nrerun = 0\n\
             [[server]]\nname = \"ollama\"\napi = \"ollama\"\nmodel = \"m\"\nurl = \"{url}\"\n{server}\n\
             [[phase]]\nname = \"load\"\n{load}\ndrain = \"1s\"\n\
             request = {{ prompt = \"{PROMPT}\", max_tokens = 8, temperature = 0{request} }}\n"
        ));
        let said = folder.runexp("x.toml --quiet");
        (folder, said)
    })
}

const CLOSED: &str = "clients = 2\nduration = \"600ms\"";

/// What the report says of it, without the numbers that differ from run to run.
fn told(talker: Talker, load: &str, request: &str) -> String {
    let (_, told) = measured(talker, 1, load, request);
    Regex::new(r"in \d+ replies .* token events").unwrap().replace(&told, "COUNTS").into_owned()
}

#[test]
fn an_honest_server_under_its_load_breaks_no_rule() {
    assert_eq!(measured(HONEST, 2, CLOSED, ""), (Some(0), String::new()));
}

#[test]
fn a_cache_shows_whether_or_not_the_server_tells_of_it() {
    assert_snapshot!(told(Talker { cached: Some(13), ..HONEST }, CLOSED, ""), @"| default/load/clients=2 | 0 | 50.0 % of the prompt tokens came from a prompt cache, more than 5 % (prompt_cached) |");
    let quiet = Talker { prompt: |before| if before == 0 { 26 } else { 9 }, ..HONEST };
    assert_eq!(told(quiet, CLOSED, ", prompt_cache = \"allow\""), "");
    let shown = told(quiet, CLOSED, "");
    assert_snapshot!(Regex::new(r"\d+\.\d % of").unwrap().replace(&shown, "SHARE of"), @"| default/load/clients=2 | 0 | SHARE of the prompts cost the server as few as 9 tokens, where another one took 26: the rest came from a cache that it does not tell of (prompt_short) |");
    assert_snapshot!(told(Talker { prompt: |_| 1, ..HONEST }, CLOSED, ""), @"| default/load/clients=2 | 0 | 100.0 % of the prompts were not read whole: one of 54 bytes was counted as 1 tokens, and no tokenizer takes 54 bytes for a token; the rest was cut off, or came from a cache that is not told of (prompt_cut) |");
}

#[test]
fn tokens_that_are_counted_and_not_sent_or_sent_and_not_counted_show() {
    assert_snapshot!(told(Talker { sends: 5, ..HONEST }, CLOSED, ""), @"| default/load/clients=2 | 0 | COUNTS: it does not send all that it counts (token_counts) |");
    assert_snapshot!(told(Talker { counts: 5, ..HONEST }, CLOSED, ""), @"| default/load/clients=2 | 0 | COUNTS: it does not count all that it sends (token_counts) |");
}

#[test]
fn replies_that_stop_early_and_requests_that_are_not_sent_show() {
    let short = Talker { sends: 5, counts: 5, ..HONEST };
    let demanding = format!("{CLOSED}\nexpect = {{ output_tokens_at_least = \"90%\" }}");
    assert_snapshot!(told(short, &demanding, ""), @"| default/load/clients=2 | 0 | no request succeeded (nothing_succeeded); replies had 62.5 % of the asked tokens on average, less than 90.0 % (cut_short) |");
    let slow = Talker { pause: |_| Duration::from_millis(40), ..HONEST };
    let open = "rate = 40\nduration = \"600ms\"\nmax_in_flight = 1";
    let told = told(slow, open, "");
    // Where so much is due at once, requests also fail and start late.
    let dropped = told.split("; ").find(|reason| reason.contains("(dropped)")).unwrap_or_default();
    let share = Regex::new(r"\d+\.\d % of").unwrap();
    assert_snapshot!(share.replace(dropped, "SHARE of").trim_end_matches(" |"), @r"SHARE of the requests were dropped at \`max_in_flight\`, more than 1 % (dropped)");
}

#[test]
fn a_load_that_runs_out_before_the_window_does_shows() {
    // Two, then one.
    let told = told(HONEST, "clients = 2\nrequests = 3", "");
    assert_snapshot!(Regex::new(r"\d+\.\d % of").unwrap().replace(&told, "SHARE of"), @"| default/load/clients=2 | 0 | at least 90 % of the clients had a request in flight for only SHARE of the window, less than 80.0 % (short_of_load) |");
}

#[test]
fn a_server_that_warms_up_inside_the_window_shows() {
    // The first of its five seconds: of a server that takes half of them nothing can be said.
    let cold = Talker { pause: |before| Duration::from_millis(if before < 12 { 20 } else { 4 }), ..HONEST };
    let told = told(cold, "clients = 2\nduration = \"5s\"", "");
    // Where the machine stands still all the time, it says that too.
    let told = told.lines().find(|line| line.contains("not_settled")).unwrap_or(&told);
    let told = told.split("; ").next().unwrap_or_default().trim_end_matches(" |");
    let much = Regex::new(r"\d+\.\d( s| %) (of|below|would)").unwrap();
    assert_snapshot!(much.replace_all(told, "MUCH$1 $2"), @r"| default/load/clients=2 | 0 | the server warmed up for MUCH s of the window: its mean is MUCH % below what it settled at, more than 3 %, and a warm-up of MUCH s would do (not_settled)");
}

#[test]
fn a_model_that_changes_between_epochs_shows_in_those_after_the_first() {
    let pulled = Talker { digest: |before| if before == 0 { "46e0c10c039e" } else { "667b0c1932bc" }, ..HONEST };
    assert_snapshot!(measured(pulled, 2, CLOSED, "").1, @r"| default/load/clients=2 | 1 | \`ollama[0]\` serves another model: \`667b0c1932bc\`, and \`46e0c10c039e\` in an earlier epoch (model_changed) |");
}

#[test]
fn a_model_of_which_a_part_is_on_the_cpu_shows() {
    assert_snapshot!(told(Talker { on_device: 400, ..HONEST }, CLOSED, ""), @r"| default/load/clients=2 | 0 | \`ollama[0]\` has 400 B of the 600 B of its model in device memory; the CPU computes the rest (cpu_spill) |");
    // All of it is on the CPU, which is no spill where there is no GPU.
    assert_eq!(told(Talker { on_device: 0, ..HONEST }, CLOSED, ""), "");
}

#[test]
fn a_model_that_takes_more_memory_than_in_an_earlier_epoch_is_the_same_model() {
    let by_epoch = Talker { size: |before| if before < 3 { 600 } else { 900 }, on_device: 0, ..HONEST };
    assert_eq!(measured(by_epoch, 2, CLOSED, ""), (Some(0), String::new()));
}

#[test]
fn a_model_that_is_loaded_again_under_the_load_shows_and_one_that_always_takes_its_time_does_not() {
    let evicted = Talker { load: |before| Duration::from_millis(if before == 4 { 907 } else { 62 }), ..HONEST };
    let place = Regex::new(r"\d+\.\d ms into").unwrap();
    let told = told(evicted, CLOSED, "");
    assert_snapshot!(place.replace(&told, "SO FAR into"), @r"| default/load/clients=2 | 0 | \`ollama[0]\` loaded its model again SO FAR into the window: a reply to a request of then says that loading took 907.0 ms, where 62.0 ms was usual (model_reloaded) |");
    let steady = Talker { load: |before| Duration::from_millis(45 + 17 * (before % 6)), ..HONEST };
    assert_eq!(self::told(steady, CLOSED, ""), "");
}

#[test]
fn a_server_of_another_number_of_slots_than_declared_shows_and_one_that_has_them_does_not() {
    let told = |slots, declared| {
        let talker = Talker { slots, pause: |_| Duration::from_millis(3), ..HONEST };
        rows(run(talker, 1, (CLOSED, ""), &format!("slots = {declared}"))).1
    };
    assert_snapshot!(told(1, 3), @r"| default/load/clients=2 | 0 | \`ollama[0]\` works on 1 request at once, as a trial showed, and is declared with \`slots = 3\` (slots_not_as_declared) |");
    assert_snapshot!(told(4, 1), @r"| default/load/clients=2 | 0 | \`ollama[0]\` works on at least 2 requests at once, as a trial showed, and is declared with \`slots = 1\` (slots_not_as_declared) |");
    assert_eq!(told(3, 3), "");
}

#[test]
fn what_nothing_counts_for_is_said_on_the_screen_and_once_in_the_report() {
    let (_folder, said) = run(Talker { on_device: 400, counts: 5, ..HONEST }, 2, (CLOSED, ""), "");
    let counts = Regex::new(r"in \d+ replies .* token events").unwrap();
    assert_snapshot!(counts.replace_all(&said.to_string(), "COUNTS"), @r"
    exit 4

    stdout:
    FOLDER/results/invalid/RUN-ID

    stderr:
    error: nothing valid was measured
      `default/load/clients=2`, block 0 and 1 more: COUNTS: it does not count all that it sends (token_counts)
      `default/load/clients=2`, block 0 and 1 more: `ollama[0]` has 400 B of the 600 B of its model in device memory; the CPU computes the rest (cpu_spill)
    help: `runexp explain token_counts` says what this protects against
    ");
    let summary = said.run().read("summary.md");
    let told: Vec<&str> = summary.lines().filter(|line| line.starts_with("Without a figure")).collect();
    assert_eq!(told.join("").matches("(invalid: in ").count(), 1, "{told:?}");
}
