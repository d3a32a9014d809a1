use super::DecodeError;
use super::parts::Parts;

/// Something that is no part of the API: what is wrong with a reply, if nothing
/// better comes.
#[derive(Debug)]
pub(super) struct Stray {
    error: DecodeError,
    spoils: Spoils,
}

/// Which of the replies that do not end well a stray explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spoils {
    /// Those without a token: it is an object of another kind.
    Tokenless,
    /// All: it is no object at all.
    All,
}

impl Spoils {
    const fn reason(self) -> &'static str {
        match self {
            Self::Tokenless => "an object of another kind",
            Self::All => "no field of a server-sent event",
        }
    }
}

impl Stray {
    /// Keeps the first, but for one that spoils more.
    pub(super) fn note(kept: &mut Option<Self>, spoils: Spoils, error: impl FnOnce(&str) -> DecodeError) {
        if kept.as_ref().is_none_or(|stray| stray.spoils < spoils) {
            *kept = Some(Self { error: error(spoils.reason()), spoils });
        }
    }

    /// What is wrong with a reply whose tokens came so, and that never ended.
    pub(super) fn of(self, parts: Parts) -> Option<DecodeError> {
        (self.spoils == Spoils::All || parts == Parts::None).then_some(self.error)
    }
}
