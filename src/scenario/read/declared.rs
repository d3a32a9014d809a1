//! What other tables need to know of servers.

/// A server as it is declared, readable or not.
#[derive(Clone, Copy)]
pub(in super::super) struct Declared {
    /// How many instances.
    pub(in super::super) count: u32,
    /// As what they live.
    pub(in super::super) lives: Lives,
}

/// As what a server lives, and so what can be done to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Lives {
    /// A process of the run.
    AsProcess,
    /// A service of a Compose project of the run.
    AsService,
    /// Wherever it is, and is left as it is.
    Elsewhere,
}

impl Lives {
    pub(super) fn of(origin: Option<&str>) -> Self {
        match origin {
            Some("compose") => Self::AsService,
            Some("url") => Self::Elsewhere,
            _ => Self::AsProcess,
        }
    }
}
