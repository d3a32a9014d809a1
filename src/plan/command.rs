//! How servers are started, as commands.

use std::path::Path;

use indexmap::IndexMap;
use serde::Serialize;

use super::Placement;
use crate::names::compose_project;
use crate::scenario::{ServerOrigin, ServerSpec};

/// How a server is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerCommand<'a> {
    /// `ollama[0]`.
    pub server: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Added to the environment.
    pub env: &'a IndexMap<String, String>,
    /// Working directory.
    pub dir: &'a Path,
    /// Where it listens on loopback. A run finds free ports; these are
    /// examples, unless the scenario fixes them.
    pub port: u16,
}

impl<'a> ServerCommand<'a> {
    /// `None` for a server that is already there.
    pub fn of(server: &'a ServerSpec, placement: Placement<'a>) -> Option<Self> {
        let (argv, env, dir, port) = match &server.origin {
            ServerOrigin::Run { argv, env, dir, port } => {
                (argv.clone(), env, dir.as_deref().unwrap_or(placement.scenario_dir), *port)
            }
            ServerOrigin::Compose { file, service, env, port } => {
                let up = compose(server, file, placement, &["up", "-d", "--wait", service]);
                (up, env, placement.scenario_dir, *port)
            }
            ServerOrigin::Url { .. } => return None,
        };
        Some(Self { server: server.label(), argv, env, dir, port })
    }
}

/// `docker compose` on the project that a server has for itself.
pub(super) fn compose(server: &ServerSpec, file: &Path, placement: Placement<'_>, arguments: &[&str]) -> Vec<String> {
    let project = compose_project(&placement.bindings.run_id, &server.label());
    let file = file.to_string_lossy();
    let head = ["docker", "compose", "-p", &project, "-f", &file];
    head.iter().chain(arguments).map(|word| (*word).to_owned()).collect()
}
