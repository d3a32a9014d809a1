//! What differs between two frozen scenarios.

use toml::{Table, Value};

/// Every key whose value is not the same in both, with the two values; those of
/// `free` may differ, as may the folder that relative paths start from.
///
/// `free` holds dotted keys: `design.repetitions`.
pub fn differences(then: &str, now: &str, free: &[&str]) -> Vec<String> {
    // A frozen scenario is TOML; were one not, it would differ in all it has.
    let [then, now] = [then, now].map(|text| Value::Table(text.parse::<Table>().unwrap_or_default()));
    let mut found = Vec::new();
    compare("", Some(&then), Some(&now), &mut |key, then, now| {
        if key != "dir" && !free.contains(&key) {
            found.push(format!("`{key}` was {}, now {}", words(then), words(now)));
        }
    });
    found
}

fn compare<'v>(
    key: &str,
    then: Option<&'v Value>,
    now: Option<&'v Value>,
    differ: &mut impl FnMut(&str, Option<&'v Value>, Option<&'v Value>),
) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match (then, now) {
        (Some(Value::Table(then)), Some(Value::Table(now))) => {
            let added = now.keys().filter(|name| !then.contains_key(*name));
            for name in then.keys().chain(added) {
                compare(&below(name), then.get(name), now.get(name), differ);
            }
        }
        (Some(Value::Array(then)), Some(Value::Array(now))) => {
            for index in 0..then.len().max(now.len()) {
                compare(&below(&index.to_string()), then.get(index), now.get(index), differ);
            }
        }
        (then, now) if then == now => {}
        (then, now) => differ(key, then, now),
    }
}

fn words(value: Option<&Value>) -> String {
    value.map_or_else(|| "not there".to_owned(), |value| format!("`{}`", value.to_string().replace('\n', " ")))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::differences;

    #[test]
    fn what_differs_is_named_with_both_values_unless_it_may() {
        let then = "dir = '/a'\nname = 'x'\n[design]\nrepetitions = 3\nseed = 1\n[[phase]]\nclients = [1, 2]\n";
        let now = "dir = '/b'\nname = 'x'\nnew = 'é'\n[design]\nrepetitions = 6\nseed = 2\n[[phase]]\nclients = [1]\n";
        assert_snapshot!(differences(then, now, &["design.repetitions"]).join("\n"), @r#"
        `design.seed` was `1`, now `2`
        `phase.0.clients.1` was `2`, now not there
        `new` was not there, now `"é"`
        "#);
        assert_eq!(differences(then, then, &[]), [""; 0]);
    }
}
