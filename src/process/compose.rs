use std::path::Path;

/// Whether the daemon answers this user, and whether Compose is there: neither
/// question changes anything.
pub const DOCKER_QUESTIONS: [&[&str]; 2] =
    [&["docker", "version", "--format", "{{.Server.Version}}"], &["docker", "compose", "version"]];

/// `docker compose -p PROJECT -f FILE ARGUMENTS…`, by argument.
pub fn compose(project: &str, file: &Path, arguments: &[&str]) -> Vec<String> {
    let file = file.to_string_lossy();
    let head = ["docker", "compose", "-p", project, "-f", &file];
    head.iter().chain(arguments).map(|argument| (*argument).to_owned()).collect()
}

/// The container ids that `docker compose ps -q` printed. Its warnings come on
/// the same stream; an id is a line of hexadecimal digits.
pub fn container_ids(output: &str) -> Vec<String> {
    let is_id = |line: &&str| line.len() >= 12 && line.chars().all(|character| character.is_ascii_hexdigit());
    output.lines().map(str::trim).filter(is_id).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_not_container_ids() {
        let output = "time=\"2026\" level=warning msg=\"`version` is obsolete\"\n0123456789abcdef\n\nabc\n";
        assert_eq!(container_ids(output), ["0123456789abcdef"]);
    }
}
