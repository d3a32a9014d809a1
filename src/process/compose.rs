use std::path::Path;

/// `docker compose -p PROJECT -f FILE ARGUMENTS…`, by argument.
pub fn compose(project: &str, file: &Path, arguments: &[&str]) -> Vec<String> {
    let file = file.to_string_lossy();
    let head = ["docker", "compose", "-p", project, "-f", &file];
    head.iter().chain(arguments).map(|argument| (*argument).to_owned()).collect()
}

/// The name of a Compose project that is private to a run and to `part` of it:
/// two servers of one file must not replace each other's containers.
///
/// Compose allows lower-case letters, digits, `-` and `_`; everything else
/// becomes `-`.
pub fn compose_project(run_id: &str, part: &str) -> String {
    let allowed = |character: char| match character.to_ascii_lowercase() {
        lower @ ('a'..='z' | '0'..='9' | '-' | '_') => lower,
        _ => '-',
    };
    format!("runexp-{run_id}-{part}").chars().map(allowed).collect::<String>().trim_end_matches('-').to_owned()
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
    fn a_project_name_holds_only_what_compose_allows() {
        assert_eq!(compose_project("2026-11-22T16.05", "ollama[1]"), "runexp-2026-11-22t16-05-ollama-1");
    }

    #[test]
    fn warnings_are_not_container_ids() {
        let output = "time=\"2026\" level=warning msg=\"`version` is obsolete\"\n0123456789abcdef\n\nabc\n";
        assert_eq!(container_ids(output), ["0123456789abcdef"]);
    }
}
