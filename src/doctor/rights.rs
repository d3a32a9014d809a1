use super::ask::{Answer, Asker};
use super::{Finding, Topic};
use crate::process::needs_sudo;

/// What works only as root, as a scenario writes it.
const FOR_ROOT: &str = "`drop_caches` with a level, `lock_clocks` and steps with `privileged = true`";

/// As a run asks before its first effect, but for no particular command.
pub(super) async fn examine(asker: &Asker<'_>) -> Finding {
    if needs_sudo() { judged(Some(&asker.ask(&["sudo", "-n", "true"]).await)) } else { judged(None) }
}

/// `None` stands for root, who need not ask.
fn judged(sudo: Option<&Answer>) -> Finding {
    let attention = |why: String, advice: &str| {
        let found = format!("not root, and {why}: {FOR_ROOT} would be refused");
        Finding::attention(Topic::Rights, found, advice)
    };
    match sudo {
        None => Finding::good(Topic::Rights, "root"),
        Some(Answer::Said(_)) => {
            Finding::good(Topic::Rights, "`sudo -n` asks for no password now, for steps with `privileged = true`")
        }
        Some(Answer::NotFound) => attention("there is no `sudo`".to_owned(), "run `runexp` as root for these"),
        Some(Answer::Failed(why)) => attention(
            format!("`sudo -n` fails ({why})"),
            "run `sudo -v` on this terminal before, allow the commands in sudoers(5) with `NOPASSWD`, or run as root",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    #[test]
    fn without_rights_the_steps_that_need_them_are_named() {
        let failed = Answer::Failed("sudo: a password is required".to_owned());
        let found = [None, Some(&Answer::Said(String::new())), Some(&Answer::NotFound), Some(&failed)].map(judged);
        insta::assert_snapshot!(table(&found), @r"
        rights        good       root
        rights        good       `sudo -n` asks for no password now, for steps with `privileged = true`
        rights        attention  not root, and there is no `sudo`: `drop_caches` with a level, `lock_clocks` and steps with `privileged = true` would be refused
                                 help: run `runexp` as root for these
        rights        attention  not root, and `sudo -n` fails (sudo: a password is required): `drop_caches` with a level, `lock_clocks` and steps with `privileged = true` would be refused
                                 help: run `sudo -v` on this terminal before, allow the commands in sudoers(5) with `NOPASSWD`, or run as root
        ");
    }
}
