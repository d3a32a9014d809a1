//! Words of a shell: quoted where they must be.

use std::path::Path;

use indexmap::IndexMap;

use super::Rights;

/// A command as a shell takes it, whole.
pub fn typed<T: AsRef<str>>(argv: &[T]) -> String {
    argv.iter().map(|word| quoted(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// On one line, for people.
pub(super) fn shown(line: &str) -> String {
    line.replace(char::is_control, " ")
}

/// One word.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A path as one word.
pub(super) fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// A command with these rights and this environment.
pub(super) fn line<T: AsRef<str>>(rights: Rights, env: &IndexMap<String, String>, argv: &[T]) -> String {
    let assignments: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let env = if env.is_empty() { String::new() } else { format!("env {} ", typed(&assignments)) };
    format!("{}{env}{}", sudo(rights), typed(argv))
}

/// What goes before a command with these rights.
pub(super) const fn sudo(rights: Rights) -> &'static str {
    match rights {
        Rights::Own | Rights::Root => "",
        Rights::Sudo => "sudo -n ",
    }
}

/// A URL as it may be shown: without `user:password@`.
pub fn shown_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// A URL as curl takes it: `unix:///SOCKET[:/PATH]` in three words.
pub fn curl_words(url: &str) -> Vec<String> {
    let Some(rest) = url.strip_prefix("unix://") else { return vec![shown_url(url)] };
    let (socket, path) = rest.split_once(":/").unwrap_or((rest, ""));
    vec!["--unix-socket".to_owned(), socket.to_owned(), format!("http://localhost/{path}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let argv = ["sh", "-c", "echo 'a b'; exit", ""];
        assert_eq!(typed(&argv), r"sh -c 'echo '\''a b'\''; exit' ''");
    }

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        assert_eq!(shown_url("http://me:secret@host:80/x"), "http://host:80/x");
        assert_eq!(shown_url("http://me:p@ss@host"), "http://host");
        assert_eq!(shown_url("http://host/x?by=me@home"), "http://host/x?by=me@home");
    }

    #[test]
    fn curl_is_told_of_a_socket_in_its_own_words() {
        let words = ["unix:///run/a.sock", "unix:///run/a.sock:/v1?x=1", "https://me:secret@host/x"];
        assert_eq!(
            words.map(|url| typed(&curl_words(url))),
            [
                "--unix-socket /run/a.sock http://localhost/",
                "--unix-socket /run/a.sock 'http://localhost/v1?x=1'",
                "https://host/x"
            ]
        );
    }
}
