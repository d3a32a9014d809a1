//! One line for each thing a plan would do.

use crate::scenario::{MemoryFloor, MpsAction, ServerOrigin, ServerSpec, StepKind, StepSpec};

/// A step in one line, without its name.
pub(super) fn step(step: &StepSpec) -> String {
    let what = match &step.kind {
        StepKind::Run(run) => words(&run.argv),
        StepKind::Shell(shell) => format!("sh -c {}", quoted(&shell.script)),
        StepKind::Wait(wait) => {
            let url = wait.http.as_deref().map(without_user_info);
            let target = [url, wait.tcp.clone(), wait.file.as_ref().map(|path| path.display().to_string())];
            format!("wait for {}", target.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
        StepKind::Http(http) => {
            let implied = if http.json.is_some() { "POST" } else { "GET" };
            format!("{} {}", http.method.as_deref().unwrap_or(implied), without_user_info(&http.url))
        }
        StepKind::DropCaches(drop) => format!("sync, then drop the page cache ({:?})", drop.level).to_lowercase(),
        StepKind::MemoryAvailable(memory) => match memory.at_least {
            MemoryFloor::Share(share) => format!("demand {share} of memory free"),
            MemoryFloor::Bytes(bytes) => format!("demand {bytes} of memory free"),
        },
        StepKind::Mps(mps) => match mps.action {
            MpsAction::Start => format!("start {} with a pipe directory of this run", mps.control),
            MpsAction::Absent => "prove that no MPS daemon can be reached".to_owned(),
        },
        StepKind::Compose(compose) => {
            format!("docker compose -f {} up -d --wait {}", compose.file.display(), words(&compose.services))
        }
        StepKind::Sleep(period) => format!("sleep {period}"),
    };
    match rights(step) {
        Some(mark) => format!("{mark} {what}"),
        None => what,
    }
}

/// The rights a step needs beyond those of the person who runs it.
fn rights(step: &StepSpec) -> Option<&'static str> {
    match step.kind {
        _ if step.privileged => Some("[sudo -n]"),
        StepKind::DropCaches(_) => Some("[root]"),
        _ => None,
    }
}

/// A server in one line, without its label.
pub(super) fn server(server: &ServerSpec) -> String {
    match &server.origin {
        ServerOrigin::Run { argv, env, .. } => {
            let env: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
            words(&[env, argv.clone()].concat())
        }
        ServerOrigin::Compose { file, service, port, .. } => {
            format!("docker compose -f {} up -d --wait {service} on port {port}", file.display())
        }
        ServerOrigin::Url { url } => format!("already at {}", without_user_info(url)),
    }
}

/// A URL as it may be shown: without `user:password@`.
fn without_user_info(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// Words as a shell would take them.
pub(super) fn words(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''").replace(char::is_control, " "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let argv = ["sh", "-c", "echo 'a b'; exit", ""].map(str::to_owned);
        assert_eq!(words(&argv), r"sh -c 'echo '\''a b'\''; exit' ''");
    }

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        assert_eq!(without_user_info("http://me:secret@host:80/x"), "http://host:80/x");
        assert_eq!(without_user_info("http://me:p@ss@host"), "http://host");
        assert_eq!(without_user_info("http://host/x?by=me@home"), "http://host/x?by=me@home");
    }
}
