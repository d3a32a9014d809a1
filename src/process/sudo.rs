use std::path::PathBuf;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use super::{Command, CommandError, Limit};
use crate::units::Period;

/// `sudo -n` never waits for a password, but it may wait for a directory service.
const PATIENCE: Period = Period::from_secs(30);

/// Whether a privileged command has to ask `sudo`: we are not root.
pub fn needs_sudo() -> bool {
    !rustix::process::geteuid().is_root()
}

/// `sudo -n OPTIONS env NAME=VALUE… ARGV…`: `sudo` drops the environment, so
/// `env` carries it across.
pub(super) fn through_sudo(options: &[&str], env: &IndexMap<String, String>, argv: &[String]) -> Vec<String> {
    let mut words: Vec<String> = ["sudo", "-n"].iter().chain(options).map(|word| (*word).to_owned()).collect();
    if !env.is_empty() {
        words.push("env".to_owned());
        words.extend(env.iter().map(|(name, value)| format!("{name}={value}")));
    }
    words.extend_from_slice(argv);
    words
}

/// A command that will be run through `sudo -n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privileged {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Added to the environment.
    pub env: IndexMap<String, String>,
    /// Working directory.
    pub dir: PathBuf,
}

impl Privileged {
    /// Asks whether `sudo -n` would run it now, without running it; see
    /// sudo(8) and sudoers(5). What `sudo` says goes to `log`.
    ///
    /// `-l` with a command tells whether the rules allow it, and with one
    /// `NOPASSWD` rule anywhere (`listpw=any`) it tells so without a password
    /// even where the command itself would ask for one. So one of these must
    /// hold too: nothing would be asked (`-v`), the rule that allows it says
    /// `!authenticate` (`-ll`, where sudo is new enough to show it), or
    /// `true` is run without a question.
    ///
    /// # Errors
    /// With what `sudo` says, if it would not.
    pub async fn ask(&self, log: &std::path::Path, cancel: &CancellationToken) -> Result<(), CommandError> {
        let none = IndexMap::new();
        let sudo = async |argv: &[String]| {
            let limit = Limit::from_now(PATIENCE);
            let dir = Some(self.dir.as_path());
            Command { argv, env: &none, dir, privileged: false, input: None, limit, log }.run(cancel).await
        };
        sudo(&through_sudo(&["-l", "--"], &self.env, &self.argv)).await?;
        let Err(asks) = sudo(&through_sudo(&["-v"], &none, &[])).await else { return Ok(()) };
        let rule = sudo(&through_sudo(&["-ll", "--"], &self.env, &self.argv)).await;
        if rule.is_ok_and(|rule| rule.contains("!authenticate")) {
            return Ok(());
        }
        sudo(&through_sudo(&["true"], &none, &[])).await.map(|_| ()).map_err(|_| asks)
    }
}
