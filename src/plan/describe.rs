//! Servers and requests in a few words each.

use crate::scenario::{RequestSpec, ServerOrigin, ServerSpec};
use crate::text::{one_line, shown_url, typed};

/// A server in one line, without its label.
pub(super) fn server(server: &ServerSpec) -> String {
    match &server.origin {
        ServerOrigin::Run { argv, env, .. } => {
            let env: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
            one_line(&typed(&[env, argv.clone()].concat()))
        }
        ServerOrigin::Compose { file, service, port, .. } => {
            format!("docker compose -f {} up -d --wait {service} on port {port}", file.display())
        }
        ServerOrigin::Url { url } => format!("already at {}", shown_url(url)),
    }
}

/// What replies are asked for, and what of a body is sent otherwise.
pub(super) fn request(request: &RequestSpec) -> String {
    let length = match request.max_tokens {
        None => "replies as long as the file says".to_owned(),
        Some(tokens) if request.limits_replies() => format!("at most {tokens} tokens"),
        Some(tokens) => format!("replies of any length, about {tokens} tokens"),
    };
    let omitted: Vec<String> = request.omit.iter().map(ToString::to_string).collect();
    let renamed = request.rename.iter().map(|(field, name)| format!(", {field} sent as {name}"));
    let omitted = if omitted.is_empty() { String::new() } else { format!(", without {}", omitted.join(" and ")) };
    format!("{length}{omitted}{}", renamed.collect::<String>())
}
