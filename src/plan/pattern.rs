//! `--only`: which cells a pattern means.

/// How many ids are shown of those most like a pattern that means none.
const EXAMPLES: usize = 3;

/// Whether a pattern means this id. `*` stands for any text, and then the
/// whole id must fit; a pattern without one may stand anywhere in it.
pub(super) fn fits(pattern: &str, id: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return id.contains(pattern) };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = id.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    let left = inner.and_then(|inner| {
        middle.split('*').try_fold(inner, |left, part| left.find(part).and_then(|at| left.get(at + part.len()..)))
    });
    left.is_some()
}

/// The ids that are most like any of the patterns.
pub(super) fn nearest(patterns: &[String], ids: &[String]) -> Vec<String> {
    let likeness = |id: &String| {
        let likenesses = patterns.iter().map(|pattern| strsim::sorensen_dice(pattern, id));
        likenesses.fold(0.0, f64::max)
    };
    let mut ranked: Vec<(f64, &String)> = ids.iter().map(|id| (likeness(id), id)).collect();
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    ranked.into_iter().take(EXAMPLES).map(|(_, id)| id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text_and_a_pattern_without_one_may_stand_anywhere() {
        let id = "mps=on,servers=3/concurrent/clients=2";
        let fitting =
            ["servers=3", "", "*", "mps=on*", "*clients=2", "mps=on*concurrent*", "*=on*s*2", "mps=on*clients=2"];
        assert!(fitting.iter().all(|pattern| fits(pattern, id)));
        let others = ["servers=1", "mps*on", "servers=3*", "*clients", "*clients=*=2", "mps=on,servers=3*servers=3*"];
        assert!(others.iter().all(|pattern| !fits(pattern, id)));
    }
}
