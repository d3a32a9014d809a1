use std::fmt::Write as _;
use std::ops::Range;

/// Where in a text a URL names its user: `me:secret` of `http://me:secret@host`.
/// That may be a password, or a token in the place of a name.
///
/// A name alone, where no HTTP is spoken (`ssh://git@host`), is no secret, and
/// neither is what a shell or a template will put there.
pub fn user_info(text: &str) -> Option<Range<usize>> {
    user_infos(text).next()
}

fn user_infos(text: &str) -> impl Iterator<Item = Range<usize>> {
    let begins = text.match_indices("://");
    begins.filter_map(|(scheme_end, begin)| user_at(text, scheme_end, scheme_end + begin.len()))
}

fn user_at(text: &str, scheme_end: usize, start: usize) -> Option<Range<usize>> {
    let is_end = |c: char| c.is_whitespace() || "/?#\"'`\\<>|;".contains(c);
    let rest = &text[start..];
    let authority = &rest[..rest.find(is_end).unwrap_or(rest.len())];
    let user = &authority[..authority.rfind('@')?];
    let is_web = ["http", "https", "ws", "wss"].iter().any(|scheme| {
        let before = &text[..scheme_end];
        before.ends_with(scheme) && !before[..before.len() - scheme.len()].ends_with(|c: char| c.is_alphanumeric())
    });
    let is_scheme = text[..scheme_end].ends_with(|c: char| c.is_ascii_alphanumeric());
    let is_filled_in = user.rsplit(':').next().is_some_and(|last| last.is_empty() || last.starts_with(['$', '{', '}']));
    let is_secret = if is_web { !user.is_empty() } else { user.contains(':') };
    (is_scheme && is_secret && !is_filled_in).then(|| start..start + user.len())
}

/// The same text, every user info in it made unreadable; each byte stays where
/// it is.
pub fn mask_user_info(text: &str) -> String {
    let mut masked = text.to_owned();
    for user in user_infos(text) {
        masked.replace_range(user.clone(), &"*".repeat(user.len()));
    }
    masked
}

/// A URL as it may be shown: without `user:password@`.
pub fn shown_url(url: &str) -> String {
    if url.starts_with("unix://") {
        return url.to_owned();
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        // What stands before an `@` could still be a secret.
        return url.rsplit_once('@').map_or(url, |(_, rest)| rest).to_owned();
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// A text as a part of a URL: all but letters, digits and `-._~` as `%XX`
/// (RFC 3986, section 2.1).
pub fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        for (url, shown) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
            ("http://me:secret@host:80/x", "http://host:80/x"),
            ("http://me:p@ss@host", "http://host"),
            ("http://token@host", "http://host"),
            ("http://host/x?by=me@home", "http://host/x?by=me@home"),
            ("me:secret@nonsense", "nonsense"),
            ("unix:///run/a@b.sock", "unix:///run/a@b.sock"),
        ] {
            assert_eq!(shown_url(url), shown);
        }
    }

    #[test]
    fn user_info_is_found_in_any_text_and_masked_where_it_stands() {
        for (text, user) in [
            ("http://me:secret@host", Some("me:secret")),
            ("curl -s https://token@host/x; true", Some("token")),
            ("HTTP_PROXY=http://a:b@[::1]:80", Some("a:b")),
            ("redis://:secret@host", Some(":secret")),
            ("see http://a.example and http://u:p@b.example", Some("u:p")),
            ("git clone ssh://git@host/x", None),
            ("unix:///run/a@b.sock", None),
            ("http://host/x?by=me@home", None),
            ("http://$USER:$TOKEN@host", None),
            ("http://{{vars.user}}:{{vars.token}}@host", None),
            ("me@home :// you@home", None),
            ("http://@host", None),
        ] {
            assert_eq!(user_info(text).map(|range| &text[range]), user, "{text}");
        }
        let text = "http://a:b@c http://ä:x@d";
        let masked = mask_user_info(text);
        assert_eq!(masked, "http://***@c http://****@d");
        assert_eq!(masked.len(), text.len());
    }

    #[test]
    fn a_text_in_a_url_is_escaped_byte_by_byte() {
        assert_eq!(percent_encoded("a b/é~"), "a%20b%2F%C3%A9~");
    }
}
