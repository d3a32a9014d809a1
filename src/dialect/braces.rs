/// How deep JSON is open, line by line: enough to know where it ends, whether
/// or not it is right.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Braces {
    depth: u32,
    in_string: bool,
}

impl Braces {
    /// Whether nothing is open any more after this line.
    pub(super) fn close_with(&mut self, line: &[u8]) -> bool {
        let mut bytes = line.iter();
        while let Some(byte) = bytes.next() {
            match (self.in_string, byte) {
                (true, b'\\') => {
                    bytes.next();
                }
                (_, b'"') => self.in_string = !self.in_string,
                (false, b'{' | b'[') => self.depth += 1,
                (false, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.depth == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Braces;

    #[test]
    fn json_ends_where_as_many_braces_close_as_open_outside_of_strings() {
        let mut braces = Braces::default();
        let lines = [r#"{"a": ["}", "#, r#" "\"]", {"#, r#" "b": 1}"#, "]", "}"];
        assert_eq!(lines.map(|line| braces.close_with(line.as_bytes())), [false, false, false, false, true]);
        assert!(Braces::default().close_with(b"{}"));
    }
}
