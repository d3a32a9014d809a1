//! `[[server]]`: one table, as many instances as `count` says.

use std::net::IpAddr;
use std::path::PathBuf;

use indexmap::IndexMap;
use minijinja::value::Value as Computed;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::referenced_file::{FileRole, Folder, ReferencedFile};
use super::super::server::{ServerOrigin, ServerSpec};
use super::declared::{Declared, Lives};
use super::header::read_headers;
use super::placement::Placement;
use super::ready::{read_preload, read_ready};
use super::{absolute, check_argv};
use crate::format::{Code, Fields, Finding, Node, Scope, decode};
use crate::text::{shown_url, user_info};

/// The most instances of one server.
pub(super) const MOST_INSTANCES: u32 = 64;

/// Ports handed out in order.
pub(in super::super) struct Ports<'p> {
    given: &'p [u16],
    used: usize,
}

impl<'p> Ports<'p> {
    pub(in super::super) fn new(given: &'p [u16]) -> Self {
        Self { given, used: 0 }
    }

    /// How many were asked for.
    pub(in super::super) fn used(&self) -> usize {
        self.used
    }

    fn next(&mut self) -> Option<u16> {
        let port = self.given.get(self.used).copied();
        self.used += 1;
        port
    }
}

/// The servers of a treatment.
#[derive(Default)]
pub(in super::super) struct Servers {
    /// Every instance that could be read.
    pub(in super::super) specs: Vec<ServerSpec>,
    /// What is declared, readable or not: how many instances, and as what they
    /// live.
    pub(in super::super) declared: IndexMap<String, Declared>,
    /// Who has which address, of those that the scenario fixes.
    addresses: IndexMap<String, String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ComposeService")]
pub(in super::super) struct ComposeOrigin {
    /// The Compose file, relative to the scenario's folder.
    file: PathBuf,
    /// The service, met where the file publishes it: `127.0.0.1:${PORT}:11434`.
    service: String,
}

/// Reads the servers whose `when` holds. The others are read too, for their
/// problems.
pub(in super::super) fn read_servers(
    nodes: &[Node],
    scope: &Scope<'_>,
    dir: &Folder<'_>,
    ports: &mut Ports<'_>,
) -> Servers {
    let mut servers = Servers::default();
    for node in nodes {
        read_server(node, scope, dir, ports, &mut servers);
    }
    servers
}

fn read_server(
    node: &Node,
    scope: &Scope<'_>,
    dir: &Folder<'_>,
    ports: &mut Ports<'_>,
    servers: &mut Servers,
) -> Option<()> {
    let fields = Fields::of(node, scope)?;
    let active = fields.when()?;
    let count = fields.optional::<u32>("count").unwrap_or(1);
    let count = fields.within("count", count, 1, MOST_INSTANCES).unwrap_or(1);
    let origin = fields.exactly_one(&["run", "compose", "url"]);
    let first_port: Option<u16> = fields.optional("port");
    let name = fields.raw("name").and_then(Node::as_text);
    if let (true, Some(name)) = (active, name) {
        let lives = Lives::of(origin);
        if servers.declared.insert(name.to_owned(), Declared { count, lives }).is_some() {
            let span = fields.raw("name").map_or_else(|| fields.span(), |node| node.span.clone());
            scope.notes.push(Finding::new(Code::Duplicate, span, format!("a second server `{name}`")));
        }
    }
    for index in 0..count {
        let port = match (origin, first_port) {
            (None | Some("url"), _) => None,
            (_, Some(first)) => Some(fixed_port(&fields, first, index)?),
            (_, None) if !active => Some(0),
            (_, None) => Some(next_port(&fields, ports)?),
        };
        let names = [("index", Some(Computed::from(index))), ("port", port.map(Computed::from))];
        let names = names.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let scope = scope.with(names);
        let slots = Fields::of(node, &scope).and_then(|fields| read_slots(&fields));
        // Its own number, whatever else has that name.
        let scope = scope.with(slots.map(|slots| ("slots".to_owned(), Computed::from(slots))));
        let fields_of = Fields::of(node, &scope);
        let instance = fields_of.and_then(|fields| read_instance(fields, (index, port, slots), dir));
        if let Some(instance) = instance.filter(|_| active) {
            check_address(&instance, first_port.is_some(), &fields, &mut servers.addresses);
            servers.specs.push(instance);
        }
    }
    Some(())
}

/// Notes a server at the address of another one.
fn check_address(server: &ServerSpec, is_fixed: bool, fields: &Fields<'_>, addresses: &mut IndexMap<String, String>) {
    let (key, address) = match &server.origin {
        ServerOrigin::Url { url } => ("url", url.trim_start_matches("http://").replace("localhost", "127.0.0.1")),
        ServerOrigin::Run { port, .. } | ServerOrigin::Compose { port, .. } if is_fixed => {
            ("port", format!("127.0.0.1:{port}"))
        }
        ServerOrigin::Run { .. } | ServerOrigin::Compose { .. } => return,
    };
    let label = server.label();
    if let Some(earlier) = addresses.get(&address) {
        let span = fields.raw(key).map_or_else(|| fields.span(), |node| node.span.clone());
        let finding =
            Finding::new(Code::Address, span, format!("`{label}` is at the address of `{earlier}`, {address}"));
        let help = if server.index > 0 {
            "leave `count` out, or let the address depend on `{{ index }}`"
        } else {
            "give it an address of its own; without `port` a `run` or `compose` server gets a free one"
        };
        fields.scope.notes.push(finding.help(help));
    }
    addresses.entry(address).or_insert(label);
}

fn fixed_port(fields: &Fields<'_>, first: u16, index: u32) -> Option<u16> {
    let port = fields.within("port", u32::from(first) + index, 1, u32::from(u16::MAX))?;
    u16::try_from(port).ok()
}

fn next_port(fields: &Fields<'_>, ports: &mut Ports<'_>) -> Option<u16> {
    let port = ports.next();
    if port.is_none() {
        fields.scope.notes.push(Finding::new(
            Code::Ports,
            fields.span(),
            "there are fewer ports than server instances",
        ));
    }
    port
}

fn read_slots(fields: &Fields<'_>) -> Option<u32> {
    fields.within("slots", fields.optional("slots")?, 1, 4096)
}

fn read_instance(
    fields: Fields<'_>,
    (index, port, slots): (u32, Option<u16>, Option<u32>),
    dir: &Folder<'_>,
) -> Option<ServerSpec> {
    // Read before.
    for key in ["when", "count", "port", "slots"] {
        fields.raw(key);
    }
    let name = fields.required("name");
    let api = fields.required("api");
    let env = fields.or_default("env");
    let own_dir = fields.optional("dir");
    let placement = Placement::read(&fields);
    let origin = fields.exactly_one(&["run", "compose", "url"]).and_then(|key| {
        read_origin(key, &fields, Surroundings { env, own_dir, port: port.unwrap_or(0), dir, placement })
    });
    let ready = read_ready(&fields);
    let preload = read_preload(&fields);
    let stop = fields.or_default("stop");
    let headers = read_headers(&fields);
    let source_addresses = read_source_addresses(&fields);
    let model = fields.optional("model");
    fields.finish();
    Some(ServerSpec {
        name: name?,
        index,
        api: api?,
        origin: origin?,
        ready: ready?,
        preload,
        stop,
        headers,
        source_addresses,
        model,
        slots,
    })
}

/// What stands beside `run`, `compose` or `url`.
struct Surroundings<'d> {
    env: IndexMap<String, String>,
    own_dir: Option<PathBuf>,
    port: u16,
    dir: &'d Folder<'d>,
    placement: Placement,
}

fn read_origin(key: &'static str, fields: &Fields<'_>, around: Surroundings<'_>) -> Option<ServerOrigin> {
    let Surroundings { mut env, own_dir, port, dir, placement } = around;
    let notes = fields.scope.notes;
    if key != "run" && !placement.is_empty() {
        let finding = Finding::new(Code::Value, fields.raw(key)?.span.clone(), "only a server of `run` can be placed");
        notes.push(finding.help("leave `cpus` and `gpu` out; a Compose file has `cpuset` and `device_ids` for it"));
    }
    match key {
        "run" => {
            let argv: Vec<String> = fields.optional(key)?;
            check_argv(&argv, fields.raw(key)?, notes);
            let argv = placement.place(argv, &mut env);
            Some(ServerOrigin::Run { argv, env, dir: Some(absolute(dir, own_dir)), port })
        }
        "compose" => {
            let ComposeOrigin { file, service } = fields.optional(key)?;
            let file = dir.join(file);
            let span = fields.raw(key)?.span.clone();
            dir.refer_to(ReferencedFile { path: file.clone(), span, role: FileRole::Compose });
            Some(ServerOrigin::Compose { file, service, env, port })
        }
        _ => read_url(&fields.node(key)?, fields),
    }
}

fn read_url(node: &Node, fields: &Fields<'_>) -> Option<ServerOrigin> {
    let url: String = decode(node, fields.scope.notes)?;
    let url = url.trim_end_matches('/').to_owned();
    if user_info(&url).is_some() {
        // That was noted when its text was computed.
        return None;
    }
    if is_address(&url) {
        return Some(ServerOrigin::Url { url });
    }
    let finding =
        Finding::new(Code::Value, node.span.clone(), format!("`{}` is not the address of a server", shown_url(&url)));
    let help = "write it like \"http://127.0.0.1:8000\", \"https://models.example\" or \"unix:///run/model.sock\", without \
                a path on the server";
    fields.scope.notes.push(finding.help(help));
    None
}

fn is_address(url: &str) -> bool {
    if let Some(socket) = url.strip_prefix("unix://") {
        return socket.len() > 1 && socket.starts_with('/') && !socket.contains(":/") && !socket.contains('\0');
    }
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']))
}

/// Where connections come from: each address once, and none where there is
/// nothing to choose.
fn read_source_addresses(fields: &Fields<'_>) -> Vec<IpAddr> {
    let addresses: Vec<IpAddr> = fields.or_default("source_addresses");
    let note = |code, message: String| {
        let span = fields.raw("source_addresses").map_or_else(|| fields.span(), |node| node.span.clone());
        fields.scope.notes.push(Finding::new(code, span, message));
    };
    if let Some((_, twice)) = addresses.iter().enumerate().find(|(at, address)| addresses[..*at].contains(address)) {
        note(Code::Duplicate, format!("`{twice}` stands twice in `source_addresses`"));
    }
    let url = fields.node("url").and_then(|node| node.as_text().map(str::to_owned));
    if !addresses.is_empty() && url.is_some_and(|url| url.starts_with("unix://")) {
        note(Code::Choice, "connections to a Unix socket come from no address".to_owned());
    }
    addresses
}
