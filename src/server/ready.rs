//! When a server counts as ready.

use std::path::Path;
use std::time::Duration;

use regex::Regex;

use super::{NotReady, ServerContext, ServerError};
use crate::host::{NoAnswer, http_answers, socket_answers, tcp_answers};
use crate::process::{Limit, read_from, tail};
use crate::scenario::{ServerSpec, url_of};
use crate::text::{shown_url, with_causes};

const POLL: Duration = Duration::from_millis(50);
const TAIL_LINES: usize = 10;
/// The most of a log that is taken at one look, and of a line that is kept.
const PIECE: usize = 1024 * 1024;

/// Waits until everything that `ready` demands holds. `exited` tells whether
/// the server has ended meanwhile; `offset` is where its log begins.
pub(super) async fn wait(
    spec: &ServerSpec,
    url: &str,
    context: &ServerContext<'_>,
    offset: u64,
    mut exited: impl FnMut() -> Option<String>,
) -> Result<(), ServerError> {
    let server = spec.label();
    let limit = Limit::from_now(spec.ready.within);
    let mut line = spec
        .ready
        .log
        .as_deref()
        .map(|pattern| LogLine::new(pattern, offset))
        .transpose()
        .map_err(|source| ServerError::Pattern { server: server.clone(), source })?;
    loop {
        if let Some(how) = exited() {
            return Err(ServerError::Exited { server, how, tail: tail(context.log, offset, TAIL_LINES) });
        }
        let missing = tokio::select! {
            () = context.cancel.cancelled() => return Err(ServerError::Cancelled { server }),
            missing = missing(spec, url, line.as_mut(), context) => missing?,
        };
        let Some(missing) = missing else { return Ok(()) };
        if limit.is_over() {
            let tail = tail(context.log, offset, TAIL_LINES);
            return Err(ServerError::NotReady { server, within: spec.ready.within, missing, tail });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What does not hold yet. Where nothing is demanded, a connection must be
/// accepted.
async fn missing(
    spec: &ServerSpec,
    url: &str,
    line: Option<&mut LogLine>,
    context: &ServerContext<'_>,
) -> Result<Option<NotReady>, ServerError> {
    let answer = match (&spec.ready.http, &spec.ready.log) {
        (Some(path), _) => {
            let headers: Vec<_> = context.headers.iter().map(|header| (header.name(), header.value())).collect();
            http_answers(&url_of(url, path), &headers).await
        }
        (None, Some(_)) => Ok(()),
        (None, None) => accepts(url).await,
    };
    if let Err(error) = answer {
        return Ok(Some(NotReady::Silent(with_causes(&error))));
    }
    if let Some(line) = line
        && !line.seen(context.log)?
    {
        return Ok(Some(NotReady::NoLine { pattern: line.pattern.as_str().to_owned() }));
    }
    Ok(None)
}

/// Whether a connection is accepted, whatever is then said over it.
///
/// # Errors
/// If it is not.
pub async fn accepts(url: &str) -> Result<(), NoAnswer> {
    match url.strip_prefix("unix://") {
        Some(path) => socket_answers(path).await,
        None => tcp_answers(&address(url)).await,
    }
}

/// `host:port` of a URL.
fn address(url: &str) -> String {
    let parts = reqwest::Url::parse(url).ok().and_then(|url| {
        let port = url.port_or_known_default()?;
        Some(format!("{}:{port}", url.host_str()?))
    });
    parts.unwrap_or_else(|| shown_url(url))
}

/// Looks for a line in a log that grows.
struct LogLine {
    pattern: Regex,
    /// Where the server's own output begins.
    start: u64,
    offset: u64,
    /// A line whose end has not been written yet.
    open: Vec<u8>,
    found: bool,
}

impl LogLine {
    fn new(pattern: &str, offset: u64) -> Result<Self, regex::Error> {
        Ok(Self { pattern: Regex::new(pattern)?, start: offset, offset, open: Vec::new(), found: false })
    }

    /// Reads on and tells whether a whole line has matched by now.
    fn seen(&mut self, log: &Path) -> Result<bool, ServerError> {
        let length = log.metadata().map_or(self.offset, |metadata| metadata.len());
        if length < self.offset {
            // The middle was cut out; what is left is soon read again.
            (self.offset, self.open) = (self.start, Vec::new());
        }
        while !self.found {
            let bytes = read_from(log, self.offset, PIECE as u64)
                .map_err(|source| ServerError::Log { path: log.to_owned(), source })?;
            if bytes.is_empty() {
                break;
            }
            self.offset += bytes.len() as u64;
            self.take(&bytes);
        }
        Ok(self.found)
    }

    fn take(&mut self, bytes: &[u8]) {
        self.open.extend_from_slice(bytes);
        let whole = memchr::memrchr(b'\n', &self.open).map_or(0, |end| end + 1);
        let text = String::from_utf8_lossy(&self.open[..whole]);
        self.found = text.lines().any(|line| self.pattern.is_match(line));
        self.open.drain(..whole);
        // No readiness line is that long; forget it rather than grow.
        if self.open.len() > PIECE {
            self.open.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_matches_only_when_it_is_whole() {
        let mut line = LogLine::new("^ready on \\d+$", 0).unwrap();
        line.take(b"noise\nready on 80");
        assert!(!line.found);
        line.take(b"80\nmore");
        assert!(line.found);
        assert_eq!(line.open, b"more");
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let mut line = LogLine::new("x", 0).unwrap();
        line.take(&vec![b'x'; PIECE + 1]);
        assert!(line.open.is_empty() && !line.found);
    }

    #[test]
    fn an_address_has_the_port_its_scheme_implies() {
        assert_eq!(address("http://me:secret@127.0.0.1:81/x"), "127.0.0.1:81");
        assert_eq!(address("http://host"), "host:80");
    }
}
