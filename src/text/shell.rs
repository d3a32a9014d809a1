/// One word for a POSIX shell, quoted where it must be.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A command as a person would type it in a shell, whole.
pub fn typed<T: AsRef<str>>(argv: &[T]) -> String {
    argv.iter().map(|word| quoted(word.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let argv = ["sh", "-c", "echo 'a b'; exit", "", "é", "--x=a@b:1,2+3%4"];
        assert_eq!(typed(&argv), r"sh -c 'echo '\''a b'\''; exit' '' 'é' --x=a@b:1,2+3%4");
    }
}
