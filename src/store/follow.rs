use std::cmp::Ordering;

use super::hashing::{Hashing, line_digest};
use crate::record::Stretch;

/// What became of the lines of a stretch, where they are not all there as they
/// were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// So many of how many are missing.
    Missing(u64, u64),
    /// There are so many more.
    More(u64),
    /// There are as many, and they are others.
    Changed(u64),
}

impl Fate {
    /// `None` if the lines are those that were sealed.
    pub(super) fn of(sealed: &Stretch, found: &Stretch) -> Option<Self> {
        let is_same = found.sha256 == sealed.sha256;
        Self::by_count(sealed.lines, found.lines).or_else(|| (!is_same).then_some(Self::Changed(sealed.lines)))
    }

    /// The same, where only their number is known.
    pub(super) fn by_count(sealed: u64, found: u64) -> Option<Self> {
        match found.cmp(&sealed) {
            Ordering::Less => Some(Self::Missing(sealed - found, sealed)),
            Ordering::Greater => Some(Self::More(found - sealed)),
            Ordering::Equal => None,
        }
    }

    /// In words, of lines that are called so.
    pub(super) fn words(&self, noun: &str) -> String {
        let counted = |count: u64| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        match self {
            Self::Missing(missing, of) => format!("{missing} of {} missing", counted(*of)),
            Self::More(more) => format!("{} more than written", counted(*more)),
            Self::Changed(of) => format!("{}, but not as written", counted(*of)),
        }
    }
}

/// Follows the lines of a file from stretch to stretch. Where lines are missing,
/// the next stretch is found by its first one.
pub(super) struct Follower<'s> {
    stretches: Vec<&'s Stretch>,
    at: usize,
    lines: Hashing,
    followed: Followed,
}

/// What has been found of a file's stretches.
#[derive(Default)]
pub(super) struct Followed {
    /// By the position of the stretch.
    pub(super) fates: Vec<(usize, Fate)>,
    /// Whether any stretch begins or ends as it was sealed.
    pub(super) found_any: bool,
    /// Lines after the last stretch.
    pub(super) rest: u64,
}

impl<'s> Follower<'s> {
    pub(super) fn new(stretches: Vec<&'s Stretch>) -> Self {
        Self { stretches, at: 0, lines: Hashing::default(), followed: Followed::default() }
    }

    /// Takes the next line, with its end.
    pub(super) fn take(&mut self, line: &[u8]) {
        let digest = line_digest(line);
        while self.is_whole() {
            self.end(self.at + 1);
        }
        let is_edge = |stretch: &&Stretch| stretch.first == digest || stretch.last == digest;
        self.followed.found_any |= self.stretches.iter().any(is_edge);
        // A line that stands twice begins no stretch again.
        let from = self.at + usize::from(self.lines.count() > 0);
        let mut later = self.stretches.iter().enumerate().skip(from);
        if let Some((next, _)) = later.find(|(_, stretch)| stretch.first == digest) {
            self.end(next);
        }
        if self.at < self.stretches.len() {
            self.lines.take(line);
        } else {
            self.followed.rest += 1;
        }
    }

    /// Whether all lines of the stretch have come, as they were.
    fn is_whole(&self) -> bool {
        let stretch = self.stretches.get(self.at);
        stretch.is_some_and(|stretch| stretch.lines == self.lines.count() && **stretch == self.lines.stretch())
    }

    /// Ends the stretch under way, and all before the next one.
    fn end(&mut self, next: usize) {
        for at in self.at..next.min(self.stretches.len()) {
            let found = self.lines.close();
            let fate = self.stretches.get(at).and_then(|sealed| Fate::of(sealed, &found));
            self.followed.fates.extend(fate.map(|fate| (at, fate)));
        }
        self.at = next;
    }

    pub(super) fn finish(mut self) -> Followed {
        self.end(self.stretches.len());
        self.followed
    }
}

#[cfg(test)]
mod tests {
    use super::{Followed, Follower, Hashing, Stretch};

    fn stretch(lines: &str) -> Stretch {
        let mut hashing = Hashing::default();
        lines.chars().for_each(|line| hashing.take(line.to_string().as_bytes()));
        hashing.stretch()
    }

    /// What is told of these lines, which were written as `abc`, `defg`, nothing
    /// and `hi`.
    fn told(lines: &str) -> String {
        let sealed = ["abc", "defg", "", "hi"].map(stretch);
        let mut follower = Follower::new(sealed.iter().collect());
        lines.chars().for_each(|line| follower.take(line.to_string().as_bytes()));
        let Followed { fates, found_any, rest } = follower.finish();
        let fates = fates.iter().map(|(at, fate)| format!("{at}: {}", fate.words("line")));
        let more = [(!found_any).then(|| "nothing known".to_owned()), (rest > 0).then(|| format!("{rest} behind"))];
        let told = fates.chain(more.into_iter().flatten()).collect::<Vec<_>>().join(", ");
        format!("{lines}: {}", if told.is_empty() { "as written" } else { &told })
    }

    #[test]
    fn what_was_done_to_each_stretch_is_told_whatever_was_done_to_those_before() {
        let all = [
            "abcdefghi",
            "acdefghi",
            "bcdefghi",
            "abdefghi",
            "abcdxfghi",
            "abcdeffghi",
            "abccdefghi",
            "aabcdefghi",
            "hi",
            "abchi",
            "abcdefghij",
            "abcdefgh",
            "xyz",
            "",
        ];
        insta::assert_snapshot!(all.map(told).join("\n"), @r"
        abcdefghi: as written
        acdefghi: 0: 1 of 3 lines missing
        bcdefghi: 0: 1 of 3 lines missing
        abdefghi: 0: 1 of 3 lines missing
        abcdxfghi: 1: 4 lines, but not as written
        abcdeffghi: 1: 1 line more than written
        abccdefghi: 1: 1 line more than written
        aabcdefghi: 0: 1 line more than written
        hi: 0: 3 of 3 lines missing, 1: 4 of 4 lines missing
        abchi: 1: 4 of 4 lines missing
        abcdefghij: 1 behind
        abcdefgh: 3: 1 of 2 lines missing
        xyz: 0: 3 lines, but not as written, 1: 4 of 4 lines missing, 3: 2 of 2 lines missing, nothing known
        : 0: 3 of 3 lines missing, 1: 4 of 4 lines missing, 3: 2 of 2 lines missing, nothing known
        ");
    }
}
