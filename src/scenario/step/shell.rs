//! Lines of a shell that do what a step does.

use std::path::Path;

use indexmap::IndexMap;

use super::Rights;
use crate::text::{quoted, shown_url, typed};

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
