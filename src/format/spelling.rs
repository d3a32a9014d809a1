//! "Did you mean …?"

/// More names than this are not a help to read.
const FEW: usize = 16;

/// Advice for a name that is not among the known ones: the nearest of them if
/// one is near, else all of them if they are few, else the most alike.
pub(crate) fn advice<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(nearest) = nearest(written, &known) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    match known.as_slice() {
        [] => None,
        [only] => Some(format!("only `{only}` is known here")),
        few if few.len() <= FEW => Some(format!("known here: {}", list(few))),
        many => {
            Some(format!("{} names are known here, these among them: {}", many.len(), list(&most_alike(written, many))))
        }
    }
}

/// `` `a`, `b`, `c` ``.
pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

fn most_alike<'a>(written: &str, known: &[&'a str]) -> Vec<&'a str> {
    let mut ranked = known.to_vec();
    ranked.sort_by(|a, b| strsim::jaro_winkler(written, b).total_cmp(&strsim::jaro_winkler(written, a)));
    ranked.truncate(6);
    ranked
}

/// A third of the letters may differ, the rule that rustc uses.
pub(crate) fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = written.chars().count().max(3) / 3;
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn a_near_name_is_proposed_and_a_far_one_is_not() {
        let known = ["duration", "requests"];
        assert_eq!(advice("duratoin", known).as_deref(), Some("did you mean `duration`?"));
        assert_eq!(advice("colour", known).as_deref(), Some("known here: `duration`, `requests`"));
        assert_eq!(advice("colour", []), None);
    }
}
