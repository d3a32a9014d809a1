//! Whether a server loaded its model while it was measured.

use std::collections::{BTreeMap, BTreeSet};

use super::Examined;
use crate::metric::Window;
use crate::record::{LoadedModel, Request, ServerKey, ServerSeen};
use crate::stats::Sample;
use crate::units::Nanos;

/// Servers say in every reply how long loading took: up to 130 ms where the
/// model is loaded (Ollama 0.17.4), and several times that where all CPUs are
/// busy. What stands out from a server's own replies is a load.
const TIMES_USUAL: f64 = 6.0;
const LONGER_THAN_USUAL: Nanos = Nanos(150_000_000);

pub(super) fn model_reloaded(examined: &Examined<'_>) -> Option<String> {
    let window = examined.window;
    new_process(window).or_else(|| slow_load(window)).or_else(|| other_models(window))
}

fn is_broken(window: &Window<'_>, server: &ServerKey) -> bool {
    window.kill.is_some_and(|kill| kill.server == server)
}

/// By what the replies say that loading took.
fn slow_load(window: &Window<'_>) -> Option<String> {
    let mut loads: BTreeMap<&ServerKey, Vec<(Nanos, Request<'_>)>> = BTreeMap::new();
    for request in window.requests.iter().filter(|request| request.outcome.is_success()) {
        if let Some(load) = request.usage.load_ns.filter(|_| !is_broken(window, request.server)) {
            loads.entry(request.server).or_default().push((load, request));
        }
    }
    loads.into_iter().find_map(|(server, loads)| {
        let usual = Sample::new(loads.iter().map(|(load, _)| load.seconds()).collect()).ok()?.into_quantile(0.25);
        let limit = (TIMES_USUAL * usual).max(usual + LONGER_THAN_USUAL.seconds());
        let is_inside = |request: &Request<'_>| {
            let answered = request.first_token_ns.unwrap_or(request.finished_ns);
            request.sent_ns < window.end && window.start < answered
        };
        let (load, request) = loads.into_iter().find(|(load, one)| load.seconds() > limit && is_inside(one))?;
        Some(format!(
            "`{server}` loaded its model again {}: a reply to a request of then says that loading took {load}, where {} \
             was usual",
            place(window, request.sent_ns),
            Nanos::from_seconds(usual),
        ))
    })
}

/// By its processes: a model of Ollama's, or of llama.cpp's router, has one of
/// its own.
fn new_process(window: &Window<'_>) -> Option<String> {
    pairs(window).find_map(|(before, after)| {
        let known: BTreeSet<u32> = before.processes.iter().map(|process| process.pid).collect();
        let is_inside = |started: Nanos| window.start < started && started < window.end;
        let new =
            after.processes.iter().find(|process| !known.contains(&process.pid) && is_inside(process.started_ns))?;
        let left: BTreeSet<u32> = after.processes.iter().map(|process| process.pid).collect();
        let gone = known.difference(&left).next().map(|pid| format!(", and {pid} is gone")).unwrap_or_default();
        Some(format!(
            "`{}` loaded a model {}: its process {} is new since then{gone}",
            after.server,
            place(window, new.started_ns),
            new.pid,
        ))
    })
}

/// By what it says is loaded.
fn other_models(window: &Window<'_>) -> Option<String> {
    pairs(window).find_map(|(before, after)| {
        let (was, is) = (words(before.models.as_ref()?), words(after.models.as_ref()?));
        (was != is)
            .then(|| format!("`{}` had {was} loaded when the load began and {is} when it was over", after.server))
    })
}

/// Each server that was not broken on purpose, before and after the load.
fn pairs<'a>(window: &Window<'a>) -> impl Iterator<Item = (&'a ServerSeen, &'a ServerSeen)> {
    let (before, after) = window.seen.unwrap_or_default();
    let kill = window.kill;
    let own = after.iter().filter(move |after| kill.is_none_or(|kill| *kill.server != after.server));
    own.filter_map(move |after| Some((before.iter().find(|before| before.server == after.server)?, after)))
}

fn words(models: &[LoadedModel]) -> String {
    let one = |LoadedModel { name, digest, state }: &LoadedModel| {
        let digest = digest.as_deref().map(|digest| format!(" {}", digest.chars().take(12).collect::<String>()));
        let context = state.context_tokens.map(|tokens| format!(", {tokens} tokens of context"));
        let bytes = state.bytes.map(|bytes| format!(", {bytes}"));
        format!("`{name}`{}{}{}", digest.unwrap_or_default(), context.unwrap_or_default(), bytes.unwrap_or_default())
    };
    let mut models: Vec<String> = models.iter().map(one).collect();
    models.sort_unstable();
    if models.is_empty() { "no model".to_owned() } else { models.join(" and ") }
}

fn place(window: &Window<'_>, at: Nanos) -> String {
    if at < window.start {
        "as the window began".to_owned()
    } else {
        format!("{} into the window", at.since(window.start))
    }
}
