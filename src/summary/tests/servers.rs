//! What servers tell of themselves, and what became of their models.

use serde_json::{Value, json};

use super::{plan, record, repetition, spec, summed};
use crate::metric::examples::{key, ms, reply, server};
use crate::record::{CellEnd, Event, Moment, RequestRecord, ServerAbout, ServerSeen, SlotsSeen, SlotsSource};
use crate::scenario::{Load, PromptCache};
use crate::summary::validity::{DeclaredSlots, examine_servers};
use crate::units::Nanos;

fn about(told: Value) -> ServerAbout {
    serde_json::from_value(told).unwrap()
}

/// A server of an epoch is ready, and tells this.
fn ready(epoch: u32, about: ServerAbout) -> Event {
    Event::ServerReady {
        epoch,
        server: server(0),
        url: String::new(),
        process: None,
        ready_ns: ms(1),
        preload_ns: None,
        about,
        already_there: None,
    }
}

/// The reasons, by epoch, of servers that tell this, each in the epoch of a
/// treatment.
fn told(epochs: Vec<(&str, ServerAbout)>, slots: &DeclaredSlots) -> Vec<String> {
    let (mut events, mut measured) = (Vec::new(), Vec::new());
    for (epoch, (treatment, about)) in (0..).zip(epochs) {
        events.push(Event::EpochStarted { epoch, block: epoch, treatment: treatment.to_owned() });
        events.push(ready(epoch, about));
        measured.push(repetition("cell", epoch, (Some(1), 1), CellEnd::Complete, vec![reply(0, 0, &[10; 100])]));
    }
    let epochs = measured.len();
    measured.extend(events.into_iter().map(|event| (event, Vec::new())));
    let plan = plan(vec![("cell", spec(1, Load::Clients(1)))]);
    let (run, requests) = record(measured);
    let mut summary = summed((run.clone(), requests), &plan);
    if !slots.is_empty() {
        examine_servers(&run, slots, &mut summary.cells);
    }
    let reasons = summary.cells[0]
        .repetitions
        .iter()
        .map(|one| one.validity.reasons().iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
    let reasons: Vec<String> = reasons.collect();
    assert_eq!(reasons.len(), epochs);
    reasons
}

#[test]
fn a_model_is_its_digest_and_not_the_memory_that_its_slots_take() {
    let loaded = |bytes: u64, context: u64| {
        about(json!({ "model": "m:latest", "digest": "e4", "quantisation": "Q4_1", "bytes": bytes, "device_bytes": 0,
                      "context_tokens": context, "expires_at": format!("in {bytes}") }))
    };
    let epochs = vec![
        ("slots=1", loaded(190_948_608, 4_096)),
        ("slots=3", loaded(379_692_288, 4_096)),
        ("slots=3", loaded(379_692_289, 2_048)),
    ];
    assert_eq!(told(epochs, &DeclaredSlots::new()), ["", "", ""]);
}

#[test]
fn within_a_treatment_nothing_that_a_model_is_may_change() {
    let model = || json!({ "model": "m", "digest": "e4", "quantisation": "Q4_1", "template": "t1", "parameters": "p1", "weights": 7 });
    let with = |field: &str, value: Value| {
        let mut told = model();
        told[field] = value;
        vec![("off", about(model())), ("off", about(told))]
    };
    let changed = ["model", "digest", "quantisation", "template", "parameters"].map(|field| with(field, json!("new")));
    let changed = changed.into_iter().chain([with("weights", json!(8))]);
    let reasons: Vec<String> = changed.map(|epochs| told(epochs, &DeclaredSlots::new()).remove(1)).collect();
    insta::assert_snapshot!(reasons.join("\n"), @r"
    `ollama[0]` serves another model: `new`, and `m` in an earlier epoch (model_changed)
    `ollama[0]` serves another model: `new`, and `e4` in an earlier epoch (model_changed)
    `ollama[0]` serves another model: `new`, and `Q4_1` in an earlier epoch (model_changed)
    `ollama[0]` serves another model: `template new`, and `template t1` in an earlier epoch (model_changed)
    `ollama[0]` serves another model: `parameters new`, and `parameters p1` in an earlier epoch (model_changed)
    `ollama[0]` serves another model: `8 bytes of weights`, and `7 bytes of weights` in an earlier epoch (model_changed)
    ");
}

#[test]
fn a_scenario_may_ask_for_another_model_but_one_name_stands_for_one_model() {
    let named = |name: &str, digest: &str, template: &str| {
        about(json!({ "model": name, "digest": digest, "template": template }))
    };
    let other_name = vec![("model=a", named("a", "1", "t")), ("model=b", named("b", "2", "t"))];
    assert_eq!(told(other_name, &DeclaredSlots::new()), ["", ""]);
    let other_template = vec![("template=a", named("a", "1", "t")), ("template=b", named("a", "1", "u"))];
    assert_eq!(told(other_template, &DeclaredSlots::new()), ["", ""]);
    let pulled = vec![("mps=off", named("a", "1", "t")), ("mps=on", named("a", "2", "t"))];
    let reason = "`ollama[0]` serves another model: `2`, and `1` in an earlier epoch (model_changed)";
    assert_eq!(told(pulled, &DeclaredSlots::new()), ["", reason]);
}

#[test]
fn slots_are_those_that_were_seen() {
    let seen = |count, by| ServerAbout { slots: Some(SlotsSeen { count, by }), ..ServerAbout::default() };
    let declared = DeclaredSlots::from([(("slots=3".to_owned(), server(0)), 3)]);
    let sources = [SlotsSource::Server, SlotsSource::Log, SlotsSource::CommandLine, SlotsSource::Trial];
    let epochs = sources.into_iter().zip([1, 3, 4, 2]).map(|(by, count)| ("slots=3", seen(count, by)));
    let unknown = ("slots=3", ServerAbout::default());
    insta::assert_snapshot!(told(epochs.chain([unknown]).collect(), &declared).join("\n"), @r"
    `ollama[0]` works on 1 request at once, as it tells, and is declared with `slots = 3` (slots_not_as_declared)

    `ollama[0]` works on 4 requests at once, by its child's command line, and is declared with `slots = 3` (slots_not_as_declared)
    `ollama[0]` works on 2 requests at once, as a trial showed, and is declared with `slots = 3` (slots_not_as_declared)
    ");
}

/// Why a window of 10 s is invalid, of these requests and of what was seen of
/// the servers before and after.
fn reloaded(requests: Vec<RequestRecord>, seen: [Value; 2]) -> String {
    let (event, requests) = repetition("cell", 0, (Some(1), 10), CellEnd::Complete, requests);
    let seen = seen.map(|servers| serde_json::from_value::<Vec<ServerSeen>>(servers).unwrap());
    let [before, after] = seen;
    let seen = |moment, servers| (Event::ServersSeen { cell: key("cell", 0), moment, servers }, Vec::new());
    let events = vec![seen(Moment::Before, before), (event, requests), seen(Moment::After, after)];
    let summary = summed(record(events), &plan(vec![("cell", spec(1, Load::Clients(1)))]));
    let reasons = summary.cells[0].repetitions[0].validity.reasons();
    reasons.iter().filter(|one| one.rule.id() == "model_reloaded").map(|one| one.text.clone()).collect()
}

/// One reply after the other, each of which says that loading took so long.
fn replies(loads_ms: &[u64]) -> Vec<RequestRecord> {
    let reply = |(at, load): (u64, &u64)| {
        let mut reply = reply(0, at * 1_000, &[50 + load; 1]);
        reply.usage.load_ns = Some(ms(*load));
        reply
    };
    (0..).zip(loads_ms).map(reply).collect()
}

fn or_none(told: String) -> String {
    if told.is_empty() { "none".to_owned() } else { told }
}

fn nothing() -> [Value; 2] {
    [json!([]), json!([])]
}

#[test]
fn a_reply_that_waited_for_a_load_stands_out_from_the_servers_own() {
    let steady = [48, 60, 78, 109, 69, 82, 77, 45, 105];
    assert_eq!(reloaded(replies(&steady), nothing()), "");
    // All CPUs busy.
    assert_eq!(reloaded(replies(&[65, 116, 119, 120, 137, 365, 404, 426, 475]), nothing()), "");
    assert_eq!(reloaded(replies(&[1, 1, 2, 1, 140, 3]), nothing()), "");
    let cold = [1, 1, 1, 300, 1, 1];
    assert_eq!(
        reloaded(replies(&cold), nothing()),
        "`ollama[0]` loaded its model again 3.0 s into the window: a reply to a request of then says that loading took \
         300.0 ms, where 1.0 ms was usual"
    );
    let slow = [48, 60, 78, 907, 675, 82, 77, 45];
    assert!(reloaded(replies(&slow), nothing()).contains("3.0 s into the window"));
    // The load was over when the window began.
    let mut early = replies(&[907, 60, 78, 48, 50, 60]);
    (early[0].sent_ns, early[0].first_token_ns) = (Nanos::ZERO, Some(Nanos::ZERO));
    assert_eq!(reloaded(early, nothing()), "");
}

#[test]
fn a_new_process_and_another_loaded_model_are_loads() {
    let server = |processes: Value, models: Value| json!([{ "server": { "name": "ollama", "index": 0 }, "processes": processes, "models": models }]);
    let process = |pid: u32, started_s: u64| json!({ "pid": pid, "started_ns": started_s * 1_000_000_000 });
    let model =
        |context: u64| json!([{ "name": "m:latest", "digest": "e4", "bytes": 7_000_000, "context_tokens": context }]);
    let steady = || replies(&[50; 8]);
    let same = server(json!([process(1, 0), process(2, 0)]), model(4096));
    let cases = [
        ("the same", same.clone()),
        ("another runner", server(json!([process(1, 0), process(3, 4)]), model(4096))),
        ("one that came before the window", server(json!([process(1, 0), process(3, 0)]), model(4096))),
        ("another context", server(json!([process(1, 0), process(2, 0)]), model(512))),
        ("no model", server(json!([process(1, 0), process(2, 0)]), json!([]))),
        ("it does not tell", server(json!([]), Value::Null)),
    ];
    let told = cases.map(|(what, after)| format!("{what}: {}", or_none(reloaded(steady(), [same.clone(), after]))));
    insta::assert_snapshot!(told.join("\n"), @r"
    the same: none
    another runner: `ollama[0]` loaded a model 4.0 s into the window: its process 3 is new since then, and 2 is gone
    one that came before the window: none
    another context: `ollama[0]` had `m:latest` e4, 4096 tokens of context, 6.7 MiB loaded when the load began and `m:latest` e4, 512 tokens of context, 6.7 MiB when it was over
    no model: `ollama[0]` had `m:latest` e4, 4096 tokens of context, 6.7 MiB loaded when the load began and no model when it was over
    it does not tell: none
    ");
}

/// Why a window is invalid whose prompts have so many bytes and tokens.
fn cut(prompts: &[(u32, u64)], cache: PromptCache, context: Option<u64>) -> String {
    let request = |(at, (bytes, tokens)): (u32, &(u32, u64))| {
        let mut request = reply(at, 0, &[10; 100]);
        (request.prompt_bytes, request.usage.prompt_tokens) = (Some(*bytes), Some(*tokens));
        request
    };
    let requests = (0..).zip(prompts).map(request).collect();
    let about = ServerAbout {
        state: serde_json::from_value(json!({ "context_tokens": context })).unwrap(),
        ..ServerAbout::default()
    };
    let ready = ready(0, about);
    let measured = repetition("cell", 0, (Some(1), 1), CellEnd::Complete, requests);
    let mut spec = spec(1, Load::Clients(1));
    spec.request.prompt_cache = cache;
    let summary = summed(record(vec![(ready, Vec::new()), measured]), &plan(vec![("cell", spec)]));
    let reasons = summary.cells[0].repetitions[0].validity.reasons();
    reasons.iter().filter(|one| one.rule.id() == "prompt_cut").map(|one| one.text.clone()).collect()
}

#[test]
fn a_prompt_that_the_server_has_cut_shows_in_its_counts() {
    use PromptCache::{Allow, Refuse};
    let honest = [(400, 100), (4_000, 1_010), (9_000, 2_280), (36_000, 9_100)];
    let cases = [
        ("honest", cut(&honest, Refuse, Some(16_384))),
        (
            "a ceiling whatever the length",
            cut(&[(400, 100), (9_000, 2_048), (12_000, 2_048), (20_000, 2_048)], Refuse, None),
        ),
        ("the whole context", cut(&[(9_000, 2_048), (9_000, 2_048)], Refuse, Some(2_048))),
        ("half of the context", cut(&[(12_000, 1_026)], Refuse, Some(2_048))),
        ("a prompt made for half of the context", cut(&[(5_000, 1_025)], Refuse, Some(2_048))),
        ("fewer than the text can have", cut(&[(45_000, 512)], Refuse, None)),
        ("the same, where a cache may be used that is not told of", cut(&[(45_000, 512)], Allow, None)),
        ("short prompts that are alike by chance", cut(&[(40, 12), (45, 12), (52, 12), (60, 12)], Refuse, None)),
        ("one prompt, again and again", cut(&[(9_000, 2_048); 8], Refuse, Some(4_096))),
    ];
    let told: Vec<String> = cases.into_iter().map(|(what, told)| format!("{what}: {}", or_none(told))).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    honest: none
    a ceiling whatever the length: 75.0 % of the prompts were not read whole: one of 20000 bytes was counted as 2048 tokens, and every prompt of 9000 bytes and more was counted alike
    the whole context: 100.0 % of the prompts were not read whole: one of 9000 bytes was counted as 2048 tokens, and its context has 2048 tokens
    half of the context: 100.0 % of the prompts were not read whole: one of 12000 bytes was counted as 1026 tokens, and its context has 2048 tokens
    a prompt made for half of the context: none
    fewer than the text can have: 100.0 % of the prompts were not read whole: one of 45000 bytes was counted as 512 tokens, and no tokenizer takes 88 bytes for a token; the rest was cut off, or came from a cache that is not told of
    the same, where a cache may be used that is not told of: none
    short prompts that are alike by chance: none
    one prompt, again and again: none
    ");
}

#[test]
fn a_model_that_was_loaded_in_another_way_within_a_treatment_is_told() {
    let loaded = |epoch, bytes: u64, context: u64| {
        ready(epoch, about(json!({ "bytes": bytes, "device_bytes": 0, "context_tokens": context })))
    };
    let begun = |epoch, treatment: &str| Event::EpochStarted { epoch, block: 0, treatment: treatment.to_owned() };
    let events = vec![
        begun(0, "slots=1"),
        loaded(0, 190_000_000, 4_096),
        begun(1, "slots=3"),
        loaded(1, 380_000_000, 4_096),
        begun(2, "slots=3"),
        loaded(2, 390_000_000, 2_048),
    ];
    let events = events.into_iter().map(|event| (event, Vec::new())).collect();
    insta::assert_snapshot!(summed(record(events), &plan(Vec::new())).states.join("\n"), @"`ollama[0]` had its model not loaded alike in every epoch of slots=3: it took 362.4 MiB to 371.9 MiB, its context had 2048 to 4096 tokens");
}
