use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a terminal would obey a character instead of showing it, would write
/// what follows in another direction, or would show nothing where something
/// stands: tags, marks and joints without a width.
pub fn is_unprintable(c: char) -> bool {
    let directs = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let separates = matches!(c, '\u{2028}' | '\u{2029}');
    let hides = matches!(c, '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || directs || separates || hides
}

/// The same length on one line, spaces in place of what is unprintable.
pub fn one_line(text: &str) -> String {
    text.replace(is_unprintable, " ")
}

/// The start of a text, at most `most` characters, without what is unprintable.
pub fn bounded_line(text: &str, most: usize) -> String {
    text.chars().filter(|c| !is_unprintable(*c)).take(most).collect()
}

/// Lines for a terminal: what is unprintable reads `\u001b`, which in JSON is
/// the same character still.
pub fn on_screen(text: &str) -> Cow<'_, str> {
    let is_obeyed = |c: char| is_unprintable(c) && c != '\n' && c != '\t';
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().fold(String::with_capacity(text.len() + 8), |mut shown, c| {
        if is_obeyed(c) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
        shown
    });
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ESC, CSI of C1, DEL, carriage return, backspace, right-to-left.
    const WILD: &str = "a\u{1b}[2J\u{9b}31m\u{7f}\rb\u{8}\u{202e}c";

    #[test]
    fn nothing_that_a_terminal_would_obey_is_left() {
        assert_eq!(on_screen(WILD), "a\\u001b[2J\\u009b31m\\u007f\\u000db\\u0008\\u202ec");
        assert_eq!(on_screen("two\tlines\n"), "two\tlines\n");
        assert_eq!(one_line("a\nb\u{1b}c"), "a b c");
        assert_eq!(bounded_line("a\nb\u{1b}cdef", 4), "abcd");
    }

    #[test]
    fn json_on_a_screen_is_the_same_json() {
        let json = serde_json::to_string(WILD).unwrap();
        assert_eq!(serde_json::from_str::<String>(&on_screen(&json)).unwrap(), WILD);
    }
}
