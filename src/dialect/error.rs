/// The bytes are not the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A line grew beyond the limit.
    #[error("a line of the reply is longer than {limit} bytes")]
    LineTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// Something is not what the protocol says.
    #[error("not {expected}: {reason} at byte {at}, near `{near}`")]
    Malformed {
        /// What it should be.
        expected: &'static str,
        /// What is wrong.
        reason: String,
        /// Where, in bytes from the start of the body.
        at: u64,
        /// What stands there, at most 80 characters.
        near: String,
    },
    /// An HTML page, as proxies and portals send it.
    #[error("an HTML page{} at byte {at}, not {expected}", titled(title.as_deref()))]
    Html {
        /// What it should be.
        expected: &'static str,
        /// Where it begins, in bytes from the start of the body.
        at: u64,
        /// Its title, if it has one and that has come.
        title: Option<String>,
    },
}

fn titled(title: Option<&str>) -> String {
    title.map(|title| format!(" titled `{title}`")).unwrap_or_default()
}
