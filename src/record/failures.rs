use indexmap::IndexMap;

use super::RequestOutcome;

/// So many different ones are told; the others are only counted.
const TOLD: usize = 4;
/// So many different ones are kept.
const KEPT: usize = 64;
/// The most of a server's words that is told, in characters.
const WORDS: usize = 120;

/// Requests that failed, by what was told of it, and those that the driver cut
/// off at the end of the drain, which nobody knows of whether they had failed.
#[derive(Clone, Debug, Default)]
pub struct Failures {
    /// By the words, numbers left aside: the first, and how many.
    kinds: IndexMap<String, (String, u64)>,
    /// Those that are of no kind that is kept.
    others: u64,
    failed: u64,
    cut: u64,
}

impl Failures {
    /// Takes one more request, if it failed or was cut off.
    pub fn note(&mut self, outcome: &RequestOutcome) {
        self.cut += u64::from(*outcome == RequestOutcome::Cut);
        if !outcome.is_failure() {
            return;
        }
        self.failed += 1;
        let told = outcome.told();
        let kind = kind(outcome, &told);
        if let Some((_, count)) = self.kinds.get_mut(&kind) {
            *count += 1;
        } else if self.kinds.len() < KEPT {
            self.kinds.insert(kind, (told, 1));
        } else {
            self.others += 1;
        }
    }

    /// How many failed.
    pub const fn failed(&self) -> u64 {
        self.failed
    }

    /// How many were cut off at the end of the drain.
    pub const fn cut(&self) -> u64 {
        self.cut
    }

    /// How many failed of how many that ended by themselves, what was told of
    /// them, and how many were cut off; `None` if there are neither.
    pub fn told(&self, ended: u64) -> Option<String> {
        let failed = (self.failed > 0).then(|| format!("{} of {ended}: {}", self.failed, self.words()));
        let cut = self.cut;
        match (failed, cut) {
            (failed, 0) => failed,
            (Some(failed), cut) => Some(format!("{failed}; and {cut} unanswered at the end of the drain")),
            (None, cut) => Some(format!("{cut} unanswered at the end of the drain")),
        }
    }

    /// What was told of them, the most frequent first: `13 × 429 "slow down",
    /// 1 × 503 "busy"`.
    pub fn words(&self) -> String {
        let mut kinds: Vec<&(String, u64)> = self.kinds.values().collect();
        kinds.sort_by(|(told, count), (other, others)| others.cmp(count).then_with(|| told.cmp(other)));
        let more = self.others + kinds.iter().skip(TOLD).map(|(_, count)| count).sum::<u64>();
        let told = kinds.iter().take(TOLD).map(|(told, count)| format!("{count} × {}", shortened(told)));
        let rest = (more > 0).then(|| format!("{more} more"));
        told.chain(rest).collect::<Vec<_>>().join(", ")
    }
}

/// Words that differ in numbers alone, those of a request say, are of one kind;
/// a status is not one of these numbers.
fn kind(outcome: &RequestOutcome, told: &str) -> String {
    let mut words = String::from(outcome.kind().id());
    if let RequestOutcome::Status { status, .. } = outcome {
        words += &status.to_string();
    }
    words.extend(told.chars().filter(|c| !c.is_ascii_digit()));
    words
}

fn shortened(told: &str) -> String {
    if told.chars().count() <= WORDS {
        return told.to_owned();
    }
    let start: String = told.chars().take(WORDS).collect();
    let end = if told.ends_with('`') { "…`" } else { "…" };
    format!("{start}{end}")
}

#[cfg(test)]
mod tests {
    use super::{Failures, RequestOutcome};

    fn told(outcomes: impl IntoIterator<Item = RequestOutcome>) -> Option<String> {
        let (mut failures, mut ended) = (Failures::default(), 0);
        for outcome in outcomes {
            failures.note(&outcome);
            ended += u64::from(outcome != RequestOutcome::Cut);
        }
        failures.told(ended)
    }

    fn status(status: u16, message: &str) -> RequestOutcome {
        RequestOutcome::Status { status, message: message.to_owned(), retry_after: None }
    }

    fn success() -> RequestOutcome {
        RequestOutcome::Success { finish: "stop".to_owned() }
    }

    #[test]
    fn failures_are_told_by_what_the_server_said_with_counts() {
        assert_eq!(told([success(), RequestOutcome::Interrupted]), None);
        let outcomes = [
            success(),
            status(503, "overloaded"),
            status(429, "request 17: slow down"),
            status(429, "request 18: slow down"),
            status(502, ""),
            RequestOutcome::Redirected { status: 307, location: Some("/v1/".to_owned()) },
            RequestOutcome::EarlyClose,
        ];
        insta::assert_snapshot!(told(outcomes).unwrap(), @"6 of 7: 2 × 429 `request 17: slow down`, 1 × 503 `overloaded`, 1 × early close, 1 × redirected: 307 to `/v1/`, 1 more");
    }

    #[test]
    fn what_was_cut_off_is_told_apart_from_failures() {
        let cut = || RequestOutcome::Cut;
        insta::assert_snapshot!(told([success(), cut(), cut()]).unwrap(), @"2 unanswered at the end of the drain");
        insta::assert_snapshot!(told([success(), RequestOutcome::Stall, cut()]).unwrap(), @"1 of 2: 1 × stall; and 1 unanswered at the end of the drain");
    }

    #[test]
    fn tokens_that_were_counted_and_not_seen_are_told() {
        let empty = |counted| RequestOutcome::Empty { finish: "stop".to_owned(), counted };
        insta::assert_snapshot!(told([empty(Some(9)), empty(None)]).unwrap(), @"2 of 2: 1 × empty `stop`, 1 × empty: the server counted 9 tokens, and none was seen");
    }

    #[test]
    fn long_words_and_endless_kinds_take_little_room() {
        let long = told([status(500, &"x".repeat(1000))]).unwrap();
        assert!(long.chars().count() < 150 && long.ends_with("…`"), "{long}");
        let words = (0..1000_u32).map(|number| status(500, &"x".repeat(number as usize)));
        let many = told(words).unwrap();
        assert!(many.starts_with("1000 of 1000: ") && many.ends_with(", 996 more"), "{many}");
    }
}
