use regex::Regex;

use crate::plan::CellSpec;

/// The most text of one reply that is kept for `matches`.
const TEXT_LIMIT: usize = 1 << 20;

/// What a reply must look like to be a success.
#[derive(Debug)]
pub(super) struct Expectation {
    least_tokens: Option<f64>,
    matches: Option<Regex>,
}

impl Expectation {
    pub(super) fn new(spec: &CellSpec) -> Result<Self, regex::Error> {
        let asked = f64::from(spec.request.max_tokens);
        Ok(Self {
            least_tokens: spec.expect.output_tokens_at_least.map(|share| share.fraction() * asked),
            matches: spec.expect.matches.as_deref().map(Regex::new).transpose()?,
        })
    }

    /// Keeps as much text as `matches` may need, which is none without it.
    pub(super) fn keep(&self, kept: &mut String, text: &str) {
        if self.matches.is_some() && kept.len() + text.len() <= TEXT_LIMIT {
            kept.push_str(text);
        }
    }

    /// Why the reply is not what was expected; `None` if it is.
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
    pub(super) fn unmet(&self, output_tokens: u64, text: &str) -> Option<String> {
        if let Some(least) = self.least_tokens
            && (output_tokens as f64) < least
        {
            return Some(format!("{output_tokens} tokens, expected at least {least:.0}"));
        }
        let pattern = self.matches.as_ref()?;
        (!pattern.is_match(text)).then(|| format!("text does not match `{pattern}`"))
    }
}
