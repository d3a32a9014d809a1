//! `[[server]]`: one table, as many instances as `count` says.

use std::net::IpAddr;
use std::path::PathBuf;

use indexmap::IndexMap;
use minijinja::value::Value as Computed;

use super::super::files::referenced_file::{FileRole, Folder, ReferencedFile};
use super::super::model::server::{ServerOrigin, ServerSpec};
use super::super::tables::{ComposeOrigin, ORIGINS, ServerKeys};
use super::declared::{Declared, Lives};
use super::header::read_headers;
use super::placement::Placement;
use super::ready::{read_preload, read_ready};
use super::{absolute, check_argv};
use crate::format::{Code, Fields, Finding, Key, Keys, Node, Notes, Scope};
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
    let keys = ServerKeys::of(&fields);
    let active = keys.when.holds()?;
    let count = keys.count.optional().unwrap_or(1);
    let count = keys.count.within(count, 1, MOST_INSTANCES).unwrap_or(1);
    let origin = fields.exactly_one(&ORIGINS);
    let first_port = keys.port.optional();
    if let (true, Some(name)) = (active, keys.name.raw().and_then(Node::as_text)) {
        let lives = Lives::of(origin);
        if servers.declared.insert(name.to_owned(), Declared { count, lives }).is_some() {
            keys.name.complain(Code::Duplicate, format!("a second server `{name}`"));
        }
    }
    for index in 0..count {
        let port = match (origin, first_port) {
            (None | Some("url"), _) => None,
            (_, Some(first)) => Some(fixed_port(keys.port, first, index)?),
            (_, None) if !active => Some(0),
            (_, None) => Some(next_port(&fields, ports)?),
        };
        let names = [("index", Some(Computed::from(index))), ("port", port.map(Computed::from))];
        let names = names.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let scope = scope.with(names);
        let slots = Fields::of(node, &scope).and_then(|fields| read_slots(ServerKeys::of(&fields).slots));
        // Its own number, whatever else has that name.
        let scope = scope.with(slots.map(|slots| ("slots".to_owned(), Computed::from(slots))));
        let instance = Fields::of(node, &scope).and_then(|fields| read_instance(&fields, (index, port, slots), dir));
        if let Some(instance) = instance.filter(|_| active) {
            check_address(&instance, &keys, &mut servers.addresses, scope.notes);
            servers.specs.push(instance);
        }
    }
    Some(())
}

/// Notes a server at the address of another one.
fn check_address(server: &ServerSpec, keys: &ServerKeys<'_>, addresses: &mut IndexMap<String, String>, notes: &Notes) {
    let (span, address) = match &server.origin {
        ServerOrigin::Url { url } => {
            (keys.url.span(), url.trim_start_matches("http://").replace("localhost", "127.0.0.1"))
        }
        ServerOrigin::Run { port, .. } | ServerOrigin::Compose { port, .. } if keys.port.raw().is_some() => {
            (keys.port.span(), format!("127.0.0.1:{port}"))
        }
        ServerOrigin::Run { .. } | ServerOrigin::Compose { .. } => return,
    };
    let label = server.label();
    if let Some(earlier) = addresses.get(&address) {
        let message = format!("`{label}` is at the address of `{earlier}`, {address}");
        let help = if server.index > 0 {
            "leave `count` out, or let the address depend on `{{ index }}`"
        } else {
            "give it an address of its own; without `port` a `run` or `compose` server gets a free one"
        };
        notes.push(Finding::new(Code::Address, span, message).help(help));
    }
    addresses.entry(address).or_insert(label);
}

fn fixed_port<T>(key: Key<'_, T>, first: u16, index: u32) -> Option<u16> {
    let port = key.within(u32::from(first) + index, 1, u32::from(u16::MAX))?;
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

fn read_slots(key: Key<'_, Option<u32>>) -> Option<u32> {
    key.within(key.optional()?, 1, 4096)
}

fn read_instance(
    fields: &Fields<'_>,
    (index, port, slots): (u32, Option<u16>, Option<u32>),
    dir: &Folder<'_>,
) -> Option<ServerSpec> {
    let keys = ServerKeys::of(fields);
    let name = keys.name.required();
    let api = keys.api.required();
    let env = keys.env.optional().unwrap_or_default();
    let own_dir = keys.dir.read_as();
    let placement = Placement::read(&keys);
    let origin = fields.exactly_one(&ORIGINS).and_then(|key| {
        read_origin(
            key,
            &keys,
            Surroundings { env, own_dir, port: port.unwrap_or(0), dir, placement },
            fields.scope.notes,
        )
    });
    let ready = read_ready(keys.ready, fields.scope.notes);
    let preload = read_preload(keys.preload);
    let stop = keys.stop.optional().unwrap_or_default();
    let headers = read_headers(&keys, fields.scope.notes);
    let source_addresses = read_source_addresses(&keys);
    let model = keys.model.optional();
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

fn read_origin(
    key: &'static str,
    keys: &ServerKeys<'_>,
    around: Surroundings<'_>,
    notes: &Notes,
) -> Option<ServerOrigin> {
    let Surroundings { mut env, own_dir, port, dir, placement } = around;
    if !placement.is_empty() {
        let (message, help) = ("only a server of `run` can be placed", CONTAINERS);
        match key {
            "compose" => keys.compose.advise(Code::Value, message, help),
            "url" => keys.url.advise(Code::Value, message, help),
            _ => {}
        }
    }
    match key {
        "run" => {
            let argv = keys.run.optional()?;
            check_argv(&argv, keys.run.raw()?, notes);
            let argv = placement.place(argv, &mut env);
            Some(ServerOrigin::Run { argv, env, dir: Some(absolute(dir, own_dir)), port })
        }
        "compose" => {
            let ComposeOrigin { file, service } = keys.compose.optional()?;
            let file = dir.join(file);
            dir.refer_to(ReferencedFile { path: file.clone(), span: keys.compose.span(), role: FileRole::Compose });
            Some(ServerOrigin::Compose { file, service, env, port })
        }
        _ => read_url(keys.url),
    }
}

const CONTAINERS: &str = "leave `cpus` and `gpu` out; a Compose file has `cpuset` and `device_ids` for it";

fn read_url(key: Key<'_, Option<String>>) -> Option<ServerOrigin> {
    let url = key.optional()?;
    let url = url.trim_end_matches('/').to_owned();
    if user_info(&url).is_some() {
        // That was noted when its text was computed.
        return None;
    }
    if is_address(&url) {
        return Some(ServerOrigin::Url { url });
    }
    let help = "write it like \"http://127.0.0.1:8000\", \"https://models.example\" or \"unix:///run/model.sock\", without \
                a path on the server";
    key.advise(Code::Value, format!("`{}` is not the address of a server", shown_url(&url)), help);
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
fn read_source_addresses(keys: &ServerKeys<'_>) -> Vec<IpAddr> {
    let addresses = keys.source_addresses.optional().unwrap_or_default();
    let note = |code, message: String| keys.source_addresses.complain(code, message);
    if let Some((_, twice)) = addresses.iter().enumerate().find(|(at, address)| addresses[..*at].contains(address)) {
        note(Code::Duplicate, format!("`{twice}` stands twice in `source_addresses`"));
    }
    let url = keys.url.node().and_then(|node| node.as_text().map(str::to_owned));
    if !addresses.is_empty() && url.is_some_and(|url| url.starts_with("unix://")) {
        note(Code::Choice, "connections to a Unix socket come from no address".to_owned());
    }
    addresses
}
