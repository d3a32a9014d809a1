/// How a reply's tokens came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    /// None did yet.
    None,
    /// In one object that is a whole reply.
    Alone,
    /// In parts of a stream.
    Streamed,
}

impl Parts {
    /// Tokens have come as they came before.
    pub(super) const fn repeat(&mut self) {
        *self = Self::Streamed;
    }

    /// Whether the reply is a stream, as far as that is known.
    pub(super) fn are_streamed(self) -> bool {
        self != Self::Alone
    }

    pub(super) fn add(&mut self, stands_alone: bool) {
        let is_first = *self == Self::None;
        *self = if is_first && stands_alone { Self::Alone } else { Self::Streamed };
    }
}
