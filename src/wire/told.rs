/// The most of a header's value that is kept, in characters.
const LIMIT: usize = 200;

/// What a reply's head says that tells why there is no reply in its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// When to try again: seconds, or a date.
    pub retry_after: Option<String>,
    /// Where to ask instead.
    pub location: Option<String>,
    /// How the body is compressed.
    pub encoding: Option<String>,
}

impl Told {
    /// Notes a header, if it is one of these. Most replies have none, and cost
    /// nothing.
    pub(super) fn note(told: &mut Option<Box<Self>>, name: &str, value: &[u8]) {
        let is = |header: &str| name.eq_ignore_ascii_case(header);
        let place: fn(&mut Self) -> &mut Option<String> = if is("retry-after") {
            |told| &mut told.retry_after
        } else if is("location") {
            |told| &mut told.location
        } else if is("content-encoding") && !value.trim_ascii().eq_ignore_ascii_case(b"identity") {
            |told| &mut told.encoding
        } else {
            return;
        };
        let value = String::from_utf8_lossy(value.trim_ascii()).chars().take(LIMIT).collect::<String>();
        *place(told.get_or_insert_default()) = Some(value).filter(|value| !value.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn only_what_stands_in_the_way_of_a_reply_is_noted() {
        let mut told = None;
        for (name, value) in [("Server", "x"), ("Content-Encoding", "Identity"), ("content-type", "text/html")] {
            Told::note(&mut told, name, value.as_bytes());
        }
        assert_eq!(told, None);
        for (name, value) in [("Retry-After", " 30 "), ("LOCATION", "/v1/"), ("content-encoding", "gzip")] {
            Told::note(&mut told, name, value.as_bytes());
        }
        let (retry_after, location, encoding) = (Some("30".into()), Some("/v1/".into()), Some("gzip".into()));
        assert_eq!(told.as_deref(), Some(&Told { retry_after, location, encoding }));
    }
}
