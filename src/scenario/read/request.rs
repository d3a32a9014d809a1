//! `request = { … }` of a phase.

use std::path::Path;

use super::super::files::referenced_file::{FileRole, Folder, PromptUse, ReferencedFile};
use super::super::model::phase::RequestSpec;
use super::super::model::prompt::PromptTemplate;
use super::changes::check_changes;
use super::declared::Declared;
use super::server::Servers;
use crate::dialect::Dialect;
use crate::format::{Code, Entry, Fields, Finding, Node, Scope, Span, Value, decode, spelling};

const MOST_TOKENS: u32 = 1_000_000;

/// `trace` is the file whose arrivals the phase follows: a request that says
/// nothing itself takes what to ask from there.
pub(super) fn read_request(
    written: &Node,
    scope: &Scope<'_>,
    servers: Option<&Servers>,
    dir: &Folder<'_>,
    trace: Option<&Path>,
) -> Option<RequestSpec> {
    let (written, template) = without_template(written);
    let node = scope.render(&written)?;
    let request: Option<RequestSpec> = decode(&node, scope.notes);
    let fields = Fields::of(&node, scope)?;
    let ways = ["prompts", "prompt", "prompt_tokens"];
    let says_nothing = ways.iter().all(|way| fields.raw(way).is_none());
    let trace = trace.filter(|_| says_nothing);
    let source = if trace.is_some() { Some("prompts") } else { fields.exactly_one(&ways) };
    let template = template.map(|entry| read_template(&entry, source, scope));
    let mut request = request?;
    match request.max_tokens {
        Some(tokens) => drop(fields.within("max_tokens", tokens, 1, MOST_TOKENS)),
        None if source == Some("prompts") => {}
        None => drop(fields.must_have("max_tokens")),
    }
    check_format(&request, source, &fields);
    check_prompt(&request, &fields);
    check_lengths(&request.prompt_tokens, &fields);
    fields.within("temperature", request.temperature, 0.0, 100.0);
    if let (Some(servers), Some(names)) = (servers, fields.raw("servers").and_then(Node::as_list)) {
        for name in names {
            find_server(name.as_text().unwrap_or_default(), name, servers, scope);
        }
    }
    // Without it, nothing that the lines say would be right.
    let template = template.map_or(Some(None), |template| template.map(Some))?;
    request.template = template.as_ref().map(|(template, _)| template.clone());
    let dialects = dialects(&request, servers);
    check_changes(&request, &dialects, &fields);
    request.prompts = trace.map(Path::to_owned).or_else(|| request.prompts.map(|prompts| dir.join(prompts)));
    if let Some(path) = request.prompts.clone() {
        let role = FileRole::Prompts(PromptUse {
            template,
            dialects,
            format: request.format,
            needs_max_tokens: request.max_tokens.is_none(),
            follows_trace: trace.is_some(),
        });
        let span = fields.raw("prompts").map_or_else(|| fields.span(), |node| node.span.clone());
        dir.refer_to(ReferencedFile { path, span, role });
    }
    Some(request)
}

fn check_format(request: &RequestSpec, source: Option<&str>, fields: &Fields<'_>) {
    if let (Some(_), Some("prompt" | "prompt_tokens"), Some(entry)) = (request.format, source, fields.entry("format")) {
        let finding = Finding::new(Code::Choice, entry.key.clone(), "`format` means nothing without `prompts`");
        fields.scope.notes.push(finding.help("it says what a file is"));
    }
}

/// Nothing is no question, unless something is put before it.
fn check_prompt(request: &RequestSpec, fields: &Fields<'_>) {
    let is_empty = |text: &Option<String>| text.as_ref().is_none_or(|text| text.trim().is_empty());
    if let Some(node) = fields.raw("prompt").filter(|_| is_empty(&request.prompt) && is_empty(&request.preamble)) {
        fields.scope.notes.push(Finding::new(Code::Bounds, node.span.clone(), "`prompt` is empty"));
    }
}

/// Every length must be within bounds, and one there.
fn check_lengths(lengths: &[u32], fields: &Fields<'_>) {
    for length in lengths {
        fields.within("prompt_tokens", *length, 1, MOST_TOKENS);
    }
    if let Some(node) = fields.raw("prompt_tokens").filter(|_| lengths.is_empty()) {
        fields.scope.notes.push(Finding::new(Code::Bounds, node.span.clone(), "`prompt_tokens` holds no length"));
    }
}

/// A template of prompts is computed later, over every line of the file.
fn without_template(request: &Node) -> (Node, Option<Entry>) {
    let mut request = request.clone();
    let template = match &mut request.value {
        Value::Table(table) => table.shift_remove("template"),
        _ => None,
    };
    (request, template)
}

fn read_template(entry: &Entry, source: Option<&str>, scope: &Scope<'_>) -> Option<(PromptTemplate, Span)> {
    if source.is_some_and(|source| source != "prompts") {
        let finding = Finding::new(Code::Choice, entry.key.clone(), "`template` means nothing without `prompts`");
        scope.notes.push(finding.help("it is computed for every line of a file; write one prompt out"));
    }
    let text: String = decode(&entry.node, scope.notes)?;
    let span = entry.node.span.clone();
    let names = scope.values_in(&text, "prompt", &span)?;
    Some((PromptTemplate { text, names }, span))
}

/// What is spoken with the servers that are asked.
fn dialects(request: &RequestSpec, servers: Option<&Servers>) -> Vec<Dialect> {
    let named = &request.servers;
    let asked = servers.into_iter().flat_map(|servers| &servers.specs);
    let asked = asked.filter(|server| named.is_empty() || named.contains(&server.name));
    let mut dialects: Vec<Dialect> = asked.map(|server| Dialect::of(server.api, request.endpoint.route())).collect();
    dialects.dedup();
    dialects
}

pub(super) fn find_server(name: &str, node: &Node, servers: &Servers, scope: &Scope<'_>) -> Option<Declared> {
    let found = servers.declared.get(name).copied();
    if found.is_none() {
        let finding = Finding::new(Code::UnknownReference, node.span.clone(), format!("there is no server `{name}`"));
        scope.notes.push(finding.maybe_help(spelling::advice(name, servers.declared.keys().map(String::as_str))));
    }
    found
}
