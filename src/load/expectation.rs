use regex::Regex;

use crate::plan::CellSpec;
use crate::scenario::{Prompt, Said};
use crate::units::Share;

/// The most text of one reply that is kept.
const TEXT_LIMIT: usize = 1 << 20;

/// What a reply must look like to be a success.
#[derive(Debug)]
pub(super) struct Expectation {
    least_share: Option<f64>,
    matches: Option<Regex>,
    /// Whether a reply is said again, in the next request of a conversation.
    is_repeated: bool,
}

impl Expectation {
    pub(super) fn new(spec: &CellSpec, prompts: &[Prompt]) -> Result<Self, regex::Error> {
        Ok(Self {
            least_share: spec.expect.output_tokens_at_least.map(Share::fraction),
            matches: spec.expect.matches.as_deref().map(Regex::new).transpose()?,
            is_repeated: prompts.iter().any(|prompt| matches!(prompt.said, Said::Turns { .. })),
        })
    }

    /// Keeps as much text as `matches` or a conversation may need, which is none
    /// without them.
    #[inline]
    pub(super) fn keep(&self, kept: &mut String, text: &str) {
        if self.is_repeated || self.matches.is_some() {
            keep_up_to_limit(kept, text);
        }
    }

    /// Why the reply to a request for `asked` tokens is not what was expected;
    /// `None` if it is.
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
    pub(super) fn unmet(&self, asked: u32, output_tokens: u64, text: &str) -> Option<String> {
        if let Some(least) = self.least_share.map(|share| share * f64::from(asked))
            && (output_tokens as f64) < least
        {
            return Some(format!("{output_tokens} tokens, expected at least {least:.0}"));
        }
        let pattern = self.matches.as_ref()?;
        (!pattern.is_match(text)).then(|| format!("text does not match `{pattern}`"))
    }
}

fn keep_up_to_limit(kept: &mut String, text: &str) {
    if kept.len() + text.len() <= TEXT_LIMIT {
        kept.push_str(text);
    }
}
