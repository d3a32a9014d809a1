//! Secrets: read from the environment once, before anything starts.
#![expect(clippy::disallowed_methods, reason = "reading the environment is what this file does")]

use std::collections::BTreeMap;
use std::{env, fmt};

use crate::plan::Plan;
use crate::scenario::{Header, HeaderSpec, ServerSpec};
use crate::text::Redaction;

/// What is shorter stands in a scenario by chance: `EMPTY`, `ollama`.
const LEAST_WRITTEN: usize = 8;
/// What is shorter is hardly a secret that somebody was given.
const LEAST_INHERITED: usize = 12;
/// How the names of variables end that hold secrets.
const SECRET_NAMES: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS"];

/// What the variables hold that a plan's headers name.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its variable is not set, or is not text.
    #[error("the environment variable `{variable}` is not set, which the header `{header}` of `{server}` is read from")]
    Unset {
        /// The variable.
        variable: String,
        /// What it is for.
        header: String,
        /// Whose.
        server: String,
    },
    /// It is empty, or cannot be sent.
    #[error("what the environment variable `{variable}` holds cannot be the header `{header}` of `{server}`")]
    Unsendable {
        /// The variable.
        variable: String,
        /// What it is for.
        header: String,
        /// Whose.
        server: String,
    },
    /// It stands in what a run keeps.
    #[error(
        "what the environment variable `{variable}` holds, which is a secret, stands in {place}, which is kept with the run"
    )]
    WrittenOut {
        /// The variable.
        variable: String,
        /// Where.
        place: &'static str,
    },
    /// The plan cannot be looked through.
    #[error("the plan cannot be written")]
    Plan(serde_json::Error),
}

impl SecretError {
    /// What a person can do.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Unset { variable, .. } => format!("set it: export {variable}=…"),
            Self::Unsendable { .. } => "it must be one line of visible ASCII, and not empty".to_owned(),
            Self::WrittenOut { .. } => "take it out there: nothing was started".to_owned(),
            Self::Plan(_) => return None,
        })
    }
}

impl Secrets {
    /// Reads every variable that a header of the plan's servers names.
    ///
    /// # Errors
    /// When one is not set, or what it holds cannot be sent.
    pub fn read(plan: &Plan) -> Result<Self, SecretError> {
        let mut secrets = BTreeMap::new();
        for server in plan.epochs.iter().flat_map(|epoch| &epoch.servers) {
            for header in &server.headers {
                let Some(variable) = header.variable().map(str::to_owned) else { continue };
                let (name, server) = (header.name.clone(), server.label());
                let Ok(secret) = env::var(&variable) else {
                    return Err(SecretError::Unset { variable, header: name, server });
                };
                if header.with(&secret).is_none() {
                    return Err(SecretError::Unsendable { variable, header: name, server });
                }
                secrets.insert(variable, secret);
            }
        }
        Ok(Self(secrets))
    }

    /// The same of a run that is over; what cannot be had is left out.
    pub fn read_again(plan: &Plan) -> Self {
        let servers = plan.epochs.iter().flat_map(|epoch| &epoch.servers);
        let variables = servers.flat_map(|server| &server.headers).filter_map(HeaderSpec::variable);
        Self(variables.filter_map(|variable| Some((variable.to_owned(), env::var(variable).ok()?))).collect())
    }

    /// What nothing that a run writes or says may repeat: these secrets, and
    /// whatever else in the environment looks like one, which servers inherit.
    ///
    /// # Errors
    /// When one of these stands in the frozen scenario or in the plan.
    pub fn redaction(&self, scenario: &str, plan: &Plan) -> Result<Redaction, SecretError> {
        let secrets: Vec<String> = self.0.values().cloned().chain(inherited()).collect();
        if secrets.is_empty() {
            return Ok(Redaction::default());
        }
        let plan = &serde_json::to_string(plan).map_err(SecretError::Plan)?;
        self.refuse_written(&[(scenario, "the scenario"), (plan, "a file that the scenario names")])?;
        Ok(Redaction::new(secrets).sparing(scenario).sparing(plan))
    }

    /// What looks like a secret in the environment, for a run of which nothing else
    /// is known any more.
    pub fn inherited() -> Redaction {
        Redaction::new(inherited())
    }

    fn refuse_written(&self, kept: &[(&str, &'static str)]) -> Result<(), SecretError> {
        for (variable, secret) in self.0.iter().filter(|(_, secret)| secret.len() >= LEAST_WRITTEN) {
            let whole = Redaction::new([secret.clone()]);
            if let Some((_, place)) = kept.iter().find(|(text, _)| whole.is_in(text)) {
                return Err(SecretError::WrittenOut { variable: variable.clone(), place });
            }
        }
        Ok(())
    }

    /// The headers of requests to a server; those whose secret was not read
    /// are left out.
    pub(super) fn headers(&self, server: &ServerSpec) -> Vec<Header> {
        let header = |header: &HeaderSpec| match header.variable() {
            None => header.with(""),
            Some(variable) => header.with(self.0.get(variable)?),
        };
        server.headers.iter().filter_map(header).collect()
    }
}

fn inherited() -> impl Iterator<Item = String> {
    let all = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    all.filter(|(name, value)| looks_secret(name, value)).map(|(_, value)| value)
}

/// Whether a variable that no header names holds a secret: its name says so,
/// and its value is no word, number or path.
fn looks_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    SECRET_NAMES.iter().any(|end| name.ends_with(end))
        && value.len() >= LEAST_INHERITED
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && !value.contains(|c: char| c.is_whitespace() || c == '/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_a_secret_by_its_name_and_its_value() {
        let secrets =
            [("HF_TOKEN", "hf_a1b2c3d4e5f6"), ("my_api_key", "0123456789abcdef"), ("DB_PASSWORD", "correct-horse-7")];
        assert!(secrets.iter().all(|(name, value)| looks_secret(name, value)));
        let others = [
            ("SORT_KEY", "requests"),
            ("SSH_KEY", "/root/.ssh/id_ed25519"),
            ("HOME", "hf_a1b2c3d4e5f6"),
            ("TOKEN", "123456789012"),
        ];
        assert!(!others.iter().any(|(name, value)| looks_secret(name, value)));
    }
}
