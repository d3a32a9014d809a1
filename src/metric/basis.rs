use serde::{Deserialize, Serialize};

use super::{Family, MetricDefinition, Unit, Window};
use crate::record::{Request, TokenSource};

/// What a figure of tokens stands on, where that is not the server's count of
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The server counts the tokens of a reply, and its chunks hold several:
    /// which came when is guessed from their text.
    Chunks,
    /// The server counts no tokens: each event of the stream counts as one,
    /// whatever it holds.
    Events,
}

impl Basis {
    /// As it stands in the figure's cell.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Chunks => "by chunks",
            Self::Events => "by events",
        }
    }

    /// What the tokens of a window's good replies stand on, if on any reply's
    /// chunks or events.
    pub fn of(window: &Window<'_>) -> Option<Self> {
        let of_reply = |request: Request<'_>| {
            if request.usage.source == TokenSource::Events {
                return Some(Self::Events);
            }
            request.chunks.are_guessed().then_some(Self::Chunks)
        };
        window.good().filter_map(of_reply).max()
    }

    /// Whether a metric's value stands on it: by events all that is made of
    /// counts of tokens, by chunks only the times between tokens.
    pub fn concerns(self, metric: &MetricDefinition) -> bool {
        let is_pace = metric.id.starts_with("tpot");
        let is_count = match (metric.family, metric.unit) {
            (Family::Reported, _) => metric.id == "overlap_error",
            (Family::Sharing, _) | (_, Unit::TokensPerSecond | Unit::Tokens | Unit::JoulesPerToken) => true,
            _ => metric.id.starts_with("fairness"),
        };
        match self {
            Self::Chunks => is_pace,
            Self::Events => is_pace || is_count,
        }
    }
}
