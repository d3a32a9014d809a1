//! One line for each server a plan would start.

use crate::scenario::{ServerOrigin, ServerSpec, shown_url, typed};

/// A server in one line, without its label.
pub(super) fn server(server: &ServerSpec) -> String {
    match &server.origin {
        ServerOrigin::Run { argv, env, .. } => {
            let env: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
            typed(&[env, argv.clone()].concat()).replace(char::is_control, " ")
        }
        ServerOrigin::Compose { file, service, port, .. } => {
            format!("docker compose -f {} up -d --wait {service} on port {port}", file.display())
        }
        ServerOrigin::Url { url } => format!("already at {}", shown_url(url)),
    }
}
