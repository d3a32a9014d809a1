use crate::plan::{choices, derive};

/// Everyday words of four letters: with the space before it, each is one token
/// of most vocabularies, and all are equally long for those that count bytes.
const WORDS: [&str; 64] = [
    "able", "also", "area", "away", "back", "base", "been", "best", "body", "book", "both", "call", "care", "case",
    "city", "come", "data", "days", "door", "each", "even", "face", "fact", "feel", "find", "form", "full", "game",
    "give", "good", "half", "hand", "hard", "head", "help", "here", "high", "home", "hour", "idea", "just", "keep",
    "kind", "know", "land", "last", "late", "life", "line", "long", "look", "made", "main", "many", "mind", "more",
    "most", "move", "name", "need", "next", "open", "part", "plan",
];

/// So many characters of words in a random order, all ASCII: for each number of
/// tokens, and each seed, in another.
pub(super) fn synthetic_prompt(tokens: u32, characters: u32, seed: u64) -> String {
    let seed = derive(seed, &format!("words/{tokens}"));
    let length = usize::try_from(characters).unwrap_or(usize::MAX);
    let mut text = String::with_capacity(length.saturating_add(8));
    for choice in choices(seed, WORDS.len()) {
        if text.len() >= length {
            break;
        }
        text.push_str(WORDS[choice]);
        text.push(' ');
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::synthetic_prompt;

    #[test]
    fn text_is_as_long_as_asked_and_another_for_another_seed() {
        let words = synthetic_prompt(8, 23, 1);
        assert_eq!(words.len(), 23);
        assert_eq!(words, synthetic_prompt(8, 400, 1)[..23]);
        assert_ne!(words, synthetic_prompt(8, 23, 2));
        assert_ne!(words, synthetic_prompt(9, 23, 1));
        assert_eq!(synthetic_prompt(8, 0, 1), "");
    }
}
