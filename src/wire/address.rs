use std::fmt;
use std::path::PathBuf;

use reqwest::Url;

/// Where a server listens, and what stands before each of its paths.
///
/// * `http://HOST[:PORT][/PREFIX]`, port 80 if left out
/// * `https://HOST[:PORT][/PREFIX]`, port 443 if left out
/// * `unix:///PATH/TO.sock[:/PREFIX]`: the socket as `DOCKER_HOST` names it;
///   what follows a colon is the prefix, as in nginx. The `Host` sent there is
///   `localhost`, as with `curl --unix-socket`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(super) place: Place,
    prefix: String,
}

/// What is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// TCP, plain.
    Plain { host: String, port: u16 },
    /// TLS over TCP.
    Secure { host: String, port: u16 },
    /// A socket in the file system.
    Unix(PathBuf),
}

/// The text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL at all.
    #[error("`{text}` is not a URL")]
    NotUrl {
        /// What was given.
        text: String,
    },
    /// Nothing here speaks that.
    #[error("`{scheme}` is not `http`, `https` or `unix`")]
    Scheme {
        /// Its scheme.
        scheme: String,
    },
    /// A user, a query or a fragment has no place before a path. The text is
    /// not shown, since it may hold a password.
    #[error("the address holds a user name, a query or a fragment")]
    Surplus,
    /// The path of the socket is not absolute, or the prefix does not start
    /// with `/` or holds what no path may.
    #[error("`{text}` is not `unix:///PATH` or `unix:///PATH:/PREFIX`")]
    Unix {
        /// What was given.
        text: String,
    },
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// When the text is none.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if let Some(parts) = socket_and_path(text) {
            return unix(parts).ok_or_else(|| AddressError::Unix { text: text.to_owned() });
        }
        let not_url = || AddressError::NotUrl { text: text.split('@').next_back().unwrap_or_default().to_owned() };
        let url = Url::parse(text).map_err(|_| not_url())?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Surplus);
        }
        let (host, port) = url.host_str().zip(url.port_or_known_default()).ok_or_else(not_url)?;
        let host = host.to_owned();
        let place = match url.scheme() {
            "http" => Place::Plain { host, port },
            "https" => Place::Secure { host, port },
            scheme => return Err(AddressError::Scheme { scheme: scheme.to_owned() }),
        };
        Ok(Self { place, prefix: url.path().trim_end_matches('/').to_owned() })
    }

    /// The value of `Host`: without a port where that goes without saying.
    pub(super) fn authority(&self) -> String {
        match &self.place {
            Place::Plain { host, port: 80 } | Place::Secure { host, port: 443 } => host.clone(),
            Place::Plain { host, port } | Place::Secure { host, port } => format!("{host}:{port}"),
            Place::Unix(_) => "localhost".to_owned(),
        }
    }

    /// `path` behind the prefix.
    pub(super) fn target(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Plain { host, port } => write!(f, "http://{host}:{port}"),
            Place::Secure { host, port } => write!(f, "https://{host}:{port}"),
            Place::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// The file and the path of `unix:///SOCKET[:/PATH]`; `None` of other URLs.
pub(super) fn socket_and_path(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("unix://")?;
    Some(rest.split_once(":/").map_or((rest, ""), |(socket, _)| (socket, &rest[socket.len() + 1..])))
}

fn unix((path, prefix): (&str, &str)) -> Option<Address> {
    let plain = prefix.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#'));
    let is_file = path.len() > 1 && path.starts_with('/') && !path.contains('\0');
    (is_file && plain)
        .then(|| Address { place: Place::Unix(path.into()), prefix: prefix.trim_end_matches('/').to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError};

    fn read(text: &str) -> Result<(String, String, String), AddressError> {
        Address::parse(text).map(|address| (address.to_string(), address.authority(), address.target("/v1")))
    }

    fn good(text: &str) -> (String, String, String) {
        read(text).unwrap()
    }

    fn parts(place: &str, authority: &str, target: &str) -> (String, String, String) {
        (place.to_owned(), authority.to_owned(), target.to_owned())
    }

    #[test]
    fn an_address_has_a_place_a_host_and_a_prefix() {
        assert_eq!(good("http://a:8080"), parts("http://a:8080", "a:8080", "/v1"));
        assert_eq!(good("http://a/"), parts("http://a:80", "a", "/v1"));
        assert_eq!(good("http://[::1]:90/b/c/"), parts("http://[::1]:90", "[::1]:90", "/b/c/v1"));
        assert_eq!(good("https://A.example/b"), parts("https://a.example:443", "a.example", "/b/v1"));
        assert_eq!(good("unix:///run/x.sock"), parts("unix:///run/x.sock", "localhost", "/v1"));
        assert_eq!(good("unix:///run/x.sock:/b/"), parts("unix:///run/x.sock", "localhost", "/b/v1"));
    }

    #[test]
    fn what_is_no_address_says_why_and_keeps_a_password_to_itself() {
        let refused = [
            "a:b@c",
            "localhost",
            "http://",
            "ftp://a",
            "http://u:secret@a",
            "http://:secret@",
            "http://a?b",
            "unix://a.sock",
            "unix:///a.sock:/b c",
            "unix:///",
        ]
        .map(|text| read(text).unwrap_err().to_string());
        insta::assert_snapshot!(refused.join("\n"), @r"
        `c` is not a URL
        `localhost` is not a URL
        `http://` is not a URL
        `ftp` is not `http`, `https` or `unix`
        the address holds a user name, a query or a fragment
        `` is not a URL
        the address holds a user name, a query or a fragment
        `unix://a.sock` is not `unix:///PATH` or `unix:///PATH:/PREFIX`
        `unix:///a.sock:/b c` is not `unix:///PATH` or `unix:///PATH:/PREFIX`
        `unix:///` is not `unix:///PATH` or `unix:///PATH:/PREFIX`
        ");
    }
}
