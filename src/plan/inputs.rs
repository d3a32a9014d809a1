//! The files of prompts and arrivals that a run reads, a line for each.

use std::path::Path;

use super::costs::{counted, shown};
use super::{Placement, Plan};
use crate::scenario::{FileFacts, Prompt, PromptLine, Said};
use crate::units::{Bytes, Nanos};

/// What each file was taken for, what it holds and what is left out of it.
pub(super) fn lines(plan: &Plan, placement: Placement<'_>) -> Vec<String> {
    let prompts = plan.prompts.iter().filter(|(path, _)| !plan.traces.contains_key(*path));
    let prompts = prompts.map(|(path, lines)| format!("prompts: {}", told(plan, placement, path, &contents(lines))));
    let traces = plan.traces.iter().map(|(path, moments)| {
        let span = whole_milliseconds(moments.last().copied().unwrap_or(Nanos::ZERO));
        let facts = plan.facts.get(path);
        let asked = match plan.prompts.get(path) {
            Some(lines) => contents(lines),
            None if facts.is_some_and(|facts| facts.has_lengths) => {
                "their lengths are not replayed: the request has its own".to_owned()
            }
            None => "times only".to_owned(),
        };
        let arrivals = format!("{} over {}, {asked}", counted(moments.len(), "arrival", "arrivals"), shown(span));
        format!("trace: {}", told(plan, placement, path, &arrivals))
    });
    prompts.chain(traces).collect()
}

/// A date is read to a quarter of a microsecond, which nobody wants to see.
fn whole_milliseconds(span: Nanos) -> Nanos {
    Nanos((span.0 + 500_000) / 1_000_000 * 1_000_000)
}

fn told(plan: &Plan, placement: Placement<'_>, path: &Path, contents: &str) -> String {
    let facts: Option<&FileFacts> = plan.facts.get(path);
    let format = facts.map(|facts| format!("{}, ", facts.format)).unwrap_or_default();
    let left_out = facts.map(ToString::to_string).unwrap_or_default();
    let path = path.strip_prefix(placement.scenario_dir).unwrap_or(path);
    format!("{}, {format}{contents}{left_out}", path.display()).replace(char::is_control, " ")
}

/// What the lines of a file ask.
#[derive(Default)]
struct Contents {
    prompts: usize,
    messages: usize,
    conversations: usize,
    turns: usize,
    /// Lines that only a template makes something of.
    others: usize,
    /// Tokens of prompts that are made up.
    synthetic: Vec<u32>,
    /// Tokens that replies to these may have.
    replies: Vec<u32>,
}

fn contents(lines: &[PromptLine]) -> String {
    let mut found = Contents::default();
    for prompt in lines.iter().map(|line| line.prompt().ok()) {
        found.count(prompt);
    }
    let bytes = Bytes(lines.iter().map(|line| line.text_bytes() as u64).sum());
    let Contents { prompts, messages, conversations, turns, others, synthetic, replies } = &found;
    let some = |count: usize, one: &str, many: &str| (count > 0).then(|| counted(count, one, many));
    let parts = [
        some(*prompts, "prompt", "prompts"),
        some(*messages, "list of messages", "lists of messages"),
        some(*conversations, "conversation", "conversations"),
        some(*turns, "turn", "turns"),
        some(*others, "line for a template", "lines for a template"),
        lengths("prompts", synthetic),
        lengths("replies", replies),
        (bytes.0 > 0).then(|| format!("{bytes} of text")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl Contents {
    fn count(&mut self, prompt: Option<Prompt>) {
        let Some(Prompt { said, max_tokens }) = prompt else {
            self.others += 1;
            return;
        };
        match said {
            Said::Text { .. } => self.prompts += 1,
            Said::Messages(_) => self.messages += 1,
            Said::Turns { texts, .. } => {
                self.conversations += 1;
                self.turns += texts.len();
            }
            Said::Synthetic { tokens } => {
                self.synthetic.push(tokens);
                self.replies.extend(max_tokens);
            }
        }
    }
}

/// `prompts of 472 to 1087 tokens`.
fn lengths(what: &str, tokens: &[u32]) -> Option<String> {
    let (least, most) = (tokens.iter().min()?, tokens.iter().max()?);
    let to = if least == most { String::new() } else { format!(" to {most}") };
    Some(format!("{what} of {least}{to} tokens"))
}
